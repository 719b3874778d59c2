"""Names, texts and times in DuckDB's SQL."""

from __future__ import annotations

TIMES = {"timestamp with time zone", "timestamp without time zone", "date"}


def quoted(name: str) -> str:
    """Write a name."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Write a text."""
    return "'" + text.replace("'", "''") + "'"


def time_of(column: str, kind: str) -> str:
    """Write a time out of PostgreSQL's text; null where DuckDB knows no such time.

    PostgreSQL writes 0044-03-15 12:00:00+00 BC, DuckDB 0044-03-15 (BC) 12:00:00+00.

    Args:
        column: the quoted column that holds it.
        kind: its type in PostgreSQL, one of TIMES.
    """
    text = rf"regexp_replace({column}::varchar, '^(\S+)(.*) BC$', '\1 (BC)\2')"
    return f"try_cast({text} as {kind.removesuffix(' without time zone')})"
