"""The funnel and retention marts against plain Python: random worlds, from nothing and after."""

from __future__ import annotations

import json
import os
import random
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.integration.exactness.warehouse import Warehouse, copy_project
from tests.integration.funnels import reference
from tests.integration.funnels.definitions import FUNNELS, RETENTIONS, write_seeds
from tests.integration.funnels.reference import Event, Facts, Funnel, Row
from tidemark_warehouse.settings import Settings

EXAMPLES = int(os.environ.get("TIDEMARK_SOAK_EXAMPLES", "2"))
FIRST = datetime(2026, 1, 29, 22, 58, tzinfo=UTC)
PLANS: list[dict[str, Any]] = [{}, *({"plan": plan} for plan in ("pro", None, 1, True, "free"))]
SIZES: list[dict[str, Any]] = [{}, *({"size": size} for size in (1, 2, "2", 3))]
DAYS = (0, 0, 0, 0, 0, 1, 2, 3, 9, 60)
USERS = 30
ZONES = ["America/New_York", "UTC"]


@pytest.fixture(scope="module")
def warehouse(server: Settings, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    folder = tmp_path_factory.mktemp("worlds")
    project = copy_project(folder / "project")
    write_seeds(project / "seeds", FUNNELS, RETENTIONS)
    return Warehouse(replace(server, database="funnels"), folder / "scratch", project)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="TIDEMARK_SOAK_EXAMPLES" not in os.environ,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
@given(chance=st.integers(0, 2**32).map(random.Random), zone=st.sampled_from(ZONES))
def test_marts_are_those_of_the_reference(
    warehouse: Warehouse, chance: random.Random, zone: str
) -> None:
    warehouse.renew()
    facts = Facts(zone=zone)
    with warehouse.connect() as connection:
        for user in range(USERS):
            add(connection, facts, chance, user, chance.randint(0, 6))
        build(warehouse, zone)
        compare(connection, facts)

        gone = chance.sample(facts.events, 5)
        connection.execute(
            "delete from raw.events where event_id = any(%s::uuid[])", [[e.event_id for e in gone]]
        )
        facts.events = [event for event in facts.events if event not in gone]
        for user in chance.sample(range(USERS + 3), 10):
            add(connection, facts, chance, user, chance.randint(1, 2))
        for _ in range(3):
            who, whose = name_of(chance.randrange(USERS)), name_of(chance.randrange(USERS + 2))
            facts.identities[who] = whose
            connection.execute(
                "insert into raw.identities values (%s, %s, null)"
                " on conflict (distinct_id) do update set user_id = excluded.user_id",
                [who, whose],
            )
        # Straight from raw: before a build as after it.
        compare_adhoc(connection, facts)
        build(warehouse, zone)
        compare(connection, facts)

        # Nothing but new events: what stands is bettered, or stays.
        for user in range(USERS):
            add(connection, facts, chance, user, chance.randint(0, 2))
        build(warehouse, zone)
        compare(connection, facts)


def name_of(number: int) -> str:
    """Return a distinct id; the last user is one that counts nowhere."""
    return f"u{number:02}" if number <= USERS else "sim-internal-1"


def add(
    connection: psycopg.Connection[Any],
    facts: Facts,
    chance: random.Random,
    user: int,
    count: int,
) -> None:
    """Add events of a user to raw and to what the reference reads; crowded, so that they meet."""
    for _ in range(count):
        event = Event(
            str(uuid.UUID(int=chance.getrandbits(128))),
            chance.choice("aaabbbccd"),
            FIRST + timedelta(days=chance.choice(DAYS), minutes=chance.randrange(5)),
            name_of(user),
            chance.choice(("production", "production", "production", "staging")),
            chance.choice(("s1", "s2", None)),
            chance.choice(PLANS) | chance.choice(SIZES),
        )
        facts.events.append(event)
        connection.execute(
            "insert into raw.events (event_id, event_name, event_at, distinct_id, environment,"
            " session_id, properties) values (%s, %s, %s, %s, %s, %s, %s)",
            [
                *(event.event_id, event.event_name, event.event_at, event.distinct_id),
                *(event.environment, event.session_id, json.dumps(event.properties)),
            ],
        )


def build(warehouse: Warehouse, zone: str) -> None:
    """Build the marts, and the seeds that they read."""
    assert (
        warehouse.build(
            *("--select", "+funnel_step_results", "+retention_curve"),
            *("funnel_results", "funnel_trends_daily"),
            zone=zone,
        )
        == []
    )


def compare(connection: psycopg.Connection[Any], facts: Facts) -> None:
    """Compare every mart with the reference."""
    conversions = {
        (funnel.name, user): (
            None if funnel.breakdown is None else breakdown(entry, funnel),
            entry.session_id,
            tuple(attempt.step_at),
            len(attempt.step_at) == len(funnel.steps),
        )
        for funnel in FUNNELS
        for user, (entry, attempt) in reference.conversions(facts, funnel).items()
    }
    assert conversions == rows(
        connection,
        2,
        "select funnel_name, user_id, breakdown_value, session_id, step_timestamps, completed"
        " from marts.funnel_conversions",
        {4: lambda times: tuple(micros(datetime.fromisoformat(at)) for at in times)},
    )
    steps: dict[Row, Row] = {}
    for funnel in FUNNELS:
        steps |= reference.step_rows(facts, funnel)
    assert steps == rows(
        connection,
        4,
        "select funnel_name, is_total, breakdown_value, step_index, users,"
        " round(avg_seconds_from_previous, 6)::float8,"
        " round(median_seconds_from_previous, 6)::float8 from marts.funnel_steps",
    )
    results = rows(
        connection,
        3,
        "select funnel_name, is_total, breakdown_value, entered_users, completed_users"
        " from marts.funnel_results",
    )
    assert results == {
        key[:3]: (users, steps[(*key[:3], len(funnel.steps))][0])
        for funnel in FUNNELS
        for key, (users, *_) in steps.items()
        if key[0] == funnel.name and key[3] == 1
    }
    trends = rows(
        connection,
        1,
        "select funnel_name, sum(entered_users)::int, sum(completed_users)::int"
        " from marts.funnel_trends_daily group by funnel_name",
    )
    assert trends == {key[0]: value for key, value in results.items() if key[1] and value[0]}
    cohorts: dict[Row, Row] = {}
    for retention in RETENTIONS:
        cohorts |= reference.cohort_rows(facts, retention)
    assert cohorts == rows(
        connection,
        5,
        "select retention_name, is_total, breakdown_value, cohort_start, period_index,"
        " cohort_size, returned_users from marts.retention_cohorts",
    )
    assert reference.curve_rows(cohorts) == rows(
        connection,
        4,
        "select retention_name, is_total, breakdown_value, period_index,"
        " cohort_users, returned_users from marts.retention_curve",
    )


def compare_adhoc(connection: psycopg.Connection[Any], facts: Facts) -> None:
    """Compare api.funnel_adhoc with the reference, over raw as it is now."""
    for funnel in FUNNELS:
        found = connection.execute(
            "select is_total, breakdown_value, step_index, users,"
            " round(avg_seconds_from_previous, 6)::float8,"
            " round(median_seconds_from_previous, 6)::float8"
            " from api.funnel_adhoc(%s, %s, %s, %s, %s, %s)",
            [
                json.dumps([vars(rule) for rule in funnel.steps]),
                *(funnel.window_seconds, funnel.step_order, funnel.environment, funnel.breakdown),
                json.dumps([vars(rule) for rule in funnel.exclusions]),
            ],
        ).fetchall()
        assert {(funnel.name, *row[:3]): row[3:] for row in found} == reference.step_rows(
            facts, funnel
        )


def breakdown(entry: Event, funnel: Funnel) -> str | None:
    """Return the value of the entry event by which the funnel is broken down."""
    return reference.as_text(entry.properties.get(funnel.breakdown or ""))


def micros(at: datetime) -> int:
    """Return microseconds since 1970."""
    return round(at.timestamp() * 1_000_000)


def rows(
    connection: psycopg.Connection[Any],
    key: int,
    query: str,
    changes: dict[int, Any] | None = None,
) -> dict[Any, Row]:
    """Return a query's rows by their first columns; a key of one column bare."""
    found: dict[Any, Row] = {}
    for row in connection.execute(query.encode()):
        values = [
            (changes or {}).get(place, lambda value: value)(value)
            for place, value in enumerate(row)
        ]
        found[values[0] if key == 1 else tuple(values[:key])] = tuple(values[key:])
    return found
