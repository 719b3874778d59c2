"""The product marts over public data sets, against numbers that were computed without SQL."""

from __future__ import annotations

import csv
import gzip
import json
import uuid
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.integration.exactness.warehouse import Warehouse
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.settings import PROJECT_ROOT, Settings

DATA = PROJECT_ROOT.parent / "shared" / "data"
Row = dict[str, str]
Event = tuple[str, str, str, str | None, dict[str, Any]]  # name, time, distinct_id, session, props

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"the data sets are not at {DATA}")


def shop(row: Row) -> Event:
    return row["event_type"], row["ts"], row["user_id"], None, {}


def commit(row: Row) -> Event:
    name = "merge" if int(row["n_parents"]) > 1 else "commit"
    return name, row["commit_ts"], row["author_id"], None, {"path": row["repo"]}


def message(row: Row) -> Event:
    return "message_sent", row["ts"], row["src"], None, {}


def edit(row: Row) -> Event:
    country = row["countryIsoCode"] or None
    return row["channel"], row["time"], row["user"], None, {"country": country}


def purchase(row: Row) -> Event:
    return "purchase", row["transaction_timestamp"], row["household_id"], None, {}


def purchase_in_basket(row: Row) -> Event:
    return "purchase", row["transaction_timestamp"], row["household_id"], row["basket_id"], {}


# Environment: the file, and what an event of it is. The facts cut sessions at pauses, so that the
# baskets, which are sessions with an id, come once without their id and once with it.
SETS: dict[str, tuple[str, Callable[[Row], Event]]] = {
    "shop": ("mimnet_events", shop),
    "commits": ("git_commits", commit),
    "messages": ("collegemsg", message),
    "edits": ("wikipedia_edits_20150912", edit),
    "purchases": ("completejourney_transactions_sample", purchase),
    "baskets": ("completejourney_transactions_sample", purchase_in_basket),
}
DEFINITIONS = ("funnels", "funnel_steps", "retentions")
ORDER = ["Product Viewed", "Product Added", "Checkout Started", "Order Completed"]
DERIVED = [environment for environment in SETS if environment != "baskets"]


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((DATA / "facts.json").read_text())
    return {environment: read[f"events/{file}"] for environment, (file, _) in SETS.items()}


