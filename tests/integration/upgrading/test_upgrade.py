"""`tidemark up` on a warehouse that an earlier release made."""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise
from types import MappingProxyType
from typing import Any, LiteralString

import pytest
from psycopg import sql

from tests.integration.running import run
from tidemark_warehouse.database import migrate
from tidemark_warehouse.database.server import connect, ensure_up, url
from tidemark_warehouse.database.server.binaries import find
from tidemark_warehouse.database.server.connection import Connection
from tidemark_warehouse.settings import Settings

# A model that is no more; migration 0041 keeps what it knew of archived events.
GONE = {"intermediate.int_identifications__dated"}
# What an upgrade writes of itself; and, since the warehouse comes of a dump, that everything is to
# be computed once here.
RECORDS = {"ops.migrations", "ops.functions", "ops.changes", "ops.watermarks"}

# When the warehouse was built last, so to speak: a fortnight after its latest rows.
NOW = "2026-12-01T12:00:00+00:00"
ALERTS: LiteralString = (
    "select alert_id, rule_id, entity_type, entity_id, period, period_start, created_at,"
    " threshold_value, is_acknowledged, acknowledged_by_id, acknowledged_at, current_value{}"
    " from marts.metric_alerts order by alert_id"
)


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
        tables = {
            name: listed
            for name, listed in columns(connection).items()
            if name not in RECORDS | GONE
        }
        before = contents(connection, tables)
    with connect(earlier, autocommit=True) as connection:
        assert "functions" in migrate.lacking(connection)[-1]
    ensure_up(earlier)
    with connect(earlier) as connection:
        # Alerts about people are kept where all are; there was none.
        gone = "intermediate.int_people_alerts__raised"
        assert gone not in columns(connection)
        del tables[gone]
        after = contents(connection, tables, RENAMED)
        assert migrate.lacking(connection) == []
    changed = {name for name in after if before[name] != after[name]}
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


def test_alerts_of_the_release_before_have_a_life(upgraded: Settings) -> None:
    """They keep what they said; of a run of periods the last goes on, the others are history."""
    with connect(upgraded) as connection:
        before = connection.execute(ALERTS.format("").encode()).fetchall()
    build = [
        *("build", "--select", "+metric_alerts", "--indirect-selection", "buildable"),
        *("--vars", f'{{"as_of": "{NOW}"}}'),
    ]
    code, out, err = run(upgraded, *build)
    assert code == 0, out + err
    with connect(upgraded) as connection:
        query = ALERTS.format(", state, opened_value, opened_at")
        after = {row[0]: row for row in connection.execute(query.encode())}
    assert len(before) == 40
    assert sum(acknowledged for *_, acknowledged, _, _, _ in before) == 2
    for alert in before:
        assert after[alert[0]][:11] == alert[:11]
        assert after[alert[0]][13] == alert[11], "the value of then is that of its opening"
    ended = [earlier for earlier, later in pairwise(in_runs(before)) if is_next(earlier, later)]
    assert len(ended) > 3
    assert {after[alert[0]][12] for alert in ended} == {"historical"}
    going_on = [after[alert[0]] for alert in before if alert not in ended]
    assert {alert[12] for alert in going_on} <= {"firing", "resolved", "expired"}
    # Nobody is told of what is over: what is new and no history still holds.
    new = [row for alert_id, row in after.items() if alert_id not in {a[0] for a in before}]
    assert {row[12] for row in new} <= {"firing", "historical"}
    firing = defaultdict(list)
    for row in after.values():
        if row[12] == "firing":
            firing[row[1:4]].append(row)
    assert all(len(rows) == 1 for rows in firing.values())
    code, out, err = run(upgraded, *build)
    assert code == 0, out + err
    with connect(upgraded) as connection:
        again = {row[0]: row for row in connection.execute(query.encode())}
    assert again == after


def in_runs(alerts: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(alerts, key=lambda alert: alert[1:6])


def is_next(earlier: tuple[Any, ...], later: tuple[Any, ...]) -> bool:
    """Whether one alert is about the period right after another's."""
    start: date = earlier[5]
    return earlier[1:5] == later[1:5] and later[5] == start + timedelta(
        days=1 if earlier[4] == "day" else 7
    )
