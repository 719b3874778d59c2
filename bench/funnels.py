"""Funnels at size: the mart beside the best window functions, and what a change costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import LiteralString

from bench.arena import Arena
from bench.figures import Figure
from bench.world import add_events, add_history

AREA = "Product: funnels"
MODELS = ("funnel_conversions", "funnel_step_results", "funnel_results", "funnel_trends_daily")
DEFINED = ("int_funnels__defined", "int_funnel_events__listed")

# How many users reach each of 4 steps within 7 days: stacked running maxima of the latest start, on
# one sort. It gives neither times nor breakdowns, sees no equal instants, and keeps nothing.
BY_HAND: LiteralString = """
with

events as (
    select
        user_id,
        event_at,
        right(event_name, 2)::integer + 1 as step
    from intermediate.int_events__attributed
    where
        environment = 'production'
        and event_name in ('event_00', 'event_01', 'event_02', 'event_03')
),

first_step as (
    select *, max(event_at) filter (where step = 1) over so_far as start_1
    from events
    window so_far as (partition by user_id order by event_at)
),

second_step as (
    select
        *,
        max(start_1) filter (where step = 2 and event_at <= start_1 + interval '7 days')
            over so_far as start_2
    from first_step
    window so_far as (partition by user_id order by event_at)
),

third_step as (
    select
        *,
        max(start_2) filter (where step = 3 and event_at <= start_2 + interval '7 days')
            over so_far as start_3
    from second_step
    window so_far as (partition by user_id order by event_at)
),

users as (
    select
        case
            when bool_or(step = 4 and event_at <= start_3 + interval '7 days') then 4
            when bool_or(start_3 is not null) then 3
            when bool_or(start_2 is not null) then 2
            else 1
        end as reached
    from third_step
    group by user_id
    having bool_or(start_1 is not null)
)

select reached, count(*)
from users
group by reached
"""


def measure(arena: Arena) -> Iterator[Figure]:
    """Yield the figures of the area."""
    add_history(arena)
    arena.build("+funnel_conversions")
    _define(arena, 1, 4)

    arena.say("a funnel of 4 steps by hand")
    arena.connection.execute("set work_mem = '128MB'")
    arena.connection.execute("set max_parallel_workers_per_gather = 0")
    by_hand, _ = arena.timed(lambda: arena.connection.execute(BY_HAND))
    one = _whole(arena, "the same from nothing")

    arena.build(*MODELS)

    add_events(arena, arena.events // 100, arena.days - 1, 1)
    arena.build("+int_users__seen")
    arena.say("1 % new events")
    after = _models(arena)

    _define(arena, 20, 10)
    twenty = _whole(arena, "20 funnels of 10 steps")
    arena.build(*MODELS)
    add_events(arena, arena.events // 100, arena.days - 1, 1)
    arena.build("+int_users__seen")
    arena.say("1 % new events")
    twenty_after = _models(arena)
    yield Figure(AREA, "one funnel of 4 steps, 7 days, from nothing", one, "s")
    yield Figure(
        AREA,
        "the same against window functions",
        one / by_hand,
        "ratio",
        at_most=1.2,
        beside="which give users by step, and nothing else",
    )
    yield Figure(
        AREA,
        "1 % new events, all on the newest day, against that",
        after / one,
        "ratio",
        at_most=0.15,
        beside="all four marts; users who had come through are not read again",
    )
    yield Figure(AREA, "20 funnels of 10 steps from nothing, in one pass", twenty, "s")
    yield Figure(
        AREA,
        "1 % new events again, against these 20",
        twenty_after / twenty,
        "ratio",
        beside="all four marts",
    )


def _models(arena: Arena) -> float:
    taken = arena.build(*MODELS)
    return sum(taken[model] for model in MODELS)


def _whole(arena: Arena, what: str) -> float:
    arena.say(what)
    arena.drop_models(["funnel_conversions"])
    return arena.build("funnel_conversions")["funnel_conversions"]


def _define(arena: Arena, funnels: int, steps: int) -> None:
    """Put funnels into the seeds' tables, as if an analyst had, and read them."""
    execute = arena.connection.execute
    execute("delete from seeds.funnels")
    execute("delete from seeds.funnel_steps")
    execute("delete from seeds.funnel_exclusions")
    execute(
        "insert into seeds.funnels (funnel_name, environment, step_order,"
        " conversion_window_seconds, breakdown_property)"
        " select 'funnel_' || f, 'production', 'ordered', '604800', 'plan'"
        " from generate_series(1, %s) as f",
        [funnels],
    )
    execute(
        "insert into seeds.funnel_steps (funnel_name, step_index, event_name)"
        " select 'funnel_' || f, s, 'event_' || lpad(((f + s - 2) %% 40)::text, 2, '0')"
        " from generate_series(1, %s) as f cross join generate_series(1, %s) as s",
        [funnels, steps],
    )
    arena.build(*DEFINED)
