"""Any number of builds at once: each succeeds, the result is exact, and readers see whole seeds."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.integration.exactness.warehouse import Warehouse, copy_project
from tidemark_warehouse.database import server as database_server
from tidemark_warehouse.dbt import guard
from tidemark_warehouse.settings import Settings

BUILDS = 6
SELECTION = (
    *("--select", "resource_type:seed", "+int_funnels__defined", "+workflow_completions"),
    *("stg_people__employees", "employees_history"),
    *("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"),
)
FUNNELS = b"select string_agg(description, '|' order by funnel_name) from seeds.funnels"


@pytest.fixture(scope="module")
def warehouse(server: Settings, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A database with raw rows in which nothing has been built, and a project to edit."""
    folder = tmp_path_factory.mktemp("at_once")
    made = Warehouse(
        replace(server, database="at_once"), folder / "scratch", copy_project(folder / "project")
    )
    made.renew()
    write_raw(made, first=1, last=200)
    assert made.manifest  # parsed here, so that the builds do not spend their time on it
    return made


def test_a_database_is_built_first_by_many(warehouse: Warehouse, tmp_path: Path) -> None:
    """Each of them finds no seed, view, table or snapshot, and makes them."""
    assert build_at_once(warehouse, tmp_path) == [0] * BUILDS
    assert completions(warehouse) == 200
    assert versions(warehouse) == (200, 200)
    assert_exact(warehouse)


def test_edited_seeds_and_rows_are_built_by_many(warehouse: Warehouse, tmp_path: Path) -> None:
    write_raw(warehouse, first=101, last=300)
    before = funnels(warehouse)
    path = warehouse.project / "seeds" / "funnels.csv"
    path.write_text(path.read_text().replace("production", "*"))
    path.write_text(path.read_text().replace(",From a look", ",From another look"))
    with seen_meanwhile(warehouse) as seen:
        assert build_at_once(warehouse, tmp_path) == [0] * BUILDS
    after = funnels(warehouse)
    assert before != after
    assert seen == {before, after}
    assert completions(warehouse) == 300
    assert versions(warehouse) == (400, 300)
    assert_exact(warehouse)


def test_equal_rows_are_not_written(warehouse: Warehouse) -> None:
    """Whatever their order in the file: nothing that reads a seed has to look at it again."""
    query = b"select ctid::text, xmin::text, funnel_name from seeds.funnels order by 3"
    with warehouse.connect() as connection:
        before = connection.execute(query).fetchall()
    path = warehouse.project / "seeds" / "funnels.csv"
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([header, *reversed(rows), ""]))
    assert warehouse.build("--select", "funnels") == []
    with warehouse.connect() as connection:
        assert connection.execute(query).fetchall() == before


def write_raw(warehouse: Warehouse, first: int, last: int) -> None:
    """Write workflows, completed at once, and employees who change with each call."""
    with warehouse.connect() as connection:
        connection.execute(
            "insert into raw.workflow_instances (instance_id, template_id, user_id, status,"
            " started_at, completed_at)"
            " select 'i' || n, 't1', 'ann', 'done', '2026-01-05'::timestamptz, '2026-01-06'"
            " from generate_series(%(first)s::int, %(last)s) as n"
            " on conflict (instance_id) do update set user_id = 'bob'",
            {"first": first, "last": last},
        )
        connection.execute(
            "insert into raw.employees (employee_id, name, updated_at)"
            " select 'e' || n, 'Ann', '2026-01-05'"
            " from generate_series(%(first)s::int, %(last)s) as n"
            " on conflict (employee_id) do update set name = 'Bob', updated_at = '2026-01-06'",
            {"first": first, "last": last},
        )


def build_at_once(warehouse: Warehouse, folder: Path) -> list[int]:
    """Run processes of plain `dbt build` side by side; returns their statuses."""
    environment = os.environ | database_server.dbt_environment(warehouse.settings)
    environment["DBT_PROFILES_DIR"] = str(warehouse.scratch)
    running = []
    for number in range(BUILDS):
        target = folder / str(number)
        shutil.copytree(warehouse.scratch / "target", target)
        command = [str(guard.executable("dbt")), "--no-use-colors", "build", *SELECTION]
        options = ("--target-path", str(target), "--log-path", str(target))
        running.append(
            subprocess.Popen(
                [*command, *options],
                cwd=warehouse.project,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
    said = [process.communicate()[0] for process in running]
    for process, text in zip(running, said, strict=True):
        if process.returncode:
            print(text)  # pytest shows it with the failure
    return [process.returncode for process in running]


@contextmanager
def seen_meanwhile(warehouse: Warehouse) -> Iterator[set[Any]]:
    """Read a seed again and again; yields the set of what was seen."""
    seen: set[Any] = set()
    ended = threading.Event()

    def look() -> None:
        with warehouse.connect() as connection:
            while not ended.is_set():
                seen.add(connection.execute(FUNNELS).fetchone())
                ended.wait(0.005)

    reader = threading.Thread(target=look)
    reader.start()
    try:
        yield seen
    finally:
        ended.set()
        reader.join()


def funnels(warehouse: Warehouse) -> Any:
    with warehouse.connect() as connection:
        return connection.execute(FUNNELS).fetchone()


def completions(warehouse: Warehouse) -> int:
    with warehouse.connect() as connection:
        (count,) = connection.execute(
            "select count(*)::int from marts.workflow_completions"
        ).fetchone() or (0,)
    return int(count)


def versions(warehouse: Warehouse) -> tuple[int, int]:
    """Versions of employees, and how many of them are the present one."""
    with warehouse.connect() as connection:
        row = connection.execute(
            "select count(*)::int, count(*) filter (where dbt_valid_to is null)::int"
            " from snapshots.employees_history"
        ).fetchone()
    assert row is not None
    return row[0], row[1]


def assert_exact(warehouse: Warehouse) -> None:
    """A build from nothing gives the same rows."""
    built = {"intermediate.int_funnels__defined", "marts.workflow_completions"}
    tables = [table for table in warehouse.tables() if table[0] in built]
    before = [warehouse.rows(*table) for table in tables]
    assert len(before) == len(built)
    assert warehouse.build(*SELECTION[:-4], "--full-refresh") == []
    assert [warehouse.rows(*table) for table in tables] == before
