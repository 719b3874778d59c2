"""How fresh the marts are, and what could not be loaded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import LiteralString

from tidemark_warehouse.reporting.section import Rows, Section
from tidemark_warehouse.reporting.table import Table

FRESHNESS: LiteralString = """
select
    h.relation,
    h.built_at,
    h.is_behind,
    h.newest_data_at,
    h.next_command
from api.health() as h
order by h.is_behind desc, date_trunc('minute', h.built_at), h.relation
limit 60
"""
REJECTED: LiteralString = """
select table_name, source, row_count, last_rejected_at
from api.rejected_rows()
order by last_rejected_at desc, table_name, source
limit 12
"""


def freshness(rows: Rows) -> Table:
    """List the marts, those that are behind first.

    Args:
        rows: relation, built_at (None if never), is_behind, newest_data_at (None if unknown),
            next_command (None if nothing has to be done).
    """
    return Table(
        {
            "mart": [row["relation"].removeprefix("marts.") for row in rows],
            "built (UTC)": [_time(row["built_at"]) for row in rows],
            "newest data (UTC)": [_time(row["newest_data_at"]) for row in rows],
            "what to do": [
                row["next_command"] or "" if row["is_behind"] else "up to date" for row in rows
            ],
        },
    )


def rejected(rows: Rows) -> Table:
    """List what could not be loaded, the latest first.

    Args:
        rows: table_name, source, row_count, last_rejected_at.
    """
    return Table(
        {
            "table": [f"raw.{row['table_name']}" for row in rows],
            "file": [row["source"] for row in rows],
            "rows": [f"{row['row_count']:,}" for row in rows],
            "last rejected (UTC)": [_time(row["last_rejected_at"]) for row in rows],
        },
    )


def _time(at: object) -> str:
    return f"{at.astimezone(UTC):%d %b %Y %H:%M}" if isinstance(at, datetime) else ""


SECTIONS = (
    Section(
        name="rejected-rows",
        area="status",
        question="What could not be loaded?",
        how_to_read="Rows in raw.rejected_rows by table and file; tidemark rejects says why, and "
        "tidemark rejects --retry takes them once it is mended.",
        marts=(),
        raw_tables=(),
        query=REJECTED,
        figure=rejected,
        tabular=True,
        wide=True,
        nothing="No row was rejected.",
    ),
    Section(
        name="freshness",
        area="status",
        question="How fresh are the marts?",
        how_to_read="Those that are behind come first: what they read has rows that they have not "
        "seen.",
        marts=(),
        raw_tables=(),
        query=FRESHNESS,
        figure=freshness,
        tabular=True,
        wide=True,
        tall=True,
        nothing="No mart has been built yet: run tidemark build.",
    ),
)
