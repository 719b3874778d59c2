"""Every measure of a mart says whether, and how, it may be rolled up (docs/bi.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.conventions.project import Model, Project, demand

MEASURED = {"bigint", "integer", "numeric", "double precision"}
# Over any rows; over those of one date or period; as the least; as the greatest; not at all.
ROLLUPS = {"sum", "sum_not_over_time", "min", "max", "none"}
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
        f"its yml says `config: {{meta: {{rollup: ...}}}}`, one of {sorted(ROLLUPS)}",
    )


def test_what_is_distinct_or_divided_is_never_summed(project: Project) -> None:
    demand(
        [
            f"{model}.{name} ({column['description']})"
            for model, name, column in measures(project)
            if column["config"]["meta"].get("rollup") in {"sum", "sum_not_over_time"}
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
