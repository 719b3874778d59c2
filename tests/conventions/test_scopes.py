"""A scope finds every key that a change touches; the engine's rules for its text are kept."""

from __future__ import annotations

import re

from tests.conventions.project import (
    CHANGED,
    CONFIG,
    REFERENCE,
    Model,
    Project,
    demand,
    raw_columns,
    relation_name,
)

# Incremental models without a scope, which the engine computes whole at every build, and why that
# is cheap.
WHOLE: dict[str, str] = {
    "int_now__known": "one row of the clock",
    "dim_dates": "a few thousand dates, whose first and last come from indexes",
    "dashboard_metrics": "a row a widget, from the totals of two periods",
    "int_alert_rules__checked": "the rows of a seed",
    "int_periods__ended": "three rows of the clock; they change when the date does",
    "int_windows__dated": "four rows of the clock; they change when the date does",
    "int_environments__seen": "a few rows, of three look-ups in indexes each; the clock moves them",
    "int_funnels__defined": "a reading of seeds of a few rows; it says which funnel has changed",
    "int_funnel_events__listed": "a row for each event name that a funnel asks for",
    "int_retentions__defined": "a reading of a seed of a few rows; it says which one has changed",
    "int_retention_events__listed": "a row for each event name that a retention asks for",
}

# (model, relation) that the model reads though its scope does not ask what changed there, and why
# no row can go stale by that.
UNWATCHED: dict[tuple[str, str], str] = {
    ("event_breakdowns_daily", "int_visits__attributed"): (
        "it leads from a session to the dates and names of its events, which are watched"
    ),
    ("funnel_conversions", "int_funnel_events__listed"): (
        "made of int_funnels__defined, which is watched; a row more for a name that another funnel "
        "asks for means what * meant"
    ),
    ("funnel_conversions", "stg_product__kept_attempts"): (
        "they equal the rows that stand when retention writes them; when their events return, the "
        "scope asks for those rows"
    ),
    ("int_identities__named", "stg_product__kept_identifications"): (
        "what events said, written as retention removes them; it goes when they return"
    ),
    ("int_metrics__selected", "metric_aggregates"): (
        "it leads from a changed rule to the periods with points; the points themselves are watched"
    ),
    ("int_retention_buckets__filled", "int_retention_events__listed"): (
        "made of int_retentions__defined, which is watched"
    ),
}

SHAPE = (
    "after its config a model says which keys changed rows touch, and begins with them:\n"
    "     {% set affected %}\n         select ...\n     {% endset %}\n\n"
    "     with\n\n     {{ scope(affected) }},"
)


def incremental(project: Project) -> list[Model]:
    """Return the models that the engine builds."""
    return [
        model
        for model in project.layer("intermediate", "marts")
        if model.config["materialized"] == "tidemark_incremental"
    ]


def scoped(project: Project) -> list[Model]:
    """Return the models that have a scope."""
    return [model for model in incremental(project) if model.scope is not None]


def after_scope(model: Model) -> str:
    """Return the SQL behind the scope."""
    return model.code.replace(model.scope or "", "", 1)


def test_incremental_models_begin_with_a_scope(project: Project) -> None:
    demand(
        [
            str(model)
            for model in incremental(project)
            if model.scope is None and model.name not in WHOLE
        ],
        f"{SHAPE};\n   a model small enough to be computed whole goes into WHOLE of this test",
    )


def test_models_named_as_computed_whole_have_no_scope(project: Project) -> None:
    demand(
        [
            name
            for name in WHOLE
            if name not in project.by_name
            or "in_scope(" in project.by_name[name].code
            or project.by_name[name].scope is not None
        ],
        "remove it from WHOLE of this test",
    )


def test_changed_stands_in_the_scope_only(project: Project) -> None:
    demand(
        [
            str(model)
            for model in project.models
            if "changed(" in (after_scope(model) if model.scope else model.code)
        ],
        f"changed() means something to the engine in the scope only; elsewhere read ref(). {SHAPE}",
    )


