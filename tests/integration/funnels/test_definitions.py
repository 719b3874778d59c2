"""What analysts meet: a wrong row stops the build of what depends on it, by its name."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.integration.exactness.warehouse import Warehouse, copy_project
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.settings import Settings

ADHOC = "select * from api.funnel_adhoc(%s, %s, %s, %s, %s, %s)"
SELECTION = (
    *("+funnel_step_results", "funnel_results", "funnel_trends_daily"),
    *("+retention_curve",),
)
Edit = Callable[[list[dict[str, str]]], None]


def change(column: str, value: str) -> Edit:
    """Change the first row's column."""

    def edit(rows: list[dict[str, str]]) -> None:
        rows[0][column] = value

    return edit


def repeat(rows: list[dict[str, str]]) -> None:
    """Write the first row twice."""
    rows.append(dict(rows[0]))


WRONG: dict[str, tuple[str, Edit, str]] = {
    "unknown operator": (
        "funnel_steps",
        change("filters", '[{"property": "a", "operator": "like", "value": "x"}]'),
        r'seeds/funnel_steps.csv, line 2: filters: has the unknown operator "like"',
    ),
    "gap in step_index": (
        "funnel_steps",
        change("step_index", "9"),
        r"seeds/funnel_steps.csv, line 2: step_index is 9, and no row of mission has 8",
    ),
    "filters that are not JSON": (
        "funnel_steps",
        change("filters", "country = DE"),
        r"seeds/funnel_steps.csv, line 2: filters: is no JSON",
    ),
    "more filters than a build can bear": (
        "funnel_steps",
        change("filters", json.dumps([{"property": "a", "operator": "is_set"}] * 21)),
        r'seeds/funnel_steps.csv, row "mission, 1": filters has 21 rules: at most 20 are possible',
    ),
    "more values than a build can bear": (
        "funnel_steps",
        change(
            "filters",
            json.dumps([{"property": "a", "operator": "eq", "value": list(range(1001))}]),
        ),
        r'row "mission, 1": operator eq has 1001 values: at most 1000 are possible',
    ),
    "negative window": (
        "funnels",
        change("conversion_window_seconds", "-60"),
        r"seeds/funnels.csv, line 2: conversion_window_seconds: -60 is less than 0",
    ),
    "name used twice": (
        "funnels",
        repeat,
        r"seeds/funnels.csv, line 6: funnel_name mission stands in line 2 already",
    ),
    "retention used twice": (
        "retentions",
        repeat,
        r"seeds/retentions.csv, line 6: retention_name weekly_visits stands in line 2 already",
    ),
    "unknown period": (
        "retentions",
        change("period", "fortnight"),
        r'seeds/retentions.csv, line 2: period: "fortnight" is none of hour, day',
    ),
}


@pytest.fixture(scope="module")
def warehouse(server: Settings, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    folder = tmp_path_factory.mktemp("definitions")
    project = copy_project(folder / "project")
    warehouse = Warehouse(replace(server, database="definitions"), folder / "scratch", project)
    warehouse.renew()
    with warehouse.connect() as connection:
        connection.execute(
            "insert into raw.events (event_id, event_name, event_at, distinct_id)"
            " select gen_random_uuid(), name, '2026-01-05 10:00+00'::timestamptz"
            " + n * interval '1 s', 'ann'"
            " from unnest(array['page_view', 'search_performed', 'spec_created'])"
            " with ordinality as e (name, n)"
        )
    assert warehouse.build("--select", *SELECTION) == []
    return warehouse


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_row_is_named_and_nothing_is_computed(warehouse: Warehouse, wrong: str) -> None:
    seed, edit, message = WRONG[wrong]
    path = warehouse.project / "seeds" / f"{seed}.csv"
    before = state(warehouse)
    right = path.read_text(encoding="utf-8")
    rewrite(path, edit)
    try:
        failures = warehouse.build("--select", *SELECTION)
    finally:
        path.write_text(right, encoding="utf-8")
    assert len(failures) == 1, failures
    assert re.search(message.replace("(", r"\("), failures[0]), failures
    # What reads the definitions was not built, and its rows are as they were.
    stopped = "funnel" if seed.startswith("funnel") else "retention"
    after = state(warehouse)
    reading = {relation for relation in before if stopped in relation}
    assert len(reading) >= 5
    assert {r: before[r] for r in reading} == {r: after[r] for r in reading}


def test_a_new_funnel_is_there_after_a_build(warehouse: Warehouse) -> None:
    """One row in each seed, and the others' rows are left alone."""
    seeds = warehouse.project / "seeds"
    assert warehouse.build("--select", *SELECTION) == []
    before = conversions(warehouse, "mission")
    with (seeds / "funnels.csv").open("a", encoding="utf-8") as file:
        file.write("added,By an analyst,production,ordered,60,\n")
    with (seeds / "funnel_steps.csv").open("a", encoding="utf-8") as file:
        file.write("added,1,Looked,page_view,\nadded,2,Wrote,spec_created,\n")
    assert warehouse.build("--select", *SELECTION) == []
    assert len(conversions(warehouse, "added")) == 1
    assert conversions(warehouse, "mission") == before
    with warehouse.connect() as connection:
        steps = connection.execute(
            "select step_index, step_name, users from marts.funnel_steps"
            " where funnel_name = 'added' order by step_index"
        ).fetchall()
    assert steps == [(1, "Looked", 1), (2, "Wrote", 1)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (('{"a": 1}', None, "ordered", "*", None, "[]"), "steps is not a JSON array"),
        (("[]", None, "ordered", "*", None, "[]"), "steps has 0 entries"),
        (('[{"name": "a"}]', None, "ordered", "*", None, "[]"), "entry 1: an entry needs an event"),
        (
            ('["a", {"event_name": "b", "filters": [1]}]', None, "ordered", "*", None, "[]"),
            "steps, entry 2: the filter 1 is not a JSON object",
        ),
        (('["a"]', -1, "ordered", "*", None, "[]"), "conversion_window_seconds is negative"),
        (('["a"]', None, "sorted", "*", None, "[]"), 'step_order "sorted" is none of'),
        (('["a"]', None, "ordered", None, None, "[]"), "environment is null"),
        (('["a"]', None, "ordered", "*", None, "{}"), "exclusions is not a JSON array"),
    ],
)
def test_a_wrong_argument_is_named(
    warehouse: Warehouse, arguments: tuple[Any, ...], message: str
) -> None:
    with (
        warehouse.connect() as connection,
        pytest.raises(psycopg.errors.InvalidParameterValue, match=re.escape(message)),
    ):
        connection.execute(ADHOC, arguments)


