"""Fixed worlds for the rules of the people area that random ones meet too seldom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.integration.exactness.warehouse import AS_OF
from tests.integration.exactness.world import World

AREA = ("--select", "+tag:people")
TEAMS = (
    "insert into raw.employees (employee_id, team_name) values"
    " ('ann', 'core'), ('bob', 'core'), ('cat', 'core'), ('dan', 'ops'), ('eve', 'ops')"
)


def samples(*rows: tuple[str, str, float]) -> str:
    """An INSERT of measurements: (employee_id, time, burnout score and ten times the degree)."""
    values = ", ".join(f"('{who}', '{at}+00', {score / 1000}, {score})" for who, at, score in rows)
    return (
        "insert into raw.employee_metrics"
        f" (employee_id, recorded_at, degree_centrality, burnout_score) values {values}"
    )


def a_person_changes_team_and_loses_a_day(world: World) -> None:
    """Old and new teams meet the days that are there, and those that went in the same build."""
    world.execute(
        TEAMS,
        *(
            samples((who, f"2026-03-{day:02} 10:00", 40 + day))
            for who in ("ann", "bob", "cat", "dan", "eve")
            for day in (1, 2)
        ),
    )
    world.build(*AREA)
    assert _teams(world) == [
        ("core", "2026-03-01", 3, 41.0),
        ("core", "2026-03-02", 3, 42.0),
        ("ops", "2026-03-01", 2, 41.0),
        ("ops", "2026-03-02", 2, 42.0),
    ]
    world.execute(
        "update raw.employees set team_name = 'ops' where employee_id = 'ann'",
        "delete from raw.employee_metrics where employee_id = 'ann' and recorded_at < '2026-03-02'",
        samples(("ann", "2026-02-01 10:00", 80)),
    )
    world.build(*AREA)
    assert _teams(world) == [
        ("core", "2026-03-01", 2, 41.0),
        ("core", "2026-03-02", 2, 42.0),
        ("ops", "2026-02-01", 1, None),
        ("ops", "2026-03-01", 2, 41.0),
        ("ops", "2026-03-02", 3, 42.0),
    ]
    world.execute("update raw.employees set team_name = null where team_name = 'ops'")
    world.build(*AREA)
    assert {team for team, *_ in _teams(world)} == {"core"}
    world.execute("delete from raw.employees where employee_id = 'bob'")


def today_becomes_another_day(world: World) -> None:
    """Windows and open interventions follow the clock, without a row that changed."""
    world.execute(
        samples(("ann", "2026-03-01 10:00", 50), ("ann", "2026-03-04 09:00", 90)),
        "insert into raw.interventions values"
        " ('i1', 'ann', 'training', 'open', '2026-02-01', '2026-02-02'),"
        " ('i2', 'ann', 'training', 'completed', '2026-02-01', '2026-02-03')",
    )
    assert world.incremental.build(*AREA, as_of="2026-03-05T12:00:00+00:00") == []
    assert _all(world, WEEK) == [(2, 90.0)]
    assert _all(world, OPEN) == [("i1", 32), ("i2", 2)]
    assert world.incremental.build(*AREA, as_of=AS_OF) == []
    assert _all(world, WEEK) == [(1, 90.0)]
    assert _all(world, OPEN) == [("i1", 37), ("i2", 2)]
    touched = _all(
        world,
        "select rows_scoped from ops.watermarks"
        " where relation = 'marts_people.employee_metrics_hourly'",
    )
    assert touched == [(0,)]


def a_sample_comes_late_into_an_hour_that_clocks_repeat(world: World) -> None:
    """Two hours of one name, and half hours that overlap, stay apart in the spans that are read."""
    world.zone = "Australia/Lord_Howe"  # back by half an hour on 5 April 2026, 02:00
    world.execute(
        samples(
            ("ann", "2026-04-04 14:10", 10),
            ("ann", "2026-04-04 14:40", 20),
            ("ann", "2026-04-04 15:10", 30),
            ("ann", "2026-04-04 15:40", 40),
        )
    )
    world.build(*AREA)
    assert _hours(world) == [("14:00", 2, 30.0), ("14:30", 1, 30.0), ("15:30", 1, 40.0)]
    world.execute(samples(("ann", "2026-04-04 15:20", 50), ("ann", "2026-04-04 14:45", 60)))
    world.build(*AREA)
    assert _hours(world) == [("14:00", 3, 90.0), ("14:30", 2, 80.0), ("15:30", 1, 40.0)]
    world.execute("delete from raw.employee_metrics where burnout_score = 30")


def an_audit_entry_comes_again_with_an_earlier_time(world: World) -> None:
    """The raw log keeps both for ever: the mart has the one that was logged first."""
    world.execute(*(_entry(at, action) for at, action in (("02-03", "b"), ("02-04", "c"))))
    world.build(*AREA)
    assert _all(world, ACTIONS) == [("b",)]
    world.execute(_entry("02-01", "a"))
    world.build(*AREA)
    assert _all(world, ACTIONS) == [("a",)]


def a_sample_is_of_somebody_else_on_another_day(world: World) -> None:
    """An update of the key empties hour, day and alert of the one, and fills those of the other."""
    world.execute(TEAMS, samples(("ann", "2026-03-01 23:59:59", 95), ("bob", "2026-03-02", 60)))
    world.build(*AREA)
    assert _all(world, ALERTS) == [("ann", "2026-03-01", "critical")]
    world.execute(
        "update raw.employee_metrics set employee_id = 'bob', recorded_at = '2026-03-02 00:01+00',"
        " burnout_score = 85 where employee_id = 'ann'"
    )
    world.build(*AREA)
    assert _all(world, ALERTS) == [("bob", "2026-03-02", "high")]
    assert _all(world, "select sample_count from marts_people.employee_metrics_daily") == [(2,)]


def a_threshold_is_edited(world: World) -> None:
    """A var is part of the definition of the models that read it, and of no other."""
    world.execute(samples(("ann", "2026-03-01 10:00", 60), ("bob", "2026-03-01 10:00", 75)))
    world.build(*AREA)
    assert _all(world, ALERTS) == [("bob", "2026-03-01", "medium")]
    variables = f"{{as_of: '{AS_OF}', reporting_timezone: UTC, burnout_threshold: 55}}"
    world.execute("delete from ops.refreshes")
    assert world.incremental.build(*AREA, "--vars", variables) == []
    assert sorted(_all(world, ALERTS)) == [
        ("ann", "2026-03-01", "medium"),
        ("bob", "2026-03-01", "critical"),
    ]
    touched = _all(
        world,
        "select relation from ops.refreshes where rows_written > 0 order by relation",
    )
    assert touched == [("marts_people.burnout_alerts",)]


PEOPLE_WITNESSES: list[Callable[[World], None]] = [
    a_person_changes_team_and_loses_a_day,
    today_becomes_another_day,
    a_sample_comes_late_into_an_hour_that_clocks_repeat,
    an_audit_entry_comes_again_with_an_earlier_time,
    a_sample_is_of_somebody_else_on_another_day,
    a_threshold_is_edited,
]

WEEK = (
    "select count, max from marts_people.metric_statistics"
    " where metric_name = 'burnout_score' and window_days = 7"
)
OPEN = "select intervention_id, days_open from marts_people.interventions order by 1"
ACTIONS = "select action from marts_people.intervention_audit_log"
ALERTS = "select employee_id, date::text, severity from marts_people.burnout_alerts"


def _entry(day: str, action: str) -> str:
    return (
        "insert into raw.intervention_audit_log (audit_id, intervention_id, action, logged_at)"
        f" values ('00000000-0000-0000-0000-000000000001', 'i1', '{action}', '2026-{day}')"
    )


def _teams(world: World) -> list[tuple[Any, ...]]:
    return _all(
        world,
        "select team_name, date::text, employees, burnout_score_avg"
        " from marts_people.team_metrics_daily order by team_name, date",
    )


def _hours(world: World) -> list[tuple[Any, ...]]:
    return _all(
        world,
        "select to_char(bucket_start at time zone 'UTC', 'HH24:MI'), sample_count,"
        " burnout_score_sum from marts_people.employee_metrics_hourly order by bucket_start",
    )


def _all(world: World, query: str) -> list[tuple[Any, ...]]:
    return world.connection.execute(query.encode()).fetchall()
