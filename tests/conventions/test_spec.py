"""What docs/spec.md promises is there, or stands in its list of what is not built yet."""

from __future__ import annotations

import re

from tests.conventions import built, renew, spec
from tests.conventions.project import ROOT, Model, Project, demand

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


def test_what_the_spec_promises_is_there(project: Project) -> None:
    demand(
        sorted(n for n in spec.promised() - built.names(project) if not spec.waits(n)),
        "a name of docs/spec.md is never renamed or dropped: put it back. One that the spec has "
        "gained stands in its section 8 until it is built",
    )


def test_what_waits_in_the_spec_is_not_built_yet(project: Project) -> None:
    demand(
        sorted(spec.not_built() & built.names(project)),
        "it is built: remove its line from section 8 of docs/spec.md",
    )
    demand(
        sorted(spec.not_built() - spec.promised()),
        "sections 1 to 7 of docs/spec.md promise no such thing: remove its line from section 8",
    )


def test_marts_are_those_of_the_spec(project: Project) -> None:
    areas = {relation: mart.area for relation, mart in spec.marts().items()}
    demand(
        [
            f"{model.relation} in {model.area}"
            for model in project.marts
            if model.area != areas.get(model.relation, model.area)
        ],
        "move it into the folder of the area in which docs/spec.md, section 2, lists it",
    )
    further, listed = (
        set(text.splitlines())
        for text in (
            renew.further_marts(project),
            renew.FURTHER_MARTS.read_text(encoding="utf-8"),
        )
    )
    demand(
        sorted(f"- {line}" for line in listed - further)
        + sorted(f"+ {line}" for line in further - listed),
        "docs/spec.md knows no such mart. If the name is meant and the mart is new, run "
        f"`{renew.COMMAND}`, which puts it on the list of further marts",
    )


def test_every_mart_is_in_the_readme(project: Project) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)`", text))
    endings = set(re.findall(r"`(_\w+)`", text))  # `event_counts_minute`, `_hourly`, ...
    demand(
        [
            model.relation
            for model in project.marts
            if (name := model.node["alias"]) not in named
            and not (f"_{name.rsplit('_', 1)[-1]}" in endings and name.rsplit("_", 1)[0] in text)
        ],
        "add a line to the table of marts in README.md: what one row is, and which question it "
        "answers",
    )


def test_marts_keep_the_grain_of_the_spec(project: Project) -> None:
    def grain(relation: str) -> list[str]:
        columns = spec.marts()[relation].grain
        return [column for column in columns if not spec.waits(f"{relation}.{column}")]

    demand(
        [
            f"{model.relation} has the key {model.grain}, the spec says {grain(model.relation)}"
            for model in project.marts
            if model.relation in spec.marts() and set(model.grain) != set(grain(model.relation))
        ],
        "the grain of a mart is fixed (docs/spec.md, section 2): set unique_key to it",
    )


def test_raw_tables_have_no_column_beyond_the_spec() -> None:
    demand(
        sorted(
            name
            for name in built.raw_names()
            if name not in spec.promised() and not name.split(".")[-1].startswith("_")
        ),
        "add it to docs/spec.md, section 1; a column of Tidemark's own begins with _",
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
            if model.config["materialized"] == "tidemark_incremental"
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
        types = spec.type_of(name, otherwise="")
        return (
            bool(types)
            and data_type.replace("timestamp with time zone", "timestamptz") not in types
        )

    demand(
        [
            f"{model}.{column['name']} is {column['data_type']}"
            for model in project.layer("intermediate", "marts")
            for column in model.columns.values()
            if wrong(column["name"], column["data_type"] or "of no type")
        ],
        "docs/spec.md, conventions: *_at timestamptz, *_date date, *_seconds numeric, counts "
        "bigint, ids text",
    )


def test_marts_are_granted_to_their_readers_only(project: Project) -> None:
    def readers(model: Model) -> dict[str, list[str]]:
        role = "tidemark_people_reader" if model.area == "people" else "tidemark_reader"
        return {"select": [role]}

    demand(
        [
            f"{model}: {model.config['grants']}"
            for model in project.marts
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
