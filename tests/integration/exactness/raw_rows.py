"""Random changes to raw tables, from small vocabularies so that rows often meet.

The tables' columns and keys come from the database's catalog: a source that a later model reads is
covered without a line here. A column whose values matter gets its words in WORDS.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import psycopg
from hypothesis import strategies as st
from psycopg import sql
from psycopg.types.json import Jsonb

# Instants on the edges of days, weeks, months and years, in UTC and elsewhere.
INSTANTS = [
    "2025-12-28 23:30:00+00",
    "2025-12-29 00:00:00+00",
    "2025-12-31 23:59:59.999999+00",
    "2026-01-01 00:00:00+00",
    "2026-01-31 18:20:00+00",
    "2026-01-31 18:35:00+00",
    "2026-02-01 04:59:00+00",
    "2026-02-01 05:01:00+00",
    "2026-03-01 12:00:00+00",
    "2026-03-08 23:00:00+00",
]
# Pauses around the 30 minutes that a session may have, and over midnight.
PAUSES = [
    "2026-01-31 18:50:00+00",
    "2026-01-31 19:05:00+00",
    "2026-01-31 19:35:00.000001+00",
    "2026-01-31 23:45:00+00",
    "2026-02-01 00:10:00+00",
    "2026-02-01 00:40:00+00",
]
NUMBERS = ["0", "0.5", "60", "1234.25", "7200"]

# Only what the type alone would not make meet or mean something.
WORDS: dict[str, list[Any]] = {
    "template_id": ["t1", "t2", "t-unknown"],
    "ticket_type": ["bug", "feature"],
    "instance_id": ["i1", "i2", "i3"],
    "session_id": ["s1", "s2", "s3", "s4", "s5"],
    "user_id": ["ann", "bob", "anon-2", "sim-internal-2"],
    "step_index": [1, 2],
    "event_at": [*INSTANTS, *PAUSES],
    "event_type": ["track", "identify", "alias"],
    "event_name": ["page_view", "search_performed", "mission_completed"],
    "distinct_id": ["anon-1", "anon-2", "ann", "sim-internal-1"],
    "environment": ["production", "staging"],
    "properties": [
        Jsonb(properties)
        for properties in (
            {},
            {"country": "DE", "path": "/", "success": True, "duration_ms": 12.5},
            {"country": "US", "path": "/docs", "success": "true", "duration_ms": None},
            {"country": None, "plan": 10, "success": 0, "duration_ms": "fast"},
        )
    ],
    "context": [Jsonb({}), Jsonb({"device_type": "mobile", "country": "DE"})],
    "project_id": ["p1", "p2"],
    "feature_request_id": ["f1", "f2"],
    "assigned_to_id": ["ann", "bob"],
    "status": ["open", "in_progress", "completed"],
    "field": ["status", "project_id", "assigned_to_id", "completed_at", "priority", "deadline"],
    "old_value": ["open", "completed", "p1", "2026-01-31T18:20:00.000000Z", "2025-12-29"],
    "new_value": ["open", "completed", "p2", "2026-01-31T18:20:00.000000Z", "2026-03-08"],
    "employee_id": ["e1", "e2", "e3"],
    "team_name": ["core", "ops"],
    "recorded_at": [*INSTANTS, *PAUSES],
    "name": ["api.request.duration", "users.active"],
    "metric_type": ["gauge", "timer"],
    "value": [0.0, -1.5, 2.5, 1000.0, float("nan"), float("inf")],
    "tags": [
        Jsonb({}),
        Jsonb({"region": "eu"}),
        Jsonb({"route": "/", "region": "eu"}),
        Jsonb(None),
    ],
    "burnout_score": [12.5, 70.0, 71.5, 80.0, 90.0, float("nan")],
}
BY_TYPE: dict[str, list[Any]] = {
    "text": ["x", "y"],
    "integer": [0, 1, 2],
    "numeric": NUMBERS,
    "double precision": [0.0, -1.5, 2.5, 1000.0],
    "boolean": [True, False],
    "timestamp with time zone": INSTANTS,
    "date": ["2025-12-31", "2026-02-01"],
    "uuid": [str(uuid.UUID(int=n)) for n in range(4)],
    "jsonb": [Jsonb({}), Jsonb({"a": "x"})],
}


@dataclass(frozen=True)
class Column:
    """A listed column of a raw table."""

    name: str
    type: str
    required: bool

    def values(self) -> st.SearchStrategy[Any]:
        """Values of the column: its words, else its type's; null where that is allowed."""
        words = st.sampled_from(WORDS.get(self.name, BY_TYPE[self.type]))
        return words if self.required else st.one_of(words, st.none())


