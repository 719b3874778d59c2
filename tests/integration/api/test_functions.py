"""The other functions of api, against the marts of a simulated company; and what holds for all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.integration.exactness.warehouse import AS_OF, Warehouse
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.database.server.roles import PEOPLE_READER, READER

Connection = psycopg.Connection[Any]
NOW_AT = datetime.fromisoformat(AS_OF)
TODAY = NOW_AT.date()
METRICS = ("degree_centrality", "betweenness_centrality", "clustering_coeff", "burnout_score")

# Callers write arguments by name: a name that changes breaks them.
SIGNATURES = {
    "time_aggregations": "start_date end_date user_id",
    "time_trend": "user_id days",
    "event_series": "events start_at end_at granularity environment breakdown_by user_id",
    "event_totals": "events start_at end_at environment breakdown_by user_id",
    "employee_trend": "employee_id start_at end_at use_hourly",
    "team_trend": "team_name days",
    "burnout_alerts": "threshold days",
    "metric_statistics": "metric days",
    "metric_percentile": "name quantile start_at end_at tags",
    "intervention_audit": "start_at end_at intervention_id action",
    "funnel": "funnel_name start_at end_at",
    "funnel_adhoc": (
        "steps conversion_window_seconds step_order environment breakdown_property exclusions"
        " start_at end_at"
    ),
    "retention": "retention_name",
    "retentions": "",
    "projects": "",
    "project_trend": "project_id start_date end_date",
    "session_stats": "start_date end_date environment",
    "feature_usage": "start_date end_date feature",
    "dashboard_figures": "",
    "rejected_rows": "",
    "health": "",
    "clock": "",
    "alerts": "state severity entity_type entity_id start_at end_at",
    "acknowledge": "alert_id note",
}
ACTING = {"acknowledge"}  # for tidemark_operator
# About people: a call that is right, so that only the role decides.
ABOUT_PEOPLE: tuple[LiteralString, ...] = (
    "select * from api.employee_trend('e', '2026-01-01', '2026-03-01', false)",
    "select * from api.employee_trend('e', '2026-01-01', '2026-03-01', true)",
    "select * from api.team_trend('platform', 30)",
    "select * from api.burnout_alerts(70, 30)",
    "select * from api.metric_statistics('burnout_score', 30)",
    "select * from api.metric_statistics('burnout_score', 31)",
    "select * from api.intervention_audit('2026-01-01', '2026-03-01')",
)


@pytest.fixture(scope="module")
def owner(company: Warehouse) -> Iterator[Connection]:
    with company.connect() as connection:
        yield connection


@pytest.fixture(scope="module")
def reader(company: Warehouse) -> Iterator[Connection]:
    with connect(company.settings, READER, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def people_reader(company: Warehouse) -> Iterator[Connection]:
    with connect(company.settings, PEOPLE_READER, autocommit=True) as connection:
        yield connection


def rows(connection: Connection, query: LiteralString, *arguments: Any) -> list[tuple[Any, ...]]:
    return connection.execute(query, arguments or None).fetchall()


def one(connection: Connection, query: LiteralString, *arguments: Any) -> Any:
    ((value, *_),) = rows(connection, query, *arguments)
    return value


# What holds for every function -----------------------------------------------------------------


def test_every_function_has_its_arguments_by_name(owner: Connection) -> None:
    found = rows(
        owner,
        "select proname, coalesce(array_to_string(proargnames[1:pronargs], ' '), '')"
        " from pg_proc where pronamespace = 'api'::regnamespace",
    )
    assert dict(found) == SIGNATURES


def test_every_function_is_described_with_its_arguments(owner: Connection) -> None:
    for name, comment in rows(
        owner,
        "select proname, obj_description(oid, 'pg_proc') from pg_proc"
        " where pronamespace = 'api'::regnamespace",
    ):
        assert comment, name
        assert comment.rstrip().endswith("."), name
        for argument in SIGNATURES[name].split():
            assert re.search(rf"\b{argument}\b", comment), f"{name}: {argument}"


def test_readers_may_call_what_reads_and_the_public_nothing(owner: Connection) -> None:
    for name, public, of_reader, of_loader in rows(
        owner,
        "select proname,"
        " exists (select from aclexplode(coalesce(proacl, acldefault('f', proowner))) as a"
        "  where a.grantee = 0),"
        " has_function_privilege('tidemark_reader', oid, 'execute'),"
        " has_function_privilege('tidemark_loader', oid, 'execute')"
        " from pg_proc where pronamespace = 'api'::regnamespace",
    ):
        assert (public, of_reader, of_loader) == (False, name not in ACTING, False), name


def test_no_function_of_ops_is_for_the_public(owner: Connection) -> None:
    """But the one that the default of _xid calls: whoever inserts a row evaluates it."""
    assert not rows(
        owner,
        "select p.oid::regprocedure from pg_proc as p"
        " cross join aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a"
        " where p.pronamespace = 'ops'::regnamespace and a.grantee = 0"
        " and p.proname <> 'current_xid'",
    )


def test_search_paths_are_fixed_and_definers_are_those_that_need_it(owner: Connection) -> None:
    """What is about people runs with the rights of its caller; nobody lends the owner's."""
    definers = set()
    for name, is_definer, settings in rows(
        owner,
        "select proname, prosecdef, coalesce(proconfig, '{}') from pg_proc"
        " where pronamespace = 'api'::regnamespace",
    ):
        assert "search_path=pg_catalog, pg_temp" in settings, name
        if is_definer:
            definers.add(name)
    reading_raw_or_ops = {"event_series", "event_totals", "funnel_adhoc", "health", "clock"}
    assert definers == reading_raw_or_ops | {"rejected_rows", "retention", "retentions"} | ACTING


