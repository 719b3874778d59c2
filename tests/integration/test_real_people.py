"""The people marts over a public message network, against networkx and numbers without SQL."""

from __future__ import annotations

import csv
import gzip
import json
import math
import statistics
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.integration.exactness.warehouse import Warehouse
from tests.integration.graphs import Measured, daily_centralities
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.settings import PROJECT_ROOT, Settings

DATA = PROJECT_ROOT.parent / "shared" / "data"
AS_OF = "2004-05-29T23:59:00+00:00"
SMALLEST_TEAM = 5

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"the data sets are not at {DATA}")


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((DATA / "facts.json").read_text())
    graph: dict[str, Any] = read["people/collegemsg_graph"]
    return graph


@pytest.fixture(scope="module")
def measured(facts: dict[str, Any]) -> list[Measured]:
    with gzip.open(DATA / "events" / "collegemsg.dev.csv.gz", "rt", newline="") as lines:
        messages = [(row["src"], row["dst"], row["ts"]) for row in csv.DictReader(lines)]
    assert len(messages) == facts["rows"]
    return daily_centralities(messages, with_betweenness=facts["daily_graph"])


@pytest.fixture(scope="module")
def built(
    module_database: Settings, measured: list[Measured], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[psycopg.Connection[Any]]:
    with connect(module_database, autocommit=True) as connection:
        with (
            connection.cursor() as cursor,
            cursor.copy(
                "copy raw.employee_metrics (employee_id, recorded_at, degree_centrality,"
                " betweenness_centrality, clustering_coeff) from stdin"
            ) as copy,
        ):
            for m in measured:
                at = f"{m.date}T23:30:00Z"
                copy.write_row((m.person, at, m.degree, m.betweenness, m.clustering))
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into raw.employees (employee_id, team_name) values (%s, %s)",
                [(person, team(person)) for person in {m.person for m in measured}],
            )
        warehouse = Warehouse(module_database, tmp_path_factory.mktemp("real_people"))
        variables = f"{{as_of: '{AS_OF}', min_team_size: {SMALLEST_TEAM}}}"
        assert warehouse.build("--select", "+tag:people", "--vars", variables) == []
        yield connection


def team(person: str) -> str:
    """Sixty teams, of which some have a handful of members on a quiet day and some fewer."""
    return f"team {int(person) % 60}"


def found(connection: psycopg.Connection[Any], query: str, *values: Any) -> list[tuple[Any, ...]]:
    return connection.execute(query.encode(), values).fetchall()


def test_days_of_the_graph(built: psycopg.Connection[Any], facts: dict[str, Any]) -> None:
    (totals,) = found(
        built,
        "select count(distinct employee_id), count(distinct date), sum(sample_count)::integer"
        " from marts_people.employee_metrics_daily",
    )
    assert totals[:2] == (facts["nodes"], facts["days"])
    for date, fact in facts["daily_graph"].items():
        (day,) = found(
            built,
            "select count(*), round(max(degree_centrality_avg)::numeric, 6)::float8,"
            " (array_agg(employee_id order by degree_centrality_max desc))[1],"
            " round(max(degree_centrality_sum) * (count(*) - 1))::integer,"
            " round(sum(degree_centrality_sum) * (count(*) - 1) / 2)::integer"
            " from marts_people.employee_metrics_daily where date = %s",
            date,
        )
        assert day == (
            fact["active_nodes"],
            fact["top_degree_centrality"],
            fact["top_node"],
            fact["top_undirected_degree"],
            fact["undirected_edges"],
        )


def test_each_hour_has_what_was_measured(
    built: psycopg.Connection[Any], measured: list[Measured]
) -> None:
    hours = found(
        built,
        "select employee_id, to_char(bucket_start at time zone 'UTC', 'YYYY-MM-DD'),"
        " degree_centrality_avg, betweenness_centrality_max, clustering_coeff_min"
        " from marts_people.employee_metrics_hourly",
    )
    assert sorted(hours, key=lambda row: row[:2]) == sorted(
        ((m.person, m.date, m.degree, m.betweenness, m.clustering) for m in measured),
        key=lambda row: row[:2],
    )


def test_teams_are_averaged_and_small_ones_hidden(
    built: psycopg.Connection[Any], measured: list[Measured]
) -> None:
    groups: dict[tuple[str, str], list[float]] = defaultdict(list)
    for m in measured:
        groups[team(m.person), m.date].append(m.clustering)
    rows = found(
        built,
        "select team_name, date::text, employees, clustering_coeff_avg, burnout_score_avg"
        " from marts_people.team_metrics_daily",
    )
    assert {row[:2]: row[2] for row in rows} == {key: len(v) for key, v in groups.items()}
    hidden = {row[:2] for row in rows if row[3] is None}
    assert hidden == {key for key, v in groups.items() if len(v) < SMALLEST_TEAM}
    assert 0 < len(hidden) < len(rows)
    for team_name, date, _, clustering, burnout in rows:
        if clustering is not None:
            expected = statistics.fmean(groups[team_name, date])
            assert clustering == pytest.approx(expected, rel=1e-9, abs=1e-9)
        assert burnout is None


@pytest.mark.parametrize(("days", "first"), [(7, "2004-05-23"), (30, "2004-04-30"), (90, "")])
def test_statistics_of_the_whole_network(
    built: psycopg.Connection[Any], measured: list[Measured], days: int, first: str
) -> None:
    values = sorted(m.degree for m in measured if m.date >= first)
    (row,) = found(
        built,
        "select count, min, max, avg, std_dev, p50, p90, p99 from marts_people.metric_statistics"
        " where metric_name = 'degree_centrality' and window_days = %s",
        days,
    )
    expected = [
        *(len(values), values[0], values[-1]),
        *(statistics.fmean(values), statistics.stdev(values)),
        *(percentile(values, fraction) for fraction in (0.5, 0.9, 0.99)),
    ]
    assert list(row) == pytest.approx(expected, rel=1e-9)


def percentile(values: list[float], fraction: float) -> float:
    """Interpolate between the two values that stand around the fraction."""
    place = fraction * (len(values) - 1)
    below, above = values[math.floor(place)], values[math.ceil(place)]
    return below + (above - below) * (place - math.floor(place))
