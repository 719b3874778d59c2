"""The metric marts over public series, against numbers that were computed without SQL."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import psycopg
import pytest

from tests.integration import metric_points
from tests.integration.exactness.warehouse import Warehouse
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.settings import PROJECT_ROOT, Settings

pytestmark = pytest.mark.skipif(
    not metric_points.DATA.is_dir(), reason=f"the data sets are not at {metric_points.DATA}"
)
NAB = "nab_real"
NGINX = "nginx_plus_status"
MODELS = "+metric_aggregates +metric_sketches_hourly +int_metrics__pooled"


@pytest.fixture(scope="module")
def built(
    module_database: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[psycopg.Connection[Any]]:
    with connect(module_database, autocommit=True) as connection:
        loaded = metric_points.load(connection, metric_points.nab_points())
        assert loaded == metric_points.facts(NAB)["rows"]
        loaded = metric_points.load(connection, metric_points.nginx_points())
        assert loaded == metric_points.facts(NGINX)["rows"]
        warehouse = Warehouse(module_database, tmp_path_factory.mktemp("real_metrics"))
        assert warehouse.build("--select", *MODELS.split()) == []
        yield connection


def found(connection: psycopg.Connection[Any], query: str, *values: Any) -> list[tuple[Any, ...]]:
    return connection.execute(query.encode(), values).fetchall()


@pytest.mark.parametrize("period_type", ["hourly", "daily", "weekly", "monthly"])
def test_each_series_has_its_points_at_every_grain(
    built: psycopg.Connection[Any], period_type: str
) -> None:
    series = found(
        built,
        "select name, sum(count)::integer, min(min), max(max), sum(sum) / sum(count)"
        " from marts.metric_aggregates where period_type = %s and tags = '{}' group by name",
        period_type,
    )
    facts = metric_points.facts(NAB)
    assert len(series) == facts["series"]
    for name, count, smallest, largest, mean in series:
        fact = facts["per_series"][name]
        assert (count, smallest, largest) == (fact["rows"], fact["min"], fact["max"]), name
        assert mean == pytest.approx(fact["mean"], abs=1e-6), name


def test_sums_of_hours(built: psycopg.Connection[Any]) -> None:
    hours = metric_points.facts(NAB)["hourly_sum_elb_request_count_8c0756"]
    sums = found(
        built,
        "select to_char(period_start at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24'), sum"
        " from marts.metric_aggregates"
        " where name = 'realAWSCloudwatch/elb_request_count_8c0756' and period_type = 'hourly'",
    )
    assert {hour: total for hour, total in sums if hour in hours} == hours


def test_gauges_and_counters_of_a_web_server(built: psycopg.Connection[Any]) -> None:
    facts = metric_points.facts(NGINX)
    for name, fact in facts["gauges_and_timers"].items():
        ((count, smallest, largest, mean),) = found(
            built,
            "select sum(count)::integer, min(min), max(max), sum(sum) / sum(count)"
            " from marts.metric_aggregates where period_type = 'daily' and name = %s",
            name,
        )
        assert (count, smallest, largest) == (fact["n"], fact["min"], fact["max"]), name
        assert mean == pytest.approx(fact["mean"], abs=1e-4), name
    assert found(
        built,
        "select count(distinct name)::integer, count(distinct tags)::integer,"
        " sum(count)::integer from marts.metric_aggregates"
        " where period_type = 'daily' and tags ? 'pid'",
    ) == [(facts["paths"], facts["pids"], facts["rows"])]
    # A counter that is never reset grows from its smallest to its largest value.
    for name in ("requests/total", "server_zones/hg.nginx.org/requests"):
        assert found(
            built,
            "select min(min), max(max) from marts.metric_aggregates where name = %s",
            name,
        ) == [(facts["counters"][name]["first"], facts["counters"][name]["last"])]
    # The counter that seems to be reset is one of each process: its tag keeps them apart.
    for pid, fact in facts["ssl_handshakes_increase_per_pid"].items():
        assert found(
            built,
            "select min(min), max(max) from marts.metric_aggregates"
            " where name = 'ssl/handshakes' and period_type = 'weekly' and tags ->> 'pid' = %s",
            pid,
        ) == [(fact["first"], fact["last"])]


def test_percentiles_from_sketches_are_within_one_percent_of_the_value_of_their_rank(
    built: psycopg.Connection[Any],
) -> None:
    values: dict[str, list[float]] = defaultdict(list)
    for name, _, value, _, _ in metric_points.nab_points():
        values[name].append(float(value))
    zeros_and_negatives = 0
    for name, series in values.items():
        series.sort()
        zeros_and_negatives += series[0] <= 0
        for quantile in (0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1):
            rank = max(math.ceil(quantile * len(series)), 1)
            ((estimate,),) = found(
                built,
                "select api.metric_percentile(%s, %s, '2010-01-01', '2030-01-01')",
                name,
                quantile,
            )
            assert abs(estimate - series[rank - 1]) <= 0.01 * abs(series[rank - 1]), name
    assert zeros_and_negatives > 3


# What an anomaly rule of threshold 5 judges: a metric's days.
SCORES = """
with signals as (
    select m.name, m.period_start, signal.name as signal, signal.value
    from intermediate.int_metrics__pooled as m
    cross join lateral (values ('avg', m.avg), ('p99', m.p99)) as signal (name, value)
    where m.period = 'day' and m.name = any(%s)
)
select s.name, s.period_start, s.signal
from signals as s
cross join lateral (
    select array_agg(h.period_start) as dates, array_agg(h.value) as history
    from signals as h
    where
        h.name = s.name and h.signal = s.signal
        and h.period_start >= s.period_start - 56 and h.period_start < s.period_start
) as before
where ops.anomaly_score(s.value, s.period_start, before.dates, before.history) > 5
"""


def test_precision_and_recall_of_anomalies_are_as_documented(
    built: psycopg.Connection[Any],
) -> None:
    """A day is right within a labelled window, and a window is found by a day within it."""
    series = metric_points.facts(NAB)["per_series"]
    windows = [
        (row["series"], datetime.fromisoformat(row["window_start"]).date(), window_end)
        for row in metric_points.lines("nab_anomaly_windows.csv.gz")
        if (window_end := datetime.fromisoformat(row["window_end"]).date())
        and row["window_start"] <= series[row["series"]]["max_ts"]
    ]
    flagged: dict[str, set[tuple[str, date]]] = defaultdict(set)
    for name, day, signal in found(built, SCORES, list(series)):
        flagged[signal].add((name, day))
    flagged["avg or p99"] = flagged["avg"] | flagged["p99"]
    text = (PROJECT_ROOT / "docs" / "alerts.md").read_text()
    found_rows = []
    for signals in ("avg", "p99", "avg or p99"):
        alerts = flagged[signals]
        right = [
            (name, day)
            for name, day in alerts
            if any(name == where and start <= day <= end for where, start, end in windows)
        ]
        seen = [
            window
            for window in windows
            if any(name == window[0] and window[1] <= day <= window[2] for name, day in alerts)
        ]
        row = (
            f"| {signals} | {len(alerts)} | {len(right)} | {len(right) / len(alerts):.2f}"
            f" | {len(windows)} | {len(seen)} | {len(seen) / len(windows):.2f} |"
        )
        found_rows.append(row)
    assert all(row in text for row in found_rows), "\n".join(found_rows)
