"""Process-mining event logs: one line a piece of work, in place of four raw tables.

A log names cases, activities, people and times. It yields the template (`--set template_id=...`),
its steps (an activity keeps the number it has; a new one gets the next, in order of appearance), an
instance for each case and a session for each line. Case, template and step stay right when more of
the log comes later, since each is merged with what the tables hold.

A line that has both times is a piece of work. In a log with `lifecycle:transition`, the nth start
of an activity in a case and its nth complete are one. In a log with one time a line, a piece of
work goes from the case's previous event to this one; how long the first took nobody knows.
"""

from __future__ import annotations

from psycopg import sql

from tidemark_warehouse.database.catalog import Column, Connection, Table, read_table
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.loading.conversion.batches import Batch, Reject
from tidemark_warehouse.loading.stage import Stage, content_hash, made_id
from tidemark_warehouse.loading.upsert import upsert
from tidemark_warehouse.loading.writers import Mapped, NoSample, put_or_single_out

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
            _column("started_at", "timestamp with time zone"),
            _column("ended_at", "timestamp with time zone", required=True),
            _column("transition"),
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

_PIECES = """
    create temporary table tidemark_pieces on commit drop as
    with known as (
        select
            *,
            coalesce(lower(transition), 'complete') as kind,
            bool_or(lower(transition) = 'start') over () as paired
        from {log}
    ),
    numbered as (
        select
            *,
            row_number() over of_step as nth,
            lag(ended_at) over of_case as previous_at
        from known
        where kind in ('start', 'complete')
        window
            of_step as (partition by instance_id, step, kind order by ended_at, _order),
            of_case as (partition by instance_id, kind order by ended_at, _order)
    ),
    begun as (
        select
            done.*,
            coalesce(
                done.started_at,
                begins.ended_at,
                case when not coalesce(done.paired, false) then coalesce(
                    done.previous_at,
                    (
                        select max(greatest(present.started_at, present.ended_at))
                        from raw.time_sessions as present
                        where
                            present.instance_id = done.instance_id
                            and greatest(present.started_at, present.ended_at) < done.ended_at
                    )
                ) end
            ) as begun_at
        from numbered as done
        left join numbered as begins
            on
                done.kind = 'complete' and begins.kind = 'start'
                and done.instance_id = begins.instance_id
                and done.step = begins.step
                and done.nth = begins.nth
        where
            done.kind = 'complete'
            or not exists (
                select from numbered as ends
                where
                    ends.kind = 'complete' and ends.instance_id = done.instance_id
                    and ends.step = done.step and ends.nth = done.nth
            )
    )
    select
        *,
        coalesce(begun_at, ended_at) as from_at,
        case when kind = 'complete' and begun_at <= ended_at then ended_at end as to_at
    from begun
"""

_UNKNOWN = "select count(*) filter (where to_at is null) from pg_temp.tidemark_pieces"

_LEFT_OUT = """
    select count(*) from {log} where lower(transition) not in ('start', 'complete')
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
            (array_agg(user_id order by from_at, _order) filter (where user_id is not null))[1]
                as user_id,
            max(status) as status,
            min(from_at) as started_at,
            max(ended_at) as ended_at
        from pg_temp.tidemark_pieces
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
        log.from_at,
        log.to_at,
        log.ended_at
    from (select *, {content} as _content from pg_temp.tidemark_pieces) as log
    inner join (
        select template_id, name, min(step_index) as step_index
        from raw.workflow_template_steps
        group by template_id, name
    ) as steps on log.template_id = steps.template_id and log.step = steps.name
"""


class EventLogWriter(NoSample):
    """Stages the log, then fills templates, steps, instances and sessions from it.

    Attributes:
        inserted: sessions that are new.
        updated: sessions that were there and differ now.
        notes: what became of the other tables.
    """

    def __init__(self, connection: Connection, mapped: Mapped) -> None:
        self._connection = connection
        self._mapped = mapped
        self._log = Stage(connection, LOG, "event_log")
        self.inserted = 0
        self.updated = 0
        self.notes: list[str] = []
        self._counts: dict[str, tuple[int, int]] = {}

    @property
    def written(self) -> dict[str, tuple[int, int]]:
        """The rows inserted and updated in each of the four tables."""
        return self._counts

    def put(self, batch: Batch) -> list[Reject]:
        """Take a batch; return what the database refuses of it."""
        return put_or_single_out(batch, self._mapped, self._log.copy)

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
        self._connection.execute(self._query(_PIECES))
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
        for query, said in (
            (_UNKNOWN, "pieces of work whose length is unknown: nothing says when they began"),
            (_LEFT_OUT, "events left out: they are neither a start nor a complete"),
        ):
            row = self._connection.execute(self._query(query)).fetchone()
            if row and row[0]:
                self.notes.append(f"{row[0]:,} {said}")

    def _fill(self, name: str, query: str, columns: str) -> tuple[int, int]:
        table = read_table(self._connection, name)
        stage = Stage(self._connection, table)
        stage.fill(columns.split(), self._query(query))
        stage.analyze()
        inserted, updated = upsert(stage)
        self._counts[name] = (inserted, updated)
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
