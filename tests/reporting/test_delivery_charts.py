"""The charts of delivery: rows in, a figure out."""

from __future__ import annotations

from datetime import date, timedelta

from tidemark_warehouse.reporting import delivery

MONDAY = date(2025, 3, 3)


def test_flow_stacks_the_largest_status_below() -> None:
    figure = delivery.flow(
        [
            {"date": MONDAY + timedelta(days=day), "status": status, "features": features}
            for day in (0, 1)
            for status, features in (("open", 2), ("completed", 5 + day))
        ]
    )
    assert [trace.name for trace in figure.data] == ["completed", "open"]
    assert list(figure.data[0].y) == [5, 6]
    assert {trace.stackgroup for trace in figure.data} == {"status"}


def test_velocity_averages_four_weeks_from_the_fourth_on() -> None:
    weeks = [MONDAY + timedelta(weeks=number) for number in range(5)]
    figure = delivery.velocity(
        [
            {"week_start": week, "features_completed": done}
            for week, done in zip(weeks, (4, 0, 2, 6, 0), strict=True)
        ]
    )
    single, average = figure.data
    assert list(single.y) == [4, 0, 2, 6, 0]
    assert (list(average.x), list(average.y)) == (weeks[3:], [3, 2])


def test_forecast_has_the_latest_project_on_top() -> None:
    names = ("project_id", "remaining_features", "weeks_p50", "weeks_p85", "weeks_p95")
    figure = delivery.forecast(
        [
            dict(zip(names, values, strict=True))
            for values in (("late", 9, 5, 8, None), ("soon", 1, 1, 1, 2))
        ]
    )
    assert [trace.name for trace in figure.data] == ["50 %", "85 %", "95 %"]
    assert list(figure.data[1].y) == ["soon", "late"]
    assert list(figure.data[1].x) == [1, 8]
    assert list(figure.data[2].x) == [2, None]
