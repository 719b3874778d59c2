"""Fixed worlds for funnels and retention that random ones meet too seldom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.integration.exactness.world import World


def events(*rows: tuple[str, str, str]) -> str:
    """An INSERT of events: (distinct_id, time, event_name)."""
    values = ", ".join(
        f"(gen_random_uuid(), '{name}', '{at}+00', '{who}', '{{\"success\": true}}')"
        for who, at, name in rows
    )
    return (
        "insert into raw.events (event_id, event_name, event_at, distinct_id, properties)"
        f" values {values}"
    )


VISIT = (
    ("ann", "2026-01-05 10:00", "page_view"),
    ("ann", "2026-01-05 10:05", "search_performed"),
    ("ann", "2026-01-12 10:05", "spec_created"),
    ("bob", "2026-01-06 10:00", "page_view"),
    ("anon-1", "2026-01-06 11:00", "search_performed"),
)


def a_late_identity_completes_an_attempt(world: World) -> None:
    """Events of a device join those of its user; the device's own row goes."""
    world.execute(events(*VISIT))
    world.build()
    assert _reached(world, "mission") == [("ann", 2), ("bob", 1)]
    world.execute("insert into raw.identities values ('anon-1', 'bob', null)")
    world.build()
    assert _reached(world, "mission") == [("ann", 2), ("bob", 2)]
    world.execute("update raw.identities set user_id = 'cleo'")
    world.build()
    assert _reached(world, "mission") == [("ann", 2), ("bob", 1)]
    world.execute("delete from raw.identities", "delete from raw.events where distinct_id = 'bob'")


def a_deleted_event_takes_an_attempt_apart(world: World) -> None:
    """A step that goes, an entry that goes, and the last event of all users."""
    world.execute(events(*VISIT))
    world.build()
    world.execute("delete from raw.events where event_name = 'search_performed'")
    world.build()
    assert _reached(world, "mission") == [("ann", 1), ("bob", 1)]
    world.execute("delete from raw.events where event_at = '2026-01-05 10:00+00'")
    world.build()
    assert _reached(world, "mission") == [("bob", 1)]
    world.execute("delete from raw.events")


def an_edited_funnel_alone_is_recomputed(world: World) -> None:
    """Rows of other funnels and retentions stay the same rows; then the edit is taken back."""
    world.execute(events(*VISIT))
    world.build()
    before = _versions(world)
    world.execute(
        "update seeds.funnels set conversion_window_seconds = '60' where funnel_name = 'mission'",
        "update seeds.retentions set period = 'month' where retention_name = 'weekly_visits'",
        # In the same build as the edit, of a user who then has nothing left.
        "delete from raw.events where distinct_id = 'bob'",
    )
    assert world.incremental.build("--exclude", "resource_type:seed") == []
    assert _reached(world, "mission") == [("ann", 1)]
    after = _versions(world)
    same = {key for key in before if key[1] not in ("mission", "weekly_visits") and key[2] != "bob"}
    assert {key: before[key] for key in same} == {key: after.get(key) for key in same}


def a_funnel_is_removed_and_another_added(world: World) -> None:
    """Its rows go everywhere; the new one is computed from all that there is."""
    world.execute(events(*VISIT))
    world.build()
    world.execute(
        "update seeds.funnels set funnel_name = 'renamed' where funnel_name = 'mission'",
        "update seeds.funnel_steps set funnel_name = 'renamed' where funnel_name = 'mission'",
        "delete from seeds.retentions where retention_name = 'weekly_searches'",
    )
    assert world.incremental.build("--exclude", "resource_type:seed") == []
    assert _reached(world, "mission") == []
    assert _reached(world, "renamed") == [("ann", 2), ("bob", 1)]
    found = world.connection.execute(
        "select count(*) from marts.retention_cohorts where retention_name = 'weekly_searches'"
    ).fetchone()
    assert found == (0,)


