"""What the functions of api say of wrong arguments, and of marts that are missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from tests.integration.exactness.warehouse import Warehouse
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.database.server.roles import PEOPLE_READER
from tidemark_warehouse.settings import Settings

Connection = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def people_reader(company: Warehouse) -> Iterator[Connection]:
    with connect(company.settings, PEOPLE_READER, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def unbuilt(module_database: Settings) -> Iterator[Connection]:
    with connect(module_database, PEOPLE_READER, autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("time_aggregations(null, '2026-01-01')", "start_date is null: from 1900-01-01"),
        ("time_aggregations('-infinity', '2026-01-01')", "start_date is -infinity"),
        (
            "time_aggregations('2026-01-02', '2026-01-01')",
            "start_date 2026-01-02 is after end_date",
        ),
        ("time_aggregations('2026-01-02', '5874897-01-01')", "end_date is 5874897-01-01: from"),
        ("time_trend(null, 7)", "user_id is null"),
        ("time_trend('u', 0)", "days is 0: from 1 to 730 are possible"),
        ("time_trend('u', 731)", "days is 731: from 1 to 730 are possible"),
        ("time_trend('u', null)", "days is null: from 1 to 730"),
        ("employee_trend(null, '2026-01-01', '2026-02-01', true)", "employee_id is null"),
        ("employee_trend('e', '2026-01-01', '2026-02-01', null)", "use_hourly is null"),
        ("employee_trend('e', '2026-02-01', '2026-02-01', true)", "start_at .* is not before"),
        ("team_trend(null, 7)", "team_name is null"),
        ("team_trend('t', 731)", "days is 731: from 1 to 730"),
        ("burnout_alerts(-0.5, 7)", "threshold is -0.5: from 0 to 100 are possible"),
        ("burnout_alerts(100.5, 7)", "threshold is 100.5: from 0 to 100"),
        ("burnout_alerts('NaN', 7)", "threshold is NaN: from 0 to 100"),
        ("burnout_alerts(null, 7)", "threshold is null: from 0 to 100"),
        ("burnout_alerts(70, 91)", "days is 91: from 1 to 90 are possible"),
        ("burnout_alerts(70, 0)", "days is 0: from 1 to 90"),
        ("metric_statistics('height', 7)", 'metric is "height": one of degree_centrality, '),
        ("metric_statistics(null, 7)", "metric is null: one of degree_centrality, "),
        ("metric_statistics('burnout_score', 366)", "days is 366: from 1 to 365"),
        ("intervention_audit('infinity', 'infinity')", "start_at is infinity"),
        ("funnel('none')", 'funnel_name is "none": one of .*landing'),
        ("funnel(null)", "funnel_name is null: one of"),
        ("funnel('landing', end_at => 'infinity')", "end_at is infinity"),
        ("funnel('landing', '2026-01-02', '2026-01-02')", "start_at .* is not before end_at"),
        ("funnel_adhoc('[\"a\"]', start_at => '-infinity')", "start_at is -infinity"),
        ("retention('none')", 'retention_name is "none": one of .*weekly_visits'),
        ("event_totals('{}', '2026-01-01', '2026-02-01')", "events has 0 names"),
        ("event_totals('{a}', '2026-03-01', '2026-02-01')", "start_at .* is not before"),
    ],
)
def test_wrong_arguments_are_named(people_reader: Connection, call: str, message: str) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=message):
        people_reader.execute(f"select * from api.{call}".encode())


@pytest.mark.parametrize(
    "call",
    [
        "time_aggregations('2026-01-01', '2026-02-01')",
        "time_trend('u', 7)",
        "event_totals('{a}', '2026-01-01', '2026-02-01')",
        "employee_trend('e', '2026-01-01', '2026-02-01', true)",
        "employee_trend('e', '2026-01-01', '2026-02-01', false)",
        "team_trend('t', 7)",
        "burnout_alerts(70, 7)",
        "metric_statistics('burnout_score', 7)",
        "metric_statistics('burnout_score', 8)",
        "intervention_audit('2026-01-01', '2026-02-01')",
        "funnel('landing')",
        "retention('weekly_visits')",
    ],
)
def test_marts_that_are_missing_are_named(unbuilt: Connection, call: str) -> None:
    with pytest.raises(
        psycopg.errors.ObjectNotInPrerequisiteState, match=r"^[a-z_.]+ has not been built yet"
    ) as refused:
        unbuilt.execute(f"select * from api.{call}".encode())
    assert refused.value.diag.message_hint == "Run: tidemark build"


def test_health_and_clock_answer_before_the_first_build(unbuilt: Connection) -> None:
    assert unbuilt.execute("select * from api.health()").fetchall() == []
    asked_at = datetime.now(UTC)
    answer = unbuilt.execute("select now_at, today, time_zone from api.clock()").fetchone()
    assert answer is not None
    assert abs((answer[0] - asked_at).total_seconds()) < 60
    assert answer[1:] == (answer[0].date(), "UTC")
