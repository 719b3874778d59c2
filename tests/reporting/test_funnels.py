"""The charts of funnels and retention."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from tidemark_warehouse.reporting import funnels


def step(funnel: str, index: int, users: int, rate: float | None) -> dict[str, object]:
    return {
        "funnel_name": funnel,
        "step_index": index,
        "step_name": f"step {index}",
        "users": users,
        "overall_conversion_rate": rate,
        "median_minutes": None if index == 1 else 1.5,
    }


def test_steps_of_the_largest_funnels_stand_from_top_to_bottom() -> None:
    rows = [step(f"f{n}", index, n * 10 // index, 1 / index) for n in range(9) for index in (1, 2)]
    figure = funnels.funnel_steps(rows)
    assert [trace.name for trace in figure.data] == ["f8", "f7", "f6", "f5", "f4", "f3"]
    assert list(figure.data[0].x) == [80, 40]
    assert list(figure.data[0].text) == ["100%", "50%"]
    assert list(figure.data[0].y) == ["f8 1: step 1 ", "f8 2: step 2 "]
    assert figure.layout.yaxis.autorange == "reversed"


def test_a_funnel_that_nobody_entered_has_no_share() -> None:
    figure = funnels.funnel_steps([step("f", 1, 0, None)])
    assert list(figure.data[0].text) == [""]


def test_each_retention_is_a_curve() -> None:
    rows = [
        {
            "retention_name": name,
            "period_index": n,
            "cohort_users": 9,
            "retention_rate": 1 / n,
        }
        for name in ("weekly", "daily")
        for n in (1, 2, 4)
    ]
    figure = funnels.retention_curve(rows)
    assert [trace.name for trace in figure.data] == ["weekly", "daily"]
    assert list(figure.data[0].y) == [1, 1 / 2, 1 / 4]
    assert list(figure.data[0].customdata) == [9, 9, 9]


def test_a_conversion_rate_is_one_of_sums_and_a_week_without_entries_has_none() -> None:
    weeks = [date(2026, 3, 2), date(2026, 3, 9)]
    counts = ((4, 1), (0, 0))
    figure = funnels.funnel_trends(
        [
            {
                **{"funnel_name": "f", "week_start": week},
                **{"entered_users": entered, "completed_users": completed},
            }
            for week, (entered, completed) in zip(weeks, counts, strict=True)
        ]
    )
    assert (list(figure.data[0].x), list(figure.data[0].y)) == (weeks[:1], [0.25])


def cohort(start: datetime, period: int, rate: float | None) -> dict[str, object]:
    return {
        **{"cohort_start": start, "period_index": period, "cohort_size": 1000},
        **{"returned_users": 1, "retention_rate": rate},
    }


def test_cohorts_are_rows_with_their_size_and_their_own_period_is_left_out() -> None:
    # Midnight in a zone east of UTC: the local date is the next one.
    first = datetime(2026, 3, 1, 18, 30, tzinfo=UTC)
    second = first + timedelta(days=1)
    rows = [cohort(first, period, rate) for period, rate in ((0, 1), (1, 0.5), (2, None))]
    heatmap = funnels.retention_cohorts([*rows, cohort(second, 0, 1), cohort(second, 1, 0.25)])
    data = heatmap.data[0]
    assert list(data.y) == ["02 Mar 2026 (1,000) ", "03 Mar 2026 (1,000) "]
    assert list(data.x) == [1, 2]
    assert [list(line) for line in data.z] == [[0.5, None], [0.25, None]]
    assert [list(line) for line in data.text] == [["50%", ""], ["25%", ""]]
    assert heatmap.layout.yaxis.type == "category"


def test_cohorts_of_hours_are_named_by_the_hour() -> None:
    start = datetime(2026, 3, 1, 18, tzinfo=UTC)
    figure = funnels.retention_cohorts(
        [cohort(start + timedelta(hours=n), 1, 0.5) for n in range(2)]
    )
    assert list(figure.data[0].y) == ["01 Mar 2026 18:00 (1,000) ", "01 Mar 2026 19:00 (1,000) "]
