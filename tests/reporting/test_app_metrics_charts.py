"""The charts of application metrics and alerts."""

from __future__ import annotations

from datetime import UTC, date, datetime

from tidemark_warehouse.reporting import app_metrics, style

DAYS = [datetime(2026, 3, day, tzinfo=UTC) for day in (2, 3)]
SINCE = ("week of 02 Mar 2026", "high", "firing")
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


def percentiles(
    tags: dict[str, object], unit: str | None, *values: float
) -> list[dict[str, object]]:
    return [
        {
            **{"tags": tags, "unit": unit, "starts_at": day.replace(tzinfo=None)},
            **{"p50": value, "p90": value * 2, "p99": value * 3},
        }
        for day, value in zip(DAYS, values, strict=True)
    ]


def test_each_series_has_a_panel_with_two_bands_above_its_median() -> None:
    figure = app_metrics.percentiles(
        [
            *percentiles({"route": "/", "code": 200}, "ms", 10, 20),
            *percentiles({}, "ms", 1, 2),
        ]
    )
    assert [title.text for title in figure.layout.annotations] == [
        "code 200, route /",
        "without tags",
    ]
    first, second = figure.data[:3], figure.data[3:]
    assert [list(line.y) for line in first] == [[10, 20], [20, 40], [30, 60]]
    assert [line.fill for line in first] == [None, "tonexty", "tonexty"]
    assert {line.xaxis for line in first} != {line.xaxis for line in second}
    assert [line.showlegend for line in figure.data] == [True] * 3 + [False] * 3


def test_steep_percentiles_have_a_logarithmic_axis_unless_something_is_zero() -> None:
    steep = app_metrics.percentiles(percentiles({}, "ms", 1, 100))
    assert (steep.layout.yaxis.type, steep.layout.yaxis.title.text) == ("log", "ms (log)")
    flat = app_metrics.percentiles(percentiles({}, None, 5, 6))
    assert (flat.layout.yaxis.type, flat.layout.yaxis.title.text) == ("linear", "value")
    assert app_metrics.percentiles(percentiles({}, "ms", 0, 100)).layout.yaxis.type == "linear"


def test_alerts_are_stacked_from_low_to_critical() -> None:
    figure = style.severities_by_week(
        [
            {"week_start": WEEKS[0], "severity": "critical", "alerts": 1},
            {"week_start": WEEKS[0], "severity": "low", "alerts": 7},
            {"week_start": WEEKS[1], "severity": "low", "alerts": 2},
        ]
    )
    assert [(bar.name, list(bar.y)) for bar in figure.data] == [("low", [7, 2]), ("critical", [1])]
    assert figure.data[1].marker.color == style.VERMILION


def test_the_list_of_alerts_names_what_they_are_about() -> None:
    alert = {
        **{"period_start": WEEKS[0], "period": "week", "severity": "high"},
        **{"entity_type": "project", "entity_id": "p-1", "entity_name": "Search"},
        **{"alert_message": "p-1: later than p-10 & xp-1"},
        **{"state": "firing", "is_acknowledged": False, "acknowledged_by_id": None},
    }
    seen = {**alert, "is_acknowledged": True, "acknowledged_by_id": "ann"}
    unnamed = {**alert, "entity_type": "metric", "entity_name": None}
    assert list(app_metrics.latest_alerts([alert, seen, unnamed]).lines) == [
        (*SINCE, "project Search", "Search: later than p-10 & xp-1", ""),
        (*SINCE, "project Search", "Search: later than p-10 & xp-1", "ann"),
        (*SINCE, "metric p-1", "p-1: later than p-10 & xp-1", ""),
    ]


def test_a_week_of_alerts_that_goes_on_is_hatched() -> None:
    weeks = [(WEEKS[0], False), (WEEKS[1], True)]
    figure = style.severities_by_week(
        [
            {"week_start": week, "severity": "high", "alerts": 1, "is_running": running}
            for week, running in weeks
        ]
    )
    assert list(figure.data[0].marker.pattern.shape) == ["", style.HATCHED]