def test_in_scope_is_used_below_a_scope_only(project: Project) -> None:
    demand(
        [
            str(model)
            for model in project.models
            if "in_scope(" in (model.code if model.scope is None else model.scope)
        ],
        SHAPE,
    )


def test_changed_has_an_alias(project: Project) -> None:
    demand(
        [
            f"{model}: changed({relation_name(call)})"
            for model in project.models
            for call, alias in CHANGED.findall(model.code)
            if not alias
        ],
        "write `from {{ changed(ref('x')) }} as x`: PostgreSQL 15 wants an alias for the subquery "
        "that the engine puts in its place",
    )


def test_scope_watches_every_relation_that_the_model_reads(project: Project) -> None:
    problems = []
    for model in scoped(project):
        # The engine compares the contents of seeds, and looks through views.
        watched = set[str]().union(*(project.beneath(c.relation) for c in model.changes))
        problems += [
            f"{model} reads {relation} and does not watch it"
            for relation in sorted({relation_name(call) for call in REFERENCE.findall(model.code)})
            if not project.beneath(relation) <= watched and (model.name, relation) not in UNWATCHED
        ]
    demand(
        problems,
        "add `union all select <keys> from {{ changed(ref('...')) }} as x` to the scope, else that "
        "relation changes and the model does not follow; if no row can go stale by it, say why in "
        "UNWATCHED of this test",
    )


def test_exceptions_are_still_needed(project: Project) -> None:
    def needed(name: str, relation: str) -> bool:
        model = project.by_name.get(name)
        return (
            model is not None
            and model.scope is not None
            and relation in {relation_name(call) for call in REFERENCE.findall(model.code)}
            and relation not in {change.relation for change in model.changes}
        )

    demand(
        [f"{name}, {relation}" for name, relation in UNWATCHED if not needed(name, relation)],
        "remove it from UNWATCHED of this test",
    )


def test_scope_reads_only_raw_columns_of_a_changed_staging_view(project: Project) -> None:
    tables, problems = raw_columns(), []
    for model in scoped(project):
        for select in re.split(r"\bunion\b", model.scope or ""):
            for call, alias in CHANGED.findall(select):
                staging = project.by_name.get(relation_name(call))
                if staging is None or staging.layer != "staging":
                    continue
                source = project.sources[staging.parents[0]]
                if source["schema"] != "raw":
                    continue
                table = source["identifier"]
                read = set(re.findall(rf"\b{alias}\.(\w+)", select))
                if not read:
                    problems.append(f"{model} reads no column of {alias} ({staging})")
                for column in sorted(read):
                    if column not in tables[table]:
                        problems.append(f"{model}: raw.{table} has no column {column}")
                    elif not says_the_same(select, staging.code, alias, column):
                        problems.append(f"{model}: {staging} gives another meaning to {column}")
    demand(
        problems,
        "changed(ref('stg_...')) stands for rows of the raw table, without the view's own columns: "
        "name columns as alias.column, and only those that staging passes on unchanged",
    )


def says_the_same(select: str, staging: str, alias: str, column: str) -> bool:
    """Say whether a select makes of a raw column what staging makes of it, if anything."""
    found = re.search(rf"^\s*(.+) as {column}\b", staging, re.MULTILINE)
    if found is None:
        return True
    expression = re.sub(rf"(?<![.\w']){column}\b", f"{alias}.{column}", found[1])
    return select.count(expression) == len(re.findall(rf"\b{alias}\.{column}\b", select))


def test_scope_of_every_model_watches_something(project: Project) -> None:
    demand(
        [str(model) for model in scoped(project) if not model.changes],
        "a scope selects keys from {{ changed(ref('x')) }} as x",
    )


def test_config_stands_first(project: Project) -> None:
    demand(
        [
            str(model)
            for model in project.models
            if "config(" in model.node["raw_code"] and not CONFIG.match(model.node["raw_code"])
        ],
        "begin the file with {{ config(...) }}",
    )
