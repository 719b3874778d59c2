"""Fixed worlds for the rules of the delivery area that random ones meet too seldom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.integration.exactness.world import World

BUILD = ("--select", "tag:delivery", "+dim_dates")


def feature(name: str, project: str, created: str, **columns: str) -> str:
    """An INSERT of an open feature; further columns replace or join the given ones."""
    values = {
        "feature_request_id": name,
        "project_id": project,
        "status": "open",
        "created_at": created,
        "updated_at": created,
    } | columns
    texts = ", ".join(f"'{value}'" for value in values.values())
    return f"insert into raw.feature_requests ({', '.join(values)}) values ({texts})"


def update(name: str, at: str, settings: str) -> str:
    """An UPDATE in place, of which the trigger makes changes at that time."""
    return (
        f"update raw.feature_requests set {settings}, updated_at = '{at}'"
        f" where feature_request_id = '{name}'"
    )


def change(number: int, name: str, field: str, old: str | None, new: str | None, at: str) -> str:
    """An INSERT of a change, as a source writes it that keeps the record itself."""
    before, after = (f"'{value}'" if value is not None else "null" for value in (old, new))
    return (
        "insert into raw.feature_request_changes"
        " (change_id, feature_request_id, field, old_value, new_value, changed_at)"
        f" values ('c{number}', '{name}', '{field}', {before}, {after}, '{at}')"
    )


def a_feature_is_reopened(world: World) -> None:
    """It was completed, whatever becomes of it; velocity counts its last completion."""
    world.execute(
        feature("f1", "p1", "2026-01-01 10:00+00"),
        update(
            "f1",
            "2026-01-10 10:00+00",
            "status = 'completed', completed_at = '2026-01-10 10:00+00'",
        ),
    )
    world.build(*BUILD)
    assert _all(world, VELOCITY) == [("2026-01-05", 1)]
    world.execute(
        update("f1", "2026-01-20 10:00+00", "status = 'open', completed_at = null"),
    )
    world.build(*BUILD)
    assert _all(world, VELOCITY) == []
    world.execute(
        update(
            "f1",
            "2026-02-03 10:00+00",
            "status = 'completed', completed_at = '2026-02-03 10:00+00'",
        ),
    )
    world.build(*BUILD)
    assert _all(world, VELOCITY) == [("2026-02-02", 1)]
    assert _completed(world) == [
        ("2026-01-01", 0),
        ("2026-01-10", 1),
        ("2026-01-20", 0),
        ("2026-02-03", 1),
    ]


def a_feature_moves_between_projects(world: World) -> None:
    """Each project has it on the dates at whose end it was there, also after it was completed."""
    world.execute(
        feature("f1", "p1", "2026-01-01 10:00+00", assigned_to_id="ann"),
        feature("f2", "p1", "2026-01-03 10:00+00", assigned_to_id="ann"),
        update("f1", "2026-01-10 10:00+00", "status = 'completed'"),
    )
    world.build(*BUILD)
    world.execute(update("f1", "2026-01-15 10:00+00", "project_id = 'p2'"))
    world.build(*BUILD)
    totals = (
        "select project_id, date::text, total_features, completed_features, active_contributors"
        " from marts.project_metrics where date in ('2026-01-14', '2026-01-15')"
        " order by project_id, date"
    )
    assert _all(world, totals) == [
        ("p1", "2026-01-14", 2, 1, 1),
        ("p1", "2026-01-15", 1, 0, 1),
        ("p2", "2026-01-15", 1, 1, 1),
    ]
    world.execute(update("f1", "2026-01-20 10:00+00", "project_id = 'p1'"))
    world.build(*BUILD)
    world.execute("delete from raw.feature_requests where feature_request_id = 'f1'")


def a_deadline_is_moved(world: World) -> None:
    """A past date is judged by the deadline of its time, a completion by that of its date."""
    world.execute(
        feature("f1", "p1", "2026-01-01 10:00+00", deadline="2026-01-05"),
        feature("f2", "p1", "2026-01-01 10:00+00", deadline="2026-01-05"),
    )
    world.build(*BUILD)
    world.execute(
        update("f1", "2026-01-08 10:00+00", "deadline = '2026-01-20'"),
        update("f2", "2026-01-08 10:00+00", "status = 'completed'"),
    )
    world.build(*BUILD)
    overdue = (
        "select date::text, overdue_features::integer from marts.project_metrics"
        " where date in ('2026-01-05', '2026-01-07', '2026-01-08', '2026-01-21') order by date"
    )
    assert _all(world, overdue) == [
        ("2026-01-05", 0),
        ("2026-01-07", 2),
        ("2026-01-08", 0),
        ("2026-01-21", 1),
    ]
    world.execute(update("f2", "2026-01-09 10:00+00", "deadline = '2026-02-01'"))
    world.build(*BUILD)
    late = "select feature_request_id from marts.feature_cycle_times where was_overdue order by 1"
    assert _all(world, late) == [("f1",), ("f2",)]


def moves_are_told_twice_and_from_before_the_creation(world: World) -> None:
    """Each move is one period, and none ends before it begins."""
    world.execute(
        feature("f1", "p1", "2026-01-04 10:00+00", status="completed"),
        change(1, "f1", "status", "backlog", "open", "2026-01-03 10:00+00"),
        change(2, "f1", "status", "open", "completed", "2026-01-05 10:00+00"),
        change(3, "f1", "status", "open", "completed", "2026-01-05 10:00+00"),
        change(4, "f1", "status", "open", "completed", "2026-01-05 10:00:03+00"),
    )
    world.build(*BUILD)
    periods = (
        "select current_status, status_entered_at::date::text, status_left_at::date::text"
        " from marts.feature_analytics order by period_index"
    )
    assert _all(world, periods) == [
        ("backlog", "2026-01-04", "2026-01-04"),
        ("open", "2026-01-04", "2026-01-05"),
        ("completed", "2026-01-05", None),
    ]
    world.execute("delete from raw.feature_request_changes where change_id = 'c2'")
    world.build(*BUILD)
    assert len(_all(world, periods)) == 3


def changes_come_out_of_order(world: World) -> None:
    """A change from long ago gets its place, and one of them is taken back."""
    world.execute(
        feature("f1", "p1", "2026-01-01 10:00+00", status="completed"),
        change(1, "f1", "status", "in_progress", "completed", "2026-02-20 10:00+00"),
    )
    world.build(*BUILD)
    assert _statuses(world) == ["in_progress", "completed"]
    world.execute(change(2, "f1", "status", "open", "in_progress", "2026-01-05 10:00+00"))
    world.build(*BUILD)
    assert _statuses(world) == ["open", "in_progress", "completed"]
    world.execute("delete from raw.feature_request_changes where change_id = 'c1'")


def changes_of_one_instant_make_a_chain(world: World) -> None:
    """Two statuses in one transaction: their ids say nothing about their order."""
    at = "2026-01-05 10:00+00"
    world.execute(
        feature("f1", "p1", "2026-01-01 10:00+00", status="completed"),
        change(1, "f1", "status", "review", "completed", at),
        change(3, "f1", "status", "open", "in_progress", at),
    )
    world.build(*BUILD)
    world.execute(change(2, "f1", "status", "in_progress", "review", at))
    world.build(*BUILD)
    assert _statuses(world) == ["open", "in_progress", "review", "completed"]
    # A circle goes back to where it began.
    later = "2026-01-06 10:00+00"
    world.execute(
        change(4, "f1", "status", "open", "completed", later),
        change(5, "f1", "status", "completed", "open", later),
    )
    world.build(*BUILD)
    assert _statuses(world)[4:] == ["open", "completed"]


def the_clock_moves(world: World) -> None:
    """New dates and weeks, deadlines that pass, a completion that lay ahead; and back again."""
    world.execute(
        "insert into raw.projects (project_id, title) values ('p1', 'One'), ('p2', 'Two')",
        feature("f1", "p1", "2026-01-01 10:00+00", deadline="2026-02-10"),
        feature("f2", "p1", "2026-01-05 10:00+00", completed_at="2026-03-02 10:00+00"),
        feature("f3", "p2", "2026-03-05 10:00+00"),
        feature("f4", "p1", "2026-01-05 10:00+00", completed_at="2026-01-12 10:00+00"),
        change(1, "f3", "status", "open", "blocked", "2026-03-20 10:00+00"),
    )
    facts = (
        "select overdue_features, completed_features from marts.project_summary"
        " where project_id = 'p1'"
    )
    for as_of, expected in (
        ("2026-02-10T23:00:00Z", (0, 1)),
        ("2026-02-11T00:00:00Z", (1, 1)),
        ("2026-03-02T11:00:00Z", (1, 2)),
        ("2026-03-25T12:00:00Z", (1, 2)),
        ("2026-02-10T12:00:00Z", (0, 1)),
    ):
        world.build(*BUILD, as_of=as_of)
        assert _all(world, facts) == [expected], as_of
        last = _all(world, "select max(date)::text from marts.project_metrics")
        assert last == [(as_of[:10],)]


def a_time_lies_beyond_all_calendars(world: World) -> None:
    """Infinite and absurd times stop no build, and belong to no date."""
    world.execute(
        feature("f1", "p1", "infinity", completed_at="-infinity", deadline="infinity"),
        feature("f2", "p1", "-infinity", completed_at="infinity", deadline="-infinity"),
        feature("f3", "p1", "2026-01-01", completed_at="2999-01-01", deadline="2999-01-01"),
        feature("f4", "p2", "2026-01-01", completed_at="infinity", status="completed"),
        change(1, "f3", "status", "open", "in_progress", "infinity"),
        change(2, "f4", "status", "open", "completed", "-infinity"),
        change(3, "f4", "completed_at", "nonsense", "2026-99-99", "2026-01-05"),
        change(4, "f4", "completed_at", "2026-99-99", "infinity", "2026-01-06"),
    )
    world.build(*BUILD)
    found = _all(world, "select project_id, count(*) from marts.project_metrics group by 1")
    assert sorted(found) == [("p1", 69), ("p2", 69)]
    # Python has no such times: what the marts show of them is taken back before they are compared.
    world.execute(
        "update raw.feature_requests"
        " set created_at = '2026-02-01', completed_at = null, deadline = null, updated_at = null",
        "delete from raw.feature_request_changes where not isfinite(changed_at)",
    )


def a_projects_only_feature_goes(world: World) -> None:
    """Its dates, statuses, weeks and forecast go with it, and the other project keeps its own."""
    world.execute(
        feature("f1", "p1", "2026-01-01 10:00+00", completed_at="2026-01-10 10:00+00"),
        feature("f2", "p2", "2026-01-05 10:00+00"),
    )
    world.build(*BUILD)
    world.execute("delete from raw.feature_requests where feature_request_id = 'f1'")
    world.build(*BUILD)
    assert _all(world, "select distinct project_id from marts.cumulative_flow_daily") == [("p2",)]
    assert _all(world, "select project_id from marts.project_summary") == [("p2",)]


DELIVERY_WITNESSES: list[Callable[[World], None]] = [
    a_deadline_is_moved,
    moves_are_told_twice_and_from_before_the_creation,
    a_feature_is_reopened,
    a_feature_moves_between_projects,
    changes_come_out_of_order,
    changes_of_one_instant_make_a_chain,
    the_clock_moves,
    a_time_lies_beyond_all_calendars,
    a_projects_only_feature_goes,
]

VELOCITY = (
    "select week_start::text, features_completed from marts.weekly_velocity"
    " where features_completed > 0 order by week_start"
)


def _completed(world: World) -> list[tuple[Any, ...]]:
    """The dates on which the number of completed features became another."""
    rows = _all(
        world, "select date::text, completed_features from marts.project_metrics order by 1"
    )
    return [row for number, row in enumerate(rows) if number == 0 or row[1] != rows[number - 1][1]]


def _statuses(world: World) -> list[str]:
    query = "select current_status from marts.feature_analytics order by period_index"
    return [status for (status,) in _all(world, query)]


def _all(world: World, query: str) -> list[tuple[Any, ...]]:
    return world.connection.execute(query.encode()).fetchall()
