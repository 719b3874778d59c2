"""What each area keeps when its raw rows go: samples, people, workflows, funnels, retentions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.integration.conftest import WorldMaker
from tests.integration.exactness.world import World
from tests.integration.retention.sealing import all_rows, late_rows, reopen, seal


@pytest.fixture
def new_area(new_world: WorldMaker) -> Iterator[Callable[[str], World]]:
    made: list[World] = []

    def make(area: str) -> World:
        made.append(new_world(area))
        return made[-1]

    yield make
    for world in made:
        world.close()


def test_metrics_and_their_sketches_stay(new_area: Callable[[str], World]) -> None:
    world = new_area("app_metrics")
    world.execute(
        """
        insert into raw.metric_points (point_id, name, value, recorded_at, tags)
        select
            gen_random_uuid(), (array['api.request.duration', 'users.active'])[n % 2 + 1], n % 37,
            timestamptz '2026-01-20 00:00+00' + n * interval '5 hours 7 minutes',
            jsonb_build_object('region', (array['eu', 'us'])[n % 2 + 1])
        from generate_series(1, 200) as n
        """
    )
    world.build()
    before = all_rows(world)
    assert seal(world, "metric_points", "2026-01") == []
    world.build("--full-refresh")
    assert all_rows(world) == before
    world.execute(
        "insert into raw.metric_points (point_id, name, value, recorded_at) values"
        " (gen_random_uuid(), 'users.active', 5, '2026-02-01 10:00+00')"
    )
    world.build()
    # Its hour, day and month are whole, its week is not.
    kept = before["marts.metric_aggregates"]
    periods = {
        key[1]
        for key, row in all_rows(world)["marts.metric_aggregates"].items()
        if kept.get(key) != row
    }
    assert periods == {"hourly", "daily", "monthly"}
    assert {row[2] for row in late_rows(world)} >= {"metric_aggregates"}
    reopen(world, "metric_points", "2026-01")
    assert world.differences() == []
    assert late_rows(world) == []


def test_hours_and_days_of_people_stay(new_area: Callable[[str], World]) -> None:
    world = new_area("people")
    world.execute(
        """
        insert into raw.employees (employee_id, team_name)
        select 'e' || n, 'core' from generate_series(1, 3) as n
        """,
        """
        insert into raw.employee_metrics
            (employee_id, recorded_at, burnout_score, degree_centrality)
        select
            'e' || n % 3 + 1,
            timestamptz '2026-01-20 00:00+00' + n * interval '3 hours',
            n % 90,
            n % 7
        from generate_series(1, 200) as n
        """,
    )
    world.build()
    before = all_rows(world)
    assert seal(world, "employee_metrics", "2026-01") == []
    world.build("--full-refresh")
    assert all_rows(world) == before
    # A policy for the hours themselves: the days stay, and a build from nothing keeps to it.
    (gone,) = world.connection.execute(
        "select rows_gone from ops.expire_mart("
        "'marts_people.employee_metrics_hourly', '2026-02-01 00:00+00', 7)"
    ).fetchone() or (0,)
    assert gone > 0
    world.build("--full-refresh")
    after = all_rows(world)
    hourly, daily = "marts_people.employee_metrics_hourly", "marts_people.employee_metrics_daily"
    assert after[daily] == before[daily]
    assert min(key[1] for key in after[hourly]) >= "2026-02-01"
    reopen(world, "employee_metrics", "2026-01")
    world.build()
    assert all_rows(world)[hourly] == after[hourly]
    assert all_rows(world)[daily] == before[daily]


def test_totals_of_workflows_stay_and_can_be_reassigned(new_area: Callable[[str], World]) -> None:
    world = new_area("time_tracking")
    world.execute(
        "insert into raw.workflow_templates values ('t', 'T', 'bug')",
        "insert into raw.workflow_template_steps values ('t', 1, 'one', 30)",
        """
        insert into raw.workflow_instances
            (instance_id, template_id, user_id, status, started_at, completed_at)
        values
        ('old', 't', 'ann', 'completed', '2026-01-05 08:00+00', '2026-01-05 12:00+00'),
        ('open', 't', 'ann', 'active', '2026-01-05 08:00+00', null),
        ('new', 't', 'ann', 'completed', '2026-03-05 08:00+00', '2026-03-05 12:00+00')
        """,
        """
        insert into raw.time_sessions
            (session_id, instance_id, step_index, started_at, ended_at, total_seconds, is_active)
        values
        ('a', 'old', 1, '2026-01-05 08:00+00', '2026-01-05 09:00+00', 3600, false),
        ('b', 'old', 2, '2026-01-05 09:00+00', '2026-01-05 10:00+00', 1800, false),
        ('c', 'old', 2, '2026-01-05 10:00+00', '2026-01-05 11:00+00', 60, true),
        ('d', 'open', 1, '2026-01-05 08:00+00', '2026-01-05 09:00+00', 3600, false),
        ('e', 'new', 1, '2026-03-05 08:00+00', '2026-03-05 09:00+00', 3600, false)
        """,
    )
    world.build()
    before = all_rows(world)
    remove = (
        "select ops.remove_sessions("
        "'2026-02-01 00:00+00', '2026-01-01 00:00+00', 0, null, null, null, 7, 0)"
    )
    assert world.connection.execute(remove).fetchone() == ([],)
    left = world.connection.execute(
        "select session_id from raw.time_sessions order by 1"
    ).fetchall()
    assert left == [("c",), ("d",), ("e",)]
    world.build("--full-refresh")
    assert all_rows(world) == before

    # Another user, and another estimate: from the kept totals.
    world.execute(
        "update raw.workflow_instances set user_id = 'bob' where instance_id = 'old'",
        "update raw.workflow_template_steps set estimated_minutes = 60",
        # A session more of a sealed workflow waits; so does one that ends at last.
        "insert into raw.time_sessions (session_id, instance_id, step_index, started_at, ended_at,"
        " total_seconds) values ('f', 'old', 1, '2026-01-05 11:00+00', '2026-01-05 11:10+00', 600)",
        "update raw.time_sessions set is_active = false, total_seconds = 90 where session_id = 'c'",
    )
    world.build()
    (row,) = world.connection.execute(
        "select user_id, active_seconds, estimated_seconds, session_count"
        " from marts.workflow_completions where instance_id = 'old'"
    ).fetchall()
    assert row == ("bob", 5460, 3600, 3)
    assert {(row[1], row[2]) for row in late_rows(world)} == {
        (session, mart)
        for session in ("c", "f")
        for mart in ("dim_steps", "time_aggregations_step", "workflow_completions")
    }

    with world.connection.transaction():
        world.connection.execute(
            "insert into raw.time_sessions (session_id, instance_id, step_index, started_at,"
            " ended_at, total_seconds, is_active) values"
            " ('a', 'old', 1, '2026-01-05 08:00+00', '2026-01-05 09:00+00', 3600, false),"
            " ('b', 'old', 2, '2026-01-05 09:00+00', '2026-01-05 10:00+00', 1800, false)"
        )
        world.connection.execute("select ops.reopen_period(period_id) from ops.sealed_periods")
    assert world.differences() == []
    assert late_rows(world) == []
    (seconds,) = world.connection.execute(
        "select active_seconds from marts.workflow_completions where instance_id = 'old'"
    ).fetchone() or (None,)
    assert seconds == 3600 + 1800 + 90 + 600


def test_attempts_that_began_before_keep_their_result(new_area: Callable[[str], World]) -> None:
    world = new_area("product")
    steps = (
        "page_view",
        "search_performed",
        "mission_created",
        "mission_completed",
        "spec_created",
    )
    values = ", ".join(
        f"(gen_random_uuid(), '{name}', '{at}', '{who}')"
        for who in ("ann", "bob")
        for name, at in zip(steps, _instants(), strict=True)
    )
    world.execute(
        f"insert into raw.events (event_id, event_name, event_at, distinct_id) values {values}"
    )
    world.build()
    before = all_rows(world)
    assert before["marts.funnel_conversions"]
    assert seal(world, "events", "2026-01") == []
    world.build("--full-refresh")
    after = all_rows(world)
    assert after == before
    # A later identity takes kept attempts with it; a deeper attempt wins over a kept one.
    world.execute("insert into raw.identities (distinct_id, user_id) values ('bob', 'robert')")
    world.build()
    users = {key[1] for key in all_rows(world)["marts.funnel_conversions"]}
    assert "robert" in users
    assert "bob" not in users
    # Another definition begins where raw begins.
    world.execute("update ops.kept_funnel_attempts set definition = 'a former one'")
    world.build("--full-refresh")
    assert all(
        str(row[3]) >= "2026-02"  # started_at
        for row in all_rows(world)["marts.funnel_conversions"].values()
    )
    reopen(world, "events", "2026-01")
    assert world.differences() == []


def _instants() -> list[str]:
    """The first step before midnight UTC of 31 January, the others after it."""
    return [
        "2026-01-31 23:59+00",
        "2026-02-01 00:01+00",
        "2026-02-01 00:02+00",
        "2026-02-01 00:03+00",
        "2026-02-01 00:04+00",
    ]
