"""The guard ends dbt when whoever started it dies, and otherwise does not show."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.running import environment
from tests.orchestration.conftest import complete
from tidemark_warehouse import supervision
from tidemark_warehouse.database.server import Connection, connect
from tidemark_warehouse.database.server.processes import command, wait_until
from tidemark_warehouse.dbt import guard
from tidemark_warehouse.settings import PROJECT_ROOT, Settings

# What the process of a Dagster run does.
RUN = """
import dagster as dg
from orchestration.definitions import defs
defs.resolve_job_def("build_everything").execute_in_process(instance=dg.DagsterInstance.ephemeral())
"""
OTHERS = """
    select count(*) from pg_stat_activity
    where datname = current_database() and pid <> all(%s) and backend_type = 'client backend'
"""
WAITING = """
    select count(*) from pg_stat_activity
    where
        datname = current_database() and wait_event_type = 'Lock'
        and query like '%%"app": "dbt"%%'
"""
STATE = """
    select
        (select array_agg(c order by c) from marts.workflow_completions as c)::text,
        (
            select array_agg(w order by w.relation) from ops.watermarks as w
            where w.relation = any(%s)
        )::text
"""
BLOCKED = ["marts.workflow_completions", "marts.time_aggregations_daily"]
IGNORE = """
import signal, time
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(60)
"""
GUARDED_BUILD = (str(guard.executable()), "build", "--quiet")
PATIENT = 300.0  # until dbt has parsed and built half of everything: 40 s on a slow machine


@contextmanager
def blocked(settings: Settings) -> Iterator[Connection]:
    """Hold a mart, so that a build waits in the middle of it."""
    with connect(settings) as holder:
        holder.execute("lock table marts.workflow_completions in access exclusive mode")
        yield holder


@contextmanager
def begun(settings: Settings, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program that works on the database; at the end it is killed if it still runs."""
    program = subprocess.Popen(
        arguments,
        cwd=PROJECT_ROOT,
        env=variables(settings),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield program
    finally:
        program.kill()
        program.wait()


def variables(settings: Settings) -> dict[str, str]:
    """Return an environment that names this database, dbt's artifacts beside the server."""
    artifacts = str(settings.home / "dagster" / "dbt")
    return environment(settings) | {"DBT_TARGET_PATH": artifacts, "DBT_LOG_PATH": artifacts}


def build(settings: Settings) -> None:
    """Build what has changed."""
    with begun(settings, *GUARDED_BUILD) as guard:
        assert guard.wait(2 * PATIENT) == 0


def one(connection: Connection, query: str, *values: object) -> tuple[object, ...]:
    """Return the only row of a query."""
    row = connection.execute(query.encode(), values).fetchone()
    assert row is not None
    return tuple(row)


def children(pid: int) -> list[int]:
    """Return the processes that a process has started, and those that they started."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(entry.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            found += [int(entry.parent.name), *children(int(entry.parent.name))]
    return found


def dbt_of(guard: int) -> int:
    """Return the process of dbt that a guard has started."""
    [dbt] = [pid for pid in children(guard) if "bin/dbt build" in command(pid)]
    return dbt


@pytest.fixture(scope="module")
def built(module_database: Settings) -> Iterator[Connection]:
    """Connect to a database with a workflow, built once."""
    with connect(module_database, autocommit=True) as connection:
        complete(connection, "i1")
        build(module_database)
        yield connection


@pytest.mark.skipif(sys.platform != "linux", reason="looks processes up in /proc")
def test_dbt_ends_with_the_run_and_nothing_is_half_done(
    built: Connection, module_database: Settings
) -> None:
    before = one(built, STATE, BLOCKED)
    complete(built, "i2")
    with (
        blocked(module_database) as holder,
        begun(module_database, sys.executable, "-c", RUN) as run,
    ):
        assert wait_until(lambda: one(built, WAITING) == (1,), PATIENT)
        [guarded] = [pid for pid in children(run.pid) if "tidemark-dbt" in command(pid)]
        dbt = dbt_of(guarded)
        run.kill()
        killed_at = time.monotonic()
        assert wait_until(lambda: not command(dbt) and not command(guarded), PATIENT)
        ours = [built.info.backend_pid, holder.info.backend_pid]
        assert wait_until(lambda: one(built, OTHERS, ours) == (0,), PATIENT)
        assert time.monotonic() - killed_at < guard.STAGES[0][1]  # asked once, it listened
    assert one(built, STATE, BLOCKED) == before
    build(module_database)
    assert one(built, "select count(*) from marts.workflow_completions") == (2,)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux does it")
def test_dbt_ends_with_the_guard(built: Connection, module_database: Settings) -> None:
    complete(built, "i3")
    with blocked(module_database), begun(module_database, *GUARDED_BUILD) as guard:
        assert wait_until(lambda: one(built, WAITING) == (1,), PATIENT)
        dbt = dbt_of(guard.pid)
        guard.kill()
        assert wait_until(lambda: not command(dbt), PATIENT)
        assert wait_until(lambda: one(built, WAITING) == (0,), PATIENT)


def test_a_signal_is_passed_on(built: Connection, module_database: Settings) -> None:
    complete(built, "i4")
    with blocked(module_database), begun(module_database, *GUARDED_BUILD) as guard:
        assert wait_until(lambda: one(built, WAITING) == (1,), PATIENT)
        guard.send_signal(signal.SIGINT)
        assert guard.wait(PATIENT) != 0
        assert wait_until(lambda: one(built, WAITING) == (0,), PATIENT)


def test_the_exit_status_is_that_of_dbt(database: Settings) -> None:
    with begun(database, str(guard.executable()), "build", "--no-such") as guarded:
        assert guarded.wait(PATIENT) == 2
    version = subprocess.check_output([guard.executable(), "--version"], text=True)
    assert version.startswith("dbt-core 1.")


def test_who_does_not_listen_is_ended_by_force() -> None:
    stubborn = subprocess.Popen([sys.executable, "-c", IGNORE], stdout=subprocess.PIPE)
    assert stubborn.stdout is not None
    stubborn.stdout.readline()
    stages = ((signal.SIGINT, 0.2), (signal.SIGTERM, 0.2), (signal.SIGKILL, 5.0))
    with supervision.signals(even_ignored=True) as received, stubborn:
        assert supervision.watch(stubborn, received, stages, parent_lives=lambda: False)
    assert stubborn.returncode == -signal.SIGKILL


def test_a_program_that_ends_is_let_end() -> None:
    with (
        supervision.signals(even_ignored=False) as received,
        subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"]) as program,
    ):
        assert not supervision.watch(program, received, guard.STAGES, lambda: True)
    assert program.returncode == 3


def test_a_whole_group_is_ended() -> None:
    family = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
    leader = subprocess.Popen(
        [sys.executable, "-c", family, IGNORE], process_group=0, stdout=subprocess.PIPE
    )
    assert leader.stdout is not None
    leader.stdout.readline()
    supervision.stop_group(leader, ((signal.SIGTERM, 0.2), (signal.SIGKILL, 5.0)))
    with leader, pytest.raises(ProcessLookupError):
        os.killpg(leader.pid, 0)


def test_the_profile_is_the_users_own_if_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_home: Callable[[], Settings]
) -> None:
    settings = new_home()
    monkeypatch.setattr(guard, "PROJECT_ROOT", tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    ours = settings.home / "dbt"
    assert guard.profiles_folder(settings) == ours
    assert (ours / "profiles.yml").read_text() == guard.PROFILE_EXAMPLE.read_text()
    (tmp_path / ".dbt").mkdir()
    (tmp_path / ".dbt" / "profiles.yml").write_text("another_project:\n  target: x\n")
    assert guard.profiles_folder(settings) == ours
    (tmp_path / ".dbt" / "profiles.yml").write_text("tidemark:\n  target: x\n")
    assert guard.profiles_folder(settings) == tmp_path / ".dbt"
    (tmp_path / "profiles.yml").write_text("tidemark:\n  target: x\n")
    assert guard.profiles_folder(settings) == tmp_path
    monkeypatch.setenv("DBT_PROFILES_DIR", "/elsewhere")
    assert guard.profiles_folder(settings) == Path("/elsewhere")
