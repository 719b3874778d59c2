"""Builds without dbt and the watcher: what a look costs, and how soon a commit is in its mart."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString

from bench.arena import Arena
from bench.figures import Figure
from bench.world import add_events, add_identities, settle
from tidemark_warehouse.database.refreshing import walk
from tidemark_warehouse.settings import PROJECT_ROOT

AREA = "Live"
TIMES = 7
PROBES = 30
PROBE: LiteralString = """
    insert into raw.events (event_id, event_name, event_at, distinct_id)
    values (gen_random_uuid(), 'probe', now() - interval '1 minute', 'd7')
"""
FEW = 200
LIVELY = frozenset(
    {
        *(
            f"marts.event_counts_{unit}"
            for unit in ("minute", "hourly", "daily", "weekly", "monthly")
        ),
        *("intermediate.int_visits__cut", "intermediate.int_visits__attributed"),
        *("marts.product_sessions", "marts.user_activity"),
    }
)
SEEN: LiteralString = (
    "select coalesce(sum(event_count), 0) from marts.event_counts_hourly where event_name = 'probe'"
)


def measure(arena: Arena) -> Iterator[Figure]:
    """Yield the figures of the area."""
    arena.say(f"{arena.events:,} events over {arena.days} days, built whole by `tidemark build`")
    add_identities(arena)
    add_events(arena, arena.events, 0, arena.days)
    settle(arena)
    _tidemark(arena, "build", "--exclude-resource-type", "test")
    _tidemark(arena, "build")  # with the tests, and what the clock has moved
    _tidemark(arena, "build")
    arena.say("nothing new")
    yield Figure(
        AREA,
        "`tidemark build` with nothing new",
        statistics.median(_tidemark(arena, "build") for _ in range(TIMES)),
        "s",
        at_most=1.0,
        beside="wall, the start of Python included",
    )
    yield Figure(
        AREA,
        "the same without data tests",
        statistics.median(
            _tidemark(arena, "build", "--exclude-resource-type", "test") for _ in range(TIMES)
        ),
        "s",
        at_most=1.0,
    )
    yield from _small_changes(arena)
    arena.value("select count(*) from ops.behind()")
    looks = [_milliseconds(arena, "select count(*) from ops.behind()") for _ in range(TIMES)]
    yield Figure(
        AREA,
        "`ops.behind()` with nothing new",
        statistics.median(looks),
        "ms",
        at_most=15.0,
        beside="a warm connection",
    )
    arena.say("one event after the other, beside the watcher")
    with _watcher(arena):
        waited = sorted(_probe(arena) for _ in range(PROBES))
    beside = f"{PROBES} commits of one event, one after the other"
    yield Figure(
        AREA, "commit to event_counts_hourly, median", statistics.median(waited), "s", beside=beside
    )
    yield Figure(
        AREA,
        "commit to event_counts_hourly, p95",
        statistics.quantiles(waited, n=20)[-1],
        "s",
        at_most=1.0,
        beside=beside,
    )


def _small_changes(arena: Arena) -> Iterator[Figure]:
    """Refresh what a few new rows touch, and nothing else."""
    arena.say(f"{FEW:,} events on the newest day, three times")
    rounds: list[dict[str, float]] = []
    for _ in range(3):
        add_events(arena, FEW, arena.days - 1, 1)
        rounds.append({done.relation: done.seconds for done in walk(arena.connection)})
    for what, relations, aim in (
        ("every relation", None, 2.5),
        ("counts, visits, sessions and activity", LIVELY, 0.5),
    ):
        yield Figure(
            AREA,
            f"{FEW:,} events on the newest day, {what}",
            statistics.median(
                sum(s for name, s in seconds.items() if not relations or name in relations)
                for seconds in rounds
            ),
            "s",
            at_most=aim,
            beside="seconds of the refreshes",
        )
    slowest = max(rounds[-1], key=lambda name: rounds[-1][name])
    yield Figure(
        AREA,
        f"the dearest of them, {slowest}",
        rounds[-1][slowest],
        "s",
    )


def _tidemark(arena: Arena, *arguments: str) -> float:
    """Run a command to its end; returns its seconds."""
    began = time.perf_counter()
    subprocess.run(_command(arguments), env=_variables(arena), check=True, capture_output=True)
    return time.perf_counter() - began


@contextmanager
def _watcher(arena: Arena) -> Iterator[None]:
    """Let `tidemark watch` run while the block lasts."""
    process = subprocess.Popen(
        _command(("watch",)), env=_variables(arena), stdout=subprocess.DEVNULL
    )
    try:
        time.sleep(5.0)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def _command(arguments: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "tidemark_warehouse.cli.main", *arguments]


def _variables(arena: Arena) -> dict[str, str]:
    return {
        **os.environ,
        "TIDEMARK_DATABASE": arena.settings.database,
        "DBT_TARGET_PATH": str(PROJECT_ROOT / "target" / "bench"),
    }


def _milliseconds(arena: Arena, query: LiteralString) -> float:
    began = time.perf_counter()
    arena.value(query)
    return (time.perf_counter() - began) * 1000


def _probe(arena: Arena) -> float:
    """Commit one event; returns the seconds until it is counted."""
    before = arena.value(SEEN)
    arena.connection.execute(PROBE)
    committed = time.perf_counter()
    while arena.value(SEEN) == before:
        if time.perf_counter() - committed > 60:
            raise LookupError("the event has not been counted within a minute")
        time.sleep(0.02)
    return time.perf_counter() - committed
