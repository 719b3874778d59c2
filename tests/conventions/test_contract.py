"""Marts keep the contract: names, grains, columns, types, keys, indexes, grants."""

from __future__ import annotations

import re

from tests.conventions.contract import INDEXES, MARTS, RAW_INDEXES, TYPES
from tests.conventions.project import Model, Project, demand, migrations

# Areas whose marts are all there. An area that is finished is added here.
COMPLETE_AREAS = {"app_metrics", "delivery", "people", "product", "shared", "time_tracking"}

# Marts that the contract does not know, and what they are for.
FURTHER_MARTS: dict[str, str] = {}

# Columns of a grain that may be null, and what null says there.
NULL_IN_GRAIN = {
    ("int_sessions__totalled", "user_id"): "the session names no user: it is the workflow's",
    ("int_visits__cut", "session_id"): "the events name no session",
    ("int_visits__attributed", "session_id"): "the events name no session",
    ("int_features__moved", "assigned_to_id"): "nobody works on the feature",
    ("event_breakdowns_daily", "value"): "the property is missing, or the row sums up the others",
    ("funnel_step_results", "breakdown_value"): "the property is missing, or the row is the total",
    ("funnel_results", "breakdown_value"): "the property is missing, or the row is the total",
    ("retention_cohorts", "breakdown_value"): "the property is missing, or the row is the total",
    ("retention_curve", "breakdown_value"): "the property is missing, or the row is the total",
}


def required(model: Model) -> set[str]:
    """Return the columns with a not_null constraint."""
    return {
        column["name"]
        for column in model.columns.values()
        if any(constraint["type"] == "not_null" for constraint in column["constraints"])
    }


def test_marts_are_those_of_the_contract(project: Project) -> None:
    demand(
        [
            f"{model} in {model.area}"
            for model in project.layer("marts")
            if model.name not in FURTHER_MARTS
            and (model.name not in MARTS or MARTS[model.name].area != model.area)
        ],
        "give it the contract's name and area; a mart beyond the contract goes into FURTHER_MARTS "
        "of this test, with its reason",
    )


def test_finished_areas_have_every_mart(project: Project) -> None:
    demand(
        [
            name
            for name, mart in MARTS.items()
            if mart.area in COMPLETE_AREAS and name not in project.by_name
        ],
        "the contract lists these marts: a finished area has them all",
    )


def test_marts_keep_the_contracts_columns(project: Project) -> None:
    demand(
        [
            f"{model} lacks {column}"
            for model in project.layer("marts")
            if model.name in MARTS
            for column in (*MARTS[model.name].grain, *MARTS[model.name].columns)
            if column not in model.columns
        ],
        "a column of the contract is never renamed or dropped",
    )


def test_marts_keep_the_contracts_grain(project: Project) -> None:
    demand(
        [
            f"{model} has the key {model.grain}, the contract says {list(MARTS[model.name].grain)}"
            for model in project.layer("marts")
            if model.name in MARTS and set(model.grain) != set(MARTS[model.name].grain)
        ],
        "the grain of a mart is fixed: set unique_key to it",
    )


def test_contracts_are_enforced(project: Project) -> None:
    demand(
        [
            str(model)
            for model in project.layer("intermediate", "marts")
            if not model.config["contract"]["enforced"]
        ],
        "dbt_project.yml enforces the contract of the whole layer: remove what overrides it",
    )


def test_unique_key_names_columns_of_the_model(project: Project) -> None:
    demand(
        [
            f"{model}: {model.grain or 'no unique_key'}"
            for model in project.layer("intermediate", "marts")
            if model.config["materialized"] == "incremental"
            and (not model.grain or not set(model.grain) <= set(model.columns))
        ],
        "config(unique_key=[...]) lists the columns of the grain, each described in the yml",
    )


def test_columns_of_a_grain_are_not_null(project: Project) -> None:
    demand(
        [
            f"{model}.{column}"
            for model in project.layer("intermediate", "marts")
            for column in model.grain
            if column not in required(model) and (model.name, column) not in NULL_IN_GRAIN
        ],
        "give it constraints: [{type: not_null}]; where null has a meaning in the grain, say it in "
        "NULL_IN_GRAIN of this test",
    )


def test_columns_have_the_type_that_their_name_says(project: Project) -> None:
    def wrong(name: str, data_type: str) -> bool:
        return any(
            re.fullmatch(pattern, name) and data_type not in types for pattern, types in TYPES
        )

    demand(
        [
            f"{model}.{column['name']} is {column['data_type']}"
            for model in project.layer("intermediate", "marts")
            for column in model.columns.values()
            if wrong(column["name"], column["data_type"] or "of no type")
        ],
        "the contract's conventions: *_at timestamptz, *_date date, *_seconds numeric, counts "
        "bigint, ids text (TYPES in contract.py)",
    )


def test_marts_have_the_contracts_indexes(project: Project) -> None:
    def indexes(model: Model) -> list[str]:
        return [", ".join(index["columns"]) for index in model.config.get("indexes") or []]

    demand(
        [
            f"{model} lacks ({columns})"
            for model in project.layer("marts")
            for columns in INDEXES.get(model.name.removeprefix("people_"), ())
            if columns not in indexes(model)
        ],
        "add it to config.indexes in the mart's yml: `- columns: [user_id, date desc]`",
    )


def test_raw_tables_have_the_contracts_indexes() -> None:
    sql = " ".join(migrations().split())
    demand(
        [
            f"raw.{table} {columns}"
            for table, indexes in RAW_INDEXES.items()
            for columns in indexes
            if not re.search(rf"create index \w+ on raw\.{table} {re.escape(columns)};", sql)
        ],
        "create it in a migration",
    )


def test_marts_are_granted_to_their_readers_only(project: Project) -> None:
    def readers(model: Model) -> dict[str, list[str]]:
        role = "tidemark_people_reader" if model.area == "people" else "tidemark_reader"
        return {"select": [role]}

    demand(
        [
            f"{model}: {model.config['grants']}"
            for model in project.layer("marts")
            if model.config["grants"] != readers(model)
        ],
        "the folder gives the grants (dbt_project.yml): select to tidemark_reader, in people to "
        "tidemark_people_reader",
    )


def test_nobody_is_granted_what_lies_below_the_marts(project: Project) -> None:
    demand(
        [
            f"{model}: {model.config['grants']}"
            for model in project.layer("staging", "intermediate")
            if model.config["grants"]
        ],
        "people read marts; remove the grants",
    )
