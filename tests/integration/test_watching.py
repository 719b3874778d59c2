"""`tidemark watch`: committed rows reach their marts, whatever fails, ends or starts beside it."""

from __future__ import annotations

import queue
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from psycopg.types.json import Jsonb

from tests.integration.conftest import WorldMaker
from tests.integration.exactness.oracle import inexact
from tests.integration.exactness.rounds import changed_at_random
from tests.integration.exactness.witnesses import LATE_SESSION, WORKFLOW
from tests.integration.exactness.world import World
from tests.integration.running import begin, run
from tidemark_warehouse.database import server
from tidemark_warehouse.database.refreshing import walk
from tidemark_warehouse.settings import Settings

PATIENCE = 40.0
SECONDS = (
    "select total_active_seconds from marts.time_aggregations_daily"
    " where user_id = 'ann' order by 1 limit 1"
)
OF_WATCHERS = "from pg_stat_activity where application_name like 'tidemark watch%'"


class Watcher:
    """A `tidemark watch` that runs, and what it has said."""

    def __init__(self, settings: Settings) -> None:
        self.process = begin(settings, "watch")
        self.said: list[str] = []
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def says(self, words: str) -> str:
        """Wait for a line with these words, and return it."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                self.said.append(self._lines.get(timeout=0.2))
            except queue.Empty:
                assert self.process.poll() is None, self.said
                continue
            if words in self.said[-1]:
                return self.said[-1]
        raise AssertionError(f"it did not say {words!r}: {self.said}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; returns its exit status."""
        self.process.send_signal(number)
        return self.process.wait(timeout=PATIENCE)

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(line.strip())


@pytest.fixture
def watch() -> Iterator[Callable[[Settings], Watcher]]:
    """Start watchers; those that still run at the end are killed."""
    started: list[Watcher] = []

    def start(settings: Settings) -> Watcher:
        started.append(Watcher(settings))
        started[-1].says("watching")
        return started[-1]

    yield start
    for watcher in started:
        if watcher.process.poll() is None:
            watcher.process.kill()
            watcher.process.wait()


@pytest.fixture
def world(new_world: WorldMaker) -> Iterator[World]:
    """All marts of one completed workflow."""
    made = new_world.walking()
    made.execute(*WORKFLOW)
    made.build()
    yield made
    made.close()


def wait_until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"{what} has not come"
        time.sleep(0.1)


def value(world: World, query: str) -> object:
    row = world.connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def nothing_is_behind(world: World) -> bool:
    return value(world, "select count(*) from ops.behind()") == 0


def test_a_committed_row_reaches_its_marts_and_a_signal_ends_it(
    world: World, watch: Callable[[Settings], Watcher]
) -> None:
    before = value(world, SECONDS)
    watcher = watch(world.incremental.settings)
    world.execute(LATE_SESSION)
    wait_until(lambda: value(world, SECONDS) != before, "the late session")
    wait_until(lambda: nothing_is_behind(world), "the rest")
    watcher.says("rows in")
    code, out, _ = run(world.incremental.settings, "status", "--watch")
    assert code == 0
    assert "nothing is behind" in out
    for number in (signal.SIGINT, signal.SIGTERM):
        assert watcher.stop(number) == 0
        assert value(world, f"select count(*) {OF_WATCHERS}") == 0
        watcher = watch(world.incremental.settings)


def test_a_second_watcher_waits_and_takes_over_when_the_first_is_killed(
    world: World, watch: Callable[[Settings], Watcher]
) -> None:
    first = watch(world.incremental.settings)
    wait_until(lambda: value(world, f"select count(*) {OF_WATCHERS}") == 2, "the first watcher")
    second = watch(world.incremental.settings)
    second.says("another watcher runs")
    before = value(world, SECONDS)
    world.execute(LATE_SESSION)
    first.process.kill()
    wait_until(lambda: value(world, SECONDS) != before, "the late session")
    assert second.stop() == 0


