"""Models are plain SQL that reads like the definition of their table."""

from __future__ import annotations

import re
from pathlib import Path

import jinja2
from jinja2 import meta, nodes

from tests.conventions.project import ROOT, Project, demand

LONGEST = 250  # lines: who needs more has two models in one
WORDS = {
    *("ref", "source", "config", "var"),
    *("scope", "changed", "in_scope", "in_span", "reached", "in_sealed_time"),
    "own_rows",
    "restored_rows",
}
# Folders of macros/ whose macros are no part of a model's SQL.
MACHINERY = {"engine", "incremental", "setup", "testing"}
CLOCKS = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\("
    r"|\b(current_date|current_time|current_timestamp|localtime|localtimestamp)\b"
    r"|'(now|today|tomorrow|yesterday)'"
)


def words_for_models(project: Project) -> set[str]:
    """Return what Jinja in a model may name: dbt's few words, and small macros of our own."""
    ours = {
        macro["name"]
        for macro in project.macros
        if Path(macro["original_file_path"]).parts[1] not in MACHINERY
    }
    return WORDS | ours


def is_scope(node: nodes.Stmt) -> bool:
    """Say whether a block is `{% set affected %}`."""
    return (
        isinstance(node, nodes.AssignBlock)
        and isinstance(node.target, nodes.Name)
        and node.target.name == "affected"
    )


def test_models_use_jinja_to_name_things_only(project: Project) -> None:
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])  # noqa: S701 (SQL, not HTML)
    problems = []
    for model in project.models:
        tree = environment.parse(model.node["raw_code"])
        problems += [
            f"{model}, line {node.lineno}: {type(node).__name__.lower()} block"
            for node in tree.find_all(nodes.Stmt)
            if not isinstance(node, nodes.Output) and not is_scope(node)
        ]
        problems += [
            f"{model}: {name}"
            for name in sorted(meta.find_undeclared_variables(tree) - words_for_models(project))
            if name != "this" or not model.config["meta"].get("depends_on_its_past")
        ]
    demand(
        problems,
        "a model is plain SQL: of Jinja only ref, source, config, changed, in_scope, var and the "
        f"macros that are not in {', '.join(sorted(MACHINERY))}; no block, no run_query, no target",
    )


def test_models_are_not_too_long(project: Project) -> None:
    demand(
        [
            f"{model}: {lines} lines"
            for model in project.models
            if (lines := model.node["raw_code"].count("\n") + 1) > LONGEST
        ],
        f"more than {LONGEST} lines are two models: move the first part into an intermediate one",
    )


def test_models_end_with_select_from_final(project: Project) -> None:
    demand(
        [
            str(model)
            for model in project.models
            if model.config["materialized"] != "view"
            and not re.search(
                r"\nfinal as \(\n.*\n\)\n\nselect \*\nfrom final\s*\Z", model.code, re.DOTALL
            )
        ],
        "the last CTE is named final, and the model ends `select *` `from final`",
    )


def test_views_have_no_cte(project: Project) -> None:
    demand(
        [
            str(model)
            for model in project.models
            if model.config["materialized"] == "view"
            and re.search(r"^with\b", model.code, re.MULTILINE)
        ],
        "write the view as one select: PostgreSQL merges no view with a WITH into the query that"
        " reads it, so that a build of twenty keys would read the whole table beneath",
    )


def test_as_of_is_the_only_clock(project: Project) -> None:
    demand(
        [
            f"{model}: {found[0]}"
            for model in project.models
            if (found := CLOCKS.search(model.code))
        ],
        "write {{ as_of() }}: a build can then be repeated as of any time",
    )


def test_nothing_depends_on_the_target(project: Project) -> None:
    files = [file for folder in ("models", "macros") for file in (ROOT / folder).rglob("*.sql")]
    demand(
        [
            str(file.relative_to(ROOT))
            for file in files
            if re.search(r"target\.(type|name|profile_name)", file.read_text(encoding="utf-8"))
        ],
        "the same SQL runs everywhere: remove the condition on the target",
    )


def test_no_hook_leaves_the_one_transaction(project: Project) -> None:
    demand(
        [
            str(model)
            for model in project.models
            for hook in (*model.config["pre-hook"], *model.config["post-hook"])
            if not hook["transaction"]
        ],
        "a hook with transaction: false makes all that follows autocommit: remove it",
    )
