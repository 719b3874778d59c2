"""The charts about people: rows in, a figure out."""

from __future__ import annotations

from datetime import UTC, date, datetime

from tidemark_warehouse.reporting import people

DAY = date(2026, 3, 2)


def test_each_team_is_a_line_with_the_number_of_its_people() -> None:
    figure = people.team_burnout(
        [
            {"team_name": team, "date": DAY, "employees": 6, "burnout_score_avg": 50.5}
            for team in ("a", "b")
        ]
    )
    assert [(line.name, list(line.y), list(line.customdata)) for line in figure.data] == [
        ("a", [50.5], [6]),
        ("b", [50.5], [6]),
    ]


def test_the_list_of_people_has_a_line_each() -> None:
    table = people.burnout_by_person(
        [
            {
                **{"employee_id": "e1", "days": 3, "highest_score": 91.25},
                **{"latest_date": DAY, "severity": "critical"},
            }
        ]
    )
    assert list(table.lines) == [("e1", "3", "91.2", "critical", "02 Mar 2026")]


def test_the_list_of_interventions_says_for_how_long() -> None:
    table = people.open_interventions(
        [
            {
                **{"target_employee_id": "e1", "intervention_type": "time_off", "status": "active"},
                **{"created_at": datetime(2026, 3, 2, tzinfo=UTC), "days_open": 9},
            }
        ]
    )
    assert list(table.lines) == [("e1", "time off", "active", "02 Mar 2026", "9")]
