"""No value of any column of raw stops a build, makes it large, or gets into a number."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from tests.integration import impossible
from tests.integration.conftest import WorldMaker
from tests.integration.exactness.raw_rows import RawTable
from tests.integration.exactness.warehouse import AS_OF, Warehouse
from tests.integration.exactness.world import World

TIMES = ("timestamp with time zone", "date")
NUMBERS = ("numeric", "double precision")
# Columns whose words another rule lists.
WORDS_ALONE = ("metric_type", "field")


@pytest.fixture
def world(new_world: WorldMaker) -> Iterator[World]:
    """Five good rows in each table."""
    made = new_world()
    numbers = iter(range(1000))
    for table in made.tables.values():
        for _ in range(5):
            impossible.write(made.connection, table, impossible.good_row(table, next(numbers)))
    yield made
    made.close()


def marts(warehouse: Warehouse) -> int:
    """How many rows the marts have."""
    with warehouse.connect() as owner:
        count = sql.SQL(" + ").join(
            sql.SQL("(select count(*) from {})").format(sql.Identifier(*table.split(".")))
            for table, _, _ in warehouse.tables()
            if table.startswith("marts")
        )
        row = owner.execute(sql.SQL("select {}").format(count)).fetchone()
    assert row is not None
    return int(row[0])


def write_wrong(world: World, kinds: tuple[str, ...]) -> int:
    """Write a row for each column of these types and each impossible value; returns how many."""
    wrong = list(impossible.wrong_rows(world.tables, kinds))
    for one in wrong:
        impossible.write(world.connection, world.tables[one.table], one.row)
    return len(wrong)


def texts_that_are_wrong(world: World) -> list[tuple[str, str]]:
    """The columns of which the tests of raw values warn."""
    return [(table, reason) for table, reason, *_ in world.incremental.warnings()]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York"])
def test_times_at_the_ends_of_their_type(world: World, zone: str) -> None:
    """In every time column of every table, incrementally and from nothing (world.differences)."""
    world.zone = zone
    world.build()
    before = marts(world.incremental)
    rows = write_wrong(world, TIMES)
    world.build()
    assert marts(world.incremental) - before <= 1000 + 4 * rows
    assert world.differences() == []
    warned = texts_that_are_wrong(world)
    for name, table in world.tables.items():
        for column in table.columns:
            if column.type == TIMES[0]:
                assert (name, f"{column.name} is infinite, which is unknown") in warned
                assert (name, f"{column.name} lies before 1990-01-01") in warned
                assert (name, f"{column.name} lies more than 7 days ahead") in warned


def test_numbers_at_the_edge_of_their_type(world: World) -> None:
    world.build()
    write_wrong(world, NUMBERS)
    for number, value in enumerate((10**300, 10**4000, -(10**4000), 1e-320)):
        table = world.tables["raw.events"]
        row = impossible.good_row(table, 5000 + number)
        row |= {"event_name": "search_performed", "properties": Jsonb({"duration_ms": value})}
        impossible.write(world.connection, table, row)
    world.build()
    assert world.differences() == []
    warned = texts_that_are_wrong(world)
    for name, table in world.tables.items():
        for column in table.columns:
            if column.type in NUMBERS and name not in ("raw.metric_points", "raw.employee_metrics"):
                assert (name, f"{column.name} is no number that can be measured") in warned


def test_a_work_session_without_known_seconds_is_no_sample(world: World) -> None:
    world.execute(
        "insert into raw.workflow_instances (instance_id, template_id, user_id, status,"
        " started_at, completed_at)"
        " select 'w' || n, 't1', 'w' || n, 'completed', '2026-03-01', '2026-03-02'"
        " from generate_series(1, 5) as n",
        "insert into raw.time_sessions (session_id, instance_id, step_index, started_at, ended_at,"
        " total_seconds, total_paused_seconds) values"
        " ('w1', 'w1', 1, '2026-03-01', '2026-03-01 01:00', 'NaN', 0),"
        " ('w2', 'w2', 1, '-infinity', 'infinity', null, 0),"
        " ('w3', 'w3', 1, '2026-03-01', '2026-03-01 01:00', null, 'NaN'),"
        " ('w4', 'w4', 1, 'infinity', 'infinity', null, 0),"
        " ('w5', 'w5', 1, '2026-03-01', '2026-03-01 01:00', null, 600)",
    )
    world.build()
    with world.incremental.connect() as owner:
        found = dict(
            owner.execute(
                "select instance_id, active_seconds::integer from marts.workflow_completions"
                " where instance_id like 'w%'"
            ).fetchall()
        )
    assert found == {"w1": None, "w2": None, "w3": None, "w4": None, "w5": 3000}


def random_text(size: int = 3000) -> str:
    """Letters that no compression makes shorter."""
    return "".join(random.Random(size).choices(string.ascii_letters + string.digits, k=size))


def refusal(world: World, table: RawTable, row: dict[str, Any]) -> str | None:
    """Write a row; returns the name of the rule that refused it, if one did."""
    try:
        impossible.write(world.connection, table, row)
    except psycopg.errors.CheckViolation as refused:
        return str(refused.diag.constraint_name)
    return None


def test_long_texts_are_refused_by_name_or_stop_nothing(world: World) -> None:
    number = 6000
    for name, table in world.tables.items():
        for column in table.columns:
            if column.type != "text" or column.name in (
                "metric_type",
                "field",
                "old_value",
                "new_value",
            ):
                continue
            number += 1
            row = impossible.good_row(table, number) | {column.name: random_text()}
            refused = refusal(world, table, row)
            assert refused is None or refused.startswith(f"{column.name}_has_"), name
    world.build()
    assert world.differences() == []


def test_long_texts_from_before_the_rules_are_in_no_model_and_can_go(world: World) -> None:
    """As a database has them whose rows are older than the constraints."""
    rules = world.connection.execute(
        "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint"
        " where conname like '%%512_bytes' and conparentid = 0 and contype = 'c'"
        " and conrelid::regclass::text = any(%s)",
        [list(world.tables)],
    ).fetchall()
    for table, name, _ in rules:
        world.execute(f'alter table {table} drop constraint "{name}"')
    number, written = 7000, set()
    for name, table in world.tables.items():
        for column in table.columns:
            if column.type == "text" and column.name not in WORDS_ALONE:
                number += 1
                row = impossible.good_row(table, number) | {column.name: random_text(2600)}
                # Three times with another key, so that rows of models meet.
                impossible.write(world.connection, table, row)
                written.add((name, column.name))
    for table, name, definition in rules:
        rule = definition.removesuffix(" NOT VALID")
        world.execute(f'alter table {table} add constraint "{name}" {rule} not valid')
    world.build()
    # From nothing in this database: into another one such rows could not be copied.
    world.build("--full-refresh")
    warned = texts_that_are_wrong(world)
    for table, name, _ in rules:
        column = name.split("_has_")[0]
        if (table, column) in written and column not in ("old_value", "new_value", "priority"):
            assert (
                table,
                f"{column} is empty or longer than a key can be: it is in no model",
            ) in warned
    for name, table in world.tables.items():
        if not table.only_added_to:
            world.execute(f"delete from {name}")
    world.build()


def test_what_cannot_be_meant_is_warned_of(world: World) -> None:
    world.execute(
        "insert into raw.feature_requests (feature_request_id, project_id, status, created_at,"
        " completed_at) values ('early', 'p1', 'completed', '2026-02-10', '2026-02-01')",
        "insert into raw.workflow_instances (instance_id, template_id, user_id, status, started_at)"
        " values ('known', 't1', 'ann', 'open', '2026-02-01')",
        "insert into raw.time_sessions (session_id, instance_id, step_index, started_at, ended_at,"
        " total_seconds) values"
        " ('negative', 'known', 1, '2026-02-01', '2026-02-02', -100),"
        " ('long', 'known', 1, '1995-02-01', '2026-02-02', null),"
        " ('backwards', 'known', 1, '2026-02-02', '2026-02-01', null),"
        " ('stray', 'nobody-knows', 1, '2026-02-01', '2026-02-02', 100)",
    )
    found = {(table, reason): example for table, reason, _, example in world.incremental.warnings()}
    for table, reason, key in (
        ("raw.feature_requests", "it was completed before it was created", "early"),
        ("raw.time_sessions", "its seconds are negative", "negative"),
        ("raw.time_sessions", "it lasts longer than 31 days", "long"),
        ("raw.time_sessions", "it ended before it started", "backwards"),
        # The least of all examples; the good rows name no workflow either.
        ("raw.time_sessions", "nobody knows its workflow", "session_id"),
    ):
        assert key in found[table, reason], (table, reason)


def test_a_name_with_braces_is_filled_into_a_message_once(world: World) -> None:
    name = "{period_start} & 100%"
    world.execute(
        "insert into raw.feature_requests (feature_request_id, project_id, status, created_at,"
        " deadline)"
        f" select 'late' || n, '{name}', 'open', '2026-02-01', '2026-02-02'"
        " from generate_series(1, 30) as n"
    )
    world.build()
    with world.incremental.connect() as owner:
        messages = [
            str(message)
            for (message,) in owner.execute(
                "select alert_message from marts.metric_alerts where entity_id = %s", [name]
            ).fetchall()
        ]
    assert messages
    assert all(name in message for message in messages), messages[0]


def test_an_empty_session_id_is_no_id(world: World) -> None:
    world.execute(
        "insert into raw.events (event_id, event_name, event_at, distinct_id, session_id)"
        " select gen_random_uuid(), 'page_view', date '2026-02-10' + n, 'five-' || n, ''"
        " from generate_series(1, 5) as n"
    )
    world.build()
    with world.incremental.connect() as owner:
        found = owner.execute(
            "select count(*), count(session_id), max(duration_seconds)::integer"
            " from marts.product_sessions where user_id like 'five-%'"
        ).fetchone()
    assert found == (5, 0, 0)


def test_one_event_of_long_ago_calls_nobody(world: World) -> None:
    world.execute(
        "insert into raw.events (event_id, event_name, event_at, distinct_id)"
        " values (gen_random_uuid(), 'page_view', '1970-01-01', 'long-ago')",
        "insert into raw.events (event_id, event_name, event_at, distinct_id)"
        f" select gen_random_uuid(), 'page_view', timestamptz '{AS_OF}' - interval '1 hour',"
        " 'new-' || n from generate_series(1, 30) as n",
    )
    world.build()
    with world.incremental.connect() as owner:
        dates = owner.execute(
            "select min(date)::text from marts.daily_active_users where environment = 'production'"
        ).fetchone()
        alerts = owner.execute(
            "select count(*) from marts.metric_alerts where period_start < '2026-01-01'"
        ).fetchone()
        counted = owner.execute(
            "select count(*) from marts.event_counts_daily where bucket_start < '1990-01-01'"
        ).fetchone()
    assert dates == ("2026-02-01",)
    assert alerts == (0,)
    assert counted == (1,)