# Time tracking ---------------------------------------------------------------------------------


def test_time_aggregations_are_those_of_both_dates_and_between(reader: Connection) -> None:
    start_date, end_date = TODAY - timedelta(days=12), TODAY - timedelta(days=5)
    mart = "select * from marts.time_aggregations_daily where date between %s and %s"
    order = " order by date, user_id, ticket_type"
    found = rows(reader, "select * from api.time_aggregations(%s, %s)", start_date, end_date)
    assert found == rows(reader, mart + order, start_date, end_date)
    assert {row[1] for row in found} >= {start_date, end_date}
    user = found[0][0]
    of_user = "select * from api.time_aggregations(%s, %s, user_id => %s)"
    assert rows(reader, of_user, start_date, end_date, user) == [r for r in found if r[0] == user]
    assert rows(reader, of_user, start_date, end_date, "nobody") == []


@pytest.mark.parametrize("days", [1, 7, 730])
def test_time_trend_looks_back_from_today(reader: Connection, days: int) -> None:
    user = one(
        reader,
        "select user_id from marts.time_trends_daily group by 1 order by max(date) desc, 1 limit 1",
    )
    expected = rows(
        reader,
        "select date, workflows, hours, efficiency, workflows_7d_avg, hours_7d_avg,"
        " efficiency_28d, hours_7d_change_percent from marts.time_trends_daily"
        " where user_id = %s and date > %s order by date",
        user,
        TODAY - timedelta(days=days),
    )
    assert rows(reader, "select * from api.time_trend(%s, %s)", user, days) == expected
    assert expected or days == 1


# People ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ABOUT_PEOPLE)
def test_what_is_about_people_is_refused_to_others(
    reader: Connection, people_reader: Connection, query: LiteralString
) -> None:
    rows(people_reader, query)
    with pytest.raises(
        psycopg.errors.InsufficientPrivilege, match="may not read about people"
    ) as e:
        rows(reader, query)
    assert "tidemark_people_reader" in str(e.value.diag.message_hint)


@pytest.mark.parametrize("use_hourly", [False, True])
def test_employee_trend_is_what_begins_in_the_range(
    people_reader: Connection, use_hourly: bool
) -> None:
    mart = "employee_metrics_hourly" if use_hourly else "employee_metrics_daily"
    start = "bucket_start" if use_hourly else "date::timestamp at time zone 'UTC'"
    figures = ", ".join(f"{m}_avg, {m}_min, {m}_max" for m in METRICS)
    employee = one(
        people_reader, "select min(employee_id) from marts_people.employee_metrics_daily"
    )
    start_at, end_at = NOW_AT - timedelta(days=9, hours=3), NOW_AT - timedelta(hours=12)
    query = (
        f"select {start} as bucket_start, sample_count, {figures} from marts_people.{mart}"
        f" where employee_id = %s and {start} >= %s and {start} < %s order by 1"
    )
    expected = people_reader.execute(query.encode(), (employee, start_at, end_at)).fetchall()
    found = rows(
        people_reader,
        "select * from api.employee_trend(%s, %s, %s, %s)",
        *(employee, start_at, end_at, use_hourly),
    )
    assert found == expected
    assert len(found) > 5


