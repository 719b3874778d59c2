"""Product analytics at size: the count marts beside hand-written SQL, and what every mart costs."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, LiteralString

from bench.arena import Arena
from bench.figures import Figure
from bench.hand_written import GRAINS, count_by_hand, months
from bench.world import FIRST_AT, add_events, add_identities, people, settle

COUNTS = tuple(GRAINS)
MARTS = (
    *COUNTS,
    *("event_breakdowns_daily", "daily_active_users", "product_sessions", "session_stats"),
    *("user_activity", "feature_usage"),
)
SELECTED = tuple(f"+{mart}" for mart in MARTS)  # funnels and retention have a module of their own
LOADED = 500_000
READS = 200
AREA = "Product: counts and uniques"
OTHERS = "Product: the other marts"
LOADING = "Loading events"
READING = "Reading product marts"


def measure(arena: Arena) -> Iterator[Figure]:
    """Yield the figures of the area."""
    # Half the history ends with a month, as 120 days do: a month of one day is counted in no time.
    half_days = max(first for first, _ in months(arena.days) if first <= arena.days // 2)
    half_events = arena.events * half_days // arena.days
    newest = arena.events // 100
    yield from _loading(arena)

    arena.say(f"{half_events:,} events over {half_days} days")
    add_identities(arena)
    add_events(arena, half_events, 0, half_days)
    settle(arena)
    arena.build(*(f"+{mart}" for mart in COUNTS))
    add_events(arena, newest, half_days - 1, 1)
    at_half = arena.build(*COUNTS, "int_identities__resolved")

    arena.say(f"twice as many: {arena.events:,} events over {arena.days} days")
    add_events(arena, arena.events - half_events, half_days, arena.days - half_days)
    settle(arena)
    by_hand, index_only = {}, {}
    for model in COUNTS:
        arena.say(f"{model} by hand")
        by_hand[model] = count_by_hand(arena, model, arena.days)
        index_only[model] = count_by_hand(arena, model, arena.days, own_users=False)
    arena.say("every mart from nothing")
    arena.drop_models([*COUNTS])
    full = arena.build(*SELECTED)

    def rebuild(what: str) -> tuple[dict[str, float], int]:
        arena.say(what)
        taken: dict[str, float] = {}
        _, written = arena.timed(lambda: taken.update(arena.build(*SELECTED)))
        return taken, written

    nothing, _ = rebuild("nothing new")
    add_events(arena, newest, arena.days - 1, 1)
    day, day_wal = rebuild("1 % new events, all on the newest day")
    add_events(arena, newest * 95 // 100, arena.days - 1, 1)
    add_events(arena, newest * 5 // 100, arena.days - 31, 30)
    late, late_wal = rebuild("1 % new events, 5 % of them late over 30 days")
    _add_device(arena)
    device, device_wal = rebuild("the late rows of one device")

    def total(taken: dict[str, float], models: tuple[str, ...] = COUNTS) -> float:
        return sum(taken[model] for model in models)

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
            AREA, f"write-ahead log, {name}", written / 1e6, "MB", beside="all product models"
        )

    for model in sorted(set(full) & set(day) - set(COUNTS)):
        if full[model] >= 0.5:
            yield Figure(OTHERS, f"{model} from nothing", full[model], "s")
            yield Figure(
                OTHERS,
                f"{model}, 1 % on the newest day",
                day[model] / full[model],
                "ratio",
                beside=of_full,
            )
            yield Figure(
                OTHERS,
                f"{model}, one device's late rows",
                device[model] / full[model],
                "ratio",
                beside=of_full,
            )
    yield from _reading(arena)


def _loading(arena: Arena) -> Iterator[Figure]:
    """COPY into raw.events beside COPY of the same rows into a bare table."""
    arena.say(f"loading {LOADED:,} events by COPY")
    add_events(arena, LOADED, -40, 1)
    arena.connection.execute("create table public.bare (like raw.events including defaults)")
    columns: LiteralString = "event_id, event_name, event_at, distinct_id, properties"
    buffer = io.BytesIO()
    with arena.connection.cursor().copy(
        "copy (select " + columns + " from raw.events) to stdout (format binary)"
    ) as source:
        for block in source:
            buffer.write(block)
    arena.connection.execute("delete from raw.events")
    arena.connection.execute("vacuum raw.events")

    def copied(table: LiteralString) -> Callable[[], None]:
        def copy() -> None:
            with arena.connection.cursor().copy(
                "copy " + table + " (" + columns + ") from stdin (format binary)"
            ) as sink:
                sink.write(buffer.getbuffer())

        return copy

    bare, bare_wal = arena.timed(copied("public.bare"))
    ours, ours_wal = arena.timed(copied("raw.events"))
    arena.connection.execute("drop table public.bare")
    server_side = "COPY, binary, into a table without keys or indexes"
    yield Figure(LOADING, "events by COPY", LOADED / ours, "rows/s")
    yield Figure(LOADING, "the same against a bare table", ours / bare, "times", beside=server_side)
    yield Figure(LOADING, "write-ahead log an event", ours_wal / LOADED, "bytes")
    yield Figure(
        LOADING, "the same against a bare table", ours_wal / bare_wal, "times", beside=server_side
    )
    arena.connection.execute("delete from raw.events")
    arena.connection.execute("delete from ops.changes")
    arena.connection.execute("vacuum full raw.events")


def _add_device(arena: Arena) -> None:
    """One event a day of one device, over the whole history."""
    arena.connection.execute(
        "insert into raw.events (event_id, event_name, event_at, distinct_id)"
        " select gen_random_uuid(), 'event_01', %s::timestamptz + i * interval '1 day', 'late'"
        " from generate_series(0, %s) as i",
        (FIRST_AT, arena.days - 1),
    )


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
    "event_breakdowns_daily": "select date, value, event_count, unique_users"
    " from marts.event_breakdowns_daily where environment = 'production' and event_name = %(name)s"
    " and property = 'plan' and date >= %(at)s::date and date < %(at)s::date + 30",
    "daily_active_users": "select date, user_count, wau, mau from marts.daily_active_users"
    " where environment = 'production' and date >= %(at)s::date and date < %(at)s::date + 90",
    "product_sessions": "select started_at, duration_seconds, event_count"
    " from marts.product_sessions where user_id = %(user)s order by started_at desc limit 50",
    "session_stats": "select date, sessions, bounce_rate, avg_duration_seconds"
    " from marts.session_stats where environment = 'production'"
    " and date >= %(at)s::date and date < %(at)s::date + 90",
    "user_activity": "select date, event_count, session_count from marts.user_activity"
    " where user_id = %(user)s and date >= %(at)s::date order by date",
}


def _reading(arena: Arena) -> Iterator[Figure]:
    arena.say("reads")
    arena.connection.execute("vacuum analyze")
    chance = random.Random(20260101)
    rounds: list[dict[str, Any]] = [
        {
            "name": f"event_{chance.randrange(40):02}",
            "at": FIRST_AT + timedelta(days=chance.randrange(max(1, arena.days - 30))),
            "user": f"d{int(people(arena) * chance.random() ** 2.5) // 5 * 5 + 1}",
        }
        for _ in range(READS)
    ]
    for model, query in READ.items():
        yield Figure(
            READING,
            f"{model}, p95",
            arena.reads(query, rounds),
            "ms",
            5,
            beside="as a dashboard asks",
        )
