"""The charts of funnels and retention."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from tidemark_warehouse.reporting import funnels, retention


def step(index: int, users: int, rate: float | None, is_before: bool) -> dict[str, object]:
    return {
        "is_before": is_before,
        "step_index": index,
        "step_name": f"step {index}",
        "users": users,
        "overall_conversion_rate": rate,
        "median_minutes": None if index == 1 else 1.5,
    }


def test_steps_stand_from_top_to_bottom_above_those_of_the_dates_before() -> None:
    rows = [
        step(index, users // index, 1 / index, is_before)
        for users, is_before in ((80, False), (40, True))
        for index in (1, 2)
    ]
    now, before = funnels.funnel_steps(rows).data
    assert (now.name, before.name) == ("these dates", "as many dates before")
    assert (list(now.x), list(before.x)) == ([80, 40], [40, 20])
    assert list(now.text) == ["100%", "50%"]
    assert list(now.y) == list(before.y) == ["1: step 1 ", "2: step 2 "]
    axis = funnels.funnel_steps(rows).layout.yaxis
    assert (axis.autorange, axis.dtick) == ("reversed", 1)  # each step is named


def test_a_funnel_that_nobody_entered_has_no_share() -> None:
    figure = funnels.funnel_steps([step(1, 0, None, False)])
    assert list(figure.data[0].text) == [""]


def test_a_breakdown_is_a_ratio_of_its_own_users() -> None:
    rows = [
        {"breakdown_value": value, "entered_users": entered, "completed_users": done}
        for value, entered, done in (("US", 40, 10), (None, 5, 5))
    ]
    (bars,) = funnels.breakdown(rows).data
    assert list(bars.x) == [0.25, 1]
    assert list(bars.y) == ["US ", "(not known) "]
    assert list(bars.text) == ["25% of 40", "100% of 5"]


def test_a_retention_is_a_curve_that_says_what_its_periods_are() -> None:
    rows = [
        {
            **{"period_index": n, "cohort_users": 9, "retention_rate": 1 / n},
            **{"period": "week", "return_mode": "on"},
        }
        for n in (1, 2, 4)
    ]
    figure = retention.retention_curve(rows)
    assert list(figure.data[0].y) == [1, 1 / 2, 1 / 4]
    assert list(figure.data[0].customdata) == [9, 9, 9]
    assert figure.layout.xaxis.title.text == "weeks after the cohort's"
    assert figure.layout.yaxis.title.text == "came back in that week"
    later = retention.retention_curve([{**row, "return_mode": "on_or_after"} for row in rows])
    assert later.layout.yaxis.title.text == "came back in that week or later"


def test_a_conversion_rate_is_one_of_sums_and_a_week_without_entries_has_none() -> None:
    weeks = [date(2026, 3, 2), date(2026, 3, 9)]
    counts = ((4, 1), (0, 0))
    figure = funnels.funnel_trends(
        [
            {"week_start": week, "entered_users": entered, "completed_users": completed}
            for week, (entered, completed) in zip(weeks, counts, strict=True)
        ]
    )
    assert (list(figure.data[0].x), list(figure.data[0].y)) == (weeks[:1], [0.25])


def cohort(start: datetime, period: int, rate: float | None, **more: object) -> dict[str, object]:
    return {
        **{"cohort_start": start, "cohort_date": (start + timedelta(hours=13)).date()},
        **{"period_index": period, "cohort_size": 1000},
        **{"returned_users": 1, "retention_rate": rate, "is_running": False},
        **{"period": "day", "return_mode": "on", **more},
    }


def test_cohorts_are_rows_with_their_size() -> None:
    # Midnight in a zone east of UTC: the local date is the next one.
    first = datetime(2026, 3, 1, 18, 30, tzinfo=UTC)
    second = first + timedelta(days=1)
    rows = [cohort(first, 1, 0.5), cohort(first, 2, None), cohort(second, 1, 0.25)]
    heatmap = retention.retention_cohorts(rows)
    data = heatmap.data[0]
    assert list(data.y) == ["02 Mar 2026 (1,000) ", "03 Mar 2026 (1,000) "]
    assert list(data.x) == [1, 2]
    assert [list(line) for line in data.z] == [[0.5, None], [0.25, None]]
    assert [list(line) for line in data.text] == [["50", ""], ["25", ""]]
    assert heatmap.layout.yaxis.type == "category"
    assert not heatmap.layout.shapes


def test_a_cell_that_is_not_over_is_ruled() -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    figure = retention.retention_cohorts(
        [cohort(start, 1, 0.5), cohort(start, 2, 0.1, is_running=True)]
    )
    assert len(figure.layout.shapes) == 3
    for line in figure.layout.shapes:
        assert 1.5 <= line.x0 < line.x1 <= 2.5
        assert -0.5 <= line.y0 < line.y1 <= 0.5


def test_cohorts_of_on_or_after_are_not_compared() -> None:
    """Newer ones have had less time to come back at all, and would seem to stay shorter."""
    start = datetime(2026, 3, 1, tzinfo=UTC)
    figure = retention.retention_cohorts([cohort(start, 1, 0.5, return_mode="on_or_after")])
    assert not figure.data
    assert "Newer cohorts have had" in figure.layout.annotations[0].text.replace("<br>", " ")


def test_cohorts_of_hours_are_named_by_the_hour() -> None:
    start = datetime(2026, 3, 1, 18, tzinfo=UTC)
    figure = retention.retention_cohorts(
        [cohort(start + timedelta(hours=n), 1, 0.5) for n in range(2)]
    )
    assert list(figure.data[0].y) == ["01 Mar 2026 18:00 (1,000) ", "01 Mar 2026 19:00 (1,000) "]


def test_words_stand_behind_a_bar_that_has_no_room_for_them() -> None:
    names = ("breakdown_value", "entered_users", "completed_users")
    rows = [("US", 100, 50), ("JP", 74, 1), ("BR", 10, 0)]
    figure = funnels.breakdown([dict(zip(names, row, strict=True)) for row in rows])
    assert list(figure.data[0].textposition) == ["inside", "outside", "outside"]
    nobody = funnels.breakdown([dict(zip(names, ("BR", 10, 0), strict=True))])
    assert list(nobody.data[0].textposition) == ["outside"]
