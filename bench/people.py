"""People metrics at size: 500 people measured every 15 minutes for 90 days, 4.3 million samples."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, LiteralString

from psycopg import sql

from bench.arena import Arena
from bench.figures import Figure
from bench.world import FIRST_AT

EMPLOYEES = 500
TEAMS = 40
DAYS = 90
A_DAY = 96
READS = 200
BATCH = 100
READER = "tidemark_people_reader"
BUILDING = "People: builds"
READING = "People: reads and loads"

SAMPLES = """
insert into raw.employee_metrics
select
    'e' || n, %(from_at)s::timestamptz + k * interval '15 minutes' + n * interval '1 millisecond',
    random(), power(random(), 2), random(), 20 + random() * 35 + n %% 12 * 1.6
from generate_series(0, %(samples)s - 1) as k, generate_series(1, %(employees)s) as n
"""
LATE = """
insert into raw.employee_metrics
select
    'e' || ceil(random() * %(employees)s), %(from_at)s::timestamptz + random() * %(span)s::interval,
    random(), power(random(), 2), random(), 20 + random() * 40
from generate_series(1, %(samples)s)
on conflict do nothing
"""

READ: dict[str, tuple[float, LiteralString]] = {
    "90-day trend of one person, by day": (
        1,
        "select date, degree_centrality_avg, burnout_score_avg"
        " from marts_people.employee_metrics_daily"
        " where employee_id = %(who)s and date >= %(at)s::date order by date",
    ),
    "90-day trend of one person, by hour": (
        3,
        "select bucket_start, burnout_score_avg from marts_people.employee_metrics_hourly"
        " where employee_id = %(who)s and bucket_start >= %(at)s order by bucket_start",
    ),
    "burnout alerts of a week": (
        2,
        "select employee_id, date, burnout_score_max, severity from marts_people.burnout_alerts"
        " where date > %(last)s::date - 7 order by date desc, burnout_score_max desc",
    ),
    "statistics": (5, "select * from marts_people.metric_statistics"),
    "90 days of a team": (
        5,
        "select date, employees, burnout_score_avg from marts_people.team_metrics_daily"
        " where team_name = %(team)s order by date",
    ),
}


def measure(arena: Arena) -> Iterator[Figure]:
    """Yield the figures of the area."""
    arena.say(f"{EMPLOYEES * A_DAY * DAYS:,} samples of {EMPLOYEES} people over {DAYS} days")
    last = FIRST_AT + timedelta(days=DAYS)
    arena.connection.execute(
        "select ops.ensure_partitions_for('raw.employee_metrics', %s, %s)", (FIRST_AT, last)
    )
    arena.connection.execute(
        "insert into raw.employees (employee_id, team_name)"
        " select 'e' || n, 'team ' || n %% %s from generate_series(1, %s) as n",
        (TEAMS, EMPLOYEES),
    )
    for day in range(DAYS):
        _add(arena, SAMPLES, from_at=FIRST_AT + timedelta(days=day), samples=A_DAY)
    arena.connection.execute("vacuum analyze raw.employee_metrics")
    arena.say("every mart from nothing")
    full = arena.build("+tag:people")

    _add(arena, SAMPLES, from_at=last - timedelta(minutes=7), samples=1)
    quarter = arena.build("+tag:people")
    _add(
        arena,
        LATE,
        from_at=FIRST_AT,
        span=timedelta(days=DAYS),
        samples=A_DAY * EMPLOYEES * 9 // 10,
    )
    late = arena.build("+tag:people")
    arena.connection.execute(
        "update raw.employees set team_name = 'team 3' where employee_id = 'e1'"
    )
    moved = arena.build("+tag:people")
    nothing = arena.build("+tag:people")

    whole = sum(full.values())
    yield Figure(BUILDING, "every people mart from nothing", whole, "s")
    for name, taken in (
        ("a new sample of everybody", quarter),
        ("1 % new, late over 90 days", late),
        ("somebody changes team", moved),
        ("nothing new", nothing),
    ):
        yield Figure(BUILDING, name, sum(taken.values()), "s")
        yield Figure(BUILDING, f"{name}: the statistics of it", taken["metric_statistics"], "s")
    yield from _reading(arena)
    yield from _copying(arena)


def _add(arena: Arena, query: str, **arguments: Any) -> None:
    arena.connection.execute(query.encode(), {"employees": EMPLOYEES, **arguments})


def _reading(arena: Arena) -> Iterator[Figure]:
    """Read with the hours in the order of time, as the builds of ninety days leave them."""
    arena.say("reads")
    index = arena.value(
        "select indexname from pg_indexes where tablename = 'employee_metrics_hourly'"
        " and indexdef like '%(bucket_start)'"
    )
    arena.connection.execute(
        sql.SQL("cluster marts_people.employee_metrics_hourly using {}").format(
            sql.Identifier(index)
        )
    )
    arena.connection.execute("vacuum analyze")
    chance = random.Random(20260101)
    rounds = [
        {
            "who": f"e{chance.randint(1, EMPLOYEES)}",
            "team": f"team {chance.randrange(TEAMS)}",
            "at": FIRST_AT,
            "last": FIRST_AT + timedelta(days=DAYS - 1),
        }
        for _ in range(READS)
    ]
    for name, (aim, query) in READ.items():
        yield Figure(
            READING,
            f"{name}, p95",
            arena.reads(query, rounds, READER),
            "ms",
            aim,
            beside="as a dashboard asks",
        )


def _copying(arena: Arena) -> Iterator[Figure]:
    """Batches of 100 samples, as a collector sends them."""
    arena.say(f"batches of {BATCH} samples by COPY")
    taken = []
    for batch in range(READS):
        at = FIRST_AT + timedelta(days=DAYS - 1, minutes=batch, microseconds=1)
        started = time.perf_counter()
        with arena.connection.cursor().copy(
            "copy raw.employee_metrics (employee_id, recorded_at, degree_centrality,"
            " betweenness_centrality, clustering_coeff, burnout_score) from stdin"
        ) as copy:
            for number in range(BATCH):
                copy.write_row((f"e{number + 1}", at, 0.5, 0.1, 0.25, 40.0))
        taken.append((time.perf_counter() - started) * 1000)
    yield Figure(
        READING,
        f"a batch of {BATCH} samples by COPY, p95",
        sorted(taken)[READS * 95 // 100],
        "ms",
        at_most=20,
        beside="one transaction each",
    )
