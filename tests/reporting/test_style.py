"""What all charts keep to: what is not over yet, dates on axes, names, words in place of charts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tidemark_warehouse.reporting import overview, style

MONDAY = date(2026, 3, 2)


def points(whole: int, running: int) -> list[dict[str, object]]:
    return [
        {"day": MONDAY + timedelta(days=n), "is_running": n >= whole}
        for n in range(whole + running)
    ]


@pytest.mark.parametrize(
    ("whole", "running", "solid", "dotted"),
    [(3, 0, [0, 1, 2], None), (3, 1, [0, 1, 2], [2, 3]), (0, 1, None, [0]), (1, 1, [0], [0, 1])],
)
def test_what_is_not_over_is_dotted_and_joined_to_what_is(
    whole: int, running: int, solid: list[int] | None, dotted: list[int] | None
) -> None:
    figure = style.new_figure(300)
    rows = points(whole, running)
    values = list(range(len(rows)))
    style.add_line(figure, rows, "day", values, style.BLUE, name="n", customdata=values)
    found = {trace.line.dash: trace for trace in figure.data}
    for dash, expected in ((None, solid), ("dot", dotted)):
        assert (dash in found) == (expected is not None)
        if expected is not None:
            assert list(found[dash].y) == list(found[dash].customdata) == expected
    assert sum(trace.showlegend is not False for trace in figure.data) == 1
    if solid and dotted:
        assert list(found["dot"].hoverinfo) == ["skip", "all"]  # what is over is told of once


def test_a_bar_that_is_not_over_is_hatched() -> None:
    assert style.hatch(points(2, 1))["shape"] == ["", "", style.HATCHED]
    assert style.hatch([{}])["shape"] == [""]


@pytest.mark.parametrize("days", [1, 2, 5, 200])
def test_an_axis_of_dates_names_dates(days: int) -> None:
    """Of few dates Plotly would name the hours and milliseconds between them."""
    dates = [MONDAY + timedelta(days=n) for n in range(days)]
    figure = style.new_figure(300)
    style.show_dates(figure, [*dates, *dates])
    ticks = figure.layout.xaxis.tickvals
    assert set(ticks) <= set(dates)
    assert ticks[0] == MONDAY
    assert 1 <= len(ticks) <= style.MOST_TICKS + 1
    assert figure.layout.xaxis.tickformat == "%d %b"


def test_a_name_stands_for_its_id_and_is_never_too_long() -> None:
    assert style.name_of("Mobile", "p1") == "Mobile"
    assert style.name_of(None, "p1") == "p1"
    assert len(style.name_of("long " * 40, "p1")) == style.LONGEST_NAME


def test_words_in_place_of_a_chart_fit_a_telephone() -> None:
    text = style.new_words("a <b> word " * 20).layout.annotations[0].text
    assert "&lt;b&gt;" in text
    assert max(map(len, text.replace("&lt;", "<").replace("&gt;", ">").split("<br>"))) <= 42


def test_a_figure_stands_with_its_change() -> None:
    row: dict[str, Any] = {"metric_key": "active_users", "environment": "staging"}
    row |= {"value": 1200.0, "previous_value": 1000.0}
    unknown: dict[str, Any] = {"metric_key": "efficiency_ratio", "environment": "*"}
    unknown |= {"value": 0.5, "previous_value": None}
    figure = overview.tiles([{**row, "change_percent": 20.0}, {**unknown, "change_percent": None}])
    said = [note.text for note in figure.layout.annotations]
    assert said == ["active users (staging)", "<b>1,200</b>", "efficiency ratio", "<b>50%</b>"]
    (changes,) = figure.data
    assert list(changes.text) == ["▲ +20.0 % (from 1,000)", "no comparison"]
