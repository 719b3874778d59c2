"""Superset's import format: a database connection, and a dataset with metrics for each mart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid5

from tidemark_warehouse.bi.marts import DATE, INSTANT, Column, Mart
from tidemark_warehouse.bi.metrics import Metric, is_safe, metrics

VERSION = "1.0.0"
# Ids are made of names, so that a later export replaces what an earlier one made.
NAMESPACE = UUID("5f6fb5f5-6f0a-5b52-9d9c-0c5e2b0b9d11")
# Superset's sign for a password that is not in the file: the import asks for it.
PASSWORD = "X" * 10
CACHE_SECONDS = 600
TYPES = {INSTANT: "TIMESTAMP WITH TIME ZONE"}
LOCAL_TYPE = "TIMESTAMP WITHOUT TIME ZONE"
UTC = "UTC"
QUOTE = "'"


def files(marts: Sequence[Mart], name: str, url: str, zone: str) -> dict[str, Any]:
    """Return the content of each file, by its path.

    Superset shows an instant as UTC says it, and makes an instant of a date to ask for its month:
    with sessions in another zone November began on 31 October. So its sessions are in UTC, and
    instants are told as the clocks of the reporting time zone did.

    Args:
        marts: those to export.
        name: of the database connection.
        url: of the database, `PASSWORD` in place of the password.
        zone: in which the marts' days begin.
    """
    database = uuid5(NAMESPACE, name)
    found: dict[str, Any] = {
        "metadata.yaml": {"version": VERSION, "type": "SqlaTable"},
        f"databases/{_file(name)}.yaml": {
            "database_name": name,
            "sqlalchemy_uri": url.replace("postgresql://", "postgresql+psycopg2://", 1),
            "cache_timeout": CACHE_SECONDS,
            "expose_in_sqllab": True,
            "allow_run_async": False,
            "allow_ctas": False,
            "allow_cvas": False,
            "allow_dml": False,
            "allow_csv_upload": False,
            "extra": {
                "allows_virtual_table_explore": True,
                "engine_params": {"connect_args": {"options": f"-c timezone={UTC}"}},
            },
            "uuid": str(database),
            "version": VERSION,
        },
    }
    for mart in marts:
        found[f"datasets/{_file(name)}/{mart.schema}/{mart.name}.yaml"] = _dataset(
            mart, database, zone
        )
    return found


def expression(metric: Metric) -> str:
    """Write a metric in SQL."""
    match metric.kind:
        case "count":
            return "COUNT(*)"
        case "count_distinct":
            return f"COUNT(DISTINCT {_quoted(metric.of[0])})"
        case "single":
            return f"CASE WHEN COUNT(*) = 1 THEN MAX({_quoted(metric.of[0])}) END"
        case "ratio":
            over, under = (f"SUM({_quoted(column)})" for column in metric.of)
            value = f"{metric.times}.0 * {over} / NULLIF({under}, 0)"
        case _:
            value = f"{metric.kind.upper()}({_quoted(metric.of[0])})"
    if not metric.apart:
        return value
    return f"CASE WHEN {' AND '.join(map(_one, metric.apart))} THEN {value} END"


def _one(column: Column) -> str:
    """Write that the column has one value among the rows; cheaper than counting the distinct."""
    name = _quoted(column)
    if column.type == "boolean":
        return f"BOOL_AND({name}) = BOOL_OR({name})"
    return f"MIN({name}) = MAX({name})"


def _dataset(mart: Mart, database: UUID, zone: str) -> dict[str, Any]:
    return {
        "table_name": mart.name,
        "schema": mart.schema,
        "description": mart.description,
        "main_dttm_col": mart.time.name if mart.time else None,
        "sql": None,
        "filter_select_enabled": True,
        "uuid": str(uuid5(database, str(mart))),
        # A measure that may not be summed is a metric and no column, so that no SUM, AVG or
        # histogram of the tool's own can reach it.
        "columns": [_column(c, zone) for c in mart.columns.values() if is_safe(mart, c)],
        "metrics": [_metric(metric) for metric in metrics(mart)],
        "version": VERSION,
        "database_uuid": str(database),
    }


def _column(column: Column, zone: str) -> dict[str, Any]:
    local = None
    if column.type == INSTANT and zone != UTC:
        local = f"{_quoted(column)} AT TIME ZONE '{zone.replace(QUOTE, QUOTE * 2)}'"
    return {
        "column_name": column.name,
        "verbose_name": None,
        "is_dttm": column.type in (DATE, INSTANT),
        "is_active": True,
        "type": LOCAL_TYPE if local else TYPES.get(column.type, column.type.upper()),
        "groupby": column.rollup is None,
        "filterable": True,
        "expression": local,
        "description": column.description,
    }


def _metric(metric: Metric) -> dict[str, Any]:
    return {
        "metric_name": metric.name,
        "verbose_name": metric.title,
        "metric_type": None,
        "expression": expression(metric),
        "description": metric.description,
    }


def _quoted(column: Column) -> str:
    return '"' + column.name.replace('"', '""') + '"'


def _file(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name)
