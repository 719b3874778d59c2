"""The best SQL that we would write by hand for the same numbers, without incremental builds.

Counting by day partitions, first one row a user, is the fastest of the ways that we measured on
PostgreSQL: small hash tables do not spill. One statement over everything is tried as well.
"""

from __future__ import annotations

import itertools
import time
from datetime import timedelta
from typing import LiteralString

from bench.arena import Arena
from bench.world import FIRST_AT

GRAINS: dict[str, LiteralString] = {
    "event_counts_minute": "minute",
    "event_counts_hourly": "hour",
    "event_counts_daily": "day",
    "event_counts_weekly": "week",
    "event_counts_monthly": "month",
}
# The exclusions are those of seeds/excluded_users.csv as it comes.
COUNTS: LiteralString = """
insert into public.hand_written
select bucket_start, environment, event_name, sum(events), count(*)
from (
    select
        date_trunc(%(grain)s, e.event_at, 'UTC') as bucket_start,
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
        and lower(coalesce(i.user_id, e.distinct_id)) not like '%%sim-internal-%%'
    group by 1, 2, 3, 4
) as users
group by 1, 2, 3
"""


def count_by_hand(arena: Arena, model: str, days: int) -> float:
    """Fill a table with the counts of one grain; returns the seconds of the faster way.

    Args:
        arena: the database.
        model: one of `GRAINS`.
        days: of history.
    """
    grain = GRAINS[model]
    step = {"week": 7, "month": 31}.get(grain, 1)
    first = -3 if grain == "week" else 0  # the first of January 2026 is a Thursday
    return min(
        _filled(arena, grain, [(0, days)]),
        _filled(arena, grain, [(at, at + step) for at in range(first, days, step)])
        if grain != "month"
        else _filled(arena, grain, _months(days)),
    )


def _months(days: int) -> list[tuple[int, int]]:
    starts, at = [0], FIRST_AT
    while (at - FIRST_AT).days < days:
        at = (at.replace(day=28) + timedelta(days=4)).replace(day=1)
        starts.append((at - FIRST_AT).days)
    return list(itertools.pairwise(starts))


def _filled(arena: Arena, grain: LiteralString, parts: list[tuple[int, int]]) -> float:
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
                COUNTS,
                {
                    "grain": grain,
                    "from_at": FIRST_AT + timedelta(days=first),
                    "to_at": FIRST_AT + timedelta(days=last),
                },
            )
    taken = time.perf_counter() - started
    arena.connection.execute("drop table public.hand_written")
    return taken
