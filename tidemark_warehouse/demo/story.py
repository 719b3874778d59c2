"""The demo's company, what its marts say, and the late row that corrects a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, LiteralString

from psycopg import sql

from tidemark_warehouse.database.server import Connection
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.simulation import write
from tidemark_warehouse.simulation.world import SIZES, World
from tidemark_warehouse.simulation.write import Mark, Outcome

SEED = 7
DAYS = 120
DEFAULT_SIZE = "medium"
LATE_SESSION = "demo-late-session"
LATE_SECONDS = 90 * 60

MARTS: LiteralString = """
    select n.nspname, c.relname, coalesce(obj_description(c.oid, 'pg_class'), '')
    from pg_class as c
    inner join pg_namespace as n on c.relnamespace = n.oid
    where n.nspname in ('marts', 'marts_people') and c.relkind in ('r', 'p')
    order by n.nspname, c.relname
"""
# Of the workflows completed a few days ago, whichever day it is today: one that seemed to have
# taken no longer than estimated.
LATE_WORKFLOW: LiteralString = """
    select c.instance_id, c.user_id, c.completed_date, c.ticket_type, c.completed_at,
        (
            select max(s.step_index) from raw.time_sessions as s
            where s.instance_id = c.instance_id and coalesce(s.user_id, c.user_id) = c.user_id
        )
    from marts.workflow_completions as c
    where
        c.completed_date between (select max(completed_date) from marts.workflow_completions) - 9
        and (select max(completed_date) from marts.workflow_completions) - 3
        and c.efficiency_ratio is not null
    order by c.efficiency_ratio between 0.6 and 1 desc, c.completed_date desc, c.instance_id
    limit 1
"""
DAY: LiteralString = """
    select workflows_completed, total_active_seconds::float8, total_estimated_seconds::float8,
        avg_efficiency_ratio::float8
    from marts.time_aggregations_daily
    where user_id = %s and date = %s and ticket_type = %s
"""
READING: LiteralString = """\
select
    user_id,
    sum(workflows_completed)::int as workflows,
    round(sum(total_active_seconds) / 3600, 1) as hours,
    round(100 * sum(total_active_seconds) / nullif(sum(total_estimated_seconds), 0))::int
        as percent_of_estimate
