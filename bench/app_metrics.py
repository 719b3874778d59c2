"""Application metrics at size: exact percentiles and sketches, and what a change costs there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, LiteralString

from bench.arena import Arena
from bench.figures import Figure

POINTS_PER_EVENT = 0.3  # 10 million events: 3 million points
AREA = "Application metrics: 120 series over 120 days"
READING = "Reading metric marts"
MODELS = ("metric_aggregates", "metric_sketches_hourly")
OF_FULL = "of the build from nothing"

POINTS: LiteralString = """
insert into raw.metric_points (point_id, name, metric_type, value, recorded_at, tags, unit)
select
    gen_random_uuid(),
    'metric.' || i %% 10,
    'timer',
    exp(random() * 8 - 2),
    timestamptz '2026-01-01' + i * (interval '120 days' / %(points)s),
    jsonb_build_object(
        'region', (array['eu', 'us', 'ap'])[1 + i / 10 %% 3], 'route', '/api/' || i / 30 %% 4
    ),
    'ms'
from generate_series(1, %(points)s) as i
"""
HOUR: LiteralString = """
insert into raw.metric_points (point_id, name, metric_type, value, recorded_at, tags, unit)
select
    gen_random_uuid(), name, metric_type, value, recorded_at + interval '1 hour', tags, unit
from raw.metric_points
where recorded_at >= timestamptz '2026-05-01' - interval '1 hour'
"""
LATE: LiteralString = """
insert into raw.metric_points (point_id, name, metric_type, value, recorded_at, tags, unit)
select gen_random_uuid(), name, metric_type, value, recorded_at, tags, unit
from raw.metric_points
where recorded_at >= timestamptz '2026-04-01'
order by hashtext(point_id::text)
limit 100
"""
READ: dict[str, LiteralString] = {
    "metric_aggregates: p99 of 90 days": "select period_start, tags, p99"
    " from marts.metric_aggregates where name = %(name)s and period_type = 'daily'"
    " and period_start >= '2026-02-01'",
    "metric_percentile: p99 of one series over 7 days": "select api.metric_percentile("
    '%(name)s, 0.99, \'2026-04-01\', \'2026-04-08\', \'{"region": "eu", "route": "/api/1"}\')',
    "metric_percentile: p99 of a metric over 7 days": "select api.metric_percentile("
    "%(name)s, 0.99, '2026-04-01', '2026-04-08')",
}


def measure(arena: Arena) -> Iterator[Figure]:
    """Yield the figures of the area."""
    points = max(10_000, int(arena.events * POINTS_PER_EVENT))
    arena.say(f"{points:,} points")
    arena.connection.execute(
        "select ops.ensure_partitions_for('raw.metric_points', %s, %s)",
        ("2026-01-01", "2026-05-02"),
    )
    arena.connection.execute(POINTS, {"points": points})
    arena.connection.execute("vacuum analyze raw.metric_points")
    arena.build("stg_app_metrics__points")

    arena.say("metrics from nothing")
    full = arena.build(*MODELS)
    arena.connection.execute("vacuum analyze")
    for model in MODELS:
        yield Figure(AREA, f"{model} from nothing", full[model], "s", beside=f"{points:,} points")

    rounds: tuple[tuple[str, LiteralString], ...] = (
        ("nothing new", "select 1"),
        ("another hour of every series", HOUR),
        ("100 late points over a month", LATE),
    )
    for name, statement in rounds:
        arena.say(name)
        arena.connection.execute(statement)
        taken = arena.build(*MODELS)
        for model in MODELS:
            yield Figure(
                AREA, f"{model}, {name}", taken[model] / full[model], "ratio", beside=OF_FULL
            )
    yield from _reading(arena)


def _reading(arena: Arena) -> Iterator[Figure]:
    arena.say("reads")
    asked: list[dict[str, Any]] = [{"name": f"metric.{number % 10}"} for number in range(50)]
    for name, query in READ.items():
        yield Figure(
            READING, f"{name}, p95", arena.reads(query, asked), "ms", beside="as a dashboard asks"
        )
