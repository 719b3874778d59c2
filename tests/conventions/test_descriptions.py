"""Everything is described, and a description begins with the grain."""

from __future__ import annotations

import re

from tests.conventions.project import Project, demand, sentences


def test_every_model_says_its_grain_first(project: Project) -> None:
    demand(
        [
            f"{model}: {sentences(model.node['description'])[0] or 'no description'}"
            for model in project.models
            if not re.match(r"One row per \w.*\.$", sentences(model.node["description"])[0])
        ],
        "the first sentence of a description is the grain: `One row per user and date.`",
    )


def test_every_model_then_says_which_question_it_answers(project: Project) -> None:
    demand(
        [
            str(model)
            for model in project.models
            if not [*sentences(model.node["description"]), ""][1].endswith("?")
        ],
        "the second sentence of a description is the question that the table answers",
    )


def test_every_column_is_described(project: Project) -> None:
    described = [*(model.node for model in project.models), *project.seeds]
    demand(
        [
            f"{node['name']}.{column['name']}"
            for node in described
            for column in node["columns"].values()
            if not column["description"].strip()
        ]
        + [f"{node['name']} lists no column" for node in described if not node["columns"]],
        "say in one line what the column means, its unit, and what null means",
    )


def test_every_source_seed_and_group_is_described(project: Project) -> None:
    groups = project.manifest["groups"].values()
    demand(
        [
            f"{source['source_name']}.{source['name']}"
            for source in project.sources.values()
            if not source["description"] or not source["source_description"]
        ]
        + [f"seed {seed['name']}" for seed in project.seeds if not seed["description"]]
        + [f"group {group['name']}" for group in groups if not group["description"]],
        "say what it holds",
    )


def test_staging_describes_exactly_the_columns_it_selects(project: Project) -> None:
    problems = []
    for model in project.layer("staging"):
        selected = selected_columns(model.code)
        if selected != list(model.columns):
            problems.append(f"{model} selects {selected}, describes {list(model.columns)}")
    demand(problems, "list the selected columns in the yml, in their order")


def selected_columns(code: str) -> list[str]:
    """Return the columns that a staging view selects: of each item the last word."""
    found = re.search(r"^select\s(.*?)\nfrom ", code, re.DOTALL | re.MULTILINE)
    assert found, "a staging model is one select of columns from its source"
    items, depth = [""], 0
    for character in found[1]:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            items.append("")
        else:
            items[-1] += character
    return [re.split(r"[\s.]+", item.strip())[-1] for item in items]
