"""Loads public metric series into raw.metric_points, for the tests that know their numbers."""

from __future__ import annotations

import csv
import gzip
import json
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from tidemark_warehouse.settings import PROJECT_ROOT

DATA = PROJECT_ROOT.parent / "shared" / "data"
Point = tuple[str, str, str, dict[str, Any], str]  # name, time, value, tags, metric_type

# What the snapshots of the web server hold beside gauges and counters.
TIMERS = ("response_time", "first_byte_time", "connect_time")


def facts(name: str) -> dict[str, Any]:
    """Return the numbers of one set, which were computed without SQL."""
    read: dict[str, Any] = json.loads((DATA / "facts.json").read_text())[f"metrics/{name}"]
    return read


def lines(name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a file of the folder metrics."""
    with gzip.open(DATA / "metrics" / name, "rt", newline="") as file:
        yield from csv.DictReader(file)


def nab_points() -> Iterator[Point]:
    """Yield the points of 47 labelled series; a series is a metric."""
    for row in lines("nab_real.dev.csv.gz"):
        yield row["series"], row["timestamp"], row["value"], {}, "gauge"


def nginx_points() -> Iterator[Point]:
    """Yield the snapshots of a web server: the path names the metric, the process is a tag."""
    for row in lines("nginx_plus_status.dev.csv.gz"):
        kind = "timer" if row["path"].endswith(TIMERS) else "gauge"
        yield row["path"], row["timestamp"], row["value"], {"pid": int(row["pid"])}, kind


def load(connection: psycopg.Connection[Any], points: Iterator[Point]) -> int:
    """Load points; returns how many."""
    count = 0
    columns = "point_id, name, recorded_at, value, tags, metric_type"
    with (
        connection.cursor() as cursor,
        cursor.copy(f"copy raw.metric_points ({columns}) from stdin".encode()) as copy,
    ):
        for count, (name, at, value, tags, kind) in enumerate(points, start=1):
            point_id = uuid.uuid5(uuid.NAMESPACE_URL, f"{name} {count}")
            copy.write_row((point_id, name, at, value, Jsonb(tags), kind))
    return count
