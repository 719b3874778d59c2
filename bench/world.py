"""Rows of real size, made in the server by its own random numbers from a seed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bench.arena import Arena

FIRST_AT = datetime(2026, 1, 1, tzinfo=UTC)
PEOPLE_PER_EVENT = 0.005  # 50,000 of 10 million
NAMES = 40

# Names and people are skewed: the most frequent of 40 names has 16 % of the events, the most active
# of 50,000 people 1.3 %. Every fifth distinct id belongs to somebody who has a second one.
EVENTS = """
insert into {table} (event_id, event_name, event_at, distinct_id, properties)
select
    gen_random_uuid(),
    'event_' || lpad(floor(%(names)s * power(random(), 2))::text, 2, '0'),
    %(from_at)s::timestamptz + (i + random()) * (%(span)s::interval / %(events)s),
    'd' || floor(%(people)s * power(random(), 2.5))::bigint,
    jsonb_build_object('plan', (array['free', 'team', 'pro'])[1 + i %% 3], 'screen', 's' || i %% 17)
from generate_series(0, %(events)s - 1) as i
"""
IDENTITIES = """
insert into raw.identities (distinct_id, user_id)
select 'd' || i, 'd' || (i + 1) from generate_series(0, %(people)s - 1, 5) as i
"""


def people(arena: Arena) -> int:
    """How many distinct ids the whole history has."""
    return max(100, int(arena.events * PEOPLE_PER_EVENT))


def add_identities(arena: Arena) -> None:
    """Write the identities of a fifth of the distinct ids."""
    arena.connection.execute(IDENTITIES, {"people": people(arena)})


def add_events(arena: Arena, count: int, first_day: int, days: int) -> None:
    """Write events that lie evenly over some days.

    Args:
        arena: the database.
        count: how many.
        first_day: 0 is the first of the history.
        days: how many days they cover.
    """
    from_at, span = FIRST_AT + timedelta(days=first_day), timedelta(days=days)
    arena.connection.execute(
        "select ops.ensure_partitions_for('raw.events', %s, %s)", (from_at, from_at + span)
    )
    with arena.connection.transaction():
        arena.connection.execute("select setseed(%s)", (first_day / 1000,))
        arena.connection.execute(
            EVENTS.replace("{table}", "raw.events").encode(),
            {
                "names": NAMES,
                "from_at": from_at,
                "span": span,
                "events": count,
                "people": people(arena),
            },
        )


def add_device(arena: Arena) -> None:
    """Write one event a day of one device, over the whole history."""
    arena.connection.execute(
        "insert into raw.events (event_id, event_name, event_at, distinct_id)"
        " select gen_random_uuid(), 'event_01', %s::timestamptz + i * interval '1 day', 'late'"
        " from generate_series(0, %s) as i",
        (FIRST_AT, arena.days - 1),
    )


def settle(arena: Arena) -> None:
    """Do what autovacuum does some time after a load."""
    arena.connection.execute("vacuum analyze raw.events")
    arena.connection.execute("analyze raw.identities")


def add_history(arena: Arena) -> None:
    """Write the whole history of events, with its identities."""
    arena.say(f"{arena.events:,} events over {arena.days} days")
    add_identities(arena)
    add_events(arena, arena.events, 0, arena.days)
    settle(arena)
