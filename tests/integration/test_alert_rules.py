"""The seed alert_rules: a wrong row is named, a record keeps what it raised, people stay apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, LiteralString

import psycopg
import pytest

from tests.integration.exactness.warehouse import AS_OF, Warehouse, copy_project
from tests.integration.running import run
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.database.server.roles import OPERATOR, PEOPLE_READER, READER
from tidemark_warehouse.settings import Settings

HEADER = (
    "rule_id,alert_type,entity_type,signal,comparison,threshold,period,severity,lifetime_hours,"
    "message,entity_pattern,tags,environment,metric_type,for_periods,minimum_samples"
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
    path.write_text(
        "\n".join([HEADER, *(row + "," * (HEADER.count(",") - row.count(",")) for row in rows), ""])
    )
    warehouse.forget_manifest()


def test_wrong_rows_are_named_before_an_alert_is_computed(
    warehouse: Warehouse, owner: psycopg.Connection[Any]
) -> None:
    """Those that were written by SQL: a build reads the file's before it loads them."""
    write_rules(warehouse, GOOD)
    assert warehouse.build("--select", "alert_rules") == []
    path = warehouse.project / "seeds" / "alert_rules.csv"
    path.write_text(f"{','.join(HEADER.split(',')[:10])}\n{GOOD}\n")
    warehouse.forget_manifest()
    assert warehouse.build("--select", "alert_rules") == [], "a file of an earlier release"
    owner.cursor().executemany(
        f"insert into seeds.alert_rules ({','.join(HEADER.split(',')[:10])})"
        f" values ({', '.join(['%s'] * 10)})",
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
    owner.execute(
        "insert into seeds.alert_rules (rule_id, entity_type, signal, comparison, threshold,"
        " period, tags, metric_type) values"
        " ('t', 'metric', 'avg', 'gt', '1', 'day', '[1]', 'meter'),"
        " ('u', 'user', 'hours', 'gt', '1', 'day', '{\"a\": 1}', null),"
        " ('v', 'metric', 'avg', 'gt', '1', 'day', jsonb_build_object('a', repeat('x', 999)), null)"
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
        'row 9, rule t: the tags "[1]" are no JSON object',
        'row 9, rule t: unknown metric_type "meter"; there are counter, gauge, histogram, timer',
        "row 10, rule u: tags or a metric_type are given, and it watches a user",
        "row 11, rule v: the tags have more than 1,000 bytes",
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
            reader.execute("select * from intermediate.int_alerts__raised")
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
    assert scoped == (1, 1), "one entity of one rule"
    write_rules(warehouse, PEOPLE)
    assert warehouse.build(*ALERTS) == []
    kept = owner.execute("select rule_id, state, expires_at from marts.metric_alerts order by 1")
    (good, more) = kept.fetchall()
    assert good[:2] == ("good", "historical")
    # Its lifetime had no end, but nobody judges it any more.
    assert more == ("more", "expired", datetime.fromisoformat(AS_OF))


def test_an_answer_is_visible_at_once_and_no_news_to_the_next_build(
    warehouse: Warehouse, owner: psycopg.Connection[Any]
) -> None:
    write_rules(warehouse, GOOD, PEOPLE)
    assert warehouse.build(*ALERTS) == []
    ((good,), (hot,)) = owner.execute(
        "select alert_id from marts.metric_alerts where rule_id = 'good'"
        " union all select alert_id from marts_people.metric_alerts"
    ).fetchall()
    code, out, err = run(warehouse.settings, "alerts", "ack", good[:10], "--by", "ann")
    assert (code, "acknowledged" in out) == (0, True), err
    code, out, _ = run(warehouse.settings, "alerts", "withdraw", hot, "--by", "bob")
    assert (code, "its state is withdrawn" in out) == (0, True)
    answers = (
        "select is_acknowledged, acknowledged_by_id, state, withdrawn_by_id from {}.metric_alerts"
        " where alert_id = %s"
    )
    for _ in range(2):
        assert owner.execute(answers.format("marts").encode(), [good]).fetchone() == (
            *(True, "ann"),
            *("historical", None),
        )
        assert owner.execute(answers.format("marts_people").encode(), [hot]).fetchone() == (
            *(False, None),
            *("withdrawn", "bob"),
        )
        assert warehouse.build(*ALERTS) == []
    written = owner.execute(
        "select sum(rows_written) from ops.watermarks where relation like '%metric_alerts'"
    )
    assert written.fetchone() == (0,), "the builds found what the answers had written"
    code, _, err = run(warehouse.settings, "alerts", "ack", "0123456789")
    assert (code, "there is no alert 0123456789" in err) == (1, True)
    code, out, _ = run(warehouse.settings, "alerts", "--state", "historical")
    assert code == 0
    assert "m has 1 of 1 on 2026-03-02" in out
    assert "eve: 90" not in out
    code, out, _ = run(warehouse.settings, "alerts", "--people", "--state", "withdrawn")
    assert (code, "eve: 90" in out) == (0, True)


def test_alerts_are_found_and_answered_by_those_who_may(
    warehouse: Warehouse, owner: psycopg.Connection[Any]
) -> None:
    """After the tests above: good is acknowledged, hot withdrawn, the rule of more is gone."""
    ids = dict(
        owner.execute(
            "select rule_id, alert_id from marts.metric_alerts"
            " union all select rule_id, alert_id from marts_people.metric_alerts"
        ).fetchall()
    )
    assert ids.keys() == {"good", "hot", "more"}
    found = "select rule_id from api.alerts({})"
    with connect(warehouse.settings, PEOPLE_READER, autocommit=True) as people_reader:
        for chosen, rules in {
            "": set(),
            "'all'": {"good", "hot", "more"},
            "'withdrawn'": {"hot"},
            "'all', severity => 'critical'": {"hot"},
            "'all', entity_type => 'metric', entity_id => 'm'": {"good", "more"},
            "'all', entity_type => 'metric', entity_id => 'n'": set(),
            "'all', start_at => '2026-03-03 00:00+00', end_at => '2026-03-04 00:00+00'": {
                "good",
                "hot",
            },
            "'all', start_at => '2026-03-03 00:00:01+00'": {"more"},
            "'all', end_at => '2026-03-03 00:00+00'": set(),
        }.items():
            rows = people_reader.execute(found.format(chosen).encode()).fetchall()
            assert {rule for (rule,) in rows} == rules, chosen
        with pytest.raises(psycopg.errors.InvalidParameterValue, match='state is "lost"'):
            people_reader.execute("select from api.alerts('lost')")
    answer: LiteralString = "select api.acknowledge(%s, note => 'on it')"
    with connect(warehouse.settings, READER, autocommit=True) as reader:
        rows = reader.execute(found.format("'all'").encode()).fetchall()
        assert {rule for (rule,) in rows} == {"good", "more"}
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute(answer, [ids["more"]])
    with connect(warehouse.settings, OPERATOR, autocommit=True) as operator:
        assert operator.execute(answer, [ids["more"]]).fetchone() == ("expired",)
        assert operator.execute(
            "select is_acknowledged, acknowledged_by_id from api.alerts('expired')"
        ).fetchall() == [(True, OPERATOR)]
        # An alert about people does not exist for those who may not read about people.
        for unknown in (ids["hot"], "0123"):
            with pytest.raises(psycopg.errors.NoDataFound, match=f"there is no alert {unknown}"):
                operator.execute(answer, [unknown])
    assert owner.execute(
        "select note from raw.alert_acknowledgements where alert_id = %s", [ids["more"]]
    ).fetchall() == [("on it",)]
