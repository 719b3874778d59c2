"""The simulated company hangs together, and is the same each time."""

from __future__ import annotations

import hashlib
import json
import os
import statistics
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TypeVar

import pytest

from tidemark_warehouse.settings import PROJECT_ROOT
from tidemark_warehouse.simulation import company, people, product
from tidemark_warehouse.simulation.rows import (
    TABLES,
    AuditEntry,
    Comment,
    Employee,
    EmployeeMetrics,
    Event,
    Feature,
    FeatureChange,
    Identity,
    Instance,
    Intervention,
    MetricPoint,
    Project,
    Row,
    Session,
    TemplateStep,
    TimeSession,
    Version,
)
from tidemark_warehouse.simulation.world import HOUR, World, moment

R = TypeVar("R")
WORLD = World(seed=7, size="small", people=12, start=date(2025, 8, 1), days=120)
UNTIL = WORLD.begin(120) + 13 * HOUR
FUNNEL = (
    "page_view",
    "search_performed",
    "spec_created",
    "mission_created",
    "mission_completed",
)


class Rows:
    """The rows of a company as of a moment."""

    def __init__(self, versions: Iterable[Version]) -> None:
        self.late: Counter[type[Row]] = Counter()
        self.corrected: Counter[type[Row]] = Counter()
        self.all = list(company.settled(versions, self.late, self.corrected))

    def of(self, kind: type[R]) -> list[R]:
        """Return the rows of one table."""
        return [row for row in self.all if isinstance(row, kind)]

    def by_key(self) -> dict[tuple[object, ...], Row]:
        """Return the rows by table and key, as a database would have them."""
        return {
            (type(row).__name__, *(getattr(row, name) for name in TABLES[type(row)].key)): row
            for row in self.all
        }


@pytest.fixture(scope="module")
def rows() -> Rows:
    return Rows(v for v in company.versions(WORLD, UNTIL) if v.note != "again")


def digest(seed: int) -> str:
    """Return a hash of every row of a small company."""
    world = World(seed, "small", 12, date(2025, 8, 1), 20)
    people.staff.cache_clear()
    found = Rows(company.versions(world, world.begin(20) + 11 * HOUR))
    return hashlib.sha256("\n".join(map(repr, found.all)).encode()).hexdigest()


def test_the_same_seed_gives_the_same_rows_and_another_seed_others() -> None:
    program = "from tests.simulation.test_company import digest; print(digest(7))"
    elsewhere = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONHASHSEED": "1", "TZ": "Asia/Kolkata"},
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert digest(7) == elsewhere.stdout.strip()
    assert digest(7) != digest(8)


def test_keys_are_unique(rows: Rows) -> None:
    assert len(rows.by_key()) == len(rows.all)


@pytest.mark.parametrize("hours", [13, 24 * 6])
def test_a_continued_company_is_the_one_simulated_at_once(hours: int) -> None:
    world = World(3, "small", 12, date(2025, 11, 20), 40)  # with Christmas
    first, last = world.begin(30) + 9 * HOUR, world.begin(40)
    state = Rows(company.versions(world, first)).by_key()
    while first < last:
        state |= Rows(company.versions(world, first + hours * HOUR, first)).by_key()
        first += hours * HOUR
    assert state == Rows(company.versions(world, first)).by_key()


def test_nothing_is_known_of_the_future(rows: Rows) -> None:
    latest = max(value for row in rows.all for value in row if isinstance(value, datetime))
    assert moment(UNTIL - HOUR) < latest <= moment(UNTIL)


def test_every_table_has_rows_and_some_are_late_or_corrected(rows: Rows) -> None:
    assert {type(row) for row in rows.all} == set(TABLES)
    assert min(rows.late[kind] for kind in (Event, TimeSession, Identity, MetricPoint)) > 0
    assert min(rows.corrected[kind] for kind in (Instance, TimeSession, Feature, Identity)) > 0


def test_volumes_are_near_those_asked_for(rows: Rows) -> None:
    events = len(rows.of(Event))
    assert 17_000 < events < 23_000
    twice = World(7, "small", 24, WORLD.start, WORLD.days)
    found = sum(isinstance(v.row, Event) for v in product.versions(twice, 0, 120))
    assert found / events == pytest.approx(2, rel=0.15)


def test_teams_are_large_and_small() -> None:
    for count in (8, 12, 40, 150):
        sizes = people.team_sizes(count)
        assert sum(sizes) == count
        assert min(sizes) < 5
        assert count < 12 or max(sizes) >= 5


def test_sessions_lie_within_their_workflow(rows: Rows) -> None:
    instances = {row.instance_id: row for row in rows.of(Instance)}
    steps = {(row.template_id, row.step_index) for row in rows.of(TemplateStep)}
    staff = {row.employee_id for row in rows.of(Employee)}
    sessions = rows.of(TimeSession)
    for session in sessions:
        instance = instances[session.instance_id]
        assert (instance.template_id, session.step_index) in steps
        assert {instance.user_id, session.user_id} <= staff | {None}
        assert instance.started_at <= session.started_at
        assert session.is_active == (session.ended_at is None)
        if session.ended_at is None:
            assert session.total_seconds is None
            continue
        assert session.started_at < session.ended_at
        if instance.completed_at is not None:
            assert session.ended_at <= instance.completed_at
    for instance in instances.values():
        assert (instance.status == "completed") == (instance.completed_at is not None)
    assert any(session.is_active for session in sessions)
    assert any(s.user_id not in (None, instances[s.instance_id].user_id) for s in sessions)


