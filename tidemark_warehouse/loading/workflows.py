"""Workflows of work sessions that name one which nobody has loaded.

A work session counts in the marts with its workflow, when that completes. Time trackers and plain
lists of sessions know no workflows, so that their sessions would reach no mart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString

from tidemark_warehouse.database.catalog import Connection

TEMPLATE = "sessions"  # unless somebody names another
UNKNOWN_USER = "(unknown)"

_UNKNOWN: LiteralString = """
    select count(*), count(distinct s.instance_id)
    from raw.time_sessions as s
    where not exists (
        select from raw.workflow_instances as w where w.instance_id = s.instance_id
    )
"""

_TEMPLATE: LiteralString = """
    insert into raw.workflow_templates (template_id, name, ticket_type)
    values (%(template)s, %(template)s, %(template)s)
    on conflict do nothing
"""

# The workflow is of whoever began it. It is complete once none of its sessions goes on, with the
# last of them; more sessions later move its end.
_MAKE: LiteralString = """
    with theirs as (
        select
            s.instance_id,
            s.user_id,
            s.started_at,
            s.updated_at,
            case
                when s.is_active then null
                else coalesce(
                    s.ended_at,
                    s.started_at
                    + (s.total_seconds + coalesce(s.total_paused_seconds, 0)) * interval '1 second'
                )
            end as done_at
        from raw.time_sessions as s
        left join raw.workflow_instances as w on s.instance_id = w.instance_id
        where w.instance_id is null or w.template_id = %(template)s
    )
    insert into raw.workflow_instances as present (
        instance_id, template_id, user_id, status, started_at, completed_at, updated_at
    )
    select
        instance_id,
        %(template)s,
        coalesce(
            (array_agg(user_id order by started_at, user_id) filter (where user_id is not null))[1],
            %(unknown)s
        ),
        case when bool_and(done_at is not null) then 'completed' else 'active' end,
        min(started_at),
        case when bool_and(done_at is not null) then max(done_at) end,
        max(greatest(started_at, done_at, updated_at))
    from theirs
    group by instance_id
    on conflict (instance_id) do update set (
        user_id, status, started_at, completed_at, updated_at
    ) = row(
        excluded.user_id, excluded.status, excluded.started_at, excluded.completed_at,
        excluded.updated_at
    )
    where
        row(
            present.user_id, present.status, present.started_at, present.completed_at
        ) is distinct from row(
            excluded.user_id, excluded.status, excluded.started_at, excluded.completed_at
        )
"""


@dataclass(frozen=True)
class Unknown:
    """Work sessions that reach no mart, because nobody knows their workflow."""

    sessions: int
    workflows: int

    def said(self) -> str:
        """Say it, with the next command; '' if there are none."""
        if not self.sessions:
            return ""
        sessions = "session" if self.sessions == 1 else "sessions"
        workflows = "workflow" if self.workflows == 1 else "workflows"
        return (
            f"{self.sessions:,} {sessions} of {self.workflows:,} unknown {workflows} "
            "reach no mart: load raw.workflow_instances, or make them of the sessions with "
            "`tidemark workflows`"
        )


def unknown(connection: Connection) -> Unknown:
    """Count the sessions whose workflow nobody knows."""
    row = connection.execute(_UNKNOWN).fetchone()
    return Unknown(*row) if row else Unknown(0, 0)


def make(connection: Connection, template: str = TEMPLATE) -> int:
    """Make workflows of the sessions that have none, and bring those made before up to date.

    Args:
        connection: to the warehouse.
        template: of the workflows; made with this name if there is none.

    Returns:
        How many workflows are new or differ now.
    """
    named = {"template": template, "unknown": UNKNOWN_USER}
    with connection.transaction():
        if not unknown(connection).sessions and not _has(connection, template):
            return 0
        connection.execute(_TEMPLATE, named)
        return connection.execute(_MAKE, named).rowcount


def _has(connection: Connection, template: str) -> bool:
    query: LiteralString = "select from raw.workflow_instances where template_id = %s limit 1"
    return connection.execute(query, [template]).fetchone() is not None