def test_a_model_that_fails_is_tried_again_and_only_its_readers_wait(
    world: World, watch: Callable[[Settings], Watcher]
) -> None:
    broken = "marts.time_aggregations_daily"
    sound = value(world, f"select texts from ops.programs where relation = '{broken}'")
    world.connection.execute(
        "update ops.programs set texts = texts || jsonb_build_object('narrowed', 'select 1 / 0')"
        " where relation = %s",
        [broken],
    )
    watcher = watch(world.incremental.settings)
    world.execute(LATE_SESSION)
    watcher.says(f"{broken} failed: division by zero; again in 1 s")
    watcher.says("again in 2 s")
    done = "select count(*) from ops.behind() where relation = 'marts.time_aggregations_step'"
    wait_until(lambda: value(world, done) == 0, "a mart beside it")
    failing = value(world, "select relation from ops.failing()")
    assert failing == broken
    world.connection.execute(
        "update ops.programs set texts = %s where relation = %s", [Jsonb(sound), broken]
    )
    watcher.says(f"{broken} works again")
    wait_until(lambda: nothing_is_behind(world), "what waited")
    assert value(world, "select count(*) from ops.failing()") == 0
    assert watcher.stop() == 0


def test_an_edited_definition_is_said_and_left_to_a_build(
    world: World, watch: Callable[[Settings], Watcher]
) -> None:
    watcher = watch(world.incremental.settings)
    view = "staging.stg_app_metrics__points"
    text = value(world, f"select rtrim(pg_get_viewdef('{view}'::regclass), ';')")
    world.connection.execute(
        f"create or replace view {view} as select v.* from ({text}) as v".encode()
    )
    said = watcher.says("the definition of marts.metric_aggregates has changed")
    assert "run tidemark build" in said
    world.execute(
        "insert into raw.metric_points (point_id, name, value, recorded_at)"
        " values (gen_random_uuid(), 'users.active', 1, '2026-01-02')"
    )
    time.sleep(3.0)
    edited = "select count(*) from ops.edited() as e (name) where name = 'marts.metric_aggregates'"
    assert value(world, edited) == 1
    assert watcher.stop() == 0


def test_it_survives_the_end_of_its_connections(
    world: World, watch: Callable[[Settings], Watcher]
) -> None:
    watcher = watch(world.incremental.settings)
    wait_until(lambda: value(world, f"select count(*) {OF_WATCHERS}") == 2, "the watcher")
    world.connection.execute(f"select pg_terminate_backend(pid) {OF_WATCHERS}".encode())
    watcher.says("trying again until it answers")
    watcher.says("goes on")
    before = value(world, SECONDS)
    world.execute(LATE_SESSION)
    wait_until(lambda: value(world, SECONDS) != before, "the late session")
    assert watcher.stop() == 0


def test_it_survives_a_restart_of_the_server(
    new_home: Callable[[], Settings], watch: Callable[[Settings], Watcher]
) -> None:
    settings = new_home()
    server.ensure_up(settings)
    watcher = watch(settings)
    time.sleep(1.0)
    server.stop(settings)
    watcher.says("trying again until it answers")
    server.start(settings)
    watcher.says("goes on")
    assert watcher.stop() == 0


@pytest.mark.parametrize("seed", [1])
def test_a_build_beside_it_leaves_every_table_exact(
    world: World, watch: Callable[[Settings], Watcher], seed: int
) -> None:
    watcher = watch(world.incremental.settings)
    chance = random.Random(seed)  # no secret
    did = []
    with world.incremental.connect() as other:
        for _ in range(10):
            did.append(changed_at_random(world, chance))
            assert [done for done in walk(other) if done.message] == [], did
    wait_until(lambda: nothing_is_behind(world), "the rest")
    assert watcher.stop() == 0
    clocks = world.connection.execute("select relation, clock from ops.programs").fetchall()
    follows = {relation for relation, clock in clocks if clock == "instant"}
    now = datetime.now(UTC)
    wrong = inexact(world.connection, now)
    assert {name: n for name, n in wrong.items() if name not in follows} == {}, did
