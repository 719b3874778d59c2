"""The seed alert_rules: a wrong row is named, a record keeps what it raised, people stay apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from tests.integration.exactness.warehouse import Warehouse, copy_project
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.database.server.roles import PEOPLE_READER, READER
from tidemark_warehouse.settings import Settings

HEADER = (
    "rule_id,alert_type,entity_type,signal,comparison,threshold,period,severity,lifetime_hours,"
    "message"
)
GOOD = "good,load,metric,count,gte,1,day,,24,{entity} has {value} of {threshold} on {period_start}"
PEOPLE = "hot,wellbeing,employee,burnout_score,gt,80,day,critical,,{entity}: {value}"
ALERTS = ("--select", "+metric_alerts", "+people_metric_alerts")
RULES = ("--select", "int_alert_rules__checked")


@pytest.fixture(scope="module")
def warehouse(server: Settings, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    scratch = tmp_path_factory.mktemp("alert_rules")
    made = Warehouse(
        replace(server, database="alert_rules"), scratch / "dbt", copy_project(scratch / "project")
    )
    made.renew()
    return made


@pytest.fixture(scope="module")
def owner(warehouse: Warehouse) -> Iterator[psycopg.Connection[Any]]:
    with warehouse.connect() as connection:
        connection.execute(
            "insert into raw.metric_points (point_id, name, value, recorded_at) values"
            " (gen_random_uuid(), 'm', 1, '2026-03-02 10:00+00')"
        )
        connection.execute(
            "insert into raw.employee_metrics (employee_id, recorded_at, burnout_score) values"
            " ('eve', '2026-03-02 10:00+00', 90)"
        )
        yield connection


def write_rules(warehouse: Warehouse, *rows: str) -> None:
    path = warehouse.project / "seeds" / "alert_rules.csv"
    path.write_text("\n".join([HEADER, *rows, ""]))
    warehouse.forget_manifest()


def test_wrong_rows_are_named_before_an_alert_is_computed(
    warehouse: Warehouse, owner: psycopg.Connection[Any]
) -> None:
    """Those that were written by SQL: a build reads the file's before it loads them."""
    write_rules(warehouse, GOOD)
    assert warehouse.build("--select", "alert_rules") == []
    owner.cursor().executemany(
        f"insert into seeds.alert_rules ({HEADER}) values ({', '.join(['%s'] * 10)})",
        [
            [cell or None for cell in row.split(",")]
            for row in (
                "a,,metric,p50,gt,1,day,,,m",
                "b,,planet,hours,gt,1,day,,,m",
                "c,,user,hours,above,1,day,,,m",
                "d,,user,hours,gt,many,day,,,m",
                "e,,user,hours,gt,,month,urgent,soon,m",
                ",,user,hours,anomaly,,week,low,1.5,m",
                "good,,user,hours,lt,-1.5e3,week,low,,m",
            )
        ],
    )
    (failure,) = warehouse.build(*RULES)
    for problem in (
        'seeds/alert_rules.csv, row 2, rule a: unknown signal "p50"; of metric there are',
        'row 3, rule b: unknown entity_type "planet"',
        'row 4, rule c: unknown comparison "above"',
        'row 5, rule d: the threshold "many" is no number',
        'row 6, rule e: the threshold "" is no number',
        'row 6, rule e: unknown period "month"',
        'row 6, rule e: unknown severity "urgent"',
        'row 6, rule e: the lifetime_hours "soon" are no number',
        "row 7, rule (none): it has no rule_id",
        "row 1, rule good: another row has the same rule_id",
        "row 8, rule good: another row has the same rule_id",
    ):
        assert problem in failure, failure
    assert "row 3, rule b: unknown signal" not in failure
    assert owner.execute("select to_regclass('marts.metric_alerts')").fetchone() == (None,)


def test_alerts_about_people_are_in_their_own_schema_only(
    warehouse: Warehouse, owner: psycopg.Connection[Any]
) -> None:
    write_rules(warehouse, GOOD, PEOPLE)
    assert warehouse.build(*ALERTS) == []
    query = b"select rule_id, entity_type, entity_id, severity, alert_message from "
    open_to_all = [("good", "metric", "m", "medium", "m has 1 of 1 on 2026-03-02")]
    restricted = [("hot", "employee", "eve", "critical", "eve: 90")]
    with connect(warehouse.settings, READER) as reader:
        assert reader.execute(query + b"marts.metric_alerts").fetchall() == open_to_all
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute(query + b"marts_people.metric_alerts")
        reader.rollback()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("select * from intermediate.int_people_alerts__raised")
    with connect(warehouse.settings, PEOPLE_READER) as reader:
        assert reader.execute(query + b"marts_people.metric_alerts").fetchall() == restricted
    assert owner.execute(
        "select count(*)::integer from marts_people.metric_alerts where expires_at is null"
    ).fetchone() == (1,)


def test_a_changed_rule_judges_its_own_signals_only(
    warehouse: Warehouse, owner: psycopg.Connection[Any]
) -> None:
    write_rules(warehouse, GOOD, PEOPLE, "more,load,metric,avg,lt,5,week,low,,m")
    assert warehouse.build(*ALERTS) == []
    scoped = owner.execute(
        "select rows_scoped, rows_written from ops.watermarks"
        " where relation = 'intermediate.int_alerts__raised'"
    ).fetchone()
    assert scoped == (1, 1), "the average of one week"
    write_rules(warehouse, PEOPLE)
    assert warehouse.build(*ALERTS) == []
    kept = owner.execute("select array_agg(rule_id order by rule_id) from marts.metric_alerts")
    assert kept.fetchone() == (["good", "more"],)
