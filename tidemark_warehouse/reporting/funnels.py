"""The charts of funnels, and what they ask of their marts.

A user has one result in a funnel, that of the attempt that counts, and belongs to the dates on
which it began: users of several dates may be summed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, LiteralString

from plotly import graph_objects as go  # type: ignore[import-untyped]

from tidemark_warehouse.reporting import style
from tidemark_warehouse.reporting.section import Control, Rows, Section

BAR_HEIGHT = 24
LAST_DAYS = 30  # of which the page shows the funnels, beside as many before them

FUNNEL = Control(
    name="funnel",
    title="Funnel",
    mart="marts.funnel_steps",
    query="""
select funnel_name
from marts.funnel_steps
where is_total and step_index = 1
order by users desc, funnel_name
""",
)

DATES: LiteralString = "select min(entry_date), max(entry_date) from marts.funnel_trends_daily"

FUNNEL_STEPS: LiteralString = """
with

spans (is_before, start_at, end_at) as (
    values
    (false, %(first)s::timestamptz, (%(last)s + 1)::timestamptz),
    (true, (%(first)s - (%(last)s - %(first)s + 1))::timestamptz, %(first)s::timestamptz)
),

steps as (
    select
        spans.is_before,
        f.step_index,
        f.step_name,
        f.users,
        f.overall_conversion_rate::float8 as overall_conversion_rate,
        (f.median_seconds_from_previous / 60)::float8 as median_minutes,
        sum(f.users) over () as anybody
    from spans
    cross join lateral api.funnel(%(funnel)s, spans.start_at, spans.end_at) as f
    where f.is_total
)

select is_before, step_index, step_name, users, overall_conversion_rate, median_minutes
from steps
where anybody > 0
order by is_before, step_index
"""

BREAKDOWN: LiteralString = """
select
    f.breakdown_value,
    max(f.users) filter (where f.step_index = 1) as entered_users,
    (array_agg(f.users order by f.step_index desc))[1] as completed_users
from api.funnel(%(funnel)s, %(first)s::timestamptz, (%(last)s + 1)::timestamptz) as f
where not f.is_total
group by f.breakdown_value
order by entered_users desc, f.breakdown_value
limit 10
"""

FUNNEL_TRENDS: LiteralString = """
select
    date_trunc('week', entry_date::timestamp)::date as week_start,
    sum(entered_users)::bigint as entered_users,
    sum(completed_users)::bigint as completed_users,
    date_trunc('week', entry_date::timestamp)::date + 7 > %(today)s as is_running
from marts.funnel_trends_daily
where
    funnel_name = %(funnel)s
    and entry_date >= date_trunc('week', %(first)s::timestamp)::date
    and entry_date <= %(last)s
