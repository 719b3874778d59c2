"""What the charts show, asked of the marts as any BI tool would ask: as tidemark_reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from orchestration import server
from orchestration.server import Connection
from orchestration.server.roles import READER
from orchestration.settings import Settings

HOURS_PER_WEEK: LiteralString = """
select
    period_start as week_start,
    ticket_type,
    (total_active_seconds / 3600)::float8 as hours,
    workflows_completed as workflows
from marts.time_by_ticket_type
where
    period_type = 'week'
    and period_start > (
        select max(period_start) from marts.time_by_ticket_type where period_type = 'week'
    ) - 26 * 7
order by week_start, ticket_type
"""

EFFICIENCY_BY_WEEK: LiteralString = """
select
    date_trunc('week', date::timestamp)::date as week_start,
    sum(total_active_seconds)::float8 as active_seconds,
    sum(total_estimated_seconds)::float8 as estimated_seconds
from marts.time_aggregations_daily
where
    avg_efficiency_ratio is not null
    and date >= (
        select date_trunc('week', max(date)::timestamp)::date - 25 * 7
        from marts.time_aggregations_daily
    )
group by week_start
order by week_start
"""

WORKFLOWS_BY_PERSON: LiteralString = """
with

latest as (
    select *, date_trunc('week', date::timestamp)::date as week_start
    from marts.time_trends_daily
    where
        date >= (
            select date_trunc('week', max(date)::timestamp)::date - 25 * 7
            from marts.time_trends_daily
        )
),

busiest as (
    select user_id
    from latest
    group by user_id
    order by sum(workflows) desc, user_id
    limit 16
)

select user_id, week_start, sum(workflows)::int as workflows
from latest
inner join busiest using (user_id)
group by user_id, week_start
order by user_id, week_start
"""

# Averages and deviations of several people become one by their sums and sums of squares, exactly:
# neither can be averaged.
SLOWEST_STEPS: LiteralString = """
with

latest as (
    select *
    from marts.time_aggregations_step
    where
        period_type = 'month'
        and period_start = (
            select max(period_start) from marts.time_aggregations_step where period_type = 'month'
        )
),

steps as (
    select
        period_start as month,
        template_id,
        step_index,
        sum(sample_count) as n,
        sum(sample_count * avg_seconds) as total,
        sum(
            (sample_count - 1) * coalesce(std_dev_seconds, 0) ^ 2 + sample_count * avg_seconds ^ 2
        ) as squares
    from latest
    group by period_start, template_id, step_index
)

select
    month,
    template_id,
    step_index,
    n::int as sample_count,
    (total / n)::float8 as avg_seconds,
    case
        when n > 1 then sqrt(greatest(squares - total ^ 2 / n, 0) / (n - 1))
    end::float8 as std_dev_seconds
from steps
order by avg_seconds desc, template_id, step_index
limit 12
"""

ESTIMATE_AND_ACTUAL: LiteralString = """
select
    ticket_type,
    (sum(total_active_seconds) / 3600)::float8 as active_hours,
    (sum(total_estimated_seconds) / 3600)::float8 as estimated_hours,
    sum(workflows_completed)::int as workflows
from marts.time_by_ticket_type
where period_type = 'month'
group by ticket_type
order by ticket_type
"""


@contextmanager
def reader(settings: Settings) -> Iterator[Connection]:
    """Connect as tidemark_reader, to see one state of the marts however many queries it takes.

    Args:
        settings: which server and database.

    Raises:
        TidemarkError: the server does not let the role in.
    """
    with server.connect(settings, READER) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        yield connection


def rows(connection: Connection, mart: str, query: LiteralString) -> list[Mapping[str, Any]]:
    """Return what a query over a mart gives: nothing, if the mart has not been built yet.

    Args:
        connection: of a role that may read the marts.
        mart: schema and name.
        query: reads only this mart.
    """
    found = connection.execute("select to_regclass(%s) is null", [mart]).fetchone()
    if found == (True,):
        return []
    with connection.cursor(row_factory=dict_row) as cursor:
        return list(cursor.execute(query).fetchall())
