"""The command watch: marts that follow raw at once."""

from __future__ import annotations

import queue
import threading
import time
from datetime import datetime

from rich.markup import escape

from tidemark_warehouse import supervision
from tidemark_warehouse.alerting import outbox
from tidemark_warehouse.cli import console
from tidemark_warehouse.database import server, watching
from tidemark_warehouse.database.server import Connection
from tidemark_warehouse.settings import Settings

TELL_SECONDS = 10.0
LOOK_SECONDS = 0.5


def watch() -> None:
    """Refresh what is behind, at once, until stopped, and tell channels of alerts.

    Data tests are left to `tidemark build`.
    """
    settings = Settings.from_environment()
    server.ready(settings)

    def connect() -> Connection:
        return server.connect(settings, autocommit=True)

    said: queue.SimpleQueue[str] = queue.SimpleQueue()
    with supervision.signals(even_ignored=True) as received:
        _print("watching; Ctrl-C ends it")
        with watching.lanes(connect, said.put) as (shared, running):
            telling = (connect, said.put, shared.stop)
            threading.Thread(target=outbox.keep_delivering, args=telling, daemon=True).start()
            told_at = time.monotonic()
            while not received(LOOK_SECONDS) & set(supervision.STOP_SIGNALS):
                _print_all(said)
                if time.monotonic() - told_at >= TELL_SECONDS:
                    told_at = time.monotonic()
                    for lane, _thread in running:
                        _print(_tally(lane.name, lane.tally()))
        _print_all(said)
        _print("stopped: what was refreshed is kept, the rest is behind; tidemark build goes on")


def _tally(name: str, done: watching.Tally) -> str:
    if not done.rounds:
        return ""
    return (
        f"{name}: {console.plural(done.relations, 'relation')}, "
        f"{console.plural(done.rows, 'row')} in {console.plural(done.rounds, 'round')}, "
        f"the longest {done.longest:.1f} s; at most {done.lag:.1f} s behind"
    )


def _print_all(said: queue.SimpleQueue[str]) -> None:
    while not said.empty():
        _print(said.get())


def _print(line: str) -> None:
    if line:
        console.out().print(f"{datetime.now():%H:%M:%S}  {escape(line)}", soft_wrap=True)
