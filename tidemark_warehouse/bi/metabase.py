"""Metabase's serialization format: measures of each mart's table."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from typing import Any

from tidemark_warehouse.bi.marts import Column, Mart
from tidemark_warehouse.bi.metrics import COUNT, Metric, metrics

# The user whom every Metabase has.
CREATOR = "internal@metabase.com"
TYPES = {
    "bigint": "type/BigInteger",
    "integer": "type/Integer",
    "numeric": "type/Decimal",
    "double precision": "type/Float",
    "date": "type/Date",
    "timestamptz": "type/DateTimeWithLocalTZ",
    "boolean": "type/Boolean",
}
OTHER_TYPE = "type/Text"
QUERY, STAGE = "mbql/query", "mbql.stage/mbql"


def files(marts: Sequence[Mart], name: str) -> dict[str, Any]:
    """Return the content of each file, by its path.

    Args:
        marts: those to export.
        name: of the database in Metabase.
    """
    found: dict[str, Any] = {}
    for mart in marts:
        folder = f"databases/{_slug(name)}/schemas/{mart.schema}/tables/{mart.name}/measures"
        for metric in metrics(mart):
            if metric.name != COUNT:  # Metabase offers the number of rows of every table
                found[f"{folder}/{metric.name}.yaml"] = _measure(mart, metric, name)
    return found


def _measure(mart: Mart, metric: Metric, database: str) -> dict[str, Any]:
    id_ = _id(database, str(mart), metric.name)
    return {
        "name": metric.title,
        "entity_id": id_,
        "creator_id": CREATOR,
        "description": metric.description,
        "archived": False,
        "definition": {
            "lib/type": QUERY,
            "database": database,
            "stages": [
                {
                    "lib/type": STAGE,
                    "source-table": [database, mart.schema, mart.name],
                    "aggregation": [_clause(mart, metric, database)],
                }
            ],
        },
        "serdes/meta": [{"id": id_, "label": metric.name, "model": "Measure"}],
    }


def _clause(mart: Mart, metric: Metric, database: str) -> list[Any]:
    """Write a metric as an aggregation of MBQL."""
    fields = [_field(mart, column, database) for column in metric.of]
    match metric.kind:
        case "count_distinct":
            return ["distinct", {}, fields[0]]
        case "single":
            return _only(["=", {}, ["count", {}], 1], ["max", {}, fields[0]])
        case "ratio":
            over, under = (["sum", {}, field] for field in fields)
            value: list[Any] = ["/", {}, over, under]
            if metric.times != 1:
                value = ["*", {}, value, metric.times]
        case _:
            value = [metric.kind, {}, fields[0]]
    if not metric.apart:
        return value
    one = [
        ["=", {}, ["distinct", {}, _field(mart, column, database)], 1] for column in metric.apart
    ]
    return _only(one[0] if len(one) == 1 else ["and", {}, *one], value)


def _only(condition: list[Any], value: list[Any]) -> list[Any]:
    """Write a value that is null where the condition does not hold."""
    return ["case", {}, [[condition, value]]]


def _field(mart: Mart, column: Column, database: str) -> list[Any]:
    options = {"base-type": TYPES.get(column.type, OTHER_TYPE)}
    return ["field", options, [database, mart.schema, mart.name, column.name]]


def _id(*names: str) -> str:
    """Make an id of 21 characters, always the same: a later import replaces an earlier one."""
    digest = hashlib.sha256("\0".join(names).encode()).digest()
    return urlsafe_b64encode(digest).decode()[:21]


def _slug(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name.lower())
