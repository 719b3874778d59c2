"""Delivery at size: projects by the thousand, ten years of days, and what a change costs there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import LiteralString

from bench.arena import Arena
from bench.dashboards import READS, reading
from bench.figures import Figure

EVENTS_PER_PROJECT = 10_000  # 10 million events: 1,000 projects
FEATURES_PER_PROJECT = 60
AREA = "Delivery: projects over ten years"
READING = "Reading delivery marts"
TODAY, TOMORROW = "2026-01-01T12:00:00Z", "2026-01-02T12:00:00Z"
BIG = ("project_metrics", "cumulative_flow_daily")
OF_FULL = "of the build from nothing"

FEATURES: LiteralString = """
with drawn as (
    select
        i,
        timestamptz '2016-01-01' + random() * 3640 * interval '1 day' as created_at,
        random() * 20 * interval '1 day' as waits,
        random() * 30 * interval '1 day' as takes,
        random() as fate
    from generate_series(1, %(features)s) as i
)

insert into raw.feature_requests (
    feature_request_id, project_id, title, status, assigned_to_id, deadline, created_at,
    completed_at, updated_at
)
select
    'f' || i,
    'p' || i %% %(projects)s,
    'Feature ' || i,
    case when fate < 0.85 then 'completed' when fate < 0.95 then 'in_progress' else 'open' end,
    'u' || i %% 7,
    (created_at + interval '40 days')::date,
    created_at,
    case when fate < 0.85 then created_at + waits + takes end,
    created_at + waits + takes
from drawn
"""
CHANGES: LiteralString = """
insert into raw.feature_request_changes
    (change_id, feature_request_id, field, old_value, new_value, changed_at)
select
    feature_request_id || step.number, feature_request_id, 'status', step.old, step.new,
    created_at + (updated_at - created_at) * step.share
from raw.feature_requests
cross join (
    values
    (1, 'open', 'in_progress', 0.4),
    (2, 'in_progress', 'review', 0.7),
    (3, 'review', 'completed', 1.0)
) as step (number, old, new, share)
where status = 'completed' or (status = 'in_progress' and step.number = 1)
"""
# Open features come to review, completed ones are opened again, now and at the trigger's hands.
RECENT: LiteralString = """
update raw.feature_requests
set
    status = 'review',
    completed_at = null,
    updated_at = timestamptz '2025-12-30' + random() * interval '1 day'
where hashtext(feature_request_id) %% 100 = 3
"""
# What a source tells late: another assignee, years ago.
LATE: LiteralString = """
insert into raw.feature_request_changes
    (change_id, feature_request_id, field, old_value, new_value, changed_at)
select
    'late' || feature_request_id, feature_request_id, 'assigned_to_id', 'u9', assigned_to_id,
    created_at + interval '1 day'
from raw.feature_requests
where hashtext(feature_request_id) %% 1000 = 1
"""
READ: dict[str, LiteralString] = {
    "project_metrics": "select date, completed_features, velocity from marts.project_metrics"
    " where project_id = %(project)s and date > '2025-10-01' order by date desc",
    "cumulative_flow_daily": "select date, status, features from marts.cumulative_flow_daily"
    " where project_id = %(project)s and date > '2025-10-01'",
    "weekly_velocity": "select week_start, features_completed from marts.weekly_velocity"
    " where project_id = %(project)s and week_start > '2025-01-01'",
    "feature_cycle_times": "select feature_request_id, cycle_time_days"
    " from marts.feature_cycle_times where project_id = %(project)s"
    " and completed_date > '2025-01-01'",
    "project_summary": "select completion_percentage, overdue_features from marts.project_summary"
    " where project_id = %(project)s",
}


def measure(arena: Arena) -> Iterator[Figure]:
    """Yield the figures of the area."""
    projects = max(20, arena.events // EVENTS_PER_PROJECT)
    features = projects * FEATURES_PER_PROJECT
    _write(arena, projects, features)

    arena.say("delivery from nothing")
    full = _build(arena, TODAY)
    dates = arena.value("select count(*) from marts.project_metrics")
    shape = f"{projects:,} projects, {features:,} features, {dates:,} project dates"
    arena.connection.execute("vacuum analyze")
    yield Figure(AREA, "every delivery model from nothing", sum(full.values()), "s", beside=shape)
    for model in BIG:
        yield Figure(AREA, f"{model} from nothing", full[model], "s")

    rounds: list[tuple[str, LiteralString, str]] = [
        ("nothing new", "select 1", TODAY),
        ("1 % changed features", RECENT, TODAY),
        ("0.1 % late changes of years ago", LATE, TODAY),
        ("a new day", "select 1", TOMORROW),
    ]
    for name, statement, as_of in rounds:
        arena.say(name)
        arena.connection.execute(statement.replace("%%", "%").encode())
        taken = _build(arena, as_of)
        for model in BIG:
            yield Figure(
                AREA, f"{model}, {name}", taken[model] / full[model], "ratio", beside=OF_FULL
            )
        yield Figure(AREA, f"every delivery model, {name}", sum(taken.values()), "s")
    asked = [{"project": f"p{i * 7 % projects}"} for i in range(READS)]
    yield from reading(arena, READING, READ, asked)


def _write(arena: Arena, projects: int, features: int) -> None:
    arena.say(f"{features:,} features of {projects:,} projects")
    arena.connection.execute(
        "select ops.ensure_partitions_for('raw.feature_request_changes', %s, %s)",
        ("2016-01-01", "2026-03-01"),
    )
    with arena.connection.transaction():
        arena.connection.execute("select setseed(0.2)")
        arena.connection.execute(FEATURES, {"projects": projects, "features": features})
        arena.connection.execute(CHANGES.replace("%%", "%").encode())
    arena.connection.execute("analyze")


def _build(arena: Arena, as_of: str) -> dict[str, float]:
    return arena.build("tag:delivery", "--vars", f"{{as_of: '{as_of}'}}")