def a_first_start_turns_out_to_be_earlier(world: World) -> None:
    """A late event moves a user from one cohort to another; a new week begins for the others."""
    world.execute(events(*VISIT))
    world.build()
    world.execute(events(("ann", "2025-12-01 10:00", "page_view")))
    world.build()
    world.execute(events(("dan", "2026-02-20 10:00", "page_view")))
    world.build()
    found = world.connection.execute(
        "select cohort_start::date::text, max(period_index) from marts.retention_cohorts"
        " where retention_name = 'weekly_visits' and is_total group by 1 order by 1"
    ).fetchall()
    assert found == [("2025-12-01", 11), ("2026-01-05", 6), ("2026-02-16", 0)]
    world.execute("delete from raw.events where distinct_id = 'dan'")


def new_events_better_an_attempt(world: World) -> None:
    """What stands stays, comes further, and begins earlier; a correction takes it back."""
    world.execute(events(*VISIT))
    world.build()
    assert _reached(world, "mission") == [("ann", 2), ("bob", 1)]
    # A worse attempt of each, long after; first_steps is unordered and begins anywhere.
    world.execute(
        events(
            ("ann", "2026-02-20 10:00", "page_view"),
            ("bob", "2026-02-20 10:00", "page_view"),
            ("bob", "2026-02-20 10:01", "search_performed"),
        )
    )
    world.build()
    assert _reached(world, "mission") == [("ann", 2), ("bob", 2)]
    # Late events: one makes the first attempt deeper; others begin earlier and come as deep.
    world.execute(events(("ann", "2026-01-12 09:59", "spec_created")))
    world.build()
    assert _reached(world, "mission") == [("ann", 3), ("bob", 2)]
    world.execute(
        events(
            ("ann", "2026-01-05 09:59", "page_view"),
            ("bob", "2026-01-06 10:02", "search_performed"),
            ("cleo", "2026-01-06 10:02", "search_performed"),
        )
    )
    world.build()
    found = world.connection.execute(
        "select user_id, started_at::text from marts.funnel_conversions"
        " where funnel_name = 'mission' order by user_id"
    ).fetchall()
    assert found == [("ann", "2026-01-05 09:59:00+00"), ("bob", "2026-01-06 10:00:00+00")]
    world.execute(
        "update raw.events set event_name = 'spec_created'"
        " where distinct_id = 'bob' and event_name = 'search_performed'"
    )
    world.build()
    assert _reached(world, "mission") == [("ann", 3), ("bob", 1)]


def a_late_event_breaks_a_strict_attempt(world: World) -> None:
    """What stands may have changed: it is not kept as the better one."""
    world.execute(
        events(
            ("ann", "2026-01-05 10:01", "page_view"),
            ("ann", "2026-01-05 10:02", "search_performed"),
        ),
        "insert into raw.events (event_id, event_name, event_at, distinct_id, properties) values"
        " (gen_random_uuid(), 'page_view', '2026-01-05 10:00+00', 'ann',"
        ' \'{"path": "/pricing"}\')',
    )
    world.build()
    assert _reached(world, "landing") == [("ann", 3)]
    world.execute(events(("ann", "2026-01-05 10:00:30", "spec_created")))
    world.build()
    assert _reached(world, "landing") == [("ann", 1)]


FUNNEL_WITNESSES: list[Callable[[World], None]] = [
    a_late_identity_completes_an_attempt,
    a_deleted_event_takes_an_attempt_apart,
    an_edited_funnel_alone_is_recomputed,
    a_funnel_is_removed_and_another_added,
    a_first_start_turns_out_to_be_earlier,
    new_events_better_an_attempt,
    a_late_event_breaks_a_strict_attempt,
]


def _reached(world: World, funnel: str) -> list[tuple[Any, ...]]:
    return world.connection.execute(
        "select user_id, current_step from marts.funnel_conversions where funnel_name = %s"
        " order by user_id",
        [funnel],
    ).fetchall()


def _versions(world: World) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Where each row is: one that was written again is elsewhere."""
    rows = world.connection.execute(
        "select 'funnel', funnel_name, user_id, ctid::text, xmin::text"
        " from marts.funnel_conversions"
        " union all select 'retention', retention_name, user_id, ctid::text, xmin::text"
        " from intermediate.int_retention_buckets__attributed"
    ).fetchall()
    return {row[:3]: row[3:] for row in rows}