@dataclass(frozen=True)
class RawTable:
    """A raw table, with its key.

    Attributes:
        only_added_to: the database refuses to change or delete a row.
    """

    schema: str
    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    only_added_to: bool

    @property
    def identifier(self) -> sql.Identifier:
        """The quoted name."""
        return sql.Identifier(self.schema, self.name)

    def rows(self) -> st.SearchStrategy[dict[str, Any]]:
        """Whole rows."""
        return st.fixed_dictionaries({c.name: c.values() for c in self.columns})


def read_table(connection: psycopg.Connection[Any], qualified: str) -> RawTable:
    """Read a raw table's listed columns and key from the catalog."""
    schema, name = qualified.split(".")
    columns = connection.execute(
        """
        select attname, format_type(atttypid, atttypmod), attnotnull
        from pg_attribute
        where attrelid = %s::regclass and attnum > 0 and not attisdropped and attname !~ '^_'
        order by attnum
        """,
        [qualified],
    ).fetchall()
    key = connection.execute(
        """
        select a.attname
        from pg_index as i
        inner join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
        where i.indrelid = %s::regclass and i.indisprimary
        order by a.attnum
        """,
        [qualified],
    ).fetchall()
    refusing = connection.execute(
        "select from pg_trigger where tgrelid = %s::regclass"
        " and tgfoid = 'ops.refuse_change'::regproc",
        [qualified],
    ).fetchone()
    return RawTable(
        schema,
        name,
        tuple(k for (k,) in key),
        tuple(Column(*c) for c in columns),
        only_added_to=refusing is not None,
    )


def write_row(connection: psycopg.Connection[Any], table: RawTable, row: dict[str, Any]) -> None:
    """Insert a row, or put it in the place of the row with its key where that may change."""
    names = list(row)
    update = sql.SQL("update set {}").format(
        sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(n)) for n in names)
    )
    connection.execute(
        sql.SQL("insert into {} ({}) values ({}) on conflict ({}) do {}").format(
            table.identifier,
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.SQL(", ").join(sql.Placeholder(n) for n in names),
            sql.SQL(", ").join(map(sql.Identifier, table.key)),
            sql.SQL("nothing") if table.only_added_to else update,
        ),
        row,
    )


def change_column(
    connection: psycopg.Connection[Any], table: RawTable, place: int, column: str, value: Any
) -> None:
    """Set one column of the row at a place in key order (modulo their number)."""
    connection.execute(
        sql.SQL("update {} set {} = %s where ctid = {} and tableoid = {}").format(
            table.identifier,
            sql.Identifier(column),
            _picked(table, "ctid"),
            _picked(table, "tableoid"),
        ),
        [value, place, place],
    )


def delete_row(connection: psycopg.Connection[Any], table: RawTable, place: int) -> None:
    """Delete the row at a place in key order (modulo their number)."""
    connection.execute(
        sql.SQL("delete from {} where ctid = {} and tableoid = {}").format(
            table.identifier, _picked(table, "ctid"), _picked(table, "tableoid")
        ),
        [place, place],
    )


def _picked(table: RawTable, what: str) -> sql.Composed:
    key = sql.SQL(", ").join(map(sql.Identifier, table.key))
    return sql.SQL(
        "(select {what} from {table} order by {key} "
        "offset mod(%s, greatest((select count(*) from {table}), 1)::integer) limit 1)"
    ).format(what=sql.Identifier(what), table=table.identifier, key=key)
