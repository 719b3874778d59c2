"""`tidemark dev` opens the page, works, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import quote

import pytest

from orchestration import dev
from orchestration.dev import answers, dagster_home, only_one
from tests.conftest import free_port
from tests.http import sockets
from tests.integration.running import environment, value
from tests.orchestration.conftest import complete
from tidemark_warehouse.cli.ports import address, check_port
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.database.server.processes import wait_until
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import LOOPBACK, PROJECT_ROOT, Settings

BUILT = b"select count(*) from marts.workflow_completions"
EXISTS = b"select to_regclass('marts.workflow_completions') is not null"
# 8 s on two idle cores (the issue asks for 30); a busy machine may take its time.
READY_SECONDS = 180.0
LAUNCH = """
    mutation {
        launchRun(executionParams: {
            mode: "default",
            selector: {
                repositoryLocationName: "nowhere"
                repositoryName: "none"
                jobName: "apply_retention"
            }
        }) { __typename }
    }
"""
# As a shell script starts what it sends to the background: SIGINT ignored.
IN_BACKGROUND = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
command = [sys.executable, "-m", "tidemark_warehouse.cli.main", "dev", *sys.argv[1:]]
os.execv(sys.executable, command)
"""


@contextmanager
def developing(
    settings: Settings, port: int, *options: str
) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Run `tidemark dev`; yields the process and the lines that it has written so far."""
    arguments = ["--port", str(port), "--log-level", "info", *options]
    process = subprocess.Popen(
        [sys.executable, "-c", IN_BACKGROUND, *arguments],
        cwd=PROJECT_ROOT,
        env=environment(settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: list[str] = []
    assert process.stdout is not None
    reader = threading.Thread(target=lines.extend, args=[process.stdout])
    reader.start()
    try:
        yield process, lines
    finally:
        process.terminate()
        process.wait()
        reader.join()


def test_a_completion_is_built_and_ctrl_c_leaves_nothing_behind(database: Settings) -> None:
    with connect(database, autocommit=True) as connection:
        complete(connection, "i1")
    port = free_port()
    with developing(database, port) as (process, lines):
        assert wait_until(lambda: answers(port) or process.poll() is not None, READY_SECONDS), lines
        # The sensor looks at once, and every 30 s from then on.
        assert wait_until(lambda: value(database, EXISTS) is True, 300), lines
        assert wait_until(lambda: value(database, BUILT) == 1, 300), lines
        nobody_from_elsewhere_gets_in(port)
        nobody_else_reads_the_storage(database)
        group = leader_of(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 0
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)
    assert not answers(port)
    assert any(address(port) in line for line in lines), lines


def test_live_runs_the_watcher_beside(module_built_database: Settings) -> None:
    port = free_port()
    watched = (
        b"select count(*) >= 2 from pg_stat_activity where application_name like 'tidemark watch%'"
    )
    found = b"select count(*) from marts.workflow_completions where instance_id = 'live'"
    with developing(module_built_database, port, "--live") as (process, lines):
        assert wait_until(lambda: any("live:" in line for line in lines), READY_SECONDS), lines
        assert wait_until(lambda: value(module_built_database, watched) is True, 60), lines
        with connect(module_built_database, autocommit=True) as connection:
            complete(connection, "live")
        assert wait_until(lambda: value(module_built_database, found) == 1, 60), lines
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 0
    assert value(module_built_database, watched) is False


def nobody_from_elsewhere_gets_in(port: int) -> None:
    """A page of another web site launches nothing, and nobody keeps the others out."""
    launch = quote(LAUNCH)
    elsewhere = {"Host": "evil.example", "Origin": "https://evil.example"}
    foreign = {"Origin": "https://evil.example", "Content-Type": "application/json"}
    simple = {"Origin": "https://evil.example", "Content-Type": "text/plain"}
    own = {"Origin": address(port), "Content-Type": "application/json"}
    body = json.dumps({"query": LAUNCH}).encode()
    for status, arguments in (
        (403, (f"/graphql?query={launch}", "GET", elsewhere)),
        (403, (f"/graphql?query={launch}", "GET", {"Host": f"evil.example:{port}"})),
        (403, (f"/graphql?query={launch}", "GET", {"Origin": "null"})),
        (403, (f"/graphql?query={launch}", "GET", {"Sec-Fetch-Site": "cross-site"})),
        (405, (f"/graphql?query={launch}", "GET", {})),
        (403, (f"/graphql?query={launch}", "POST", simple, b"x")),
        (403, ("/graphql", "POST", foreign, body)),
        (403, ("/report_asset_materialization/marts/x", "POST", foreign, b"{}")),
        (403, ("/", "GET", {"Host": "evil.example"})),
    ):
        assert sockets.request(port, *arguments)[0] == status, arguments
    assert sockets.websocket(port, "/graphql", {"Origin": "https://evil.example"}) == 403
    assert sockets.websocket(port, "/graphql", {"Host": "evil.example"}) == 403
    assert sockets.websocket(port, "/graphql", {"Origin": address(port)}) == 101
    status, answer = sockets.request(port, "/graphql", "POST", own, body)
    assert status == 200, answer
    assert "PipelineNotFoundError" in answer, "its own page reaches it"
    with sockets.half_sent(port):
        assert answers(port)


def nobody_else_reads_the_storage(database: Settings) -> None:
    home = database.home / "dagster"
    modes = {}
    for path in [home, *home.rglob("*")]:
        with suppress(FileNotFoundError):  # SQLite's files beside a database come and go
            modes[path] = path.lstat().st_mode
    assert len(modes) > 10
    assert [path for path, mode in modes.items() if mode & 0o077] == []


def leader_of(pid: int) -> int:
    """Return the process that `tidemark dev` has started in a group of its own."""
    listing = subprocess.check_output(["ps", "-eo", "pid=,pgid=,ppid=,args="], text=True)
    rows = [line.split(None, 3) for line in listing.splitlines()]
    [leader] = [int(row[0]) for row in rows if row[2] == str(pid) and row[0] == row[1]]
    return leader


def test_a_port_that_another_program_has() -> None:
    with socket.socket() as other:
        other.bind((LOOPBACK, 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(TidemarkError, match=f"port {taken} of {LOOPBACK}") as caught:
            check_port(taken, "tidemark dev")
    assert f"--port {taken + 1}" in caught.value.remedy


def test_a_second_one_in_the_same_home_is_refused(new_home: Callable[[], Settings]) -> None:
    home = dagster_home(new_home())
    with (
        only_one(home),
        pytest.raises(TidemarkError, match="another `tidemark dev`"),
        only_one(home),
    ):
        pass
    with only_one(home):
        pass


def test_a_home_of_the_users_own_keeps_its_configuration(
    new_home: Callable[[], Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = new_home()
    ours = dagster_home(settings)
    (ours / "dagster.yaml").write_text("telemetry: {enabled: true}\n")
    assert "run_retries" in (dagster_home(settings) / "dagster.yaml").read_text()
    own = settings.home / "own"
    own.mkdir()
    (own / "dagster.yaml").write_text("telemetry: {enabled: true}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(own))
    assert dagster_home(settings) == own
    assert (own / "dagster.yaml").read_text() == "telemetry: {enabled: true}\n"


def test_what_an_earlier_version_left_open_is_closed(new_home: Callable[[], Settings]) -> None:
    settings = new_home()
    folder = settings.home / "dagster" / "history"
    folder.mkdir(parents=True)
    (folder / "runs.db").write_text("")
    (folder / "runs.db").chmod(0o644)
    folder.chmod(0o755)
    home = dagster_home(settings)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (home, folder, folder / "runs.db")}
    assert modes == {"dagster": 0o700, "history": 0o700, "runs.db": 0o600}


def test_a_page_that_answers_strangers_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A later Dagster may begin its page in another way, around the gate."""
    monkeypatch.setattr(dev, "answers", lambda *_: True)
    with subprocess.Popen(["sleep", "60"]) as process:
        try:
            with pytest.raises(TidemarkError, match="answers requests for any host"):
                dev.wait_until_ready(process, 1, lambda _: set())
        finally:
            process.kill()
