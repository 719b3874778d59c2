"""The best SQL that we would write by hand for the same numbers, without incremental builds.

Counting by day partitions, first one row a user, is the fastest of the ways that we measured on
PostgreSQL: small hash tables do not spill. One statement over everything is tried as well.
"""

from __future__ import annotations

import itertools
import time
from datetime import timedelta
from typing import LiteralString

from psycopg import sql

from bench.arena import Arena
from bench.world import FIRST_AT

GRAINS: dict[str, LiteralString] = {
    "event_counts_minute": "minute",
    "event_counts_hourly": "hour",
    "event_counts_daily": "day",
    "event_counts_weekly": "week",
    "event_counts_monthly": "month",
}
# All but months are equally long in UTC; date_bin costs next to nothing, date_trunc with a zone
# 130 ns, without one a third of that.
BUCKETS: dict[str, LiteralString] = {
    "minute": "date_bin('1 minute', e.event_at, '2001-01-01 00:00:00+00')",
    "hour": "date_bin('1 hour', e.event_at, '2001-01-01 00:00:00+00')",
    "day": "date_bin('1 day', e.event_at, '2001-01-01 00:00:00+00')",
    "week": "date_bin('7 days', e.event_at, '2001-01-01 00:00:00+00')",
    "month": "date_trunc('month', e.event_at at time zone interval '0') at time zone interval '0'",
}
# The exclusions are those of seeds/excluded_users.csv as it comes.
COUNTS: LiteralString = """
insert into public.hand_written
select bucket_start, environment, event_name, sum(events), count(*)
from (
    select
        {bucket} as bucket_start,
        e.environment,
        e.event_name,
        coalesce(i.user_id, e.distinct_id) as user_id,
        count(*) as events
    from raw.events as e
    left join raw.identities as i on e.distinct_id = i.distinct_id
    where
        e.event_at >= %(from_at)s
        and e.event_at < %(to_at)s
        and lower(e.distinct_id) not like '%%sim-internal-%%'
        and (i.user_id is null or lower(i.user_id) not like '%%sim-internal-%%')
        {own}
    group by 1, 2, 3, 4
) as users
group by 1, 2, 3
"""
OWN: LiteralString = "and (e.user_id is null or lower(e.user_id) not like '%%sim-internal-%%')"


def count_by_hand(arena: Arena, model: str, days: int, *, own_users: bool = True) -> float:
    """Fill a table with the counts of one grain; returns the seconds of the faster way.

    Args:
        arena: the database.
        model: one of `GRAINS`.
        days: of history.
        own_users: also leave out events whose sender names an excluded user, as the marts do.
            Without that an index holds all that is read, and gives it user by user.
    """
    grain = GRAINS[model]
    query = sql.SQL(COUNTS).format(
        bucket=sql.SQL(BUCKETS[grain]), own=sql.SQL(OWN if own_users else "")
    )
    step = {"week": 7, "month": 31}.get(grain, 1)
    first = -3 if grain == "week" else 0  # the first of January 2026 is a Thursday
    return min(
        _filled(arena, query, [(0, days)]),
        _filled(arena, query, [(at, at + step) for at in range(first, days, step)])
        if grain != "month"
        else _filled(arena, query, months(days)),
    )


def months(days: int) -> list[tuple[int, int]]:
    """Return the months of a history: of each its first day, and the next one's, from 0 on."""
    starts, at = [0], FIRST_AT
    while (at - FIRST_AT).days < days:
        at = (at.replace(day=28) + timedelta(days=4)).replace(day=1)
        starts.append((at - FIRST_AT).days)
    return list(itertools.pairwise(starts))


def _filled(arena: Arena, query: sql.Composed, parts: list[tuple[int, int]]) -> float:
    arena.connection.execute(
        "create table public.hand_written (bucket_start timestamptz, environment text,"
        " event_name text, event_count bigint, unique_users bigint,"
        " unique (bucket_start, environment, event_name))"
    )
    started = time.perf_counter()
    with arena.connection.transaction():
        arena.connection.execute("set local work_mem = '128MB'")
        for first, last in parts:
            arena.connection.execute(
                query,
                {
                    "from_at": FIRST_AT + timedelta(days=first),
                    "to_at": FIRST_AT + timedelta(days=last),
                },
            )
    taken = time.perf_counter() - started
    arena.connection.execute("drop table public.hand_written")
    return taken
