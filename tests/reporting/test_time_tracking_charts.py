"""The chart functions: rows in, a figure out."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tidemark_warehouse.reporting import style, time_tracking
from tidemark_warehouse.reporting.section import Section
from tidemark_warehouse.reporting.sections import PEOPLE, SECTIONS
from tidemark_warehouse.reporting.table import Table

MONDAY = date(2025, 3, 3)


def week(number: int) -> date:
    return MONDAY + timedelta(weeks=number)


@pytest.mark.parametrize("section", [*SECTIONS, *PEOPLE], ids=lambda section: section.name)
def test_a_chart_of_nothing_is_an_empty_chart(section: Section) -> None:
    figure = section.figure([])
    assert isinstance(figure, Table) == section.tabular
    if isinstance(figure, Table):
        assert figure.headings
        assert not list(figure.lines)
        return
    assert figure.to_json()
    for trace in figure.data:
        assert not any(len(trace[axis] or ()) for axis in ("x", "y"))


def hours(kind: str, number: int, spent: float | None, workflows: int = 1) -> dict[str, Any]:
    return {
        "week_start": week(number),
        "ticket_type": kind,
        "hours": spent,
        "workflows": workflows,
    }


def test_hours_stand_in_one_bar_a_week_with_the_largest_type_below() -> None:
    figure = time_tracking.hours_per_week(
        [hours("bug", 0, 2), hours("feature", 0, 8), hours("bug", 1, 3, 4), hours("spike", 1, None)]
    )
    assert figure.layout.barmode == "stack"
    assert [trace.name for trace in figure.data] == ["feature", "bug", "spike"]
    bugs = figure.data[1]
    assert (list(bugs.x), list(bugs.y), list(bugs.customdata)) == (
        [week(0), week(1)],
        [2, 3],
        [1, 4],
    )
    assert len({trace.marker.color for trace in figure.data}) == 3


def test_rare_ticket_types_are_added_up() -> None:
    rows = [hours(f"type {i}", number, i + 1) for i in range(9) for number in (0, 1)]
    figure = time_tracking.hours_per_week(rows)
    assert [trace.name for trace in figure.data][-1] == time_tracking.THE_OTHERS
    assert len(figure.data) == time_tracking.MOST_KINDS + 1
    assert sum(sum(trace.y) for trace in figure.data) == sum(row["hours"] for row in rows)


def test_a_ratio_over_weeks_is_one_of_sums() -> None:
    seconds = [(10, 5), (1, 10), (4, 4), (5, 1), (8, 4)]
    figure = time_tracking.efficiency_by_week(
        [
            {"week_start": week(i), "active_seconds": active, "estimated_seconds": estimated}
            for i, (active, estimated) in enumerate(seconds)
        ]
    )
    weekly, rolling = figure.data
    assert list(weekly.y) == [2, 0.1, 1, 5, 2]
    assert list(rolling.y) == [10 / 5, 11 / 15, 15 / 19, 20 / 20, 18 / 19]


def test_four_weeks_are_four_of_the_calendar() -> None:
    figure = time_tracking.efficiency_by_week(
        [
            {"week_start": week(0), "active_seconds": 9, "estimated_seconds": 1},
            {"week_start": week(4), "active_seconds": 1, "estimated_seconds": 2},
        ]
    )
    assert list(figure.data[1].y) == [9, 0.5]


def test_people_without_a_row_in_a_week_are_blank_and_the_busiest_is_on_top() -> None:
    found = [("ann", 0, 1), ("bob", 0, 0), ("bob", 1, 5)]
    figure = time_tracking.workflows_by_person(
        [
            {"user_id": u, "week_start": week(i), "workflows": n, "is_running": i == 1}
            for u, i, n in found
        ]
    )
    ruled = {(line.x0.date(), line.x1.date()) for line in figure.layout.shapes}
    days = timedelta(days=7)
    assert all(week(1) - days < x0 <= x1 < week(1) + days for x0, x1 in ruled)
    assert len(figure.layout.shapes) == 2 * 3  # of two people, three lines each
    heatmap = figure.data[0]
    assert list(heatmap.y) == ["ann", "bob"]  # upwards
    assert [list(row) for row in heatmap.z] == [[1, None], [0, 5]]
    assert figure.layout.yaxis.type == "category"


def test_the_spread_of_a_step_never_reaches_below_zero() -> None:
    steps = [("w2", 1, 12, 600, 900), ("w1", 0, 1, 60, None)]
    names = ("template_id", "step_index", "sample_count", "avg_seconds", "std_dev_seconds")
    figure = time_tracking.slowest_steps(
        [{"month": MONDAY, **dict(zip(names, step, strict=True))} for step in steps]
    )
    dots = figure.data[0]
    assert [name.strip() for name in dots.y] == ["w1, step 0", "w2, step 1"]
    assert list(dots.x) == [1, 10]
    assert list(dots.error_x.array) == [0, 15]
    assert list(dots.error_x.arrayminus) == [0, 10]
    assert [list(pair) for pair in dots.customdata] == [[1, "unknown"], [12, "15"]]
    assert figure.layout.xaxis.title.text == "minutes in March 2025"


def test_a_share_needs_both_hours() -> None:
    kinds = [("bug", 3.0, 2.0), ("chat", 1.0, None), ("none", None, 4.0)]
    figure = time_tracking.estimate_and_actual(
        [
            {"ticket_type": kind, "active_hours": a, "estimated_hours": e, "workflows": 1}
            for kind, a, e in kinds
        ]
    )
    worked, estimated = figure.data
    assert list(worked.text) == ["", "", "150%"]
    assert list(worked.x) == [None, 1.0, 3.0]
    assert list(estimated.x) == [4.0, None, 2.0]


def test_weeks_are_named_by_their_mondays() -> None:
    figure = time_tracking.hours_per_week([hours("bug", i, 1) for i in range(40)])
    assert figure.layout.xaxis.tick0 == MONDAY
    assert figure.layout.xaxis.dtick % style.WEEK_MS == 0
