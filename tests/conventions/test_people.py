"""What is about a person or a team stays in marts_people."""

from __future__ import annotations

import re

from tests.conventions.project import Model, Project, demand
from tidemark_warehouse.reporting.sections import SECTIONS

# Marts outside of marts_people that something about people lies beneath, and what keeps it out.
KEPT_OUT: dict[str, str] = {
    "metric_alerts": "it leaves out what is about an employee or a team: a unit test",
    "dim_dates": "a calendar: of all samples only the first and the last date",
}


def beneath(project: Project, model: Model) -> set[str]:
    """Return the ids of everything that a model is made from."""
    found: set[str] = set()
    waiting = list(model.parents)
    while waiting:
        id_ = waiting.pop()
        if id_ not in found:
            found.add(id_)
            waiting += project.by_id[id_].parents if id_ in project.by_id else []
    return found


def is_about_people(project: Project, id_: str) -> bool:
    """Say whether a node is of the people area."""
    if id_ in project.sources:
        return bool(project.sources[id_]["source_name"] == "people")
    return id_ in project.by_id and project.by_id[id_].area == "people"


def test_open_marts_are_made_from_nothing_about_people(project: Project) -> None:
    demand(
        [
            f"{model} is made from {id_}"
            for model in project.layer("marts")
            if model.area != "people" and model.name not in KEPT_OUT
            for id_ in sorted(beneath(project, model))
            if is_about_people(project, id_)
        ],
        "tidemark_reader reads it: move it to models/marts/people, or say in KEPT_OUT of this test "
        "what keeps people out of its rows",
    )


def test_marts_of_people_go_to_their_own_schema_and_reader(project: Project) -> None:
    demand(
        [
            f"{model}: schema {model.node['schema']}, grants {model.config['grants']}"
            for model in project.layer("marts")
            if model.area == "people"
            and (
                model.node["schema"] != "marts_people"
                or model.config["grants"] != {"select": ["tidemark_people_reader"]}
            )
        ],
        "dbt_project.yml gives the folder both: remove what overrides it",
    )


def test_no_mart_sums_up_teams(project: Project) -> None:
    """A total beside the teams would give away the hidden ones by subtraction."""
    demand(
        [
            str(model)
            for model in project.layer("marts")
            if "team_name" in model.columns
            and re.search(r"\b(rollup|cube|grouping sets)\b|'\(?all\)?'", model.code)
        ],
        "a mart by team has rows of single teams only",
    )


def test_the_report_shows_nothing_about_people() -> None:
    demand(
        [
            section.name
            for section in SECTIONS
            if section.area == "people" or "marts_people" in f"{section.marts} {section.query}"
        ],
        "the page is one file for everybody: charts about people belong behind a login",
    )
