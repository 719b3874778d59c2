"""`tidemark load` with public data sets, against numbers that were computed without SQL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.loads import counts, load, rows
from tidemark_warehouse.database.catalog import Connection
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.settings import PROJECT_ROOT, Settings

DATA = PROJECT_ROOT.parent / "shared" / "data"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"the data sets are not at {DATA}")


@pytest.fixture
def connection(database: Settings) -> Iterator[Connection]:
    with connect(database, autocommit=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((DATA / "facts.json").read_text())
    return read


def test_a_shops_events_of_which_some_were_sent_twice(
    connection: Connection, facts: dict[str, Any]
) -> None:
    fact = facts["events/mimnet_events"]
    path = DATA / "events" / "mimnet_events.dev.csv.gz"
    maps = ("event_name=event_type", "event_at=ts")
    twice = fact["duplicate_event_id_rows"]
    assert counts(load(connection, "events", path, *maps)) == (fact["rows"] - twice, 0, twice, 0)
    assert counts(load(connection, "events", path, *maps)) == (0, 0, fact["rows"], 0)
    query = b"select count(distinct distinct_id), count(distinct event_name) from raw.events"
    assert rows(connection, query) == [(fact["users"], len(fact["events"]))]


@pytest.mark.parametrize("name", ["production", "acr_university"])
def test_an_event_log_fills_template_steps_instances_and_sessions(
    connection: Connection, facts: dict[str, Any], name: str
) -> None:
    fact = facts[f"work_sessions/{name}"]
    path = DATA / "work_sessions" / f"{name}.dev.csv.gz"
    load_log = ("time_sessions", path)
    options: dict[str, Any] = {"preset": "event-log", "sets": (f"template_id={name}",)}
    assert counts(load(connection, *load_log, **options)) == (fact["rows"], 0, 0, 0)
    before = rows(connection, b"select xmin, ctid, * from raw.time_sessions order by session_id")
    assert counts(load(connection, *load_log, **options)) == (0, 0, fact["rows"], 0)
    query = b"select xmin, ctid, * from raw.time_sessions order by session_id"
    assert rows(connection, query) == before
    seconds = rows(
        connection,
        b"""
        select step.name, sum(extract(epoch from s.ended_at - s.started_at))::float8, count(*)
        from raw.time_sessions as s
        inner join raw.workflow_instances as i using (instance_id)
        inner join raw.workflow_template_steps as step using (template_id, step_index)
        group by step.name
        """,
    )
    assert {step: total for step, total, _ in seconds} == fact["seconds_per_activity"]
    assert {step: count for step, _, count in seconds} == fact["rows_per_activity"]
    assert rows(
        connection,
        b"select count(*), min(started_at)::text, max(completed_at)::text "
        b"from raw.workflow_instances where completed_at is not null",
    ) == [
        (
            fact["cases"],
            fact["min_start"].replace("T", " ").replace("+00:00", "+00"),
            fact["max_complete"].replace("T", " ").replace("+00:00", "+00"),
        )
    ]


def test_every_version_of_incidents_in_turn(connection: Connection, facts: dict[str, Any]) -> None:
    fact = facts["tickets/servicenow_incident_log"]
    path = DATA / "tickets" / "servicenow_incident_log.dev.csv.gz"
    maps = (
        "feature_request_id=number",
        "status=incident_state",
        "assigned_to_id=assigned_to",
        "created_at=opened_at",
        "completed_at=closed_at",
        "updated_at=sys_updated_at",
    )
    options: dict[str, Any] = {
        "sets": ("project_id=servicenow",),
        "every_version": True,
        "order_by": "sys_mod_count",
    }
    load_log = ("feature_requests", path, *maps)
    incidents = fact["incidents"]
    expected = (incidents, fact["rows"] - incidents, 0, 0)
    assert counts(load(connection, *load_log, **options)) == expected
    assert counts(load(connection, *load_log, **options)) == (0, 0, fact["rows"], 0)
    query = (
        b"select old_value || ' -> ' || new_value, count(*) from raw.feature_request_changes "
        b"where field = 'status' group by 1"
    )
    found = {str(change): int(str(count)) for change, count in rows(connection, query)}
    for change, count in fact["transitions_ordered_by_sys_mod_count"].items():
        # Five incidents have an older sys_updated_at at a higher sys_mod_count.
        assert abs(found[change] - count) <= 1, change


def test_jira_issues_with_their_history(connection: Connection, facts: dict[str, Any]) -> None:
    fact = facts["tickets/jira"]
    folder = DATA / "tickets"
    summary = load(connection, "feature_requests", folder / "jira_issues.dev.csv.gz", preset="jira")
    assert counts(summary) == (fact["issues"], 0, 0, 0)
    summary = load(
        connection, "feature_request_changes", folder / "jira_changelog.dev.csv.gz", preset="jira"
    )
    fields = fact["changelog_fields"]
    recorded = fields["status"] + fields["assignee"] + fields["priority"]
    assert counts(summary) == (recorded, 0, 0, 0)
    assert summary.skipped == fact["changelog_rows"] - recorded
    summary = load(
        connection, "feature_comments", folder / "jira_comments.dev.csv.gz", preset="jira"
    )
    assert counts(summary) == (fact["comments"], 0, 0, 0)
    found = rows(
        connection,
        b"select sum(complexity_score)::float8, count(complexity_score), count(completed_at) "
        b"from raw.feature_requests",
    )
    points = fact["story_points"]
    assert found == [(points["sum"], points["issues"], fact["resolved_total"])]


@pytest.mark.parametrize(
    ("table", "name", "maps", "sets"),
    [
        ("metric_points", "metrics/nab_real", ("name=series", "recorded_at=timestamp"), ()),
        (
            "events",
            "events/git_commits",
            ("event_id=commit", "event_at=commit_ts", "distinct_id=author_id", "properties=*"),
            ("event_name=commit",),
        ),
        (
            "events",
            "events/wikipedia_edits_20150912",
            ("event_at=time", "user_id=user", "properties=*"),
            ("event_name=edit",),
        ),
    ],
)
def test_rows_without_an_id_are_all_loaded_once(
    connection: Connection,
    facts: dict[str, Any],
    table: str,
    name: str,
    maps: tuple[str, ...],
    sets: tuple[str, ...],
) -> None:
    path = DATA / f"{name}.dev.csv.gz"
    count = facts[name]["rows"]
    assert counts(load(connection, table, path, *maps, sets=sets)) == (count, 0, 0, 0)
    assert counts(load(connection, table, path, *maps, sets=sets)) == (0, 0, count, 0)
