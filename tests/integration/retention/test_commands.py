"""Retention and restore as their commands do it: with real files, killed anywhere."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.integration.conftest import WorldMaker
from tests.integration.exactness.proxy import Proxy
from tests.integration.exactness.world import World
from tests.integration.retention.sealing import all_rows
from tests.integration.running import environment, run
from tidemark_warehouse.archiving import apply, files, plan, policy, restore, writing
from tidemark_warehouse.archiving.apply import Removal
from tidemark_warehouse.archiving.manifest import Manifest
from tidemark_warehouse.database import server
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import PROJECT_ROOT, Settings

# December has expired by now, January has not.
AS_OF = datetime(2026, 4, 15, tzinfo=UTC)
EXPIRING = "marts.event_counts_minute"
YEAR = (datetime(2025, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
EVENTS = """
    insert into raw.events (event_id, event_name, event_at, distinct_id, properties)
    select
        gen_random_uuid(), 'page_view', timestamptz '2025-12-20 00:00+00' + n * interval '5 hours',
        (array['ann', 'bob', 'cat'])[n % 3 + 1], jsonb_build_object('path', '/' || n % 4)
    from generate_series(1, 120) as n
"""


@pytest.fixture(scope="module")
def month_of_events(new_world: WorldMaker) -> str:
    """A month of events, built."""
    made = new_world("product")
    made.execute(EVENTS)
    made.build()
    return new_world.keep(made, "month_of_events")


@pytest.fixture
def world(new_world: WorldMaker, month_of_events: str, tmp_path: Path) -> Iterator[World]:
    """The month of events; its archive is this test's alone."""
    made = new_world("product", month_of_events)
    made.incremental.settings = replace(made.incremental.settings, archive=tmp_path / "archive")
    yield made
    made.incremental.settings = replace(made.incremental.settings, archive=None)
    made.close()


def remove_events(settings: Settings) -> Removal:
    """Apply the policy; returns what became of the events."""
    (removal,) = [r for r in apply.run(settings, AS_OF) if r.candidate.rule.table_name == "events"]
    return removal


def kept_rows(world: World) -> dict[str, Any]:
    """All rows of the models whose own rows do not expire."""
    return {name: rows for name, rows in all_rows(world).items() if name != EXPIRING}


def _events(world: World) -> int:
    row = world.connection.execute("select count(*) from raw.events").fetchone()
    assert row is not None
    return int(row[0])


def test_a_run_killed_at_any_step_loses_nothing_and_a_next_one_finishes(world: World) -> None:
    settings = world.incremental.settings
    before, rows = kept_rows(world), world.connection.execute("select * from raw.events").fetchall()
    found = conninfo_to_dict(server.url(settings))
    killed = 0
    for step in range(1, 200):
        process: list[subprocess.Popen[bytes]] = []

        def kill(
            number: int, _: str, at: int = step, running: list[subprocess.Popen[bytes]] = process
        ) -> bool:
            if number == at:
                os.kill(running[0].pid, signal.SIGKILL)
            return number < at

        with Proxy("127.0.0.1", settings.port, kill) as proxy:
            url = (
                f"postgresql://{found['user']}:{found['password']}@127.0.0.1:{proxy.port}"
                f"/{settings.database}?sslmode=disable"
            )
            process.append(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.integration.retention.one_run", str(AS_OF)],
                    cwd=PROJECT_ROOT,
                    env=environment(replace(settings, database_url=url)),
                    stdin=subprocess.DEVNULL,
                )
            )
            status = process[0].wait()
        sealed = restore.sealed(world.connection, "raw.events", *YEAR)
        assert _events(world) + sum(period.rows for period in sealed) == len(rows)
        if status == 0:
            break
        assert status == -signal.SIGKILL
        killed += 1
    assert killed > 15
    assert [f"{period.from_at:%Y-%m}" for period in sealed] == ["2025-12"]
    # Nothing that a killed run wrote is left beside the one file.
    assert restore.verify(settings) == (1, [], [])
    world.build()
    assert kept_rows(world) == before
    restore.run(settings, "events", *YEAR)
    back = world.connection.execute("select * from raw.events").fetchall()
    assert sorted(row[:-1] for row in back) == sorted(row[:-1] for row in rows)
    assert [line for line in world.differences() if not line.startswith(EXPIRING)] == []


def test_what_is_restored_stays_for_a_while_then_goes_again(world: World) -> None:
    settings = world.incremental.settings
    removal = remove_events(settings)
    assert removal.rows > 0
    restore.run(settings, "events", *YEAR)
    world.build()
    again = remove_events(settings)
    assert any("it was restored on" in line for line in again.objections)
    world.execute("update ops.sealed_periods set reopened_at = now() - interval '8 days'")
    last = remove_events(settings)
    assert (last.rows, last.objections) == (removal.rows, ())
    # One file is left, the newer one.
    assert restore.verify(settings) == (1, [], [])


