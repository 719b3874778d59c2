"""The charts of funnels and retention."""

from __future__ import annotations

from orchestration.reporting import funnels


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
