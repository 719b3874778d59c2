"""The delivery marts over public tickets, against numbers that were computed without SQL."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest

from tests.integration.exactness.warehouse import Warehouse
from tests.integration.forecast_backtest import backtest
from tests.integration.loads import load
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.settings import PROJECT_ROOT, Settings

DATA = PROJECT_ROOT.parent / "shared" / "data"
TICKETS = DATA / "tickets"
INCIDENTS = TICKETS / "servicenow_incident_log.dev.csv.gz"
ISSUES = "project_id <> 'servicenow'"
PROJECTS = f"select project_id from marts.project_summary where {ISSUES} order by project_id"
PROJECT_FILE = "dbt_project.yml"
OF_SERVICENOW = "project_id = 'servicenow'"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"the data sets are not at {DATA}")


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((DATA / "facts.json").read_text())
    return {"jira": read["tickets/jira"], "servicenow": read["tickets/servicenow_incident_log"]}


@pytest.fixture(scope="module")
def built(
    module_database: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[psycopg.Connection[Any]]:
    warehouse = Warehouse(module_database, tmp_path_factory.mktemp("tickets"))
    with connect(module_database, autocommit=True) as connection:
        load(connection, "projects", TICKETS / "jira_issues.dev.csv.gz", preset="jira")
        load(connection, "feature_requests", TICKETS / "jira_issues.dev.csv.gz", preset="jira")
        load(
            connection,
            "feature_request_changes",
            TICKETS / "jira_changelog.dev.csv.gz",
            preset="jira",
        )
        load(connection, "feature_comments", TICKETS / "jira_comments.dev.csv.gz", preset="jira")
        upsert_every_version(connection)
        options = ("--select", "tag:delivery", "--exclude", "resource_type:snapshot")
        assert warehouse.build(*options, as_of="2017-03-01T00:00:00Z") == []
        yield connection


def upsert_every_version(connection: psycopg.Connection[Any]) -> None:
    """Upsert each incident's versions in their order, with their own times.

    One statement for all first versions, one for all second ones, and so on: the trigger records
    what each of them changed. Times are whole minutes: versions of one minute get microseconds.
    """
    with gzip.open(INCIDENTS, "rt") as lines, connection.transaction():
        connection.execute(
            "create temporary table incoming (place integer, feature_request_id text, status text,"
            " priority text, assigned_to_id text, created_at timestamptz, completed_at timestamptz,"
            " updated_at timestamptz) on commit drop"
        )
        rows = list(csv.DictReader(lines))
        rows.sort(key=lambda row: (row["number"], int(row["sys_mod_count"])))
        places: dict[str, int] = {}
        with connection.cursor().copy("copy incoming from stdin") as copy:
            for row in rows:
                place = places[row["number"]] = places.get(row["number"], 0) + 1
                copy.write_row(
                    (
                        place,
                        *(row[name] for name in ("number", "incident_state", "priority")),
                        row["assigned_to"] or None,
                        row["opened_at"],
                        row["resolved_at"] or None,
                        row["sys_updated_at"],
                    )
                )
        connection.execute("create index on incoming (place)")
        columns = (
            "feature_request_id, status, priority, assigned_to_id, created_at, completed_at,"
            " updated_at"
        )
        settings = ", ".join(f"{column} = excluded.{column}" for column in columns.split(", ")[1:])
        for place in range(1, max(places.values()) + 1):
            connection.execute(
                f"insert into raw.feature_requests (project_id, {columns})"
                f" select 'servicenow', {columns} + place * interval '1 microsecond'"
                f" from incoming where place = {place}"
                f" on conflict (feature_request_id) do update set {settings}".encode()
            )


def found(connection: psycopg.Connection[Any], query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query.encode()).fetchall()


def by_week(connection: psycopg.Connection[Any], column: str, where: str) -> dict[str, int]:
    query = (
        f"select date_trunc('week', {column} at time zone 'UTC')::date::text, count(*)"
        f" from marts.feature_cycle_times where {where} and {column} is not null group by 1"
    )
    return dict(found(connection, query))


def transitions(connection: psycopg.Connection[Any], where: str) -> dict[str, int]:
    query = (
        "select previous_status || ' -> ' || current_status, count(*)"
        " from marts.feature_analytics as a"
        " inner join marts.feature_cycle_times as t using (feature_request_id)"
        f" where {where} and previous_status is not null group by 1"
    )
    return dict(found(connection, query))


def resolution(connection: psycopg.Connection[Any], where: str) -> tuple[Any, ...]:
    (row,) = found(
        connection,
        "select count(*), avg(seconds)::float8,"
        " percentile_cont(0.5) within group (order by seconds)::float8"
        " from (select a.time_to_completion_seconds as seconds from marts.feature_analytics as a"
        " inner join marts.feature_cycle_times as t using (feature_request_id)"
        f" where {where} and a.is_current and a.time_to_completion_seconds is not null) as x",
    )
    return row


def test_created_and_resolved_per_week(
    built: psycopg.Connection[Any], facts: dict[str, Any]
) -> None:
    for created, where, fact in (
        ("created_per_monday_week", ISSUES, facts["jira"]),
        ("opened_per_monday_week", OF_SERVICENOW, facts["servicenow"]),
    ):
        weeks = by_week(built, "created_at", where)
        assert {week: weeks.get(week, 0) for week in fact[created]} == fact[created]
        weeks = by_week(built, "completed_at", where)
        resolved = fact["resolved_per_monday_week"]
        assert {week: weeks.get(week, 0) for week in resolved} == resolved
        velocity = dict(
            found(
                built,
                "select week_start::text, sum(features_completed)::integer"
                f" from marts.weekly_velocity where {where} group by 1",
            )
        )
        assert {week: count for week, count in velocity.items() if count} == weeks


def test_every_transition_of_a_status(
    built: psycopg.Connection[Any], facts: dict[str, Any]
) -> None:
    wanted = facts["jira"]["status_transitions"]
    there = transitions(built, ISSUES)
    assert {change: there.get(change) for change in wanted} == wanted
    assert sum(there.values()) == facts["jira"]["changelog_fields"]["status"]
    wanted = facts["servicenow"]["transitions_ordered_by_sys_mod_count"]
    there = transitions(built, OF_SERVICENOW)
    assert {change: there.get(change) for change in wanted} == wanted


def test_mean_time_to_resolution(built: psycopg.Connection[Any], facts: dict[str, Any]) -> None:
    count, mean, median = resolution(built, ISSUES)
    fact = facts["jira"]
    assert count == fact["resolved_total"]
    assert mean == pytest.approx(fact["time_to_resolution_s"]["mean"], abs=0.05)
    assert median == pytest.approx(fact["time_to_resolution_s"]["median"], abs=0.05)
    count, mean, median = resolution(built, OF_SERVICENOW)
    fact = facts["servicenow"]
    assert count == fact["incidents_with_resolved_at"]
    assert mean == pytest.approx(fact["time_to_resolve_s"]["mean"], abs=0.05)
    assert median == pytest.approx(fact["time_to_resolve_s"]["median"], abs=0.05)


def test_projects_and_their_comments(built: psycopg.Connection[Any], facts: dict[str, Any]) -> None:
    totals = dict(found(built, "select project_id, total_features from marts.project_summary"))
    expected = facts["jira"]["issues_per_project"]
    assert totals == expected | {"servicenow": facts["servicenow"]["incidents"]}
    assert sum(expected.values()) == facts["jira"]["issues"]
    (comments,) = found(
        built, "select sum(total_comments) from marts.feature_analytics where is_current"
    )
    assert comments == (facts["jira"]["comments"],)


def test_the_record_of_changes_wins_over_a_status_that_contradicts_it(
    built: psycopg.Connection[Any], facts: dict[str, Any]
) -> None:
    """Of 2,469 issues some have another status than their last change says."""
    last: dict[str, str] = {}
    with gzip.open(TICKETS / "jira_changelog.dev.csv.gz", "rt") as lines:
        changes = [row for row in csv.DictReader(lines) if row["field"] == "status"]
    for row in sorted(changes, key=lambda row: (row["created"], int(row["history_id"]))):
        last[row["key"]] = row["toString"]
    present = dict(
        found(
            built,
            "select feature_request_id, current_status from marts.feature_analytics as a"
            " inner join marts.feature_cycle_times as t using (feature_request_id)"
            f" where {ISSUES} and is_current",
        )
    )
    stated = dict(
        found(built, f"select feature_request_id, status from raw.feature_requests where {ISSUES}")
    )
    assert Counter(stated.values()) == facts["jira"]["status"]
    assert present == stated | last
    contradicting = [key for key in last if last[key] != stated[key]]
    assert len(contradicting) > 100


def test_marts_of_dates_and_of_now_agree(built: psycopg.Connection[Any]) -> None:
    """The last date of the history is the present state, by every way to it."""
    # Not active_contributors: project_summary has those of the rows as they stand.
    columns = "total_features, completed_features, overdue_features"
    now = found(built, f"select project_id, {columns} from marts.project_summary")
    query = f"select project_id, {columns} from marts.project_metrics where date = '2017-03-01'"
    assert sorted(now) == sorted(found(built, query))
    query = (
        "select m.project_id, m.date from marts.project_metrics as m"
        " inner join (select project_id, date, sum(features) as features"
        " from marts.cumulative_flow_daily group by 1, 2) as f using (project_id, date)"
        " where m.total_features <> f.features"
    )
    assert found(built, query) == []


def test_the_documented_backtest_of_the_forecast_is_as_measured(
    built: psycopg.Connection[Any],
) -> None:
    """Issues created after mid-2012 are not in the data: the weeks after it tell nothing."""
    projects = [project for (project,) in found(built, PROJECTS)]
    weeks = re.search(r"forecast_history_weeks: (\d+)", (PROJECT_ROOT / PROJECT_FILE).read_text())
    assert weeks
    result = backtest(built, projects, date(2012, 6, 4), int(weeks[1]))
    lines = (PROJECT_ROOT / "docs" / "delivery.md").read_text().splitlines()
    for fraction, outcome in result.outcomes.items():
        line = (
            f"| p{fraction * 100:.0f} | {outcome.held} | {outcome.failed} | {outcome.unknown}"
            f" | {outcome.share:.0%} |"
        )
        assert line in lines, line
