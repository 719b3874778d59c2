"""Rows with one value that cannot be: for every column of every raw table, and every such value."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from tests.integration.exactness.raw_rows import BY_TYPE, WORDS, Column, RawTable

# What stands for "never", "always" and "unknown" elsewhere, and the ends of the type.
TIMES = (
    "0001-01-01 00:00:00+00",
    "9999-12-31 00:00:00+00",
    "infinity",
    "-infinity",
    "294276-12-31 23:59:59.999999+00",
    "4714-11-24 00:00:00+00 BC",
)
DATES = ("0001-01-01", "9999-12-31", "infinity", "-infinity", "5874897-12-31", "4714-11-24 BC")
NUMERICS = ("NaN", "Infinity", "-Infinity", "1e130000", "-1e130000", "1e-16000")
DOUBLES = ("NaN", "Infinity", "-Infinity", "1.797e308", "-1.797e308", "5e-324")
VALUES: dict[str, tuple[str, ...]] = {
    "timestamp with time zone": TIMES,
    "date": DATES,
    "numeric": NUMERICS,
    "double precision": DOUBLES,
}
# What a good row has in a column whose words would not do.
GOOD: dict[str, Any] = {"value": 2.5, "burnout_score": 12.5, "event_type": "track"}
# The good times lie before the tests' as_of, in this order where one row has several.
GOOD_TIMES = ("2026-02-01 10:00:00+00", "2026-02-01 11:00:00+00", "2026-02-01 12:00:00+00")


@dataclass(frozen=True)
class Wrong:
    """A row that is good but for one value."""

    table: str
    column: str
    value: Any
    row: dict[str, Any]


def good_row(table: RawTable, number: int) -> dict[str, Any]:
    """A row that has a value in every column, with a key of its own.

    Args:
        table: whose row.
        number: tells its key from those of the others.
    """
    times = iter(GOOD_TIMES)
    return {c.name: _good(c, table, number, times) for c in table.columns}


def wrong_rows(tables: dict[str, RawTable], kinds: tuple[str, ...]) -> Iterator[Wrong]:
    """One row for each column of these types and each value that cannot be.

    Args:
        tables: by name.
        kinds: the types.
    """
    number = 1000
    for name, table in tables.items():
        for column in table.columns:
            for value in VALUES.get(column.type, ()) if column.type in kinds else ():
                number += 1
                row = good_row(table, number) | {column.name: value}
                yield Wrong(name, column.name, value, row)


def write(connection: psycopg.Connection[Any], table: RawTable, row: dict[str, Any]) -> None:
    """Insert a row."""
    connection.execute(
        sql.SQL("insert into {} ({}) values ({})").format(
            table.identifier,
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(map(sql.Placeholder, row)),
        ),
        row,
    )


def _good(column: Column, table: RawTable, number: int, times: Iterator[str]) -> Any:
    if column.type == "timestamp with time zone":
        return next(times)
    if column.type == "uuid":
        return str(uuid.UUID(int=number))
    if column.type == "text" and column.name == table.key[0]:
        return f"{column.name}-{number}"
    if column.name in GOOD:
        return GOOD[column.name]
    if column.type == "jsonb":
        return Jsonb({"duration_ms": 12.5})
    return WORDS.get(column.name, BY_TYPE[column.type])[0]
