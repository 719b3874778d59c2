"""Process-mining event logs: one line a piece of work, in place of four raw tables.

A log names cases, activities, people and times. It yields the template (`--set template_id=...`),
its steps (an activity keeps the number it has; a new one gets the next, in order of appearance), an
instance for each case and a session for each line. Case, template and step stay right when more of
the log comes later, since each is merged with what the tables hold.
"""

from __future__ import annotations

from psycopg import sql

from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.loading.batches import Prepared, Reject
from tidemark_warehouse.loading.preparing import Preparer
from tidemark_warehouse.loading.stage import Stage, content_hash, made_id
from tidemark_warehouse.loading.tables import Column, Connection, Table, read_table
from tidemark_warehouse.loading.upsert import upsert
from tidemark_warehouse.loading.writers import put_row_by_row

UNKNOWN_USER = "(unknown)"
SESSION_CONTENT = ("template_id", "instance_id", "step", "user_id", "started_at", "ended_at")


def _column(name: str, kind: str = "text", required: bool = False) -> Column:
    return Column(name, kind, required, None, name == "instance_id")


LOG = Table(
    "time_sessions",  # as which a person knows it
    {
        column.name: column
        for column in (
            _column("template_id", required=True),
            _column("instance_id", required=True),
            _column("step", required=True),
            _column("user_id"),
            _column("started_at", "timestamp with time zone", required=True),
            _column("ended_at", "timestamp with time zone", required=True),
            _column("name"),
            _column("ticket_type"),
            _column("status"),
        )
    },
    key=(),
    time_column=None,
    checks=(),
)

_LOCK = """
    select pg_advisory_xact_lock(hashtextextended('tidemark event-log ' || template_id, 0))
    from (select distinct template_id from {log} order by template_id) as templates
"""

_FOREIGN = """
    select log.instance_id, present.template_id
    from {log} as log
    inner join raw.workflow_instances as present on log.instance_id = present.instance_id
    where log.template_id <> present.template_id
    limit 1
"""

_TWICE = """
    select instance_id, min(template_id), max(template_id)
    from {log}
    group by instance_id
    having min(template_id) <> max(template_id)
    limit 1
"""

_TEMPLATES = """
    select
        log.template_id,
        coalesce(max(log.name), max(present.name), log.template_id),
        coalesce(max(log.ticket_type), max(present.ticket_type), log.template_id)
    from {log} as log
    left join raw.workflow_templates as present on log.template_id = present.template_id
    group by log.template_id
"""

_STEPS = """
    select
        new.template_id,
        coalesce(numbered.last_index, 0)
        + row_number() over (partition by new.template_id order by new.first_seen),
        new.step
    from (
        select template_id, step, min(_order) as first_seen
        from {log}
        group by template_id, step
    ) as new
    left join (
        select template_id, max(step_index) as last_index
        from raw.workflow_template_steps
        group by template_id
    ) as numbered on new.template_id = numbered.template_id
    where not exists (
        select from raw.workflow_template_steps as present
        where present.template_id = new.template_id and present.name = new.step
    )
"""

_INSTANCES = """
    select
        log.instance_id,
        log.template_id,
        coalesce(
            case when present.started_at <= log.started_at then present.user_id end,
            log.user_id,
            present.user_id,
            {unknown}
        ),
        coalesce(log.status, present.status, 'completed'),
        least(log.started_at, present.started_at),
        greatest(log.ended_at, present.completed_at),
        greatest(log.ended_at, present.updated_at)
    from (
        select
            instance_id,
            min(template_id) as template_id,
            (array_agg(user_id order by started_at, _order) filter (where user_id is not null))[1]
                as user_id,
            max(status) as status,
            min(started_at) as started_at,
            max(ended_at) as ended_at
        from {log}
        group by instance_id
    ) as log
    left join raw.workflow_instances as present on log.instance_id = present.instance_id
"""

_SESSIONS = """
    select
        {made_id}::text,
        log.instance_id,
        log.user_id,
        steps.step_index,
        log.started_at,
        log.ended_at,
        log.ended_at
    from (select *, {content} as _content from {log}) as log
    inner join (
        select template_id, name, min(step_index) as step_index
        from raw.workflow_template_steps
        group by template_id, name
    ) as steps on log.template_id = steps.template_id and log.step = steps.name
"""


class EventLogWriter:
    """Stages the log, then fills templates, steps, instances and sessions from it.

    Attributes:
        inserted: sessions that are new.
        updated: sessions that were there and differ now.
        notes: what became of the other tables.
    """

    def __init__(self, connection: Connection, preparer: Preparer) -> None:
        self._connection = connection
        self._preparer = preparer
        self._log = Stage(connection, LOG, "event_log")
        self.inserted = 0
        self.updated = 0
        self.notes: list[str] = []

    def put(self, prepared: Prepared) -> list[Reject]:
        """Take a chunk; return what the database refuses of it."""
        return put_row_by_row(prepared, self._preparer, self._log.copy)

    def finish(self) -> None:
        """Fill the four tables.

        Raises:
            TidemarkError: a case belongs to two templates.
        """
        if not self._log.columns:
            return
        self._log.analyze()
        self._connection.execute(self._query(_LOCK))
        self._check_templates()
        self._fill("workflow_templates", _TEMPLATES, "template_id name ticket_type")
        self._fill("workflow_template_steps", _STEPS, "template_id step_index name")
        self._fill(
            "workflow_instances",
            _INSTANCES,
            "instance_id template_id user_id status started_at completed_at updated_at",
        )
        self.inserted, self.updated = self._fill(
            "time_sessions",
            _SESSIONS,
            "session_id instance_id user_id step_index started_at ended_at updated_at",
        )
        self.notes.pop()  # of the sessions, which the summary itself counts

    def _fill(self, name: str, query: str, columns: str) -> tuple[int, int]:
        table = read_table(self._connection, name)
        stage = Stage(self._connection, table)
        stage.fill(columns.split(), self._query(query))
        stage.analyze()
        inserted, updated = upsert(stage)
        self.notes.append(f"{name}: {inserted:,} new, {updated:,} updated")
        return inserted, updated

    def _check_templates(self) -> None:
        row = self._connection.execute(self._query(_FOREIGN)).fetchone()
        if row:
            raise TidemarkError(
                f"the case {row[0]} belongs to the template {row[1]} already; nothing was loaded",
                "give the template_id it was loaded with, or make the cases distinct first",
            )
        row = self._connection.execute(self._query(_TWICE)).fetchone()
        if row:
            raise TidemarkError(
                f"the case {row[0]} has two templates, {row[1]} and {row[2]}; nothing was loaded",
                "a case is one run of one template",
            )

    def _query(self, query: str) -> sql.Composed:
        return sql.SQL(query).format(
            log=self._log.identifier,
            unknown=sql.Literal(UNKNOWN_USER),
            made_id=made_id(sql.SQL("true")),
            content=content_hash("time_sessions", SESSION_CONTENT),
        )
