"""The snapshots keep what raw no longer says, also of rows without updated_at."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

from tests.integration.exactness.warehouse import Warehouse
from tidemark_warehouse.database import server
from tidemark_warehouse.settings import Settings

VERSIONS = (
    b"select status, dbt_valid_from::date::text, dbt_valid_to::date::text"
    b" from snapshots.projects_history where project_id = %s order by dbt_valid_from"
)


@pytest.fixture(scope="module")
def warehouse(server: Settings, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    made = Warehouse(replace(server, database="snapshots"), tmp_path_factory.mktemp("snapshots"))
    made.renew()
    return made


def snapshot(warehouse: Warehouse, day: str, statement: str) -> None:
    """Write to raw, and build as of a day."""
    with warehouse.connect() as owner:
        owner.execute(statement.encode())
    failures = warehouse.build(
        *("--select", "+resource_type:snapshot", "--exclude", "resource_type:seed"), as_of=day
    )
    assert failures == []


def versions(warehouse: Warehouse, project: str) -> list[tuple[str, str, str | None]]:
    with warehouse.connect() as owner:
        return owner.execute(VERSIONS, [project]).fetchall()


def test_versions_of_a_project(warehouse: Warehouse) -> None:
    """Valid from and to the builds' as_of, whatever updated_at says."""
    snapshot(
        warehouse,
        "2026-03-01T00:00:00Z",
        "insert into raw.projects (project_id, status, updated_at) values"
        " ('dated', 'active', '2026-02-01'), ('undated', 'active', null), ('same', 'x', null),"
        " ('ahead', 'active', '9999-12-31'), ('infinite', 'active', 'infinity')",
    )
    snapshot(
        warehouse,
        "2026-03-05T00:00:00Z",
        "update raw.projects set status = 'paused', updated_at = case when project_id = 'dated'"
        " then timestamptz '2026-01-04' end where project_id <> 'same'",
    )
    snapshot(
        warehouse,
        "2026-03-09T00:00:00Z",
        "update raw.projects set status = 'done', updated_at = '2026-03-08'"
        " where project_id <> 'same'",
    )
    snapshot(warehouse, "2026-03-10T00:00:00Z", "select 1")
    for project in ("dated", "undated", "ahead", "infinite"):
        assert versions(warehouse, project) == [
            ("active", "2026-03-01", "2026-03-05"),
            ("paused", "2026-03-05", "2026-03-09"),
            ("done", "2026-03-09", None),
        ], project
    assert versions(warehouse, "same") == [("x", "2026-03-01", None)]


def test_a_project_that_is_deleted_ends_and_begins_anew_when_it_returns(
    warehouse: Warehouse,
) -> None:
    row = "insert into raw.projects (project_id, status) values ('gone', 'active')"
    gone = "delete from raw.projects where project_id = 'gone'"
    snapshot(warehouse, "2026-03-11T00:00:00Z", row)
    snapshot(warehouse, "2026-03-12T00:00:00Z", gone)
    assert versions(warehouse, "gone") == [("active", "2026-03-11", "2026-03-12")]
    snapshot(warehouse, "2026-03-13T00:00:00Z", row)
    assert versions(warehouse, "gone")[1:] == [("active", "2026-03-13", None)]


def test_versions_of_one_moment_have_keys_of_their_own(warehouse: Warehouse) -> None:
    day = "2026-03-14T00:00:00Z"
    snapshot(warehouse, day, "insert into raw.projects (project_id, status) values ('quick', 'a')")
    for status in ("b", "a", "b"):
        snapshot(
            warehouse,
            day,
            f"update raw.projects set status = '{status}' where project_id = 'quick'",
        )
    with warehouse.connect() as owner:
        found = owner.execute(
            "select count(*), count(distinct dbt_scd_id), count(*) filter (where dbt_valid_to is"
            " null) from snapshots.projects_history where project_id = 'quick'"
        ).fetchone()
    assert found == (4, 4, 1)


@pytest.mark.parametrize("role", ["tidemark_reader", "tidemark_people_reader", "tidemark_loader"])
def test_snapshots_are_granted_to_nobody(warehouse: Warehouse, role: str) -> None:
    with (
        server.connect(warehouse.settings, role) as reader,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        reader.execute("select * from snapshots.projects_history")