from marts.time_aggregations_daily
where date between {first} and {last}
group by user_id
order by workflows desc, hours desc, user_id
limit 5"""


@dataclass(frozen=True)
class Company:
    """The simulated company in the database.

    Attributes:
        mark: what it is, and until when.
        outcomes: what was written; None if it was there already.
    """

    mark: Mark
    outcomes: Sequence[Outcome] | None


@dataclass(frozen=True)
class Mart:
    """A mart as a person meets it.

    Attributes:
        name: schema and table.
        rows: how many it has.
        grain: of what it has one row each.
    """

    name: str
    rows: int
    grain: str


@dataclass(frozen=True)
class Reading:
    """A question put to a mart.

    Attributes:
        query: the SQL.
        columns: names in the answer.
        rows: the answer.
    """

    query: str
    columns: list[str]
    rows: list[tuple[Any, ...]]


@dataclass(frozen=True)
class Late:
    """A session that arrives days after its workflow was completed.

    Attributes:
        instance_id: the workflow.
        user_id: who completed it.
        date: the day on which it was completed.
        ticket_type: of the workflow.
        ended_at: when the session ended.
        step_index: the step that it was spent on.
    """

    instance_id: str
    user_id: str
    date: date
    ticket_type: str
    ended_at: datetime
    step_index: int


@dataclass(frozen=True)
class Day:
    """A row of time_aggregations_daily."""

    workflows: int
    active_seconds: float
    estimated_seconds: float
    efficiency_ratio: float


def company(connection: Connection, size: str | None) -> Company:
    """Simulate a company, unless there is one already.

    Args:
        connection: an autocommit connection of the database's owner.
        size: name in SIZES; whatever is there, else DEFAULT_SIZE, if None.

    Raises:
        TidemarkError: the database holds something else.
    """
    found = write.read_mark(connection)
    if found is not None:
        if size not in (None, found.world.size):
            raise TidemarkError(
                f"the database {connection.info.dbname} already holds a simulated company of the "
                f"size {found.world.size}",
                "leave out --size, or name another database with --database",
            )
        return Company(found, None)
    size = size or DEFAULT_SIZE
    until = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    start = until.date() - timedelta(days=DAYS)
    mark = Mark(World(SEED, size, SIZES[size].people, start, DAYS), until)
    return Company(mark, write.create(connection, mark))


def take_back_late_session(connection: Connection) -> bool:
    """Delete the late session of an earlier demo, so that this one ends as that did.

    Returns:
        Whether there was one.
    """
    query = "delete from raw.time_sessions where session_id = %s"
    return connection.execute(query, [LATE_SESSION]).rowcount > 0


def marts(connection: Connection) -> list[Mart]:
    """Return the marts with their rows, and the grain that their comments in the database name."""
    return [
        Mart(f"{schema}.{name}", _count(connection, schema, name), _grain(description))
        for schema, name, description in connection.execute(MARTS).fetchall()
    ]


def read_last_week(connection: Connection) -> Reading:
    """Ask who completed most in the last whole week, and in what share of the estimate.

    Args:
        connection: of tidemark_reader, as a BI tool's.
    """
    row = connection.execute("select max(date) from marts.time_aggregations_daily").fetchone()
    if row is None or row[0] is None:
        raise TidemarkError("marts.time_aggregations_daily has no rows", "run the demo again")
    last = row[0] - timedelta(days=(row[0].weekday() + 1) % 7)  # a Sunday
    query = sql.SQL(READING).format(
        first=sql.Literal(str(last - timedelta(days=6))), last=sql.Literal(str(last))
    )
    cursor = connection.execute(query)
    columns = [column.name for column in cursor.description or ()]
    return Reading(query.as_string(connection), columns, cursor.fetchall())


def late_session(connection: Connection) -> Late:
    """Choose a workflow that was completed days ago, for which a session is to arrive now."""
    row = connection.execute(LATE_WORKFLOW).fetchone()
    if row is None:
        raise TidemarkError("no workflow was completed in the last days", "run the demo again")
    instance_id, user_id, day, ticket_type, completed_at, step_index = row
    return Late(instance_id, user_id, day, ticket_type, completed_at, step_index or 0)


def day_of(connection: Connection, late: Late) -> Day:
    """Return the row of time_aggregations_daily to which a late session belongs."""
    row = connection.execute(DAY, [late.user_id, late.date, late.ticket_type]).fetchone()
    if row is None:
        raise TidemarkError("the day of the late row is gone", "run the demo again")
    return Day(*row)


def insertion(connection: Connection, late: Late) -> str:
    """Return the SQL with which an application delivers the late session."""
    values = (
        LATE_SESSION,
        late.instance_id,
        late.user_id,
        late.step_index,
        f"{late.ended_at - timedelta(seconds=LATE_SECONDS):%Y-%m-%d %H:%M:%S%z}",
        f"{late.ended_at:%Y-%m-%d %H:%M:%S%z}",
        LATE_SECONDS,
    )
    return (
        sql.SQL(
            "insert into raw.time_sessions\n"
            "    (session_id, instance_id, user_id, step_index, started_at, ended_at, "
            "total_seconds)\n"
            "values ({})"
        )
        .format(sql.SQL(", ").join(map(sql.Literal, values)))
        .as_string(connection)
    )


def _count(connection: Connection, schema: str, name: str) -> int:
    query = sql.SQL("select count(*) from {}").format(sql.Identifier(schema, name))
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _grain(description: str) -> str:
    """Return what a mart has one row of: the house's descriptions begin with it."""
    return description.split(". ")[0].removeprefix("One row per ").rstrip(".")
