"""api.event_series and api.event_totals: exactly the events of a range, and exactly their users."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.integration.api import clicks
from tests.integration.api.clicks import NOW_AT, Question, midnight
from tests.integration.exactness.warehouse import Warehouse
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.database.server.roles import READER
from tidemark_warehouse.settings import Settings

Connection = psycopg.Connection[Any]
SEEDS = ("excluded_users", "event_breakdowns", "retentions", "funnel_steps")
GRANULARITIES = ("minute", "hour", "day", "week", "month")
SERIES = """
    select bucket_start, breakdown_value, event_count, unique_users, is_complete
    from api.event_series(
        %(events)s, %(start_at)s, %(end_at)s, %(granularity)s,
        environment => %(environment)s, breakdown_by => %(breakdown_by)s, user_id => %(user_id)s
    )
"""
TOTALS = """
    select breakdown_value, event_count, unique_users, is_complete
    from api.event_totals(
        %(events)s, %(start_at)s, %(end_at)s,
        environment => %(environment)s, breakdown_by => %(breakdown_by)s, user_id => %(user_id)s
    )
"""
OCTOBER, NOVEMBER = midnight(date(2025, 10, 26)), midnight(date(2025, 11, 6))


@pytest.fixture(scope="module")
def owner(
    module_database: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Connection]:
    """A database in which country is broken down, to two values and the others, and plan is."""
    warehouse = Warehouse(module_database, tmp_path_factory.mktemp("clicks"))
    with connect(module_database, autocommit=True) as connection:
        clicks.load(connection)
        assert warehouse.build("--select", *SEEDS) == []
        connection.execute("delete from seeds.excluded_users")
        connection.execute("delete from seeds.event_breakdowns")
        connection.execute("insert into seeds.excluded_users values ('user_id', 'eq', 'bot')")
        connection.execute(
            "insert into seeds.event_breakdowns (event_name, property, max_values)"
            " values ('*', 'country', 2), ('buy', 'country', 9), ('view', 'plan', 9)"
        )
        # Open as well, though no mart of breakdowns has them: answered from raw.
        connection.execute("delete from seeds.retentions")
        connection.execute(
            "insert into seeds.retentions (retention_name, start_event, breakdown_property)"
            " values ('r1', '*', 'plan'), ('r2', '*', 'nothing')"
        )
        grains = ("minute", "hourly", "daily", "weekly", "monthly")
        counts = [f"+event_counts_{grain}" for grain in grains]
        selected = [*counts, "+event_breakdowns_daily", "+user_activity"]
        options = ("--select", *selected, "--exclude", *SEEDS)
        zone, as_of = clicks.ZONE.key, NOW_AT.isoformat()
        assert warehouse.build(*options, zone=zone, as_of=as_of) == []
        yield connection


@pytest.fixture(scope="module")
def reader(owner: Connection, module_database: Settings) -> Iterator[Connection]:
    with connect(module_database, READER, autocommit=True) as connection:
        yield connection


def ask(connection: Connection, question: Question, granularity: str | None) -> dict[Any, Any]:
    """Ask the database; the answer by bucket and value, or by value."""
    arguments = question.__dict__ | {"granularity": granularity}
    query = TOTALS if granularity is None else SERIES
    rows = connection.execute(query.encode(), arguments).fetchall()
    answer = {(row[:-3] if granularity else row[0]): row[-3:] for row in rows}
    assert len(answer) == len(rows), "a bucket twice"
    if granularity:
        assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    return answer


def expected(question: Question, granularity: str | None) -> dict[Any, Any]:
    return clicks.series(question, granularity) if granularity else clicks.totals(question)


def questions() -> list[tuple[Question, str | None]]:
    """Make questions of every kind, with edges on buckets, inside of them, and in the future."""
    rng = random.Random(7)
    made: list[tuple[Question, str | None]] = []
    for number in range(140):
        granularity = GRANULARITIES[number % 5]
        longest = {"minute": 0.1, "hour": 3, "day": 12}.get(granularity, 20)
        start_at = clicks.FIRST_AT + timedelta(days=rng.uniform(-2, clicks.DAYS))
        end_at = start_at + timedelta(days=rng.uniform(0.01, longest))
        start_at, end_at = (
            clicks.bucket_of(edge.replace(microsecond=0), rng.choice(("hour", "day", granularity)))
            if rng.random() < 0.6
            else edge.replace(microsecond=0)
            for edge in (start_at, end_at)
        )
        if start_at >= end_at:
            end_at = start_at + timedelta(hours=1)
        question = Question(
            rng.choice((["view"], ["buy"], ["view", "buy"], ["buy", "buy"], ["*"], ["no"])),
            start_at,
            end_at,
            environment=rng.choice((None, None, "production", "staging")),
            breakdown_by=rng.choice((None, None, "country", "plan", "nothing")),
            user_id=rng.choice((None, None, None, "ann", "d4", "d1", clicks.BOT)),
        )
        made.append((question, granularity if number % 6 else None))
    return made


@pytest.mark.parametrize("number", range(140))
def test_an_answer_is_what_counting_without_sql_gives(reader: Connection, number: int) -> None:
    question, granularity = questions()[number]
    assert ask(reader, question, granularity) == expected(question, granularity)


@pytest.mark.parametrize("granularity", ["hour", "day"])
def test_a_date_that_begins_before_its_midnight(reader: Connection, granularity: str) -> None:
    """Clocks went back at 01:00 of 2 November: the date has 25 hours, an hour before its name."""
    midnight_at = midnight(date(2025, 11, 2))
    for hours in (-1, 0, 1):
        start_at = midnight_at + timedelta(hours=hours)
        question = Question(["*"], start_at, start_at + timedelta(days=1))
        assert ask(reader, question, granularity) == expected(question, granularity)
        assert ask(reader, question, None) == expected(question, None)


def test_whole_days_need_no_raw(owner: Connection) -> None:
    """Several events, all environments, one user: marts that outlive raw answer them."""
    question = Question(["view", "buy"], OCTOBER, NOVEMBER)
    with owner.transaction(force_rollback=True):
        drop_raw(owner)
        for asked in (
            question,
            replace(question, events=["*"]),
            replace(question, user_id="ann"),
            replace(question, events=["buy"], environment="production", breakdown_by="country"),
            replace(question, events=["view"], environment="staging", breakdown_by="plan"),
        ):
            assert ask(owner, asked, "day") == expected(asked, "day")
        assert ask(owner, question, None) == expected(question, None)
        monthly = replace(question, start_at=midnight(date(2025, 10, 1)))
        assert ask(owner, monthly, "month") == expected(monthly, "month")
        hourly = replace(question, events=["buy"], environment="production")
        assert ask(owner, hourly, "hour") == expected(hourly, "hour")


@pytest.mark.parametrize(
    ("change", "granularity"),
    [
        ({"events": ["view", "buy"]}, "hour"),
        ({"start_at": OCTOBER + timedelta(minutes=30)}, "day"),
        ({"breakdown_by": "country"}, "day"),
        ({"breakdown_by": "plan"}, "week"),
        ({"start_at": OCTOBER + timedelta(minutes=30)}, None),
    ],
)
def test_what_needs_raw_that_is_gone_is_refused(
    owner: Connection, change: dict[str, Any], granularity: str | None
) -> None:
    """An answer without the part that is gone would be wrong without a word."""
    question = replace(Question(["view"], OCTOBER, NOVEMBER), **change)
    assert ask(owner, question, granularity) == expected(question, granularity)
    with owner.transaction(force_rollback=True):
        drop_raw(owner)
        with pytest.raises(psycopg.errors.InvalidParameterValue, match="not in raw any more"):
            ask(owner, question, granularity)


def test_minutes_that_are_kept_for_a_while_are_counted_from_raw_before(owner: Connection) -> None:
    question = Question(["buy"], OCTOBER, OCTOBER + timedelta(days=3), environment="production")
    with owner.transaction(force_rollback=True):
        for mart in ("event_counts_minute", "event_counts_hourly"):
            owner.execute(
                f"delete from marts.{mart} where bucket_start < %s".encode(),
                [OCTOBER + timedelta(days=1, hours=5)],
            )
        assert ask(owner, question, "minute") == expected(question, "minute")
        assert ask(owner, question, "hour") == expected(question, "hour")


def drop_raw(owner: Connection) -> None:
    """Remove October as retention does."""
    owner.execute("drop table raw.events_2025_10")
    owner.execute(
        "select ops.seal_period('raw.events', '2025-10-01 00:00+00', '2025-11-01 00:00+00',"
        " 1, null, null)"
    )


@pytest.mark.parametrize(
    ("change", "granularity", "message"),
    [
        ({"events": []}, "day", "events has 0 names: from 1 to 100 are possible"),
        ({"events": None}, "day", "events has 0 names"),
        ({"events": ["a"] * 101}, "day", "events has 101 names"),
        ({"events": ["a", None]}, "day", "events has a null among its names"),
        ({"start_at": None}, "day", "start_at is null: from 1900-01-01 to 2200-01-01"),
        ({"end_at": "infinity"}, "day", "end_at is infinity: from 1900-01-01 to 2200-01-01"),
        ({"start_at": "4000-01-01 BC"}, "day", "start_at is 4000-01-01 00:00:00.* BC: from"),
        ({"end_at": "294276-01-01"}, "day", "end_at is 294276-01-01"),
        ({"end_at": OCTOBER}, "day", "start_at .* is not before end_at"),
        ({}, "fortnight", 'granularity is "fortnight": one of minute, hour, day, week, month'),
        ({}, "", 'granularity is "": one of'),
        ({"end_at": "2026-01-01"}, "minute", "buckets of a minute: at most 10000 are possible"),
    ],
)
def test_wrong_arguments_are_named(
    reader: Connection, change: dict[str, Any], granularity: str, message: str
) -> None:
    question = replace(Question(["view"], OCTOBER, NOVEMBER), **change)
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=message):
        ask(reader, question, granularity)


def test_a_null_granularity_is_named(reader: Connection) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="granularity is null"):
        reader.execute("select api.event_series('{a}', '2026-01-01', '2026-02-01', null)")


def test_marts_that_are_missing_are_named(database: Settings) -> None:
    """Migrations come before builds."""
    with connect(database, READER, autocommit=True) as connection:
        question = Question(["view"], OCTOBER, NOVEMBER)
        for granularity in ("day", None):
            with pytest.raises(
                psycopg.errors.ObjectNotInPrerequisiteState, match="has not been built yet"
            ) as refused:
                ask(connection, question, granularity)
            assert refused.value.diag.message_hint == "Run: tidemark build"


def test_the_clock_is_that_of_the_latest_build(reader: Connection, database: Settings) -> None:
    row = reader.execute("select now_at, today, time_zone from api.clock()").fetchone()
    assert row == (NOW_AT, date(2025, 11, 7), clicks.ZONE.key)
    with connect(database, READER) as connection:
        row = connection.execute("select now_at - now(), time_zone from api.clock()").fetchone()
        assert row == (timedelta(0), "UTC")


def test_a_range_of_one_bucket_is_answered_by_its_mart(owner: Connection) -> None:
    """Also without raw and users: an hour, a date, a week and a month of one event."""
    day = date(2025, 10, 27)
    spans = {
        "hour": (midnight(day), midnight(day) + timedelta(hours=1)),
        "day": (midnight(day), midnight(day + timedelta(days=1))),
        "week": (midnight(day), midnight(day + timedelta(days=7))),
        "month": (midnight(date(2025, 10, 1)), midnight(date(2025, 11, 1))),
    }
    with owner.transaction(force_rollback=True):
        owner.execute("delete from raw.events")
        owner.execute("delete from marts.user_activity")
        for start_at, end_at in spans.values():
            question = Question(["buy"], start_at, end_at, environment="production")
            assert ask(owner, question, None) == expected(question, None)


# What readers may ask of raw ---------------------------------------------------------------------


@pytest.mark.parametrize("granularity", ["day", None])
@pytest.mark.parametrize("events", [["view"], ["*"], ["buy", "view"]])
def test_a_reader_lists_no_property_that_nobody_opened(
    owner: Connection, reader: Connection, granularity: str | None, events: list[str]
) -> None:
    question = Question(events, OCTOBER, NOVEMBER, breakdown_by="email")
    with pytest.raises(
        psycopg.errors.InvalidParameterValue, match='breakdown_by is "email", which is not open'
    ) as refused:
        ask(reader, question, granularity)
    assert "country" in str(refused.value)
    assert "seeds/event_breakdowns.csv" in str(refused.value.diag.message_hint)
    assert ask(owner, question, granularity), "whoever reads raw may ask"


def test_a_property_is_open_for_the_events_that_a_row_names(
    owner: Connection, reader: Connection
) -> None:
    owner.execute("insert into seeds.event_breakdowns values ('view', 'title', 9)")
    try:
        ask(reader, Question(["view"], OCTOBER, NOVEMBER, breakdown_by="title"), "day")
        for events in (["buy"], ["view", "buy"], ["*"]):
            with pytest.raises(psycopg.errors.InvalidParameterValue, match="not open for"):
                ask(reader, Question(events, OCTOBER, NOVEMBER, breakdown_by="title"), "day")
    finally:
        owner.execute("delete from seeds.event_breakdowns where property = 'title'")


FILTERED = """
    select users from api.funnel_adhoc(
        jsonb_build_array(jsonb_build_object('event_name', %s::text, 'filters', %s::jsonb)),
        breakdown_property => %s
    )
