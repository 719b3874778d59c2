"""The charts of product use: rows in, a figure out."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tidemark_warehouse.reporting import product, style

MONDAY = date(2026, 3, 2)
DATES = [MONDAY + timedelta(days=number) for number in range(2)]


def test_users_of_spans_are_lines_and_never_a_stack() -> None:
    figure = product.active_users(
        [{"date": day, "user_count": 1, "wau": 2, "mau": 3} for day in DATES]
    )
    assert [(line.name, list(line.y)) for line in figure.data] == [
        ("that date", [1, 1]),
        ("7 dates", [2, 2]),
        ("30 dates", [3, 3]),
    ]
    assert {line.stackgroup for line in figure.data} == {None}


def test_a_date_is_the_stack_of_those_who_came_back_and_came_first() -> None:
    figure = product.new_users(
        [{"date": day, "new_users": 2, "returning_users": 5} for day in DATES]
    )
    assert [(area.name, list(area.y)) for area in figure.data] == [
        ("came back", [5, 5]),
        ("first time", [2, 2]),
    ]
    assert figure.layout.barmode == "stack"
    days = [{"date": MONDAY + timedelta(days=n), "sessions": 7, "bounces": 3} for n in range(40)]
    assert {area.stackgroup for area in product.sessions(days).data} == {"all"}


def event(name: str | None, number: int, **measure: int) -> dict[str, Any]:
    return {"period_start": DATES[number], "event_name": name, **measure}


def test_the_most_frequent_event_lies_at_the_bottom_and_the_rest_on_top() -> None:
    figure = product.events(
        [
            event("a", 0, event_count=1),
            event("b", 0, event_count=5),
            event(None, 0, event_count=9),
            event("b", 1, event_count=2),
        ]
    )
    assert [(bar.name, list(bar.y)) for bar in figure.data] == [
        ("b", [5, 2]),
        ("a", [1]),
        (product.THE_OTHERS, [9]),
    ]
    assert figure.data[-1].marker.color == style.GREY


def test_users_of_events_are_lines_in_the_colours_of_the_events() -> None:
    names = ("b", "a")
    users = product.event_users([event(name, 0, unique_users=3) for name in names])
    counts = product.events([event(name, 0, event_count=3) for name in names])
    assert {line.stackgroup for line in users.data} == {None}
    assert {line.name: line.line.color for line in users.data} == {
        bar.name: bar.marker.color for bar in counts.data
    }


def test_sessions_are_the_stack_of_longer_and_single_ones() -> None:
    figure = product.sessions([{"date": DATES[0], "sessions": 7, "bounces": 3}])
    assert [list(area.y) for area in figure.data] == [[4], [3]]


def test_median_and_average_are_lines_of_their_own() -> None:
    figure = product.session_length([{"date": MONDAY, "median_minutes": 1.5, "avg_minutes": 4.0}])
    assert [(line.name, list(line.y)) for line in figure.data] == [
        ("average", [4.0]),
        ("median", [1.5]),
    ]