def test_a_reader_asks_ad_hoc_before_any_build(new_database: Callable[[], Settings]) -> None:
    """Without raw being open to them, and without a single model in the database."""
    database = new_database()
    with connect(database, autocommit=True) as owner:
        owner.execute(
            "insert into raw.events (event_id, event_name, event_at, distinct_id) values"
            " (gen_random_uuid(), 'a', '2026-01-05 10:00+00', 'ann'),"
            " (gen_random_uuid(), 'b', '2026-01-05 10:01+00', 'anon'),"
            " (gen_random_uuid(), 'a', '2026-01-05 10:00+00', 'bob')"
        )
        owner.execute("insert into raw.identities values ('anon', 'ann', null)")
    with connect(database, "tidemark_reader", autocommit=True) as reader:
        found = reader.execute(
            "select step_index, users from api.funnel_adhoc(%s)", [json.dumps(["a", "b"])]
        ).fetchall()
        assert found == [(1, 2), (2, 1)]
        named = reader.execute(
            "select step_name, users from api.funnel_adhoc(%s, step_order => 'unordered')",
            [json.dumps(["a", "b", "c"])],
        ).fetchall()
        assert named == [("any 1 of 3 steps", 2), ("any 2 of 3 steps", 1), ("all 3 steps", 0)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("select from raw.events")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("select ops.is_excluded_user('ann')")


def test_filters_mean_the_same_in_seeds_of_rules(warehouse: Warehouse) -> None:
    """ops.passes and the macro satisfies, of which excluded_users is made, never part."""
    values = [
        "{}",
        *(f'{{"p": {v}}}' for v in ("null", "1", "10", '"10"', "true", '"Text"', "[1]")),
    ]
    rules: list[tuple[str, str | None]] = [
        *(("eq", v) for v in ("1", '"10"', "true", "null", '["text", 1]')),
        *(("neq", v) for v in ("1", '["10", true]')),
        *(("contains", v) for v in ('"TEX"', '"1"', '["zz", "ext"]')),
        *((operator, "2") for operator in ("gt", "gte", "lt", "lte")),
        *((operator, None) for operator in ("is_set", "is_not_set")),
    ]
    seed = warehouse.project / "seeds" / "excluded_users.csv"
    was = seed.read_text(encoding="utf-8")
    with warehouse.connect() as connection:
        for number, properties in enumerate(values):
            connection.execute(
                "insert into raw.events (event_id, event_name, event_at, distinct_id, properties)"
                " values (gen_random_uuid(), 'filtered', '2026-02-01', %s, %s)",
                [f"f{number}", properties],
            )
        assert warehouse.build("--select", "int_events__counted") == []
        for operator, value in rules:
            connection.execute("delete from seeds.excluded_users")
            connection.execute(
                "insert into seeds.excluded_users values ('p', %s, %s)", [operator, value]
            )
            rule = {"property": "p", "operator": operator}
            prepared = rule | ({} if value is None else {"value": json.loads(value)})
            found = connection.execute(
                "select e.properties, e.event_id not in (select event_id from"
                " intermediate.int_events__counted), ops.passes(e.properties,"
                " ops.prepared_filters(%s)) from raw.events as e where event_name = 'filtered'",
                [json.dumps([prepared])],
            ).fetchall()
            assert len(found) == len(values)
            for properties, excluded, passes in found:
                assert excluded == passes, (operator, value, properties)
        connection.execute("delete from raw.events where event_name = 'filtered'")
    seed.write_text(was, encoding="utf-8")


def rewrite(path: Path, edit: Edit) -> None:
    """Edit a seed's rows as its reader sees them."""
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
        names = list(reader.fieldnames or ())
    edit(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)


def state(warehouse: Warehouse) -> dict[str, Any]:
    """Return when each model was last built, in the database's words."""
    with warehouse.connect() as connection:
        return dict(connection.execute("select relation, built_at from ops.watermarks").fetchall())


def conversions(warehouse: Warehouse, funnel: str) -> list[tuple[Any, ...]]:
    """Return a funnel's rows and where they are: rows written again are elsewhere."""
    with warehouse.connect() as connection:
        return connection.execute(
            "select ctid::text, xmin::text, user_id from marts.funnel_conversions"
            " where funnel_name = %s",
            [funnel],
        ).fetchall()
