"""How each type of PostgreSQL lies in a file, so that it comes back as it was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa  # type: ignore[import-untyped]
from psycopg import sql

from tidemark_warehouse.archiving.manifest import StoredColumn
from tidemark_warehouse.archiving.tables import Column

# The driver wraps what lies beyond 64 bits of microseconds (infinity among it) into some other
# time, and few readers know a year before 1 or after 9999.
_RANGES = {
    "timestamp with time zone": ("0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999999+00"),
    "timestamp without time zone": ("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"),
    "date": ("0001-01-01", "9999-12-31"),
}
OUT_OF_RANGE = "has times before the year 1, after 9999, or infinite"


@dataclass(frozen=True)
class Storage:
    """How a column is read from the database and kept in the file.

    Attributes:
        column: what it is.
        kind: the type in the file.
        note: see `StoredColumn`.
    """

    column: Column
    kind: pa.DataType
    note: str | None = None

    @property
    def expression(self) -> sql.Composable:
        """What is selected: types without a form of their own as PostgreSQL's text."""
        name = sql.Identifier(self.column.name)
        return sql.SQL("{}::text").format(name) if self.kind == pa.string() else name

    @property
    def field(self) -> pa.Field:
        """The column of the file."""
        return pa.field(self.column.name, self.kind)

    @property
    def described(self) -> StoredColumn:
        """The column of the manifest."""
        return StoredColumn(self.column.name, self.column.type, _named(self.kind), self.note)


def chosen(columns: Iterable[Column], out_of_range: set[str]) -> list[Storage]:
    """Choose how each column is stored.

    Args:
        columns: of the table.
        out_of_range: names of columns with values that their own form cannot hold.
    """
    return [
        Storage(column, pa.string(), OUT_OF_RANGE)
        if column.name in out_of_range
        else Storage(column, _kinds().get(column.type, pa.string()))
        for column in columns
    ]


def ranged(columns: Iterable[Column]) -> list[Column]:
    """Return those whose values may lie beyond what their form in the file can hold."""
    return [column for column in columns if column.type in _RANGES]


def in_range(column: Column) -> sql.Composed:
    """Return the condition that all values of a column fit; an aggregate."""
    first, last = _RANGES[column.type]
    return sql.SQL("coalesce(bool_and({} between {} and {}), true)").format(
        sql.Identifier(column.name), sql.Literal(first), sql.Literal(last)
    )


def _named(kind: pa.DataType) -> str:
    if isinstance(kind, pa.BaseExtensionType):
        return str(kind.extension_name).removeprefix("arrow.")
    return "text" if kind == pa.string() else str(kind)


def _kinds() -> dict[str, pa.DataType]:
    return {
        "uuid": pa.uuid(),
        "jsonb": pa.json_(),
        "json": pa.json_(),
        "boolean": pa.bool_(),
        "smallint": pa.int16(),
        "integer": pa.int32(),
        "bigint": pa.int64(),
        "double precision": pa.float64(),
        "date": pa.date32(),
        "timestamp with time zone": pa.timestamp("us", "UTC"),
        "timestamp without time zone": pa.timestamp("us"),
    }
