"""Fixed worlds for the rules of the product area that random ones meet too seldom."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from tests.integration.exactness.world import World


def events(*rows: tuple[str, str, str | None]) -> str:
    """An INSERT of page views: (distinct_id, time, session_id)."""
    values = ", ".join(
        f"(gen_random_uuid(), 'page_view', '{at}+00', '{who}', {_text(session)})"
        for who, at, session in rows
    )
    return (
        "insert into raw.events (event_id, event_name, event_at, distinct_id, session_id)"
        f" values {values}"
    )


def a_late_event_joins_two_sessions(world: World) -> None:
    """The scope reaches from the cut before a changed visit to the cut after it."""
    world.execute(
        events(
            ("ann", "2026-01-31 09:00", None),
            ("ann", "2026-01-31 18:00", None),
            ("ann", "2026-01-31 18:20", None),
            ("ann", "2026-01-31 19:00", None),
            ("ann", "2026-01-31 19:10", None),
            ("ann", "2026-01-31 23:00", None),
        )
    )
    world.build()
    assert _sessions(world) == [("ann", 1), ("ann", 2), ("ann", 2), ("ann", 1)]
    world.execute(events(("ann", "2026-01-31 18:50", None)))
    world.build()
    assert _sessions(world) == [("ann", 1), ("ann", 5), ("ann", 1)]


def a_deleted_event_cuts_a_session_over_midnights(world: World) -> None:
    """A chain of visits over three dates falls apart in the middle, far from both its ends."""
    chain = [
        (f"{day} {hour:02}:{minute:02}")
        for day in ("2026-01-30", "2026-01-31", "2026-02-01")
        for hour in range(24)
        for minute in (0, 30)
    ]
    world.execute(events(*(("ann", at, None) for at in chain)))
    world.build()
    assert _sessions(world) == [("ann", 144)]
    world.execute("delete from raw.events where event_at = '2026-01-31 12:00+00'")
    world.build()
    assert _sessions(world) == [("ann", 72 - 12 + 12), ("ann", 71)]


def a_late_identity_joins_the_sessions_of_two_devices(world: World) -> None:
    """A new identity re-assigns the past: users, days and sessions of unchanged events."""
    world.execute(
        events(
            ("anon-1", "2026-01-01 10:00", None),
            ("anon-1", "2026-01-31 18:00", None),
            ("ann", "2026-01-31 18:25", None),
            ("anon-1", "2026-01-31 18:50", None),
            ("anon-2", "2026-01-31 18:55", "s1"),
        )
    )
    world.build()
    assert len(_sessions(world)) == 5
    world.execute(
        "insert into raw.identities values ('anon-1', 'ann', null), ('anon-2', 'ann', null)"
    )
    world.build()
    assert _sessions(world) == [("ann", 1), ("ann", 3), ("ann", 1)]
    found = _all(world, "select date::text, user_count, new_users from marts.daily_active_users")
    assert ("2026-01-31", 1, 0) in found, found
    world.execute("delete from raw.identities where distinct_id = 'anon-1'")


def an_identify_event_is_taken_back(world: World) -> None:
    """The identify events of a distinct id are read again when one of them goes."""
    world.execute(
        events(("anon-1", "2026-01-31 18:00", None)),
        "insert into raw.events (event_id, event_type, event_name, event_at, distinct_id, user_id)"
        " values (gen_random_uuid(), 'identify', 'x', '2026-02-01', 'anon-1', 'ann'),"
        " (gen_random_uuid(), 'identify', 'x', '2026-02-02', 'anon-1', 'bob')",
    )
    world.build()
    assert _sessions(world)[0] == ("bob", 1)
    world.execute("delete from raw.events where user_id = 'bob'")
    world.build()
    assert _sessions(world)[0] == ("ann", 1)


def a_user_turns_out_to_be_excluded(world: World) -> None:
    """An identity may name an excluded user: their events leave every mart, and come back."""
    world.execute(
        events(("anon-1", "2026-01-31 18:00", None), ("anon-2", "2026-01-31 18:00", "s1")),
        events(("bob", "2026-01-31 18:10", "s1"), ("sim-internal-1", "2026-01-31 18:00", None)),
        "insert into raw.identities values ('anon-1', 'sim-internal-2', null),"
        " ('anon-2', 'sim-internal-2', null)",
    )
    world.build()
    assert _sessions(world) == [("bob", 1)]
    counted = "select sum(event_count) from marts.event_breakdowns_daily where property = 'country'"
    assert _all(world, counted) == [(1,)]
    world.execute("update raw.identities set user_id = 'ann' where distinct_id = 'anon-2'")
    world.build()
    assert _sessions(world) == [("ann", 2)]


def the_first_and_the_last_day_go_together(world: World) -> None:
    """Dates between two days that went reach neither neighbour that is still there."""
    world.execute(
        events(("ann", "2026-01-01 10:00", None), ("ann", "2026-03-08 10:00", None)),
        events(("bob", "2025-11-01 10:00", None)),
    )
    world.build()
    assert len(_all(world, "select date from marts.daily_active_users")) == 128
    world.execute("delete from raw.events where distinct_id = 'ann'")
    world.build()
    assert len(_all(world, "select date from marts.daily_active_users")) == 1
    world.execute("delete from raw.events")


def a_session_id_appears_on_a_later_event(world: World) -> None:
    """A redelivery with another time and a session id moves an event into a session of its own."""
    world.execute(
        events(
            ("ann", "2026-01-31 23:50", None),
            ("ann", "2026-02-01 00:10", "s1"),
            ("ann", "2026-02-01 00:15", None),
        )
    )
    world.build()
    assert _sessions(world) == [("ann", 2), ("ann", 1)]
    world.execute(
        "update raw.events set session_id = 's1', event_at = '2026-02-03'"
        " where event_at = '2026-01-31 23:50+00'"
    )
    world.build()
    assert _sessions(world) == [("ann", 2), ("ann", 1)]
    world.execute("insert into raw.sessions (session_id, country) values ('s1', 'DE')")


def a_seed_row_is_edited(world: World) -> None:
    """The rows of seeds beneath a view are part of the definition."""
    world.execute(events(("sim-internal-1", "2026-01-31 18:00", None)))
    world.build()
    world.execute("update seeds.excluded_users set value = 'nobody'")
    failures = world.incremental.build("--exclude", "resource_type:seed")
    assert failures == []
    assert _sessions(world) == [("sim-internal-1", 1)]


def new_events_are_added_to_counts(world: World) -> None:
    """A known user's event adds no user, whatever id it comes under; a new one's does."""
    world.execute(
        events(("anon-1", "2026-01-31 18:00", None), ("bob", "2026-01-31 18:00", None)),
        "insert into raw.identities values ('anon-1', 'ann', null), ('anon-2', 'ann', null)",
    )
    world.build()
    world.execute(events(("anon-2", "2026-01-31 18:01", None), ("eve", "2026-01-31 18:01", None)))
    world.build()
    assert _counts(world) == [(4, 3)]
    world.execute(
        events(("bob", "2026-01-31 18:02", None), ("eve", "2026-03-08 18:02", None)),
        "delete from raw.events where distinct_id = 'anon-1'",
        events(("zoe", "2026-01-31 18:03", None), ("bob", "2026-03-08 18:02", None)),
    )
    world.build()
    assert _counts(world) == [(5, 4), (2, 2)]


def a_bucket_is_read_again_beside_one_that_is_added_to(world: World) -> None:
    """More new events than counted ones are read with them; fewer are added, in the same build."""
    world.execute(
        events(("ann", "2026-01-31 18:00", None), ("bob", "2026-01-31 18:00", None)),
        events(("ann", "2026-02-20 09:00", None)),
    )
    world.build()
    world.execute(
        events(("bob", "2026-01-31 18:00", None), ("ann", "2026-02-20 09:00", None)),
        events(("ann", "2026-02-20 09:00", None), ("eve", "2026-02-20 09:00", None)),
    )
    world.build()
    assert _counts(world) == [(3, 2), (4, 2)]


def a_bucket_is_read_whole(world: World) -> None:
    """Where a bucket is read whole, names without new events stay; others are mended beside it."""
    seen = "2026-01-31 18:00"
    world.execute(
        events(("ann", seen, None), ("bob", "2026-02-20 09:00", None)),
        events(("ann", seen, None)).replace("page_view", "search"),
    )
    world.build()
    world.execute(events(*[(who, seen, None) for who in ("ann", "bob", "eve", "zoe")]))
    world.build()
    assert _counts(world) == [(5, 4), (1, 1), (1, 1)]
    world.execute(
        "delete from raw.events where event_at >= '2026-02-20'",
        events(*[(who, seen, None) for who in ("ann", "bob", "eve", "zoe", "kim", "lou", "max")]),
    )
    world.build()
    assert _counts(world) == [(12, 7), (1, 1)]


def known_users_are_added_to_two_buckets(world: World) -> None:
    """A user who was counted in one bucket is new to the other; both are added to in one build."""
    first, second = "2026-01-31 18:00", "2026-02-20 09:00"
    world.execute(events(*[("ann", first, None)] * 3), events(*[("bob", second, None)] * 3))
    world.build()
    world.execute(events(("bob", first, None), ("ann", second, None)))
    world.build()
    assert _counts(world) == [(4, 2), (4, 2)]


def an_event_commits_while_counts_are_built(world: World) -> None:
    """One snapshot: what the build read but its watermark does not name would be added twice."""
    world.execute(events(("ann", "2026-01-31 18:00", None)))
    world.build()
    world.execute(events(("ann", "2026-01-31 18:01", None)))
    waiting: list[threading.Thread] = []

    def hold_the_refresh(_: int, query: str) -> bool:
        """Let the refresh wait for a table that only it reads, commit an event, go on."""
        if "ops.refresh('marts.event_counts_daily'" in query and not waiting:
            holder = world.open_writer()
            holder.execute("set lock_timeout = '10s'")
            holder.execute("lock table ops.sealed_periods in access exclusive mode")
            waiting.append(threading.Thread(target=commit_an_event))
            waiting[0].start()
        return True

    def commit_an_event() -> None:
        blocked = (
            "select count(*) from pg_stat_activity"
            " where datname = current_database() and wait_event_type = 'Lock'"
            " and query like '%event_counts_daily%'"
        )
        with world.incremental.connect() as other:
            while other.execute(blocked).fetchone() == (0,):
                time.sleep(0.02)
            other.execute(events(("bob", "2026-01-31 18:02", None)).encode())
        world.end_writers(commit=True)

    assert world.build_with(hold_the_refresh) == []
    waiting[0].join()


PRODUCT_WITNESSES: list[Callable[[World], None]] = [
    a_late_event_joins_two_sessions,
    a_deleted_event_cuts_a_session_over_midnights,
    a_late_identity_joins_the_sessions_of_two_devices,
    an_identify_event_is_taken_back,
    a_user_turns_out_to_be_excluded,
    the_first_and_the_last_day_go_together,
    a_session_id_appears_on_a_later_event,
    a_seed_row_is_edited,
    new_events_are_added_to_counts,
    a_bucket_is_read_again_beside_one_that_is_added_to,
    a_bucket_is_read_whole,
    known_users_are_added_to_two_buckets,
    an_event_commits_while_counts_are_built,
]


def _counts(world: World) -> list[tuple[Any, ...]]:
    return _all(
        world,
        "select event_count::integer, unique_users::integer from marts.event_counts_daily"
        " order by bucket_start, event_name",
    )


def _sessions(world: World) -> list[tuple[Any, ...]]:
    return _all(
        world,
        "select user_id, event_count::integer from marts.product_sessions"
        " order by started_at, session_key",
    )


def _all(world: World, query: str) -> list[tuple[Any, ...]]:
    return world.connection.execute(query.encode()).fetchall()


def _text(value: str | None) -> str:
    return "null" if value is None else f"'{value}'"
