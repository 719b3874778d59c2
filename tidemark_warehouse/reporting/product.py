"""The charts of product use, and what they ask of its marts.

Distinct users are never summed: each length of period has a mart of its own, whose users are those
of that period; and a page shows one environment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, LiteralString

from plotly import graph_objects as go  # type: ignore[import-untyped]

from tidemark_warehouse.reporting import style
from tidemark_warehouse.reporting.section import Control, Rows

ENVIRONMENT = Control(
    name="environment",
    title="Environment",
    mart="marts.daily_active_users",
    query="""
select environment
from marts.daily_active_users
group by environment
order by environment = 'production' desc, max(mau) desc, environment
""",
)
PERIOD = Control(name="period", title="Events by", options=("week", "day", "month"))

DATES: LiteralString = "select min(date), max(date) from marts.daily_active_users"

ACTIVE_USERS: LiteralString = """
select date, user_count, wau, mau
from marts.daily_active_users
where
    environment = %(environment)s
    and date >= %(first)s
    and date <= %(last)s
    and date < %(today)s
order by date
"""

NEW_USERS: LiteralString = """
select date, new_users, returning_users
from marts.daily_active_users
where
    environment = %(environment)s
    and date >= %(first)s
    and date <= %(last)s
    and date < %(today)s
order by date
"""

# The range of bucket_start reaches farther than the dates, so that its index is of use.
_COUNTS: LiteralString = """
with

buckets as (
    select 'day' as period, *
    from marts.event_counts_daily
    where %(period)s::text = 'day'
    union all
    select 'week' as period, *
    from marts.event_counts_weekly
    where %(period)s::text = 'week'
    union all
    select 'month' as period, *
    from marts.event_counts_monthly
    where %(period)s::text = 'month'
),

dated as (
    select
        date as period_start,
        event_name,
        event_count,
        unique_users
    from buckets
    where
        environment = %(environment)s
        and bucket_start > %(first)s::timestamptz - interval '32 days'
        and bucket_start < %(last)s::timestamptz + interval '2 days'
),

chosen as (
    select
        *,
        (period_start + ('1 ' || %(period)s::text)::interval)::date > %(today)s as is_running
    from dated
    where
        period_start >= date_trunc(%(period)s::text, %(first)s::timestamp)::date
        and period_start <= %(last)s
),
"""

EVENTS: LiteralString = (
    _COUNTS
    + """
ranked as (
    select
        event_name,
        row_number() over (order by sum(event_count) desc, event_name) as place
    from chosen
    group by event_name
)

select
    c.period_start,
    case when r.place <= 5 then c.event_name end as event_name,
    sum(c.event_count)::bigint as event_count,
    bool_or(c.is_running) as is_running
from chosen as c
inner join ranked as r using (event_name)
group by 1, 2
order by 1, 2
"""
)

EVENT_USERS: LiteralString = (
    _COUNTS  # noqa: S608 - both are constants
    + """
largest as (
    select event_name
    from chosen
    group by event_name
    order by sum(event_count) desc, event_name
    limit 5
)

select c.period_start, c.event_name, c.unique_users, c.is_running
from chosen as c
inner join largest as l using (event_name)
order by c.period_start, c.event_name
"""
)

SESSIONS: LiteralString = """
select date, sessions, bounces
from marts.session_stats
where
    environment = %(environment)s
    and date >= %(first)s
    and date <= %(last)s
    and date < %(today)s
order by date
"""

SESSION_LENGTH: LiteralString = """
select
    date,
    (median_duration_seconds / 60)::float8 as median_minutes,
    (avg_duration_seconds / 60)::float8 as avg_minutes
from marts.session_stats
where
    environment = %(environment)s
    and date >= %(first)s
    and date <= %(last)s
    and date < %(today)s
