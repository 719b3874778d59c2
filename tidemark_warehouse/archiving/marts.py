"""Marts beside the archive: those that a query names, as the reader sees them."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
from psycopg import errors, sql

from tidemark_warehouse.archiving.dialect import TIMES, literal, quoted, time_of
from tidemark_warehouse.database import server
from tidemark_warehouse.database.server import Connection
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import Settings

ROLE = "tidemark_reader"
SCHEMA = "marts"
_NAMED = re.compile(rf'\b{SCHEMA}"?\s*\.\s*"?(\w+)', re.IGNORECASE)
# What DuckDB knows by the same name; numeric becomes double and all else text, as in the archive.
_SAME = {"smallint", "integer", "bigint", "double precision", "boolean", "uuid"}


def named(query: str) -> set[str]:
    """Return the names of marts that occur in a query, whether there are such or not."""
    return {name.lower() for name in _NAMED.findall(query)}


def add(
    connection: duckdb.DuckDBPyConnection, settings: Settings, names: set[str], scratch: Path
) -> None:
    """Copy marts into a database in memory, as `marts.NAME`.

    Args:
        connection: of that database, which may still read files.
        settings: where the marts are.
        names: which; those that are not there are left out.
        scratch: a folder for what is on its way.

    Raises:
        TidemarkError: the server does not answer, or its reader may not see one of them.
    """
    connection.execute(f"create schema {SCHEMA}")
    with server.connect(settings, ROLE, autocommit=True) as reader, reader.transaction():
        # One moment for all of them, and one text for each value.
        reader.execute("set transaction isolation level repeatable read, read only")
        reader.execute("set local timezone = 'UTC'")
        reader.execute("set local datestyle = 'ISO, YMD'")
        for name in sorted(names):
            columns = _columns(reader, name)
            if columns:
                file = scratch / f"{name}.csv"
                _copy(reader, name, columns, file)
                _take(connection, name, columns, file)
                file.unlink()


def _columns(reader: Connection, name: str) -> dict[str, str]:
    """Return the columns of a mart and their types, in order; none if there is no such mart."""
    rows = reader.execute(
        "select a.attname, format_type(a.atttypid, null) from pg_attribute as a"
        " where a.attrelid = to_regclass(%s) and a.attnum > 0 and not a.attisdropped"
        " order by a.attnum",
        [f"{SCHEMA}.{quoted(name)}"],
    ).fetchall()
    return dict(rows)


def _copy(reader: Connection, name: str, columns: dict[str, str], file: Path) -> None:
    statement = sql.SQL("copy {} ({}) to stdout (format csv)").format(
        sql.Identifier(SCHEMA, name), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    try:
        with file.open("wb") as sink, reader.cursor().copy(statement) as source:
            for block in source:
                sink.write(block)
    except errors.InsufficientPrivilege as error:
        raise TidemarkError(
            f"{ROLE} may not read {SCHEMA}.{name}", "leave it out: marts of people are not for all"
        ) from error


def _take(
    connection: duckdb.DuckDBPyConnection, name: str, columns: dict[str, str], file: Path
) -> None:
    read = {
        column: kind if kind in _SAME else "double" if kind == "numeric" else "varchar"
        for column, kind in columns.items()
    }
    types = ", ".join(f"{literal(column)}: {literal(kind)}" for column, kind in read.items())
    selected = ", ".join(
        f"{time_of(quoted(column), kind)} as {quoted(column)}" if kind in TIMES else quoted(column)
        for column, kind in columns.items()
    )
    connection.execute(
        f"create table {SCHEMA}.{quoted(name)} as select {selected} from read_csv("  # noqa: S608  # names and texts are quoted
        f"{literal(str(file))}, header = false, auto_detect = false, delim = ',', quote = '\"',"
        f" escape = '\"', nullstr = '', allow_quoted_nulls = false, columns = {{{types}}})"
    )