def test_a_damaged_archive_is_found_and_not_restored(world: World) -> None:
    settings = world.incremental.settings
    removal = remove_events(settings)
    assert removal.archive_file is not None
    path = files.data_path(files.archive_folder(settings), removal.archive_file)
    whole = path.read_bytes()
    middle = len(whole) // 2
    damages = {
        "truncated": whole[:-10],
        "changed": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
        "missing": None,
    }
    for kind, content in damages.items():
        path.unlink()
        if content is not None:
            path.write_bytes(content)
        count, (problem,), _ = restore.verify(settings)
        assert (count, problem.kind) == (1, kind)
        with pytest.raises(TidemarkError):
            restore.run(settings, "events", *YEAR)
        assert len(restore.sealed(world.connection, "raw.events", *YEAR)) == 1
        path.write_bytes(whole)
    restore.run(settings, "events", *YEAR)


def test_a_pipeline_that_stood_still_purges_nothing_and_says_why(world: World) -> None:
    settings = world.incremental.settings
    world.execute("update ops.watermarks set built_at = now() - interval '40 days'")
    rules = [rule for rule in policy.read(world.connection) if rule.table_name == "events"]
    (candidate,) = plan.make(world.connection, rules, AS_OF)
    assert len(candidate.objections) > 10
    assert all("the pipeline stands still" in line for line in candidate.objections)
    removal = remove_events(settings)
    assert (removal.rows, removal.objections) == (0, candidate.objections)
    code, out, _ = run(settings, "retention", "--as-of", "2026-04-15")
    assert code == 0
    assert "events 2025-12 stays: marts.event_counts_daily was last built on" in out


def test_rows_that_come_while_they_are_archived_keep_the_partition(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = world.incremental.settings
    write_rows = writing.write_rows

    def write_and_meanwhile(*arguments: Any, **named: Any) -> Manifest:
        made = write_rows(*arguments, **named)
        world.execute(
            "insert into raw.events (event_id, event_name, event_at, distinct_id)"
            " values (gen_random_uuid(), 'page_view', '2025-12-28 12:00+00', 'late')"
        )
        world.build()
        return made

    monkeypatch.setattr(writing, "write_rows", write_and_meanwhile)
    removal = remove_events(settings)
    assert removal.objections == ("its rows changed while they were archived: run it again",)
    monkeypatch.undo()
    removal = remove_events(settings)
    assert removal.objections == ()
    assert restore.verify(settings) == (1, [], [])


def test_a_full_disk_ends_the_run_and_the_next_one_completes(world: World) -> None:
    settings = world.incremental.settings
    ran = subprocess.run(
        [
            *(
                sys.executable,
                "-c",
                f"import resource, sys; resource.setrlimit("
                f"resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY)); sys.argv[1:] = "
                f"['retention', '--apply', '--as-of', '{AS_OF.isoformat()}']; "
                "from tidemark_warehouse.cli.main import main; main()",
            ),
        ],
        cwd=PROJECT_ROOT,
        env=environment(settings),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "no space for 2025-12.parquet" in ran.stderr
    assert restore.verify(settings) == (0, [], [])
    assert remove_events(settings).rows > 0
    assert restore.verify(settings) == (1, [], [])


def test_a_second_run_waits_for_nobody(world: World) -> None:
    with apply.only_run(world.connection), pytest.raises(TidemarkError, match="is under way"):
        apply.run(world.incremental.settings, AS_OF)


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ("time_sessions,29,true", "line 2: time_sessions would be kept for 29 days only"),
        ("events,ninety,true", "line 2: keep_days is 'ninety'"),
        ("events,90,maybe", "line 2: archive is 'maybe'"),
        ("events,90,true\nevents,80,true", "line 3: events is named twice"),
        ("event,90,true", "line 2: nothing can be removed by age from event"),
        ("projects,90,true", "line 2: nothing can be removed by age from projects"),
        ("event_counts_minute,7,true", "line 2: event_counts_minute is a mart"),
        ("employee_metrics_hourly,100,false", "line 2: employee_metrics_hourly would be kept for"),
        ("events,90", "line 2: it has 2 columns"),
    ],
)
def test_a_wrong_row_of_the_policy_is_named(
    world_of_targets: server.Connection, tmp_path: Path, rows: str, problem: str
) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "retention_policy.csv").write_text(
        f"table_name,keep_days,archive\n{rows}\n"
    )
    with pytest.raises(TidemarkError) as refused:
        policy.read(world_of_targets, tmp_path)
    assert problem in refused.value.problem


@pytest.fixture(scope="module")
def world_of_targets(module_database: Settings) -> Iterator[server.Connection]:
    """A database that knows what a policy may name, as a build leaves it."""
    with server.connect(module_database, autocommit=True) as connection:
        connection.execute(
            """
            insert into ops.retention_targets values
            ('raw.time_sessions', true, null, null, '{}', '{}', 0),
            ('raw.events', true, null, null, '{}', '{}', 0),
            ('raw.projects', true, null, null, '{}', '{}', 0),
            ('marts.event_counts_minute', false, 'bucket_start', null, '{}', '{}', 0),
            ('marts_people.employee_metrics_hourly', false, 'bucket_start', null, '{}', '{}', 366)
            """
        )
        yield connection
