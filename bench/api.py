"""The functions of schema api at size, as a dashboard calls them: the 95th percentile of each."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, LiteralString

from psycopg import sql

from bench import people
from bench.arena import Arena
from bench.figures import Figure
from bench.world import FIRST_AT, NAMES, add_events, add_identities, settle

AREA = "Functions of schema api"
READS = 100
AIM = 20  # ms
TRACKED = 300  # people with two workflows a day
SEEDS = ("funnels", "funnel_steps", "funnel_exclusions", "retentions")
PEOPLE_READER = "tidemark_people_reader"
READER = "tidemark_reader"

WORKFLOWS: tuple[LiteralString, ...] = (
    "insert into raw.workflow_templates (template_id, ticket_type)"
    " select 't' || n, (array['bug', 'feature', 'research'])[1 + n %% 3]"
    " from generate_series(1, 12) as n",
    "insert into raw.workflow_instances"
    " (instance_id, template_id, user_id, status, started_at, completed_at)"
    " select 'i' || u || '-' || k, 't' || 1 + (u + k) %% 12, 'u' || u, 'completed', d.at,"
    " d.at + interval '2 hours'"
    " from generate_series(1, %(people)s) as u, generate_series(0, %(days)s * 2 - 1) as k"
    " cross join lateral (select %(first)s::timestamptz + k * interval '12 hours') as d (at)",
    "insert into raw.time_sessions (session_id, instance_id, step_index, started_at, ended_at)"
    " select instance_id || '-s', instance_id, 1, started_at, completed_at"
    " from raw.workflow_instances",
)
DEFINITIONS: tuple[LiteralString, ...] = (
    "insert into seeds.funnels (funnel_name, environment, step_order,"
    " conversion_window_seconds, breakdown_property)"
    " values ('four', 'production', 'ordered', '604800', 'plan')",
    "insert into seeds.funnel_steps (funnel_name, step_index, event_name)"
    " select 'four', s, 'event_0' || s from generate_series(1, 4) as s",
    "insert into seeds.retentions (retention_name, start_event, return_event, period, periods,"
    " cohort_type, environment, breakdown_property)"
    " values ('weeks', '*', '*', 'week', '12', 'recurring', 'production', 'plan')",
)

# What is asked, the role, and how it is answered.
SERIES: LiteralString = (
    "select * from api.event_series(%(events)s, %(from)s, %(to)s, %(granularity)s,"
    " environment => %(environment)s, breakdown_by => %(property)s, user_id => %(user)s)"
)
TOTALS: LiteralString = (
    "select * from api.event_totals(%(events)s, %(from)s, %(to)s,"
    " environment => %(environment)s, breakdown_by => %(property)s, user_id => %(user)s)"
)
CALLS: dict[str, tuple[LiteralString, dict[str, Any], str]] = {
    "event_series: 30 days of an event": (SERIES, {"days": 30}, "from the daily counts"),
    "event_series: 7 days by hour": (SERIES, {"days": 7, "granularity": "hour"}, "hourly counts"),
    "event_series: 6 hours by minute": (
        SERIES,
        {"days": 0.25, "granularity": "minute"},
        "minute counts",
    ),
    "event_series: 30 days until this minute": (
        SERIES,
        {"days": 30, "shift": timedelta(hours=-7, minutes=-13)},
        "daily counts, and raw for both cut days",
    ),
    "event_series: 30 days by value of a property": (
        SERIES,
        {"days": 30, "property": "plan"},
        "event_breakdowns_daily",
    ),
    "event_series: 7 days of two events": (
        SERIES,
        {"days": 7, "names": 2},
        "users by date, for one who does both is one",
    ),
    "event_series: 30 days of two events": (SERIES, {"days": 30, "names": 2}, "users by date"),
    "event_series: 30 days of one user": (SERIES, {"days": 30, "one": True}, "users by date"),
    "event_series: 24 hours of one user": (
        SERIES,
        {"days": 1, "granularity": "hour", "one": True},
        "raw, by index",
    ),
    "event_totals: one day": (TOTALS, {"days": 1}, "daily counts"),
    "event_totals: 7 days": (TOTALS, {"days": 7, "shift": timedelta(days=1)}, "users by date"),
    "event_totals: 30 days": (TOTALS, {"days": 30}, "users by date"),
    "time_aggregations: a week of all": (
        "select * from api.time_aggregations(%(day)s - 6, %(day)s)",
        {},
        "",
    ),
    "time_aggregations: 90 days of one person": (
        "select * from api.time_aggregations(%(day)s - 89, %(day)s, user_id => %(who)s)",
        {},
        "",
    ),
    "time_trend: 90 days": ("select * from api.time_trend(%(who)s, 90)", {}, ""),
    "employee_trend: 90 days": (
        "select * from api.employee_trend("
        "%(employee)s, %(to)s - interval '90 days', %(to)s, false)",
        {},
        "",
    ),
    "employee_trend: 7 days by hour": (
        "select * from api.employee_trend(%(employee)s, %(to)s - interval '7 days', %(to)s, true)",
        {},
        "",
    ),
    "team_trend: 90 days": ("select * from api.team_trend(%(team)s, 90)", {}, ""),
    "burnout_alerts: 7 days over 70": ("select * from api.burnout_alerts(70, 7)", {}, ""),
    "burnout_alerts: 7 days over 50": (
        "select * from api.burnout_alerts(50, 7)",
        {},
        "below the mart's threshold, so from the daily scores",
    ),
    "metric_statistics: 30 days": (
        "select * from api.metric_statistics('burnout_score', 30)",
        {},
        "",
    ),
    "intervention_audit: one day": (
        "select * from api.intervention_audit(%(to)s - interval '1 day', %(to)s)",
        {},
        "288 entries",
    ),
    "intervention_audit: 30 days of one intervention": (
        "select * from api.intervention_audit("
        "%(to)s - interval '30 days', %(to)s, %(intervention)s)",
        {},
        "",
    ),
    "funnel": ("select * from api.funnel('four')", {}, ""),
    "retention": ("select * from api.retention('weeks')", {}, ""),
    "health": ("select * from api.health()", {}, "every mart"),
    "clock": ("select * from api.clock()", {}, ""),
}
ABOUT_PEOPLE = ("employee", "team", "burnout", "metric_statistics", "intervention")


def measure(arena: Arena) -> Iterator[Figure]:
    """Yield the figures of the area."""
    days = min(arena.days, people.DAYS)
    last_at = FIRST_AT + timedelta(days=arena.days)
    arena.say(f"{arena.events:,} events, {TRACKED} people at work, {people.EMPLOYEES} measured")
    add_identities(arena)
    add_events(arena, arena.events, 0, arena.days)
    for statement in WORKFLOWS:
        arena.connection.execute(
            statement, {"people": TRACKED, "days": arena.days, "first": FIRST_AT}
        )
    _add_people(arena, days)
    settle(arena)
    arena.connection.execute("vacuum analyze")
    arena.say("every mart from nothing")
    clock = ("--vars", f"{{as_of: '{last_at.isoformat()}'}}")
    arena.build(*SEEDS, *clock)
    for statement in DEFINITIONS:
        arena.connection.execute(statement)
    arena.build("+tag:product", "+tag:people", "+tag:time_tracking", "--exclude", *SEEDS, *clock)
    # In the order of time, as the builds of 120 days leave it.
    index = arena.value(
        "select indexname from pg_indexes where schemaname = 'marts'"
        " and tablename = 'user_activity' and indexdef like '%(date)'"
    )
    arena.connection.execute(
        sql.SQL("cluster marts.user_activity using {}").format(sql.Identifier(index))
    )
    arena.connection.execute("vacuum analyze")
    arena.say("calls")
    chance = random.Random(20260101)
    for name, (query, change, how) in CALLS.items():
        role = PEOPLE_READER if name.startswith(ABOUT_PEOPLE) else READER
        rounds = [_arguments(arena, chance, **change) for _ in range(READS)]
        taken = arena.reads(query, rounds, role)
        yield Figure(AREA, f"{name}, p95", taken, "ms", at_most=AIM, beside=how)


def _add_people(arena: Arena, days: int) -> None:
    """Write hourly samples up to the end of the history, and an audit log."""
    first_at = FIRST_AT + timedelta(days=arena.days - days)
    arena.connection.execute(
        "select ops.ensure_partitions_for('raw.employee_metrics', %s, %s)",
        (first_at, first_at + timedelta(days=days)),
    )
    arena.connection.execute(
        "insert into raw.employees (employee_id, team_name)"
        " select 'e' || n, 'team ' || n %% %s from generate_series(1, %s) as n",
        (people.TEAMS, people.EMPLOYEES),
    )
    hourly = people.SAMPLES.replace("15 minutes", "1 hour")
    arena.connection.execute(
        hourly.encode(),
        {"employees": people.EMPLOYEES, "from_at": first_at, "samples": days * 24},
    )
    arena.connection.execute(
        "insert into raw.intervention_audit_log"
        " (audit_id, intervention_id, action, logged_at)"
        " select gen_random_uuid(), 'i' || n %% 500, (array['proposed', 'started', 'closed'])"
        "[1 + n %% 3], %s::timestamptz + n * interval '5 minutes'"
        " from generate_series(1, %s) as n",
        (first_at, days * 288),
    )


def _arguments(
    arena: Arena,
    chance: random.Random,
    days: float = 30,
    granularity: str = "day",
    property: str | None = None,
    names: int = 1,
    shift: timedelta = timedelta(0),
    one: bool = False,
) -> dict[str, Any]:
    """Make the arguments of a round: any end in the last weeks, any names, any person."""
    last_at = FIRST_AT + timedelta(days=arena.days - chance.randrange(20)) + shift
    # Names are as skewed as events: most dashboards show what happens most.
    events = [f"event_{int(NAMES * chance.random() ** 2):02d}" for _ in range(names)]
    return {
        "events": events,
        "from": last_at - timedelta(days=days),
        "to": last_at,
        "granularity": granularity,
        "environment": "production",
        "property": property,
        "user": f"d{chance.randrange(2, 100)}" if one else None,
        "day": last_at.date(),
        "who": f"u{chance.randint(1, TRACKED)}",
        "employee": f"e{chance.randint(1, people.EMPLOYEES)}",
        "intervention": f"i{chance.randrange(500)}",
        "team": f"team {chance.randrange(people.TEAMS)}",
    }
