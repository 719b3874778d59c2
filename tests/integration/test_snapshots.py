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


def test_versions_of_a_project(warehouse: Warehouse) -> None:
    snapshot(
        warehouse,
        "2026-03-01T00:00:00Z",
        "insert into raw.projects (project_id, status, updated_at) values"
        " ('dated', 'active', '2026-02-01'), ('undated', 'active', null), ('same', 'x', null)",
    )
    snapshot(
        warehouse,
        "2026-03-05T00:00:00Z",
        "update raw.projects set status = 'paused', updated_at = case when project_id = 'dated'"
        " then timestamptz '2026-03-04' end where project_id <> 'same'",
    )
    snapshot(
        warehouse,
        "2026-03-09T00:00:00Z",
        "update raw.projects set status = 'done', updated_at = '2026-03-08'"
        " where project_id <> 'same'",
    )
    snapshot(warehouse, "2026-03-10T00:00:00Z", "select 1")
    with warehouse.connect() as owner:
        found = {
            name: owner.execute(VERSIONS, [name]).fetchall()
            for name in ("dated", "undated", "same")
        }
    assert found == {
        "dated": [
            ("active", "2026-02-01", "2026-03-04"),
            ("paused", "2026-03-04", "2026-03-08"),
            ("done", "2026-03-08", None),
        ],
        "undated": [
            ("active", "2026-03-01", "2026-03-05"),
            ("paused", "2026-03-05", "2026-03-08"),
            ("done", "2026-03-08", None),
        ],
        "same": [("x", "2026-03-01", None)],
    }


def test_a_project_that_is_deleted_has_no_present_version(warehouse: Warehouse) -> None:
    snapshot(
        warehouse,
        "2026-03-11T00:00:00Z",
        "insert into raw.projects (project_id, status) values ('gone', 'active')",
    )
    snapshot(
        warehouse, "2026-03-12T00:00:00Z", "delete from raw.projects where project_id = 'gone'"
    )
    with warehouse.connect() as owner:
        ((status, _, until),) = owner.execute(VERSIONS, ["gone"]).fetchall()
    assert status == "active"
    assert until is not None


@pytest.mark.parametrize("role", ["tidemark_reader", "tidemark_people_reader", "tidemark_loader"])
def test_snapshots_are_granted_to_nobody(warehouse: Warehouse, role: str) -> None:
    with (
        server.connect(warehouse.settings, role) as reader,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        reader.execute("select * from snapshots.projects_history")
