"""The charts of application metrics and alerts."""

from __future__ import annotations

from datetime import UTC, date, datetime

from orchestration.reporting import app_metrics, style

DAYS = [datetime(2026, 3, day, tzinfo=UTC) for day in (2, 3)]
WEEKS = [date(2026, 3, 2), date(2026, 3, 9)]


def test_each_timer_is_a_line_of_its_own() -> None:
    figure = app_metrics.slowest(
        [
            {"name": name, "unit": unit, "day_start": day, "p99": number + shift}
            for name, unit, shift in (("api", "ms", 0), ("db", None, 10))
            for number, day in enumerate(DAYS)
        ]
    )
    assert [(line.name, list(line.x), list(line.y)) for line in figure.data] == [
        ("api", DAYS, [0, 1]),
        ("db", DAYS, [10, 11]),
    ]
    assert figure.data[0].hovertemplate.endswith(" ms")


def test_alerts_are_stacked_from_low_to_critical() -> None:
    figure = app_metrics.alerts(
        [
            {"week_start": WEEKS[0], "severity": "critical", "alerts": 1},
            {"week_start": WEEKS[0], "severity": "low", "alerts": 7},
            {"week_start": WEEKS[1], "severity": "low", "alerts": 2},
        ]
    )
    assert [(bar.name, list(bar.y)) for bar in figure.data] == [("low", [7, 2]), ("critical", [1])]
    assert figure.data[1].marker.color == style.VERMILION


def test_charts_of_nothing_are_empty() -> None:
    assert not app_metrics.slowest([]).data
    assert not app_metrics.alerts([]).data