order by date
"""

THE_OTHERS = "all others"
FEWEST_STEPS = 14  # dates; fewer are bars


def active_users(rows: Rows) -> go.Figure:
    """Draw each date's users, and those of the 7 and 30 dates up to it.

    Args:
        rows: date (ascending), user_count, wau, mau.
    """
    figure = style.new_figure(320, hovermode="x unified")
    for name, column, colour in (
        ("that date", "user_count", style.SKY),
        ("7 dates", "wau", style.BLUE),
        ("30 dates", "mau", style.VERMILION),
    ):
        if rows:
            style.add_line(
                *(figure, rows, "date", [row[column] for row in rows], colour),
                name=name,
                mode="lines",
                hovertemplate="%{y:,}",
            )
    style.show_dates(figure, [row["date"] for row in rows])
    figure.update_yaxes(title_text="distinct users", rangemode="tozero", tickformat=",")
    return figure


def new_users(rows: Rows) -> go.Figure:
    """Stack each date's users: those who came back, and those who came for the first time.

    Args:
        rows: date, new_users, returning_users, which together are the date's users.
    """
    figure = style.new_figure(320, hovermode="x unified", legend_traceorder="normal")
    returning = [row["returning_users"] for row in rows]
    _stack(figure, rows, "came back", returning, style.BLUE)
    _stack(figure, rows, "first time", [row["new_users"] for row in rows], style.ORANGE)
    figure.update_yaxes(title_text="distinct users", rangemode="tozero", tickformat=",")
    return figure


def events(rows: Rows) -> go.Figure:
    """Stack the events of each period by their name.

    Args:
        rows: period_start (ascending), event_name (None: all the others), event_count, is_running.
    """
    figure = style.new_figure(340, barmode="stack", bargap=0.15, hovermode="x unified")
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["event_name"] or THE_OTHERS].append(row)
    total = {name: sum(row["event_count"] for row in found[name]) for name in found}
    named = sorted(found, key=lambda name: (name == THE_OTHERS, -total[name], name))
    colours = style.colours(name for name in named if name != THE_OTHERS)
    for name in named:
        figure.add_bar(
            name=name,
            x=[row["period_start"] for row in found[name]],
            y=[row["event_count"] for row in found[name]],
            marker={"color": colours.get(name, style.GREY), "pattern": style.hatch(found[name])},
            hovertemplate="%{y:,}",
        )
    figure.update_layout(legend_traceorder="normal")
    style.show_dates(figure, [row["period_start"] for row in rows])
    figure.update_yaxes(title_text="events", rangemode="tozero", tickformat=",")
    return figure


def event_users(rows: Rows) -> go.Figure:
    """Draw a line of distinct users for each event name: lines beside each other, never a stack.

    Args:
        rows: period_start (ascending), event_name, unique_users, is_running.
    """
    figure = style.new_figure(340, hovermode="x unified")
    series: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        series[row["event_name"]].append(row)
    colours = style.colours(series)
    for name, points in series.items():
        style.add_line(
            *(figure, points, "period_start", [point["unique_users"] for point in points]),
            colours[name],
            name=name,
            hovertemplate="%{y:,}",
        )
    style.show_dates(figure, [row["period_start"] for row in rows])
    figure.update_yaxes(title_text="distinct users", rangemode="tozero", tickformat=",")
    return figure


def sessions(rows: Rows) -> go.Figure:
    """Stack the sessions that began on each date: longer ones, and those of a single event.

    Args:
        rows: date, sessions, bounces (of these, those of one event).
    """
    figure = style.new_figure(320, hovermode="x unified", legend_traceorder="normal")
    longer = [row["sessions"] - row["bounces"] for row in rows]
    _stack(figure, rows, "several events", longer, style.GREEN)
    _stack(figure, rows, "one event", [row["bounces"] for row in rows], style.GREY)
    figure.update_yaxes(title_text="sessions", rangemode="tozero", tickformat=",")
    return figure


def session_length(rows: Rows) -> go.Figure:
    """Draw how long the sessions of each date took.

    Args:
        rows: date (ascending), median_minutes, avg_minutes.
    """
    figure = style.new_figure(320, hovermode="x unified")
    for name, column, colour, width in (
        ("average", "avg_minutes", style.SKY, 1),
        ("median", "median_minutes", style.BLUE, 3),
    ):
        if rows:
            style.add_line(
                *(figure, rows, "date", [row[column] for row in rows], colour, width),
                name=name,
                mode="lines",
                hovertemplate="%{y:,.1f} minutes",
            )
    style.show_dates(figure, [row["date"] for row in rows])
    figure.update_yaxes(title_text="minutes", rangemode="tozero", tickformat=",")
    return figure


def _stack(figure: go.Figure, rows: Rows, name: str, counts: list[int], colour: str) -> None:
    """Stack a step for each date; as bars, months of dates would flicker."""
    dates = [row["date"] for row in rows]
    style.show_dates(figure, dates)
    if len(dates) <= FEWEST_STEPS:  # of which a step could hardly be seen
        figure.update_layout(barmode="stack", bargap=0.3)
        figure.add_bar(
            name=name, x=dates, y=counts, marker={"color": colour}, hovertemplate="%{y:,}"
        )
        return
    figure.add_scatter(
        name=name,
        x=dates,
        y=counts,
        stackgroup="all",
        stackgaps="infer zero",
        mode="lines",
        line={"shape": "hvh", "width": 0},
        fillcolor=colour,
        marker={"color": colour},
        hovertemplate="%{y:,}",
    )