def test_team_trend_is_that_of_the_mart(people_reader: Connection) -> None:
    team = one(people_reader, "select min(team_name) from marts_people.team_metrics_daily")
    figures = ", ".join(f"{metric}_avg" for metric in METRICS)
    query = (
        f"select date, employees, {figures} from marts_people.team_metrics_daily"
        " where team_name = %s and date > %s order by date"
    )
    for days in (1, 30):
        first = TODAY - timedelta(days=days)
        expected = people_reader.execute(query.encode(), (team, first)).fetchall()
        assert rows(people_reader, "select * from api.team_trend(%s, %s)", team, days) == expected
    assert len(expected) > 10


@pytest.mark.parametrize("threshold", [0, 40, 69.5, 70, 75, 100])
@pytest.mark.parametrize("days", [1, 30, 90])
def test_burnout_alerts_are_the_days_over_any_threshold(
    people_reader: Connection, threshold: float, days: int
) -> None:
    found = rows(people_reader, "select * from api.burnout_alerts(%s, %s)", threshold, days)
    scores = rows(
        people_reader,
        "select employee_id, date, burnout_score_max from marts_people.employee_metrics_daily"
        " where burnout_score_max > %s and date > %s"
        " order by date desc, burnout_score_max desc, employee_id",
        threshold,
        TODAY - timedelta(days=days),
    )

    def severity(score: float) -> str:
        over = score - threshold
        return "critical" if over >= 20 else "high" if over >= 10 else "medium"

    assert found == [(*row, threshold, severity(row[2])) for row in scores]


def test_metric_statistics_of_any_window_are_computed_as_the_mart_does(
    people_reader: Connection,
) -> None:
    windows = (7, 30, 90, 365)
    query: LiteralString = "select * from api.metric_statistics(%s, %s)"
    for metric in METRICS:
        for days in windows:
            (of_mart,) = rows(people_reader, query, metric, days)
            assert of_mart[:2] == (metric, days)
            mart: LiteralString = (
                "select * from marts_people.metric_statistics"
                " where metric_name = %s and window_days = %s"
            )
            assert rows(people_reader, mart, metric, days) == [of_mart]
        # The data have 45 days: a window of 364 is that of 365.
        (computed,) = rows(people_reader, query, metric, 364)
        (stored,) = rows(people_reader, query, metric, 365)
        assert computed[2:5] == stored[2:5]
        assert computed[5:] == pytest.approx(stored[5:])
    (one_day,) = rows(people_reader, query, "burnout_score", 1)
    assert one_day[2] == one(
        people_reader,
        "select sum(burnout_score_count) from marts_people.employee_metrics_daily where date = %s",
        TODAY,
    )


def test_intervention_audit_is_the_log_of_a_range(people_reader: Connection) -> None:
    log = "select * from marts_people.intervention_audit_log where logged_at >= %s"
    everything = rows(people_reader, log + " order by logged_at, audit_id", "1970-01-01")
    assert len(everything) > 3
    _, intervention, action, *_, start_at = everything[1]
    end_at = everything[-1][-1]
    query: LiteralString = (
        "select * from api.intervention_audit(%s, %s, intervention_id => %s, action => %s)"
    )
    in_range = [row for row in everything if start_at <= row[-1] < end_at]
    assert rows(people_reader, query, start_at, end_at, None, None) == in_range
    for wanted in ((intervention, None), (None, action), (intervention, action)):
        assert rows(people_reader, query, start_at, end_at, *wanted) == [
            row for row in in_range if wanted[0] in (None, row[1]) and wanted[1] in (None, row[2])
        ]


# Funnels, retention, health --------------------------------------------------------------------