def test_an_ended_session_is_its_active_and_paused_time(rows: Rows) -> None:
    measured = right = 0
    for row in rows.of(TimeSession):
        if row.ended_at is not None and row.total_seconds is not None:
            lasted = (row.ended_at - row.started_at).total_seconds()
            right += abs(row.total_seconds + row.total_paused_seconds - lasted) <= 1
            measured += 1
    assert 0 < measured - right < measured * 0.01  # those not put right yet


def test_changes_of_a_feature_form_a_chain_that_ends_in_its_row(rows: Rows) -> None:
    features = {row.feature_request_id: row for row in rows.of(Feature)}
    chains: dict[tuple[str, str], list[FeatureChange]] = defaultdict(list)
    for change in rows.of(FeatureChange):
        chains[change.feature_request_id, change.field].append(change)
    assert len({field for _, field in chains}) == 5
    for (feature, field), chain in chains.items():
        chain.sort(key=lambda row: int(row.change_id.rpartition("-c")[2]))
        row = features[feature]
        assert row.created_at <= chain[0].changed_at
        assert row.updated_at >= chain[-1].changed_at
        for earlier, later in pairwise(chain):
            assert earlier.changed_at <= later.changed_at
            assert earlier.new_value == later.old_value
        if field == "completed_at":
            assert (row.completed_at is None) == (chain[-1].new_value is None)
        else:
            assert getattr(row, field) == chain[-1].new_value
    statuses = [chain for (_, field), chain in chains.items() if field == "status"]
    assert all(chain[0].old_value == "open" for chain in statuses)
    assert any(step.old_value == "completed" for chain in statuses for step in chain)
    assert {row.status for row in features.values()} == {
        *("open", "in_progress", "review", "completed")
    }


def test_features_and_comments_belong_to_what_exists(rows: Rows) -> None:
    projects = {row.project_id: row for row in rows.of(Project)}
    features = {row.feature_request_id: row for row in rows.of(Feature)}
    for feature in features.values():
        assert feature.project_id in projects
        assert feature.completed_at is None or feature.completed_at >= feature.created_at
    for comment in rows.of(Comment):
        assert comment.created_at >= features[comment.feature_request_id].created_at


def test_the_funnel_narrows_and_a_mission_ends_after_it_began(rows: Rows) -> None:
    events = rows.of(Event)
    user_of = {row.distinct_id: row.user_id for row in rows.of(Identity)}
    users: dict[str, set[str]] = defaultdict(set)
    by_country: dict[str, Counter[str]] = defaultdict(Counter)
    begun: dict[str, datetime] = {}
    for event in sorted(events, key=lambda row: row.event_at):
        users[event.event_name].add(user_of.get(event.distinct_id, event.distinct_id))
        properties = json.loads(event.properties)
        by_country[properties["country"]][event.event_name] += 1
        if event.event_name == "mission_created":
            begun[properties["mission_id"]] = event.event_at
        elif event.event_name == "mission_completed":
            assert begun.pop(properties["mission_id"]) < event.event_at
    widths = [len(users[name]) for name in FUNNEL]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] > 0.02 * widths[0]
    rates = {c: n["mission_created"] / n["page_view"] for c, n in by_country.items()}
    assert rates["DE"] > rates["US"] > rates["BR"]


def test_people_say_who_they_are_after_they_were_nobody(rows: Rows) -> None:
    events = rows.of(Event)
    seen: dict[str, datetime] = {}
    for event in events:
        seen[event.distinct_id] = min(event.event_at, seen.get(event.distinct_id, event.event_at))
    told = [row for row in events if row.event_type == "identify"]
    assert all(row.user_id and row.user_id != row.distinct_id for row in told)
    assert any(seen[row.distinct_id] < row.event_at - timedelta(hours=1) for row in told)
    for identity in rows.of(Identity):
        assert identity.distinct_id not in seen or seen[identity.distinct_id] <= identity.updated_at
    devices = Counter(row.user_id for row in rows.of(Identity))
    assert max(devices.values()) == 2


def test_rows_of_sessions_agree_with_their_events(rows: Rows) -> None:
    times: dict[str, list[datetime]] = defaultdict(list)
    without = 0
    for event in rows.of(Event):
        if event.session_id is None:
            without += 1
        else:
            times[event.session_id].append(event.event_at)
    assert 0.1 < without / len(rows.of(Event)) < 0.3
    for session in rows.of(Session):
        assert session.started_at == min(times[session.session_id])
        assert session.ended_at == max(times[session.session_id])


def test_the_incident_shows(rows: Rows) -> None:
    day, window = next((d, w) for d in range(121) if (w := WORLD.incident(d)))
    slow: dict[date, list[float]] = defaultdict(list)
    for point in rows.of(MetricPoint):
        if point.name == "api.request.duration":
            slow[point.recorded_at.date()].append(point.value)
    worst = {when: statistics.quantiles(found, n=100)[98] for when, found in slow.items()}
    assert worst[WORLD.date(day)] > 1.8 * statistics.median(worst.values())
    begin, end = map(moment, window)
    week = timedelta(days=7)
    times = [row.event_at for row in rows.of(Event)]
    during = sum(begin <= time < end for time in times)
    assert during < 0.6 * sum(begin - week <= time < end - week for time in times)


def test_strained_people_are_over_the_threshold_and_are_helped(rows: Rows) -> None:
    strained = {
        row.employee_id for row in rows.of(EmployeeMetrics) if (row.burnout_score or 0) > 75
    }
    helped = {row.target_employee_id for row in rows.of(Intervention)}
    assert strained
    assert len(strained) < 6
    assert strained & helped
    known = {row.intervention_id for row in rows.of(Intervention)}
    assert {row.intervention_id for row in rows.of(AuditEntry)} == known
