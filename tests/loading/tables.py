"""Raw tables as the database describes them, for tests that have none."""

from __future__ import annotations

from tidemark_warehouse.database.catalog import Column, Table

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

TIME_SESSIONS = table(
    "time_sessions",
    column("session_id", required=True, key=True),
    column("instance_id", required=True),
    column("user_id"),
    column("step_index", "integer", required=True),
    column("started_at", TIME, required=True),
    column("ended_at", TIME),
    column("total_seconds", "numeric"),
    column("total_paused_seconds", "numeric", default="0"),
    column("is_active", "boolean", default="false"),
    column("updated_at", TIME),
)

METRIC_POINTS = table(
    "metric_points",
    column("point_id", "uuid", required=True, key=True),
    column("name", required=True),
    column("metric_type", default="gauge"),
    column("value", "double precision", required=True),
    column("recorded_at", TIME, required=True, key=True),
    column("tags", "jsonb", default="{}"),
    column("unit"),
    time="recorded_at",
)

FEATURE_REQUESTS = table(
    "feature_requests",
    column("feature_request_id", required=True, key=True),
    column("project_id", required=True),
    column("title"),
    column("status", required=True),
    column("priority"),
    column("assigned_to_id"),
    column("complexity_score", "numeric"),
    column("deadline", "date"),
    column("created_at", TIME, required=True),
    column("completed_at", TIME),
    column("updated_at", TIME),
)

FEATURE_REQUEST_CHANGES = table(
    "feature_request_changes",
    column("change_id", required=True, key=True),
    column("feature_request_id", required=True),
    column("field", required=True),
    column("old_value"),
    column("new_value"),
    column("changed_by_id"),
    column("changed_at", TIME, required=True, key=True),
    time="changed_at",
)