def test_funnels_and_retentions_are_those_of_the_marts(reader: Connection) -> None:
    (funnel, *_), *_ = rows(reader, "select distinct funnel_name from marts.funnel_steps")
    assert rows(reader, "select * from api.funnel(%s)", funnel) == rows(
        reader,
        "select is_total, breakdown_value, step_index, step_name, users, conversion_rate,"
        " drop_off_rate, overall_conversion_rate, avg_seconds_from_previous,"
        " median_seconds_from_previous from marts.funnel_steps where funnel_name = %s"
        " order by is_total desc, breakdown_value, step_index",
        funnel,
    )
    (retention, *_), *_ = rows(
        reader, "select distinct retention_name from marts.retention_cohorts"
    )
    found = rows(reader, "select * from api.retention(%s)", retention)
    assert found == rows(
        reader,
        "select is_total, breakdown_value, cohort_start, period_index, cohort_size,"
        " returned_users, retention_rate, cohort_date from marts.retention_cohorts"
        " where retention_name = %s"
        " order by is_total desc, breakdown_value, cohort_start, period_index",
        retention,
    )
    assert found


def as_written(events: list[dict[str, Any]]) -> Jsonb:
    """Return the events of a definition with the values that an analyst wrote into filters."""
    return Jsonb(
        [
            {
                **event,
                "filters": [
                    {
                        **{name: held[name] for name in ("property", "operator")},
                        **dict(zip(("value",), held["operands"], strict=False)),
                    }
                    for held in event["filters"]
                ],
            }
            for event in events
        ]
    )


def test_a_funnel_of_a_range_counts_who_entered_then(owner: Connection, reader: Connection) -> None:
    """By started_at of the attempt that counts; undefined funnels keep to the same."""
    middle = NOW_AT - timedelta(days=20)
    funnels = rows(
        owner,
        "select funnel_name, steps, window_seconds, step_order, environment, breakdown_property,"
        " exclusions from intermediate.int_funnels__defined order by funnel_name",
    )
    entered = 0
    for name, steps, *choices, exclusions in funnels:
        whole = rows(reader, "select * from api.funnel(%s)", name)
        assert rows(reader, "select * from api.funnel(%s, '1990-01-01')", name) == whole
        parts = []
        for start_at, end_at in ((None, middle), (middle, NOW_AT + timedelta(days=9))):
            part = rows(reader, "select * from api.funnel(%s, %s, %s)", name, start_at, end_at)
            assert part == rows(
                owner,
                "select * from api.funnel_adhoc(%s, %s, %s, %s, %s, %s, %s, %s)",
                *(as_written(steps), *choices, as_written(exclusions), start_at, end_at),
            )
            reached = rows(
                reader,
                "select s.step, count(c.user_id) from generate_series(1, %s) as s (step)"
                " left join marts.funnel_conversions as c on c.funnel_name = %s"
                " and c.current_step >= s.step and coalesce(c.started_at >= %s, true)"
                " and coalesce(c.started_at < %s, true) group by s.step order by s.step",
                *(len(steps), name, start_at, end_at),
            )
            assert [(row[2], row[4]) for row in part if row[0]] == reached
            parts.append([row[4] for row in part if row[0]])
        assert [sum(pair) for pair in zip(*parts, strict=True)] == [r[4] for r in whole if r[0]]
        entered += bool(parts[0][0] and parts[1][0])
    assert entered


def test_retentions_are_those_that_are_defined(owner: Connection, reader: Connection) -> None:
    found = rows(reader, "select retention_name, period, return_mode from api.retentions()")
    assert found == rows(
        owner,
        "select retention_name, period, return_mode from intermediate.int_retentions__defined"
        " order by retention_name",
    )
    assert found


@pytest.mark.parametrize(
    ("call", "mart"),
    [
        ("projects()", "select project_id from marts.project_summary"),
        (
            "session_stats('2026-01-01', '2026-12-31')",
            "select date from marts.session_stats where environment = 'production'",
        ),
        (
            "feature_usage('2026-01-01', '2026-12-31')",
            "select feature_name from marts.feature_usage",
        ),
        ("dashboard_figures()", "select widget_id from marts.dashboard_metrics"),
    ],
)
def test_rows_of_a_mart_come_in_the_order_of_their_key(
    reader: Connection, call: str, mart: str
) -> None:
    found = rows(reader, f"select * from api.{call}")
    expected = rows(reader, f"{mart} order by 1")
    assert [row[0] for row in found] == [row[0] for row in expected]
    assert found


