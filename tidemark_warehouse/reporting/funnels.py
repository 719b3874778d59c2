"""The charts of funnels and retention, and what they ask of the marts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, LiteralString

from plotly import graph_objects as go  # type: ignore[import-untyped]

from tidemark_warehouse.reporting import style
from tidemark_warehouse.reporting.section import Control, Rows

MOST_FUNNELS = 6
BAR_HEIGHT = 24
LABELLED_CELLS = 15  # a line; more would not be readable

RETENTION = Control(
    name="retention",
    title="Cohorts of",
    mart="marts.retention_curve",
    query="""
select retention_name
from marts.retention_curve
where is_total
group by retention_name
order by max(cohort_users) filter (where period_index = 1) desc nulls last, retention_name
""",
)

FUNNEL_STEPS: LiteralString = """
select
    funnel_name,
    step_index,
    step_name,
    users,
    overall_conversion_rate::float8 as overall_conversion_rate,
    (median_seconds_from_previous / 60)::float8 as median_minutes
from marts.funnel_steps
where is_total
order by funnel_name, step_index
"""

DATES: LiteralString = "select min(entry_date), max(entry_date) from marts.funnel_trends_daily"

# A user has one entry into a funnel, so that users of several dates may be summed here.
FUNNEL_TRENDS: LiteralString = """
with

weekly as (
    select
        funnel_name,
        date_trunc('week', entry_date::timestamp)::date as week_start,
        sum(entered_users)::bigint as entered_users,
        sum(completed_users)::bigint as completed_users
    from marts.funnel_trends_daily
    where
        entry_date >= date_trunc('week', %(first)s::timestamp)::date
        and entry_date <= %(last)s
    group by 1, 2
),

largest as (
    select funnel_name
    from weekly
    group by funnel_name
    order by sum(entered_users) desc, funnel_name
    limit 6
)

select funnel_name, week_start, entered_users, completed_users
from weekly
inner join largest using (funnel_name)
order by funnel_name, week_start
"""

# Cohorts start at local midnight, which 13 hours later is the same date in UTC.
RETENTION_COHORTS: LiteralString = """
with

latest as (
    select distinct cohort_start
    from marts.retention_cohorts
    where
        is_total
        and retention_name = %(retention)s
        and cohort_start at time zone 'UTC' + interval '13 hours' >= %(first)s::timestamp
        and cohort_start at time zone 'UTC' + interval '13 hours' < %(last)s + interval '1 day'
    order by cohort_start desc
    limit 24
)

select
    cohort_start,
    period_index,
    cohort_size,
    returned_users,
    retention_rate::float8 as retention_rate
from marts.retention_cohorts
inner join latest using (cohort_start)
where is_total and retention_name = %(retention)s
order by cohort_start, period_index
"""

RETENTION_CURVE: LiteralString = """
select
    retention_name,
    period_index,
    cohort_users,
    retention_rate::float8 as retention_rate