@pytest.fixture(scope="module")
def built(
    module_database: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[psycopg.Connection[Any]]:
    with connect(module_database, autocommit=True) as connection:
        for environment in SETS:
            load(connection, environment)
        warehouse = Warehouse(module_database, tmp_path_factory.mktemp("real_events"))
        assert warehouse.build("--select", *DEFINITIONS) == []
        define(connection)
        assert warehouse.build("--select", "+tag:product", "--exclude", *DEFINITIONS) == []
        yield connection


def define(connection: psycopg.Connection[Any]) -> None:
    """Add the shop's funnel and a retention of each set to the seeds, as an analyst would."""
    connection.execute(
        "insert into seeds.funnels (funnel_name, environment, step_order)"
        " values ('shop', 'shop', 'ordered')"
    )
    connection.execute(
        "insert into seeds.funnel_steps (funnel_name, step_index, event_name)"
        " select 'shop', n::text, name from unnest(%s::text[]) with ordinality as s (name, n)",
        [ORDER],
    )
    connection.execute(
        "insert into seeds.retentions (retention_name, start_event, return_event, period, periods,"
        " cohort_type, environment)"
        " select e, '*', '*', 'week', '5', 'first_time', e from unnest(%s::text[]) as e",
        [DERIVED],
    )


def load(connection: psycopg.Connection[Any], environment: str) -> None:
    """Load a set into its environment; of rows that repeat an event_id the first stays."""
    file, event_of = SETS[environment]
    with (
        gzip.open(DATA / "events" / f"{file}.dev.csv.gz", "rt", newline="") as lines,
        connection.transaction(),
        connection.cursor() as cursor,
    ):
        cursor.execute("create temporary table incoming (like raw.events) on commit drop")
        columns = (
            "event_id, event_name, event_at, distinct_id, session_id, properties, environment, _xid"
        )
        with cursor.copy(f"copy incoming ({columns}) from stdin".encode()) as copy:
            for number, row in enumerate(csv.DictReader(lines)):
                name, at, who, session, properties = event_of(row)
                key = f"{environment} {row.get('event_id', number)}"
                event_id = uuid.uuid5(uuid.NAMESPACE_URL, key)
                copy.write_row(
                    (event_id, name, at, who, session, Jsonb(properties), environment, 0)
                )
        columns = columns.removesuffix(", _xid")
        cursor.execute(
            f"insert into raw.events ({columns}) select {columns} from incoming"
            " on conflict do nothing".encode()
        )


def found(connection: psycopg.Connection[Any], query: str, *values: Any) -> list[tuple[Any, ...]]:
    return connection.execute(query.encode(), values).fetchall()


@pytest.mark.parametrize("environment", SETS)
def test_every_event_counts_once(
    built: psycopg.Connection[Any], facts: dict[str, Any], environment: str
) -> None:
    fact = facts[environment]
    assert found(
        built,
        "select sum(event_count)::integer, count(distinct user_id)::integer,"
        " count(distinct date)::integer, min(first_seen_at) = %s, max(last_seen_at) = %s"
        " from marts.user_activity where environment = %s",
        fact["min_ts"],
        fact["max_ts"],
        environment,
    ) == [
        (
            fact["rows"] - fact.get("duplicate_event_id_rows", 0),
            fact["users"],
            fact["active_days"],
            True,
            True,
        )
    ]


@pytest.mark.parametrize("environment", SETS)
def test_events_and_users_of_days(
    built: psycopg.Connection[Any], facts: dict[str, Any], environment: str
) -> None:
    fact = facts[environment]
    events = found(
        built,
        "select date::text, sum(event_count)::integer from marts.user_activity"
        " where environment = %s and date = any(%s) group by date",
        environment,
        [date.fromisoformat(day) for day in fact["events_per_day"]],
    )
    assert dict(events) == fact["events_per_day"]
    users = found(
        built,
        "select date::text, user_count from marts.daily_active_users"
        " where environment = %s and date = any(%s)",
        environment,
        [date.fromisoformat(day) for day in fact["dau"]],
    )
    assert dict(users) == fact["dau"]


@pytest.mark.parametrize("environment", SETS)
def test_users_of_weeks_and_new_users(
    built: psycopg.Connection[Any], facts: dict[str, Any], environment: str
) -> None:
    fact = facts[environment]
    days = found(
        built,
        "select date, wau, new_users from marts.daily_active_users where environment = %s",
        environment,
    )
    wau = {day: users for day, users, _ in days}
    # The seven days up to a Sunday are a week; one that is not over yet has no such date.
    sundays = {date.fromisoformat(w) + timedelta(days=6): w for w in fact["wau_monday_weeks"]}
    for sunday, week in sundays.items():
        if sunday in wau:
            assert wau[sunday] == fact["wau_monday_weeks"][week], week
    assert any(sunday in wau for sunday in sundays) or len(wau) == 1
    for week, users in fact["new_users_monday_weeks"].items():
        monday = date.fromisoformat(week)
        new = sum(n for day, _, n in days if monday <= day < monday + timedelta(days=7))
        assert new == users, week
    assert sum(n for _, _, n in days) == fact["users"]


@pytest.mark.parametrize("environment", DERIVED)
def test_sessions_end_where_a_user_pauses_for_more_than_30_minutes(
    built: psycopg.Connection[Any], facts: dict[str, Any], environment: str
) -> None:
    fact = facts[environment]["sessions_gap_gt_30min"]
    (sessions, bounces, seconds), *_ = found(
        built,
        "select count(*), count(*) filter (where is_bounce), sum(duration_seconds)::float8"
        " from marts.product_sessions where environment = %s",
        environment,
    )
    assert sessions == fact["count"]
    assert seconds == pytest.approx(fact["total_duration_s"], rel=1e-9)
    # A row that repeats an event's id made its session one of two rows for the plain count.
    twice = facts[environment].get("duplicate_event_id_rows", 0)
    assert fact["single_event"] <= bounces <= fact["single_event"] + twice
    (totals,) = found(
        built,
        "select sum(sessions)::bigint, sum(bounces)::bigint, sum(total_duration_seconds)::float8"
        " from marts.session_stats where environment = %s",
        environment,
    )
    assert totals == (sessions, bounces, seconds)


def test_a_basket_is_a_session(built: psycopg.Connection[Any], facts: dict[str, Any]) -> None:
    query = (
        "select count(*)::integer, count(distinct session_id)::integer from marts.product_sessions"
    )
    baskets = facts["baskets"]["baskets"]
    assert found(built, f"{query} where environment = 'baskets'") == [(baskets, baskets)]


@pytest.mark.parametrize("environment", SETS)
def test_top_users(built: psycopg.Connection[Any], facts: dict[str, Any], environment: str) -> None:
    top = found(
        built,
        "select user_id, sum(event_count)::integer from marts.user_activity"
        " where environment = %s group by user_id order by 2 desc limit 3",
        environment,
    )
    assert [list(row) for row in top] == facts[environment]["top_users"]


@pytest.mark.parametrize("environment", ["shop", "edits"])
def test_events_by_name(
    built: psycopg.Connection[Any], facts: dict[str, Any], environment: str
) -> None:
    names = facts[environment]["events"]
    by_activity = found(
        built,
        "select name, sum(number::integer)::integer from marts.user_activity"
        " cross join jsonb_each_text(events_breakdown) as event (name, number)"
        " where environment = %s and name = any(%s) group by name",
        environment,
        list(names),
    )
    by_breakdown = found(
        built,
        "select event_name, sum(event_count)::integer from marts.event_breakdowns_daily"
        " where environment = %s and property = 'country' and event_name = any(%s)"
        " group by event_name",
        environment,
        list(names),
    )
    assert dict(by_activity) == dict(by_breakdown)
    twice = facts[environment].get("duplicate_event_id_rows", 0)
    lost = {name: count - dict(by_activity)[name] for name, count in names.items()}
    assert all(count >= 0 for count in lost.values())
    assert sum(lost.values()) == twice


def test_shop_funnel_counts_users_who_came_so_far_in_order(
    built: psycopg.Connection[Any], facts: dict[str, Any]
) -> None:
    expected = [facts["shop"]["funnel_users_in_order"][step] for step in ORDER]
    defined = "select users from marts.funnel_steps where funnel_name = 'shop' order by step_index"
    assert found(built, defined) == [(users,) for users in expected]
    ad_hoc = "select users from api.funnel_adhoc(%s, environment => 'shop') order by step_index"
    assert found(built, ad_hoc, json.dumps(ORDER)) == [(users,) for users in expected]


@pytest.mark.parametrize("environment", DERIVED)
def test_weekly_cohorts_come_back_as_often_as_counted(
    built: psycopg.Connection[Any], facts: dict[str, Any], environment: str
) -> None:
    fact = facts[environment]["cohort_retention"]
    cohort = {
        index: (size, returned)
        for index, size, returned in found(
            built,
            "select period_index, cohort_size, returned_users from marts.retention_cohorts"
            " where retention_name = %s and is_total and cohort_start = %s::timestamptz",
            *(environment, fact["first_week"] + " 00:00+00"),
        )
    }
    assert cohort[0] == (fact["size"], fact["size"])
    # A week that has not begun by the last event has no row.
    assert cohort.get(1, (0, 0))[1] == fact["active_in_week_plus_1"]
    assert cohort.get(4, (0, 0))[1] == fact["active_in_week_plus_4"]
