"""Nobody but tidemark_people_reader sees anything of people: proved by connecting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.integration.exactness.warehouse import Warehouse
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.settings import ROLES, Settings

LOADER, READER, PEOPLE_READER, OPERATOR = ROLES
OPEN = {"marts", "api"}  # schemas that tidemark_reader may use
SYSTEM = ("pg_catalog", "information_schema", "pg_toast")
PEOPLE = (
    "insert into raw.employees (employee_id, team_name) values ('ann', 'core')",
    "insert into raw.employee_metrics values ('ann', '2026-03-01', 0.5, 0.5, 0.5, 91)",
    "insert into raw.interventions values ('i1', 'ann', 'time_off', 'open', '2026-03-02', null)",
    "insert into raw.intervention_audit_log (audit_id, intervention_id, action, logged_at)"
    " values (gen_random_uuid(), 'i1', 'proposed', '2026-03-02')",
)
# A correction leaves old versions in ops.changes, of raw rows and of marts.
CORRECTION = (
    "update raw.employees set team_name = 'ops'",
    "update raw.employee_metrics set burnout_score = 92",
)


@pytest.fixture(scope="module")
def owner(
    module_database: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[psycopg.Connection[Any]]:
    warehouse = Warehouse(module_database, tmp_path_factory.mktemp("people_access"))
    with connect(module_database, autocommit=True) as connection:
        for statement in PEOPLE:
            connection.execute(statement.encode())
        assert warehouse.build() == []
        for statement in CORRECTION:
            connection.execute(statement.encode())
        assert warehouse.build("--select", "+tag:people") == []
        connection.execute("analyze")
        yield connection


def relations(owner: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    """Return every table, partition and view of the database."""
    return owner.execute(
        "select n.nspname, c.relname from pg_class as c"
        " inner join pg_namespace as n on c.relnamespace = n.oid"
        " where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname <> all(%s) order by 1, 2",
        [list(SYSTEM)],
    ).fetchall()


def readable(database: Settings, role: str, wanted: list[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return which of these relations a role can read, by reading them."""
    able = set()
    with connect(database, role, autocommit=True) as connection:
        for name in wanted:
            try:
                connection.execute(sql.SQL("select * from {}").format(sql.Identifier(*name)))
            except psycopg.errors.InsufficientPrivilege:
                continue
            able.add(name)
    return able


def marts_of_people(owner: psycopg.Connection[Any]) -> set[tuple[str, str]]:
    found = {name for name in relations(owner) if name[0] == "marts_people"}
    assert len(found) >= 7
    return found


def test_there_is_something_to_see(owner: psycopg.Connection[Any]) -> None:
    """Else the other tests of this file would show nothing."""
    seen = [
        *marts_of_people(owner),
        *(("raw", "employee_metrics"), ("staging", "stg_people__employee_metrics")),
    ]
    for name in seen:
        query = sql.SQL("select from {} limit 1").format(sql.Identifier(*name))
        assert owner.execute(query).fetchone() is not None, name
    logged = owner.execute("select distinct relation from ops.changes").fetchall()
    assert {"raw.employees", "marts_people.employee_metrics_daily"} <= {name for (name,) in logged}


def test_the_reader_reads_marts_and_nothing_else(
    module_database: Settings, owner: psycopg.Connection[Any]
) -> None:
    found = relations(owner)
    for role in (READER, OPERATOR):
        assert {schema for schema, _ in readable(module_database, role, found)} == {"marts"}


def test_the_people_reader_reads_both_kinds_of_marts_and_nothing_else(
    module_database: Settings, owner: psycopg.Connection[Any]
) -> None:
    able = readable(module_database, PEOPLE_READER, relations(owner))
    assert {name for name in able if name[0] == "marts_people"} == marts_of_people(owner)
    assert {schema for schema, _ in able} == {"marts", "marts_people"}


def test_the_loader_reads_no_mart_and_no_measurement(
    module_database: Settings, owner: psycopg.Connection[Any]
) -> None:
    able = readable(module_database, LOADER, relations(owner))
    assert not {name for name in able if name[0].startswith("marts")}
    assert ("raw", "employee_metrics") not in able


@pytest.mark.parametrize("role", [READER, LOADER, OPERATOR])
def test_the_planners_statistics_say_nothing_either(
    module_database: Settings, owner: psycopg.Connection[Any], role: str
) -> None:
    """Most common values of a column are values."""
    about = "select count(*) from pg_stats where schemaname in ('marts_people', 'intermediate')"
    assert owner.execute(about).fetchone() != (0,)
    with connect(module_database, role, autocommit=True) as connection:
        assert connection.execute(about).fetchone() == (0,)
        raw = "select count(*) from pg_stats where tablename ~ '^employee_metrics'"
        seen = f"{raw} and attname ~ 'score|centrality|coeff'"
        assert connection.execute(seen.encode()).fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select * from pg_statistic")


@pytest.mark.parametrize("role", [READER, LOADER, OPERATOR])
def test_nobody_becomes_the_people_reader(
    module_database: Settings, owner: psycopg.Connection[Any], role: str
) -> None:
    with (
        connect(module_database, role) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(f"set role {PEOPLE_READER}".encode())


def test_functions_that_the_reader_can_call_are_none_of_ops(
    module_database: Settings, owner: psycopg.Connection[Any]
) -> None:
    """A security definer function beyond api would read what its caller may not."""
    with connect(module_database, READER) as connection:
        found = connection.execute(
            "select n.nspname || '.' || p.proname from pg_proc as p"
            " inner join pg_namespace as n on p.pronamespace = n.oid"
            " where p.prosecdef and n.nspname not in ('pg_catalog', 'api')"
            " and has_schema_privilege(n.oid, 'usage') and has_function_privilege(p.oid, 'execute')"
        ).fetchall()
    assert found == []