def test_one_of_a_mart_is_asked_by_its_name(reader: Connection) -> None:
    (project, *_), *_ = rows(reader, "select * from api.projects()")
    trend = "select * from api.project_trend(%s, %s, %s)"
    first, last = TODAY - timedelta(days=9), TODAY - timedelta(days=2)
    dates = [row[0] for row in rows(reader, trend, project, first, last)]
    assert dates == rows_of_dates(reader, project, first, last)
    usage: LiteralString = "select * from api.feature_usage('2026-01-01', '2026-12-31')"
    of_one: LiteralString = "select * from api.feature_usage('2026-01-01', '2026-12-31', %s)"
    found = rows(reader, usage)
    name = found[0][0]
    assert rows(reader, of_one, name) == [row for row in found if row[0] == name]


def rows_of_dates(reader: Connection, project: str, first: Any, last: Any) -> list[Any]:
    return [
        day
        for (day,) in rows(
            reader,
            "select date from marts.project_metrics where project_id = %s"
            " and date between %s and %s order by date",
            *(project, first, last),
        )
    ]


def test_rejected_rows_are_counted_and_their_contents_kept(
    owner: Connection, reader: Connection
) -> None:
    owner.execute(
        "insert into raw.rejected_rows (table_name, source, line, reason, payload)"
        " values ('events', '/home/ann/march.csv', 7, 'ann@example.org is no time', 'ann')"
    )
    owner.commit()
    try:
        found = rows(reader, "select table_name, source, row_count from api.rejected_rows()")
        assert ("events", "march.csv", 1) in found
        assert "ann" not in str(rows(reader, "select * from api.rejected_rows()"))
    finally:
        owner.execute("delete from raw.rejected_rows where reason like 'ann@%'")
        owner.commit()


def test_health_has_every_mart_and_sees_what_is_new(
    company: Warehouse, owner: Connection, reader: Connection, people_reader: Connection
) -> None:
    marts = {table for table, _, _ in company.tables() if table.startswith("marts")}
    health: LiteralString = "select relation, is_behind, next_command from api.health()"
    assert {r: b for r, b, _ in rows(reader, health)} == dict.fromkeys(marts, False)
    with owner.transaction(force_rollback=True):
        owner.execute(
            "insert into raw.workflow_templates (template_id, ticket_type) values ('new', 'bug')"
        )
        behind = {r: command for r, b, command in rows(owner, health) if b}
    with owner.transaction(force_rollback=True):
        owner.execute(
            "insert into raw.events (event_id, event_name, event_at, distinct_id)"
            " values (gen_random_uuid(), 'page_view', %s, 'd')",
            [NOW_AT],
        )
        with_event = {r for r, b, _ in rows(owner, health) if b}
    assert {"marts.event_counts_daily", "marts.session_stats"} <= with_event
    assert "marts.workflow_completions" not in with_event
    # Of the new row itself, and of what is made from that.
    assert {"marts.workflow_completions", "marts.time_trends_daily"} <= behind.keys()
    assert "marts.event_counts_daily" not in behind
    assert behind["marts.time_trends_daily"] == "tidemark build --select +time_trends_daily"

    counts: LiteralString = (
        "select relation from api.health() where rows_written is not null"
        " or oldest_data_at is not null or newest_data_at is not null"
    )
    assert not {r for (r,) in rows(reader, counts) if r.startswith("marts_people.")}
    assert {r for (r,) in rows(people_reader, counts) if r.startswith("marts_people.")}
    oldest, newest, age = rows(
        reader,
        "select oldest_data_at, newest_data_at, age_seconds from api.health()"
        " where relation = 'marts.event_counts_daily'",
    )[0]
    bounds = rows(
        reader, "select min(bucket_start), max(bucket_start) from marts.event_counts_daily"
    )
    assert [(oldest, newest)] == bounds
    assert 0 <= age < 3600
