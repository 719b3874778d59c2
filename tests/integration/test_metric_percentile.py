"""api.metric_percentile: any quantile of any range and tags, within 1 % of its rank's value."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.integration import metric_points
from tests.integration.exactness.warehouse import Warehouse
from tests.integration.metric_points import Point
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.database.server.roles import READER
from tidemark_warehouse.settings import Settings

START = datetime(2026, 3, 1, tzinfo=UTC)
REGIONS = ("eu", "us", "ap")


def points() -> list[Point]:
    """Values of every size and sign, zeros among them, over 30 hours and three regions."""
    rng = random.Random(3)
    made: list[Point] = []
    for number in range(3000):
        value = rng.choice((-1, 1, 1)) * math.exp(rng.uniform(-30, 30)) if number % 10 else 0.0
        at = START + timedelta(hours=30 * number / 3000)
        tags = {"region": rng.choice(REGIONS), "route": rng.randrange(3)}
        made.append(("mixed", at.isoformat(), repr(value), tags, "gauge"))
    for number, value in enumerate((1e-300, 1e-299, 1e100, -1e100, 1.02, 1.02**2, -(1.02**3))):
        made.append(("edges", START.isoformat(), repr(value), {"n": number}, "gauge"))
    return made


POINTS = points()


@pytest.fixture(scope="module")
def reader(
    module_database: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[psycopg.Connection[Any]]:
    with connect(module_database, autocommit=True) as owner:
        metric_points.load(owner, iter(POINTS))
        warehouse = Warehouse(module_database, tmp_path_factory.mktemp("percentile"))
        assert warehouse.build("--select", "+metric_sketches_hourly") == []
        # Long gone.
        owner.execute("delete from raw.metric_points")
    with connect(module_database, READER, autocommit=True) as connection:
        yield connection


def percentile(reader: psycopg.Connection[Any], *arguments: Any) -> float | None:
    places = ", ".join(["%s"] * len(arguments))
    row = reader.execute(f"select api.metric_percentile({places})".encode(), arguments).fetchone()
    assert row is not None
    return None if row[0] is None else float(row[0])


def exact(values: list[float], quantile: float) -> float:
    """Return the smallest value with cum >= q * n."""
    ordered = sorted(values)
    return next(v for rank, v in enumerate(ordered, start=1) if rank >= quantile * len(ordered))


@pytest.mark.parametrize("quantile", [0, 0.001, 0.07, 0.3, 0.33, 0.36, 0.5, 0.9, 0.99, 0.9999, 1])
@pytest.mark.parametrize("hours", [(0, 30), (7, 8), (3, 19)])
@pytest.mark.parametrize("tags", ["{}", '{"region": "eu"}', '{"route": 2, "region": "ap"}'])
def test_the_value_of_its_rank_within_one_percent(
    reader: psycopg.Connection[Any], quantile: float, hours: tuple[int, int], tags: str
) -> None:
    start, end = (START + timedelta(hours=hour) for hour in hours)
    wanted = json.loads(tags)
    values = [
        float(value)
        for name, at, value, has, _ in POINTS
        if name == "mixed"
        and start <= datetime.fromisoformat(at) < end
        and wanted.items() <= has.items()
    ]
    found = percentile(reader, "mixed", quantile, start, end, tags)
    target = exact(values, quantile)
    assert found is not None
    assert abs(found - target) <= 0.01 * abs(target)


def test_values_on_the_edges_of_buckets_and_of_what_can_be_measured(
    reader: psycopg.Connection[Any],
) -> None:
    for name, at, value, tags, _ in POINTS:
        if name == "edges":
            end = datetime.fromisoformat(at) + timedelta(hours=1)
            found = percentile(reader, name, 0.5, at, end, f'{{"n": {tags["n"]}}}')
            assert found == float(value), "one value is known exactly: smallest and largest"
    values = [float(value) for name, _, value, _, _ in POINTS if name == "edges"]
    for rank, target in enumerate(sorted(values), start=1):
        found = percentile(reader, "edges", rank / len(values), START, START + timedelta(hours=1))
        assert found is not None
        assert abs(found - target) <= 0.01 * abs(target), target


def test_hours_that_the_range_touches_count_whole(reader: psycopg.Connection[Any]) -> None:
    whole = percentile(reader, "mixed", 0.5, START, START + timedelta(hours=2))
    touched = percentile(
        reader,
        "mixed",
        0.5,
        START + timedelta(minutes=59),
        START + timedelta(hours=1, microseconds=1),
    )
    assert touched == whole


def test_no_point_is_null(reader: psycopg.Connection[Any]) -> None:
    assert percentile(reader, "mixed", 0.5, "2020-01-01", "2020-01-02") is None
    assert percentile(reader, "unknown", 0.5, "2026-01-01", "2027-01-01") is None
    assert percentile(reader, "mixed", 0.5, "2026-01-01", "2027-01-01", '{"region": "x"}') is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mixed", 99, "2026-01-01", "2027-01-01"), "quantile 99 is no fraction from 0 to 1"),
        (("mixed", None, "2026-01-01", "2027-01-01"), "quantile null"),
        (("mixed", "NaN", "2026-01-01", "2027-01-01"), "quantile NaN"),
        ((None, 0.5, "2026-01-01", "2027-01-01"), "name of the metric is null"),
        (("mixed", 0.5, "2027-01-01", "2027-01-01"), "is no range of time"),
        (("mixed", 0.5, None, "2027-01-01"), "from null to 2027"),
        (("mixed", 0.5, "2026-01-01", "2027-01-01", "[1]"), "are no JSON object"),
    ],
)
def test_wrong_arguments_are_named(
    reader: psycopg.Connection[Any], arguments: tuple[Any, ...], message: str
) -> None:
    with pytest.raises(psycopg.DatabaseError, match=message):
        percentile(reader, *arguments)
