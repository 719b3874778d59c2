"""Everything is described, and a description begins with the grain."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import yaml  # type: ignore[import-untyped]

from tests.conventions.project import ROOT, Project, demand, sentences

FEWEST_WORDS = 4
MOST_COPIES = 2


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


def described(project: Project) -> list[dict[str, Any]]:
    """Return the nodes whose columns people read of: models, seeds, snapshots."""
    nodes = project.manifest["nodes"].values()
    return [node for node in nodes if node["resource_type"] in ("model", "seed", "snapshot")]


def test_every_column_is_described(project: Project) -> None:
    demand(
        [
            f"{node['name']}.{column['name']}"
            for node in described(project)
            for column in node["columns"].values()
            if not column["description"].strip()
        ]
        + [f"{node['name']} lists no column" for node in described(project) if not node["columns"]],
        "say in one line what the column means, its unit, and what null means",
    )


def test_descriptions_say_more_than_the_name(project: Project) -> None:
    demand(
        [
            f"{node['name']}.{column['name']}: {column['description']}"
            for node in described(project)
            for column in node["columns"].values()
            if 0 < len(column["description"].split()) < FEWEST_WORDS
        ],
        "say what the column means, its unit, and what null means, in four words or more",
    )


def test_columns_that_recur_are_described_once() -> None:
    copies: dict[tuple[str, str], list[str]] = defaultdict(list)
    for folder in ("models", "seeds", "snapshots"):
        for file in sorted((ROOT / folder).rglob("*.yml")):
            content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
            for node in (
                each
                for kind in ("models", "seeds", "snapshots")
                for each in content.get(kind) or []
            ):
                for column in node.get("columns") or []:
                    text = " ".join(str(column.get("description") or "").split())
                    if text and not text.startswith("{{ doc("):
                        copies[column["name"], text].append(node["name"])
    demand(
        [
            f"{column} of {', '.join(names)}: {text}"
            for (column, text), names in copies.items()
            if len(names) > MOST_COPIES
        ],
        "describe it once in models/_columns.md, and say \"{{ doc('...') }}\" in each model",
    )


def test_every_text_of_recurring_columns_is_used() -> None:
    text = (ROOT / "models" / "_columns.md").read_text(encoding="utf-8")
    files = [
        file
        for folder in ("models", "seeds", "snapshots")
        for file in (ROOT / folder).rglob("*.yml")
    ]
    used = " ".join(file.read_text(encoding="utf-8") for file in files)
    demand(
        [name for name in re.findall(r"{% docs (\w+) %}", text) if f"doc('{name}')" not in used],
        "no column refers to it: remove it from models/_columns.md",
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
