"""Ready-made mappings for the export formats of other tools.

Each line says where a column takes its value from. Of several sources the first with one counts,
so that one preset serves a tool's API, its files and its warehouse tables alike. What a person maps
with `--map` or `--set` replaces the preset's lines for that column.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.loading.mapping import Source, Wish
from tidemark_warehouse.loading.tables import Table, nearest

EVENT_LOG = "event-log"

Line = str | Source


@dataclass(frozen=True)
class Preset:
    """The mappings of one tool.

    Attributes:
        summary: one line for a list of presets.
        tables: for each table, the sources of each column (`context.os` is a key of a column).
        time_formats: forms of times that the tool writes besides ISO 8601.
    """

    summary: str
    tables: Mapping[str, Mapping[str, tuple[Line, ...]]]
    time_formats: tuple[str, ...] = ()


_POSTHOG = Preset(
    "PostHog events: batch exports (JSON Lines, Parquet) and the events API",
    {
        "events": {
            "event_id": ("uuid", "id"),
            "event_name": ("event",),
            "event_type": (
                Source(
                    "event",
                    recode={
                        "$identify": "identify",
                        "$create_alias": "alias",
                        "$groupidentify": "group",
                        "$pageview": "page",
                        "$screen": "screen",
                    },
                ),
            ),
            "event_at": ("timestamp",),
            # $identify carries the anonymous id apart, and the user as distinct_id.
            "distinct_id": ("properties.$anon_distinct_id", "distinct_id"),
            "user_id": (
                "properties.$user_id",
                Source("distinct_id", when=("event", "$identify")),
            ),
            "session_id": ("properties.$session_id",),
            "properties": ("properties",),
            "context.device_type": ("properties.$device_type",),
            "context.browser": ("properties.$browser",),
            "context.os": ("properties.$os",),
            "context.country": ("properties.$geoip_country_code",),
            "context.city": ("properties.$geoip_city_name",),
            "page_url": ("properties.$current_url",),
            "referrer": ("properties.$referrer",),
        },
    },
)

_MIXPANEL = Preset(
    "Mixpanel raw event export (JSON Lines; projects made before 2023 export local epochs)",
    {
        "events": {
            "event_id": ("properties.$insert_id",),
            "event_name": ("event",),
            "event_type": (
                Source(
                    "event",
                    recode={
                        "$identify": "identify",
                        "$create_alias": "alias",
                        "$mp_web_page_view": "page",
                    },
                ),
            ),
            "event_at": ("properties.time",),
            "distinct_id": (
                "properties.$anon_id",
                "properties.$anon_distinct_id",
                "properties.distinct_id",
                "properties.$device_id",
            ),
            "user_id": ("properties.$identified_id", "properties.$user_id"),
            "session_id": ("properties.$session_id",),
            "properties": ("properties",),
            "context.device_type": ("properties.$device",),
            "context.browser": ("properties.$browser",),
            "context.os": ("properties.$os",),
            "context.country": ("properties.mp_country_code",),
            "context.city": ("properties.$city",),
            "page_url": ("properties.$current_url", "properties.current_url"),
            "referrer": ("properties.$referrer",),
        },
    },
)

_SEGMENT = Preset(
    "Segment: raw messages (JSON Lines, as in S3) and warehouse tables (tracks, pages, identifies)",
    {
        "events": {
            "event_id": ("messageId", "message_id", "id"),
            "event_name": (
                "event_text",
                "event",
                Source(
                    "type",
                    recode={
                        "page": "page_view",
                        "screen": "screen_view",
                        "identify": "user_identified",
                        "group": "group",
                        "alias": "alias",
                    },
                ),
            ),
            "event_type": ("type",),
            "event_at": (
                "timestamp",
                "originalTimestamp",
                "original_timestamp",
                "receivedAt",
                "received_at",
            ),
            "distinct_id": ("anonymousId", "anonymous_id", "userId", "user_id"),
            "user_id": ("userId", "user_id"),
            "session_id": ("context.sessionId", "session_id"),
            "properties": ("properties", "traits"),
            "context": ("context",),
            "context.device_type": ("context.device.type", "context_device_type"),
            "context.os": ("context.os.name", "context_os_name"),
            "context.os_version": ("context.os.version", "context_os_version"),
            "context.country": ("context.location.country", "context_location_country"),
            "context.city": ("context.location.city", "context_location_city"),
            "page_url": ("context.page.url", "context_page_url", "properties.url", "url"),
            "referrer": (
                "context.page.referrer",
                "context_page_referrer",
                "properties.referrer",
            ),
        },
    },
)

_KEY = ("key", "Issue key")
_PERSON = ("accountId", "name", "key")

_JIRA_ISSUE = {
    "project_id": ("project_key", "fields.project.key", "Project key"),
    "status": ("fields.status.name", "status", "Status"),
    "assignee": (
        *(f"fields.assignee.{name}" for name in _PERSON),
        "assignee_id",
        "assignee",
        "Assignee Id",
        "Assignee",
    ),
    "created": ("fields.created", "created", "created_date", "Created"),
    "updated": ("fields.updated", "updated", "updated_date", "Updated"),
    "completed": ("fields.resolutiondate", "resolutiondate", "resolution_date", "Resolved"),
}

_JIRA = Preset(
    "Jira: issues, and with them projects and workflow_instances; comments, changelog, worklogs",
    {
        "feature_requests": {
            "feature_request_id": _KEY,
            "project_id": _JIRA_ISSUE["project_id"],
            "title": ("fields.summary", "summary", "Summary"),
            "status": _JIRA_ISSUE["status"],
            "priority": ("fields.priority.name", "priority", "Priority"),
            "assigned_to_id": _JIRA_ISSUE["assignee"],
            "complexity_score": (
                "story_points",
                "fields.customfield_10016",
                "Story Points",
                "Custom field (Story Points)",
                "Custom field (Story point estimate)",
            ),
            "deadline": ("fields.duedate", "duedate", "due_date", "Due date", "Due Date"),
            "created_at": _JIRA_ISSUE["created"],
            "completed_at": _JIRA_ISSUE["completed"],
            "updated_at": _JIRA_ISSUE["updated"],
        },
        "projects": {
            "project_id": _JIRA_ISSUE["project_id"],
            "title": ("project_name", "fields.project.name", "Project name"),
        },
        "workflow_instances": {
            "instance_id": _KEY,
            "template_id": ("fields.issuetype.name", "issuetype", "issue_type", "Issue Type"),
            "user_id": (
                *_JIRA_ISSUE["assignee"],
                *(f"fields.reporter.{name}" for name in _PERSON),
                "reporter_id",
                "reporter",
                "Reporter Id",
                "Reporter",
            ),
            "ticket_id": _KEY,
            "status": _JIRA_ISSUE["status"],
            "started_at": _JIRA_ISSUE["created"],
            "completed_at": _JIRA_ISSUE["completed"],
            "updated_at": _JIRA_ISSUE["updated"],
        },
        "feature_comments": {
            "comment_id": ("id",),
            "feature_request_id": _KEY,
            "user_id": (*(f"author.{name}" for name in _PERSON), "author"),
            "created_at": ("created",),
        },
        "feature_request_changes": {
            "feature_request_id": _KEY,
            "field": (
                Source(
                    "field",
                    recode={
                        "status": "status",
                        "priority": "priority",
                        "assignee": "assigned_to_id",
                        "project": "project_id",
                    },
                    others_skip=True,
                ),
            ),
            # A change of status has its names in ...String; one of people only ids, in the others.
            "old_value": (
                Source("from", when=("field", "assignee")),
                "fromString",
                "from",
            ),
            "new_value": (Source("to", when=("field", "assignee")), "toString", "to"),
            "changed_by_id": (*(f"author.{name}" for name in _PERSON), "author"),
            "changed_at": ("created",),
        },
        "time_sessions": {
            "session_id": ("id",),
            "instance_id": _KEY,
            "user_id": (*(f"author.{name}" for name in _PERSON), "author"),
            "started_at": ("started",),
            "total_seconds": ("timeSpentSeconds",),
            "updated_at": ("updated", "created"),
        },
    },
    time_formats=("%d/%b/%y %I:%M %p", "%d/%b/%Y %I:%M %p", "%d/%b/%y"),
)

_EVENT_LOG = Preset(
    "process-mining event logs into time_sessions, workflow_instances, templates and their steps",
    {
        "time_sessions": {
            "instance_id": ("case:concept:name",),
            "step": ("concept:name",),
            "user_id": ("org:resource",),
            "started_at": ("start_timestamp",),
            "ended_at": ("time:timestamp",),
        },
    },
)

PRESETS: Mapping[str, Preset] = {
    "posthog": _POSTHOG,
    "mixpanel": _MIXPANEL,
    "segment": _SEGMENT,
    "jira": _JIRA,
    EVENT_LOG: _EVENT_LOG,
}


def wishes(name: str | None, table: Table) -> tuple[Wish, ...]:
    """Return a preset's lines for a table; none if no preset is named.

    Raises:
        TidemarkError: there is no such preset, or it has nothing for this table.
    """
    if name is None:
        return ()
    preset = _find(name)
    columns = preset.tables.get(table.name)
    if columns is None:
        raise TidemarkError(
            f"the preset {name} has nothing for raw.{table.name}",
            f"it is for {', '.join(preset.tables)}",
        )
    made: list[Wish] = []
    for target, lines in columns.items():
        column, *under = target.split(".")
        for line in lines:
            source = Source(line) if isinstance(line, str) else line
            made.append(Wish(column, tuple(under), source=source))
    return tuple(made)


def time_formats(name: str | None) -> tuple[str, ...]:
    """Return the forms of times that a preset's tool writes besides ISO 8601."""
    return _find(name).time_formats if name else ()


def _find(name: str) -> Preset:
    preset = PRESETS.get(name)
    if preset is None:
        raise TidemarkError(
            f"there is no preset {name}",
            f"{nearest(name, PRESETS)}the presets are {', '.join(PRESETS)}",
        )
    return preset
