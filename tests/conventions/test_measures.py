"""Every measure of a mart says whether, and how, it may be rolled up (docs/bi.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.conventions.project import Model, Project, demand
from tidemark_warehouse.bi.marts import ADDED, ROLLUPS

MEASURED = {"bigint", "integer", "numeric", "double precision"}
# Rows of two values of these say the same twice: days beside weeks, all beside each.
TWICE = {"period_type", "is_total", "property"}
# What these names count is distinct, or divided, or a rank: adding it up means nothing.
NEVER = re.compile(
    r"(^|_)(avg|average|median|ratio|rate|percent|percentage|std_dev|stickiness|efficiency)($|_)"
    r"|(^|_)p\d\d$|^(unique_users|users|user_count|wau|mau|active_contributors)$"
    r"|_per_|cohort|distinct"
)
WORDS = re.compile(
    r"\bdistinct\b|\bnever (to )?be summed\b|\baverage\b|\bmedian\b|percentile", re.I
)


def measures(project: Project) -> Iterator[tuple[Model, str, dict[str, Any]]]:
    """Yield each number of a mart that is no part of its key."""
    for model in project.layer("marts"):
        for name, column in model.columns.items():
            if name not in model.grain and column["data_type"] in MEASURED:
                yield model, name, column


def test_every_measure_says_how_it_rolls_up(project: Project) -> None:
    demand(
        [
            f"{model}.{name}: {column['config']['meta'].get('rollup')}"
            for model, name, column in measures(project)
            if column["config"]["meta"].get("rollup") not in ROLLUPS
        ],
        f"its yml says `config: {{meta: {{rollup: ...}}}}`, one of {', '.join(ROLLUPS)}",
    )


def test_what_is_distinct_or_divided_is_never_summed(project: Project) -> None:
    demand(
        [
            f"{model}.{name} ({column['description']})"
            for model, name, column in measures(project)
            if column["config"]["meta"].get("rollup") in ADDED
            and (NEVER.search(name) or WORDS.search(column["description"]))
        ],
        "users of two days are not the users of both: `rollup: none`",
    )


def test_extremes_roll_up_as_extremes(project: Project) -> None:
    demand(
        [
            f"{model}.{name}"
            for model, name, column in measures(project)
            for extreme in re.findall(r"(?:^|_)(min|max)(?:$|_)", name)
            if column["config"]["meta"].get("rollup") not in {extreme, "none"}
        ],
        "the least of least values is the least: `rollup: min`, and `max` likewise",
    )


def test_only_measures_roll_up(project: Project) -> None:
    known = {(model.name, name) for model, name, _ in measures(project)}
    demand(
        [
            f"{model}.{name}"
            for model in project.models
            for name, column in model.columns.items()
            if "rollup" in column["config"]["meta"] and (model.name, name) not in known
        ],
        "it is no measure of a mart: remove `rollup`",
    )


def test_rows_that_say_the_same_twice_are_kept_apart(project: Project) -> None:
    demand(
        [
            f"{model}: {name}"
            for model in {model.name: model for model, _, _ in measures(project)}.values()
            for name in TWICE & set(model.grain) - set(model.config["meta"].get("apart", ()))
            if any(c["config"]["meta"].get("rollup") != "none" for c in rolled(model))
        ],
        "its yml says `config: {meta: {apart: [...]}}`, so that no tool adds them up",
    )


def rolled(model: Model) -> list[dict[str, Any]]:
    """Return the columns of a mart that say how they roll up."""
    return [column for column in model.columns.values() if "rollup" in column["config"]["meta"]]
