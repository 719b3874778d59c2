"""A layer reads only the one below it; another area only through its public marts."""

from __future__ import annotations

import re
from collections import Counter

from tests.conventions.project import Model, Project, demand

RULES = (
    "staging reads its one raw table; intermediate reads staging, intermediate and seeds; marts "
    "read these and marts; what watches marts stands in reporting/; another area only through its "
    "public marts (models/README.md)"
)
BELOW = {
    "intermediate": {"staging", "intermediate"},
    "marts": {"staging", "intermediate", "marts"},
    "reporting": {"staging", "intermediate", "marts", "reporting"},
}

# Models that another area reads though they are no marts, and why they are none.
SHARED: dict[str, str] = {
    "int_alert_rules__checked": "rules are of all areas in one file; alerts about people are apart",
    "int_periods__ended": "the clock of all alerts",
    "int_people_signals__gathered": "what is about people is judged with all else, in private",
    "int_users__seen": "who was seen first, and when, outlives the days of activity that expire",
    "int_alerts__answered": "alerts of all areas; the mart of each shows those for its readers",
}


def test_staging_reads_its_one_raw_table_and_nothing_else(project: Project) -> None:
    demand(
        [
            f"{model} reads {', '.join(model.parents) or 'nothing'}"
            for model in project.layer("staging")
            if [id_.split(".")[0] for id_ in model.parents] != ["source"]
        ],
        RULES,
    )


def test_raw_tables_are_read_by_one_staging_model_each(project: Project) -> None:
    readers = Counter(
        id_ for model in project.models for id_ in model.parents if id_ in project.sources
    )
    demand(
        [f"{id_} is read by {count} models" for id_, count in readers.items() if count > 1],
        "read the staging model of that table with ref()",
    )


def test_raw_tables_are_read_in_their_own_area(project: Project) -> None:
    demand(
        [
            f"{model} of {model.area} reads {id_}"
            for model in project.layer("staging")
            for id_ in model.parents
            if id_ in project.sources
            and project.sources[id_]["schema"] == "raw"
            and project.sources[id_]["source_name"] != model.area
        ],
        "the source has the name of the area in whose folder its _sources.yml stands",
    )


def test_staging_renames_and_casts_and_nothing_else(project: Project) -> None:
    words = (r"join\b", r"group by\b", r"union\b", r"distinct\b", r"order by\b", r"over \(")
    demand(
        [
            f"{model} has `{word}`"
            for model in project.layer("staging")
            for word in words
            if re.search(rf"\b{word}", model.code)
        ],
        "move it into an intermediate model",
    )


def test_layers_read_only_what_lies_below_them(project: Project) -> None:
    def allowed(model: Model, id_: str) -> bool:
        kind = id_.split(".")[0]
        if kind == "seed":
            return True
        parent = project.by_id.get(id_)
        return parent is not None and (parent.folder in BELOW[model.folder])

    demand(
        [
            f"{model.folder}: {model} reads {id_}"
            for model in project.layer("intermediate", "marts")
            for id_ in model.parents
            if not allowed(model, id_)
        ],
        RULES,
    )


def test_other_areas_are_read_through_their_public_marts(project: Project) -> None:
    demand(
        [
            f"{model} of {model.area} reads {parent} of {parent.area}"
            for model in project.models
            for parent in (project.by_id[id_] for id_ in model.parents if id_ in project.by_id)
            if model.area != parent.area
            and parent.name not in SHARED
            and (parent.layer != "marts" or parent.config["access"] != "public")
        ],
        RULES,
    )


def test_marts_are_public_and_all_else_is_private(project: Project) -> None:
    def access(model: Model) -> str:
        if model.layer == "marts":
            return "public"
        return "protected" if model.name in SHARED else "private"

    demand(
        [
            f"{model} is {model.config['access']}"
            for model in project.models
            if model.config["access"] != access(model)
        ],
        "the folder gives the access (dbt_project.yml): remove what overrides it",
    )


OURS = "tidemark_incremental"
# Views above staging, and why nothing is kept of them.
VIEWS: dict[str, str] = {
    "int_identifications__found": "a condition on events; int_identities__named keeps it",
    "int_exclusions__parsed": "a reading of a seed of a few rows",
    "int_funnel_problems__found": "a reading of seeds of a few rows",
    "int_retention_problems__found": "a reading of a seed of a few rows",
    "int_events__counted": "a copy of raw events would cost as much as they do",
    "int_events__attributed": "a new identity re-assigns the past without copying a single event",
}


def test_staging_models_are_views_and_all_others_incremental(project: Project) -> None:
    demand(
        [
            f"{model} is materialized as {model.config['materialized']}"
            for model in project.models
            if model.config["materialized"]
            != ("view" if model.layer == "staging" or model.name in VIEWS else OURS)
        ],
        "the folder gives the materialization (dbt_project.yml); a table would be rebuilt at every "
        "build, and would drop the views that people made on it",
    )
