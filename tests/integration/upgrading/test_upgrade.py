"""`tidemark up` on a warehouse that an earlier release made."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from types import MappingProxyType

import pytest
from psycopg import sql

from tidemark_warehouse.database import migrate
from tidemark_warehouse.database.server import connect, ensure_up, url
from tidemark_warehouse.database.server.binaries import find
from tidemark_warehouse.database.server.connection import Connection
from tidemark_warehouse.settings import Settings

# What an upgrade writes of itself; and, since the warehouse comes of a dump, that everything is to
# be computed once here.
RECORDS = {"ops.migrations", "ops.functions", "ops.changes", "ops.watermarks"}


# Tables that an upgrade renames.
RENAMED = {"ops.late_rows": "ops.noted_late_rows"}


def columns(connection: Connection) -> dict[str, list[str]]:
    """Return the columns of every table."""
    return dict(
        connection.execute(
            "select n.nspname || '.' || c.relname, array_agg(a.attname::text order by a.attnum) "
            "from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid "
            "inner join pg_attribute as a on c.oid = a.attrelid "
            "where c.relkind = 'r' and n.nspname !~ '^(pg_|information_schema)' "
            "and a.attnum > 0 and not a.attisdropped group by 1"
        ).fetchall()
    )


def contents(
    connection: Connection,
    tables: dict[str, list[str]],
    where: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, tuple[int, str]]:
    """Count and digest of the rows of tables, of the given columns of each, by their new names."""
    found = {}
    for name, listed in tables.items():
        row = connection.execute(
            sql.SQL(
                "select count(*), md5(string_agg(t::text, '|' order by t::text)) "
                "from (select {} from {}) as t"
            ).format(
                sql.SQL(", ").join(map(sql.Identifier, listed)),
                sql.Identifier(*where.get(name, name).split(".")),
            )
        ).fetchone()
        assert row is not None
        found[name] = row
    return found


def schema(settings: Settings) -> list[str]:
    """Return the statements that make everything that migrations and functions make, sorted."""
    dumped = subprocess.run(
        [
            find().pg_dump,
            "--schema-only",
            "--no-owner",
            "--schema=ops",
            "--schema=api",
            "-d",
            url(settings),
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    lines = "\n".join(
        line
        for line in dumped.splitlines()
        if not re.match(r"--|\\(un)?restrict|SET |SELECT pg_catalog", line)
    )
    # Where the server's ids were is each database's own (ops.set_clock).
    return sorted(re.split(r";\n\n+", re.sub(r"operator\(pg_catalog.>\).*", "", lines)))


@pytest.fixture
def upgraded(earlier: Settings) -> Settings:
    ensure_up(earlier)
    return earlier


def test_an_upgrade_touches_no_row(earlier: Settings) -> None:
    with connect(earlier) as connection:
        tables = {n: listed for n, listed in columns(connection).items() if n not in RECORDS}
        before = contents(connection, tables)
    with connect(earlier, autocommit=True) as connection:
        assert "functions" in migrate.lacking(connection)[-1]
    ensure_up(earlier)
    with connect(earlier) as connection:
        after = contents(connection, tables, RENAMED)
        assert migrate.lacking(connection) == []
    changed = {name for name in before if before[name] != after[name]}
    assert changed == set()
    assert before["ops.sealed_periods"][0] == 9
    assert sum(count for name, (count, _) in before.items() if name.startswith("raw.")) > 4000


def test_an_upgraded_warehouse_has_the_schema_of_a_new_one(
    upgraded: Settings, database: Settings
) -> None:
    assert schema(upgraded) == schema(database)


def test_an_upgraded_warehouse_answers(upgraded: Settings) -> None:
    with connect(upgraded, "tidemark_reader") as connection:
        rows = connection.execute("select relation, is_behind from api.health()").fetchall()
        assert len(rows) > 40
        series = connection.execute(
            "select event_count "
            "from api.event_totals(array['page_view'], '2026-10-01', '2026-11-01')"
        ).fetchone()
        assert series is not None
        assert series[0] > 100
        adhoc = connection.execute(
            'select count(*) from api.funnel_adhoc(\'["page_view", "signup"]\', null)'
        ).fetchone()
        assert adhoc == (2,)