group by 1
order by 1
"""


def funnel_steps(rows: Rows) -> go.Figure:
    """Draw the steps as bars: of who entered in the dates, and of who did in as many before them.

    Args:
        rows: is_before (whether of the dates before), step_index, step_name, users,
            overall_conversion_rate (None without users), median_minutes (None for the first
            step); by step.
    """
    steps = len({row["step_index"] for row in rows})
    most = max((row["users"] for row in rows), default=0) or 1
    figure = style.new_figure(
        90 + 2 * BAR_HEIGHT * max(steps, 2), barmode="group", bargap=0.25, bargroupgap=0.05
    )
    # The axis is upside down: what comes first stands above.
    for name, is_before, colour in (
        ("these dates", False, style.BLUE),
        ("as many dates before", True, style.SKY),
    ):
        shown = [row for row in rows if row["is_before"] == is_before]
        if shown:
            figure.add_bar(
                name=name,
                orientation="h",
                x=[row["users"] for row in shown],
                y=[f"{row['step_index']}: {style.name_of(row['step_name'], '')} " for row in shown],
                text=[share(row["overall_conversion_rate"]) for row in shown],
                textposition=style.words_at([row["users"] / most for row in shown], 0.15),
                cliponaxis=False,
                textangle=0,
                constraintext="none",
                textfont={"size": 10},
                insidetextfont={"color": style.WORDS_ON[colour]},
                customdata=[_minutes(row["median_minutes"]) for row in shown],
                marker={"color": colour},
                hovertemplate="%{y}: %{x:,} users%{customdata}",
            )
    figure.update_xaxes(title_text="users", rangemode="tozero", tickformat=",", showgrid=True)
    figure.update_yaxes(type="category", showgrid=False, autorange="reversed", dtick=1)
    return figure


def breakdown(rows: Rows) -> go.Figure:
    """Draw the share that came through for each value of the funnel's breakdown.

    Args:
        rows: breakdown_value (None if the entry event has none), entered_users, completed_users;
            the most users first.
    """
    figure = style.new_figure(90 + BAR_HEIGHT * max(len(rows), 3), bargap=0.25)
    best = max(map(_rate, rows), default=0) or 1
    if rows:
        figure.add_bar(
            orientation="h",
            x=[_rate(row) for row in rows],
            y=[f"{style.name_of(row['breakdown_value'], '(not known)')} " for row in rows],
            text=[f"{_rate(row):.0%} of {row['entered_users']:,}" for row in rows],
            textposition=style.words_at([_rate(row) / best for row in rows], 0.5),
            cliponaxis=False,
            textangle=0,
            constraintext="none",
            customdata=[[row["completed_users"], row["entered_users"]] for row in rows],
            marker={"color": style.BLUE},
            hovertemplate="%{y}: %{customdata[0]:,} of %{customdata[1]:,} users<extra></extra>",
            showlegend=False,
        )
    figure.update_xaxes(
        title_text="came through, of those who entered",
        rangemode="tozero",
        tickformat=".0%",
        showgrid=True,
    )
    figure.update_yaxes(type="category", showgrid=False, autorange="reversed", dtick=1)
    return figure


def funnel_trends(rows: Rows) -> go.Figure:
    """Draw the share of each week's entries that came through.

    Args:
        rows: week_start (ascending), entered_users, completed_users, is_running.
    """
    figure = style.new_figure(320, hovermode="x unified")
    entered = [row for row in rows if row["entered_users"]]
    if entered:
        style.add_line(
            *(figure, entered, "week_start", [_rate(row) for row in entered], style.BLUE),
            name="came through",
            customdata=[row["entered_users"] for row in entered],
            hovertemplate="%{y:.1%} of %{customdata:,} users",
            showlegend=False,
        )
    style.show_weeks(figure, [row["week_start"] for row in rows])
    figure.update_yaxes(title_text="share of entries", tickformat=".0%", rangemode="tozero")
    return figure


def share(rate: float | None) -> str:
    """Write a fraction as a percentage, None as nothing."""
    return "" if rate is None else f"{rate:.0%}"


def _rate(row: Mapping[str, Any]) -> float:
    return float(row["completed_users"] / row["entered_users"])


def _minutes(minutes: float | None) -> str:
    return "" if minutes is None else f", median {minutes:,.1f} minutes from the step before"


SECTIONS = (
    Section(
        name="funnel-steps",
        area="product",
        question="At which step do people drop out, and is it better than before?",
        how_to_read="Users who entered in the dates and how far they came, with their share of "
        "those who entered, above the same of as many dates before. Who entered lately has had "
        "less time to come through.",
        marts=("marts.funnel_steps", "marts.funnel_conversions"),
        raw_tables=("events",),
        query=FUNNEL_STEPS,
        figure=funnel_steps,
        wide=True,
    ),
    Section(
        name="funnel-breakdown",
        area="product",
        question="Who comes through?",
        how_to_read="The share of those who entered in the dates that came through, by the value "
        "of the funnel's breakdown_property (seeds/funnels.csv); the ten with the most users.",
        marts=("marts.funnel_steps", "marts.funnel_conversions"),
        raw_tables=("events",),
        query=BREAKDOWN,
        figure=breakdown,
    ),
    Section(
        name="funnel-trends",
        area="product",
        question="Do people come through more often than before?",
        how_to_read="The share of the users who entered in a week and came through since; the "
        "latest weeks may still grow, and a dotted one is not over.",
        marts=("marts.funnel_trends_daily",),
        raw_tables=("events",),
        query=FUNNEL_TRENDS,
        figure=funnel_trends,
        dates=DATES,
    ),
)