"""


@pytest.mark.parametrize("operator", ["contains", "eq", "neq", "is_set"])
def test_a_filter_tells_no_more_than_a_breakdown(
    owner: Connection, reader: Connection, operator: str
) -> None:
    """Whether an address contains a letter tells the address, letter by letter."""

    def filters(of_property: str, value: str) -> Jsonb:
        return Jsonb([{"property": of_property, "operator": operator, "value": value}])

    reader.execute(FILTERED, ["view", filters("country", "D"), None])
    with pytest.raises(
        psycopg.errors.InvalidParameterValue, match='a filter of steps is "email", which is not'
    ):
        reader.execute(FILTERED, ["view", filters("email", "a"), None])
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="a filter of exclusions is"):
        reader.execute(
            "select users from api.funnel_adhoc('[\"view\"]', exclusions => %s)",
            [Jsonb([{"event_name": "buy", "filters": filters("email", "a").obj}])],
        )
    owner.execute(FILTERED, ["view", filters("email", "a"), "email"])


def test_a_filter_that_a_definition_has_is_answered_as_it_stands(
    owner: Connection, reader: Connection
) -> None:
    defined = [{"property": "email", "operator": "contains", "value": "@example.org"}]
    owner.execute(
        "insert into seeds.funnel_steps (funnel_name, step_index, step_name, event_name, filters)"
        " values ('f', 1, 'Looked', 'view', %s)",
        [json.dumps(defined)],
    )
    try:
        reader.execute(FILTERED, ["view", Jsonb(defined), None])
        for event, value in (("buy", "@example.org"), ("view", "@example.or")):
            with pytest.raises(psycopg.errors.InvalidParameterValue, match="not open"):
                reader.execute(FILTERED, [event, Jsonb([{**defined[0], "value": value}]), None])
    finally:
        owner.execute("delete from seeds.funnel_steps where funnel_name = 'f'")


def test_the_entrys_property_of_a_funnel_is_as_closed(reader: Connection) -> None:
    reader.execute(FILTERED, ["view", "[]", "country"])
    with pytest.raises(psycopg.errors.InvalidParameterValue, match='breakdown_property is "email"'):
        reader.execute(FILTERED, ["view", "[]", "email"])