from marts.retention_curve
where is_total
order by retention_name, period_index
"""


def funnel_steps(rows: Rows) -> go.Figure:
    """Draw each funnel's steps as bars of users, with their share of those who entered.

    Args:
        rows: funnel_name, step_index, step_name, users, overall_conversion_rate (None without
            users), median_minutes (None for the first step); by funnel and step.
    """
    funnels: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        funnels[row["funnel_name"]].append(row)
    shown = sorted(funnels, key=lambda name: (-funnels[name][0]["users"], name))[:MOST_FUNNELS]
    steps = sum(len(funnels[name]) for name in shown)
    figure = style.new_figure(70 + BAR_HEIGHT * max(steps, 3), bargap=0.25)
    colours = style.colours(shown)
    for name in shown:
        figure.add_bar(
            name=name,
            orientation="h",
            x=[row["users"] for row in funnels[name]],
            y=[f"{name} {row['step_index']}: {row['step_name']} " for row in funnels[name]],
            text=[_share(row["overall_conversion_rate"]) for row in funnels[name]],
            textposition="auto",
            customdata=[_minutes(row["median_minutes"]) for row in funnels[name]],
            marker={"color": colours[name]},
            hovertemplate="%{y}: %{x:,} users%{customdata}<extra></extra>",
            showlegend=False,
        )
    figure.update_xaxes(title_text="users", rangemode="tozero", tickformat=",", showgrid=True)
    figure.update_yaxes(type="category", showgrid=False, autorange="reversed")
    return figure


def retention_curve(rows: Rows) -> go.Figure:
    """Draw the share of users that come back, by periods after their cohort's.

    Args:
        rows: retention_name, period_index, cohort_users, retention_rate; by retention and period.
    """
    figure = style.new_figure(340, hovermode="closest")
    curves: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        curves[row["retention_name"]].append(row)
    colours = style.colours(curves)
    for name, points in curves.items():
        figure.add_scatter(
            name=name,
            x=[point["period_index"] for point in points],
            y=[point["retention_rate"] for point in points],
            customdata=[point["cohort_users"] for point in points],
            mode="lines+markers",
            line={"color": colours[name], "width": 2},
            hovertemplate=f"{name}, period %{{x}}: %{{y:.1%}} of %{{customdata:,}}<extra></extra>",
        )
    figure.update_xaxes(title_text="periods after the cohort's", dtick=1)
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    return figure


def funnel_trends(rows: Rows) -> go.Figure:
    """Draw the share of each week's entries that came through, by funnel.

    Args:
        rows: funnel_name, week_start (ascending), entered_users, completed_users.
    """
    figure = style.new_figure(320, hovermode="x unified")
    funnels: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["entered_users"]:
            funnels[row["funnel_name"]].append(row)
    colours = style.colours(funnels)
    for name, points in funnels.items():
        figure.add_scatter(
            name=name,
            x=[point["week_start"] for point in points],
            y=[point["completed_users"] / point["entered_users"] for point in points],
            customdata=[point["entered_users"] for point in points],
            mode="lines+markers",
            line={"color": colours[name], "width": 2},
            marker={"size": 5},
            hovertemplate="%{y:.1%} of %{customdata:,} users",
        )
    style.show_weeks(figure, [row["week_start"] for row in rows])
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    return figure


def retention_cohorts(rows: Rows) -> go.Figure:
    """Shade the share of each cohort that came back; the latest cohort stands at the bottom.

    Args:
        rows: cohort_start (ascending), period_index, cohort_size, returned_users, retention_rate
            (None of an empty cohort). Period 0 is the cohort's own and stays blank.
    """
    sizes = {row["cohort_start"]: row["cohort_size"] for row in rows}
    labels = _cohort_labels(list(sizes))
    found = {(row["cohort_start"], row["period_index"]): row for row in rows}
    periods = sorted({row["period_index"] for row in rows} - {0})
    cells = [[found.get((start, period), {}) for period in periods] for start in sizes]
    figure = style.new_figure(90 + style.ROW_HEIGHT * max(len(sizes), 3))
    figure.add_heatmap(
        x=periods,
        y=[f"{labels[start]} ({size:,}) " for start, size in sizes.items()],
        z=[[cell.get("retention_rate") for cell in line] for line in cells],
        text=[[_share(cell.get("retention_rate")) for cell in line] for line in cells],
        texttemplate="%{text}" if len(periods) <= LABELLED_CELLS else None,
        textfont={"size": 11},
        customdata=[[cell.get("returned_users") for cell in line] for line in cells],
        zmin=0,
        colorscale=style.SHADES,
        xgap=2,
        ygap=2,
        hoverongaps=False,
        colorbar={**style.SMALL_SCALE, "tickformat": ".0%"},
        hovertemplate="%{y}, period %{x}: %{z:.1%}, %{customdata:,} users<extra></extra>",
    )
    figure.update_layout(margin={"t": 46})
    figure.update_xaxes(title_text="periods after the cohort's", dtick=1)
    figure.update_yaxes(type="category", showgrid=False, autorange="reversed")
    return figure


def _cohort_labels(starts: list[datetime]) -> dict[datetime, str]:
    """Name cohorts by their date; with the hour (UTC) where a date has several."""
    dates: dict[datetime, date] = {start: (start + timedelta(hours=13)).date() for start in starts}
    if len(set(dates.values())) == len(dates):
        return {start: f"{found:%d %b %Y}" for start, found in dates.items()}
    return {start: f"{start:%d %b %Y %H:%M}" for start in starts}


def _share(rate: float | None) -> str:
    return "" if rate is None else f"{rate:.0%}"


def _minutes(minutes: float | None) -> str:
    return "" if minutes is None else f", median {minutes:,.1f} minutes from the step before"
