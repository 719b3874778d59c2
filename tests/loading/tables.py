"""Raw tables as the database describes them, for tests that have none."""

from __future__ import annotations

from tidemark_warehouse.loading.tables import Column, Table

TIME = "timestamp with time zone"


def column(
    name: str,
    kind: str = "text",
    *,
    required: bool = False,
    default: str | None = None,
    key: bool = False,
) -> Column:
    """Return a column."""
    return Column(name, kind, required, default, key)


def table(name: str, *columns: Column, time: str | None = None) -> Table:
    """Return a table; its key are the columns that say so."""
    key = tuple(column.name for column in columns if column.key)
    return Table(name, {column.name: column for column in columns}, key, time, ())


EVENTS = table(
    "events",
    column("event_id", "uuid", required=True, key=True),
    column("event_type", default="track"),
    column("event_name", required=True),
    column("event_at", TIME, required=True, key=True),
    column("distinct_id", required=True),
    column("user_id"),
    column("session_id"),
    column("environment", default="production"),
    column("properties", "jsonb", default="{}"),
    column("context", "jsonb", default="{}"),
    column("page_url"),
    column("referrer"),
    time="event_at",
)

PROJECTS = table(
    "projects",
    column("project_id", required=True, key=True),
    column("title"),
    column("status"),
    column("created_at", TIME),
    column("updated_at", TIME),
)
