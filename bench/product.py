"""The other product marts at size: from nothing, after new events, and what dashboards read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import LiteralString

from bench.arena import Arena
from bench.dashboards import product_questions, reading
from bench.figures import Figure
from bench.world import add_device, add_events, add_history

MARTS = (
    *("event_breakdowns_daily", "daily_active_users", "product_sessions", "session_stats"),
    *("user_activity", "feature_usage"),
)
SELECTED = tuple(f"+{mart}" for mart in MARTS)  # funnels and retention have a module of their own
AREA = "Product: the other marts"
READING = "Reading product marts"

READ: dict[str, LiteralString] = {
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


def measure(arena: Arena) -> Iterator[Figure]:
    """Yield the figures of the area."""
    add_history(arena)
    arena.say("every mart from nothing")
    full = arena.build(*SELECTED)
    arena.say("1 % new events, all on the newest day")
    add_events(arena, arena.events // 100, arena.days - 1, 1)
    day, day_wal = arena.rebuild(*SELECTED)
    arena.say("the late rows of one device")
    add_device(arena)
    device, device_wal = arena.rebuild(*SELECTED)

    for model in sorted(set(full) & set(day)):
        if full[model] >= 0.5:
            yield Figure(AREA, f"{model} from nothing", full[model], "s")
            for what, taken in (("1 % on the newest day", day), ("one device's late rows", device)):
                yield Figure(
                    AREA,
                    f"{model}, {what}",
                    taken[model] / full[model],
                    "ratio",
                    beside="of the build from nothing",
                )
    for what, written in (("newest day", day_wal), ("device", device_wal)):
        yield Figure(AREA, f"write-ahead log, {what}", written / 1e6, "MB", beside="all of these")
    yield from reading(arena, READING, READ, product_questions(arena))
