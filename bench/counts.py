"""The count marts of every grain at size: beside hand-written SQL, and after each change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import LiteralString

from bench.arena import Arena
from bench.dashboards import product_questions, reading
from bench.figures import Figure
from bench.hand_written import GRAINS, count_by_hand, months
from bench.world import add_device, add_events, add_identities, settle

COUNTS = tuple(GRAINS)
WATCHED = (*COUNTS, "int_identities__resolved")
AREA = "Product: counts and uniques"
READING = "Reading counts"


READ: dict[str, LiteralString] = {
    "event_counts_minute": "select bucket_start, event_count, unique_users"
    " from marts.event_counts_minute where environment = 'production' and event_name = %(name)s"
    " and bucket_start >= %(at)s and bucket_start < %(at)s + interval '3 hours'",
    "event_counts_hourly": "select bucket_start, event_count, unique_users"
    " from marts.event_counts_hourly where environment = 'production' and event_name = %(name)s"
    " and bucket_start >= %(at)s and bucket_start < %(at)s + interval '7 days'",
    "event_counts_daily": "select bucket_start, event_name, event_count, unique_users"
    " from marts.event_counts_daily where environment = 'production'"
    " and bucket_start >= %(at)s and bucket_start < %(at)s + interval '30 days'",
    "event_counts_weekly": "select bucket_start, event_name, event_count, unique_users"
    " from marts.event_counts_weekly where environment = 'production'"
    " and bucket_start >= %(at)s and bucket_start < %(at)s + interval '90 days'",
    "event_counts_monthly": "select bucket_start, event_name, event_count, unique_users"
    " from marts.event_counts_monthly where environment = 'production'",
}


def measure(arena: Arena) -> Iterator[Figure]:
    """Yield the figures of the area."""
    # Half the history ends with a month, as 120 days do: a month of one day is counted in no time.
    half_days = max(first for first, _ in months(arena.days) if first <= arena.days // 2)
    half_events = arena.events * half_days // arena.days
    newest = arena.events // 100

    arena.say(f"{half_events:,} events over {half_days} days")
    add_identities(arena)
    add_events(arena, half_events, 0, half_days)
    settle(arena)
    arena.build(*(f"+{mart}" for mart in COUNTS))
    add_events(arena, newest, half_days - 1, 1)
    at_half = arena.build(*WATCHED)

    arena.say(f"twice as many: {arena.events:,} events over {arena.days} days")
    add_events(arena, arena.events - half_events, half_days, arena.days - half_days)
    settle(arena)
    # The machine's speed moves within minutes: what is compared is measured one after the other.
    by_hand, index_only = {}, {}
    full: dict[str, float] = {}
    for model in COUNTS:
        arena.say(f"{model} by hand")
        by_hand[model] = count_by_hand(arena, model, arena.days)
        index_only[model] = count_by_hand(arena, model, arena.days, own_users=False)
        arena.say(f"{model} from nothing")
        # As of the SQL by hand, the faster of two counts: what else runs makes both slower.
        builds = []
        for _ in range(2):
            arena.drop_models([model])
            builds.append(arena.build(model)[model])
        full[model] = min(builds)

    arena.say("nothing new")
    nothing, _ = arena.rebuild(*WATCHED)
    arena.say("1 % new events, all on the newest day")
    add_events(arena, newest, arena.days - 1, 1)
    day, day_wal = arena.rebuild(*WATCHED)
    arena.say("1 % new events, 5 % of them late over 30 days")
    add_events(arena, newest * 95 // 100, arena.days - 1, 1)
    add_events(arena, newest * 5 // 100, arena.days - 31, 30)
    late, late_wal = arena.rebuild(*WATCHED)
    arena.say("the late rows of one device")
    add_device(arena)
    device, device_wal = arena.rebuild(*WATCHED)

    def total(taken: dict[str, float]) -> float:
        return sum(taken[model] for model in COUNTS)

    whole = total(full)
    yield Figure(
        AREA, "all count marts from nothing", whole, "s", beside="five grains, one session"
    )
    yield Figure(
        AREA,
        "the same against hand-written SQL",
        whole / sum(by_hand.values()),
        "ratio",
        at_most=1.2,
        beside="the fastest way that we know, grain by grain",
    )
    for model in COUNTS:
        yield Figure(
            AREA, f"{model} against hand-written SQL", full[model] / by_hand[model], "ratio"
        )
    yield Figure(
        AREA,
        "against SQL that does not ask whom senders name",
        whole / sum(index_only.values()),
        "ratio",
        beside="not the same rules: an index holds all that it reads",
    )
    of_full = "of the build from nothing"
    yield Figure(
        AREA, "1 % new, all on the newest day", total(day) / whole, "ratio", 0.05, beside=of_full
    )
    yield Figure(
        AREA,
        "1 % new, 5 % of it late over 30 days",
        total(late) / whole,
        "ratio",
        0.15,
        beside=of_full,
    )
    yield Figure(
        AREA,
        "one device's late rows, one a day over the whole history",
        whole / total(device),
        "times",
        at_least=100,
        beside="faster than a build from nothing",
    )
    yield Figure(AREA, "nothing new", total(nothing) / whole, "ratio", beside=of_full)
    yield Figure(
        AREA,
        "the newest day with twice the history",
        total(day) / total(at_half),
        "ratio",
        at_most=1.25,
        beside="the same number of new rows; 1 = unchanged",
    )
    for name, written in (("newest day", day_wal), ("late", late_wal), ("device", device_wal)):
        yield Figure(
            AREA, f"write-ahead log, {name}", written / 1e6, "MB", beside="all count marts"
        )
    yield from reading(arena, READING, READ, product_questions(arena))
