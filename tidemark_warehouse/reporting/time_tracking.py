"""The charts of time tracking, and what they ask of its marts.

What may be added up is added up here (counts, seconds); averages, ratios, distinct counts and
percentiles never are: a ratio over several rows is a ratio of their sums.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, LiteralString

from plotly import graph_objects as go  # type: ignore[import-untyped]

from tidemark_warehouse.reporting import style
from tidemark_warehouse.reporting.section import Control, Rows

TICKET_TYPE = Control(
    name="ticket_type",
    title="Ticket type",
    mart="marts.dim_templates",
    query="""
select distinct ticket_type
from marts.dim_templates
where ticket_type is not null
order by ticket_type
""",
    everything="All ticket types",
)

DATES: LiteralString = """
select min(period_start), max(period_start)
from marts.time_by_ticket_type
where period_type = 'day'
"""

HOURS_PER_WEEK: LiteralString = """
select
    period_start as week_start,
    ticket_type,
    (total_active_seconds / 3600)::float8 as hours,
    workflows_completed as workflows,
    period_start + 7 > %(today)s as is_running
from marts.time_by_ticket_type
where
    period_type = 'week'
    and (%(ticket_type)s::text is null or ticket_type = %(ticket_type)s)
    and period_start > %(first)s - 7
    and period_start <= %(last)s
order by week_start, ticket_type
"""

EFFICIENCY_BY_WEEK: LiteralString = """
select
    date_trunc('week', date::timestamp)::date as week_start,
    sum(total_active_seconds)::float8 as active_seconds,
    sum(total_estimated_seconds)::float8 as estimated_seconds,
    date_trunc('week', date::timestamp)::date + 7 > %(today)s as is_running
from marts.time_aggregations_daily
where
    avg_efficiency_ratio is not null
    and (%(ticket_type)s::text is null or ticket_type = %(ticket_type)s)
    and date >= date_trunc('week', %(first)s::timestamp)::date
    and date <= %(last)s
group by week_start
order by week_start
"""

WORKFLOWS_BY_PERSON: LiteralString = """
with

chosen as (
    select
        user_id,
        date_trunc('week', date::timestamp)::date as week_start,
        workflows_completed as workflows
    from marts.time_aggregations_daily
    where
        date >= date_trunc('week', %(first)s::timestamp)::date
        and date <= %(last)s
        and (%(ticket_type)s::text is null or ticket_type = %(ticket_type)s)
),

busiest as (
    select user_id
    from chosen
    group by user_id
    order by sum(workflows) desc, user_id
    limit 16
)

select
    user_id,
    week_start,
    sum(workflows)::int as workflows,
    week_start + 7 > %(today)s as is_running
from chosen
inner join busiest using (user_id)
group by user_id, week_start
order by user_id, week_start
"""

# Averages and deviations of several people become one by their sums and sums of squares, exactly:
# neither can be averaged.
SLOWEST_STEPS: LiteralString = """
with

latest as (
    select *
    from marts.time_aggregations_step
    where
        period_type = 'month'
        and period_start = (
            select max(period_start)
            from marts.time_aggregations_step
            where period_type = 'month' and period_start <= %(last)s
        )
        and (
            %(ticket_type)s::text is null
            or template_id in (
                select t.template_id from marts.dim_templates as t
                where t.ticket_type = %(ticket_type)s
            )
        )
),

steps as (
    select
        period_start as month,
        template_id,
        step_index,
        sum(sample_count) as n,
        sum(sample_count * avg_seconds) as total,
        sum(
            (sample_count - 1) * coalesce(std_dev_seconds, 0) ^ 2 + sample_count * avg_seconds ^ 2
        ) as squares
    from latest
    group by period_start, template_id, step_index
)

select
    s.month,
    s.template_id,
    s.step_index,
    t.template_name,
    d.step_name,
    s.n::int as sample_count,
    (s.total / s.n)::float8 as avg_seconds,
    case
        when s.n > 1 then sqrt(greatest(s.squares - s.total ^ 2 / s.n, 0) / (s.n - 1))
    end::float8 as std_dev_seconds
from steps as s
left join marts.dim_templates as t on s.template_id = t.template_id
left join marts.dim_steps as d on s.template_id = d.template_id and s.step_index = d.step_index
order by avg_seconds desc, s.template_id, s.step_index
limit 12
"""

ESTIMATE_AND_ACTUAL: LiteralString = """
select
    ticket_type,
    (sum(total_active_seconds) / 3600)::float8 as active_hours,
    (sum(total_estimated_seconds) / 3600)::float8 as estimated_hours,
    sum(workflows_completed)::int as workflows
from marts.time_by_ticket_type
where
    period_type = 'day'
    and period_start >= %(first)s
    and period_start <= %(last)s
    and (%(ticket_type)s::text is null or ticket_type = %(ticket_type)s)
group by ticket_type
order by ticket_type
"""

MOST_KINDS = 5  # of ticket types in one bar; the smaller ones are added up
THE_OTHERS = "all others"
FOUR_WEEKS = timedelta(weeks=4)


def hours_per_week(rows: Rows) -> go.Figure:
    """Stack each week's hours by ticket type.

    Args:
        rows: week_start, ticket_type, hours (None if unknown), workflows, is_running.
    """
    figure = style.new_figure(340, barmode="stack", bargap=0.25, hovermode="x unified")
    hours: dict[str, dict[date, float]] = defaultdict(lambda: defaultdict(float))
    workflows: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    running = {row["week_start"] for row in rows if row.get("is_running")}
    shown = _largest(rows)
    colours = style.colours(shown)
    for row in rows:
        kind = row["ticket_type"] if row["ticket_type"] in shown else THE_OTHERS
        hours[kind][row["week_start"]] += row["hours"] or 0
        workflows[kind][row["week_start"]] += row["workflows"]
    for kind in (*shown, THE_OTHERS):
        if kind in hours:
            figure.add_bar(
                name=kind,
                x=list(hours[kind]),
                y=list(hours[kind].values()),
                customdata=list(workflows[kind].values()),
                marker={
                    "color": colours.get(kind, style.GREY),
                    "pattern": style.hatch({"is_running": w in running} for w in hours[kind]),
                },
                hovertemplate="%{y:,.1f} h, %{customdata:,} completed",
            )
    style.show_weeks(figure, [row["week_start"] for row in rows])
    figure.update_layout(legend_traceorder="normal")
    figure.update_yaxes(title_text="hours", rangemode="tozero", tickformat=",")
    return figure


def efficiency_by_week(rows: Rows) -> go.Figure:
    """Draw the team's active time as a share of its estimates, by week and over four weeks.

    Args:
        rows: week_start (ascending), active_seconds, estimated_seconds, is_running.
    """
    figure = style.new_figure(320, hovermode="x unified")
    weeks = [row["week_start"] for row in rows]
    style.add_line(
        *(figure, rows, "week_start", [_ratio([row]) for row in rows], style.SKY, 1),
        name="one week",
        hovertemplate="%{y:.1%}",
    )
    style.add_line(
        *(figure, rows, "week_start"),
        [
            _ratio([row for row in rows if week - FOUR_WEEKS < row["week_start"] <= week])
            for week in weeks
        ],
        *(style.BLUE, 3),
        name="four weeks",
        mode="lines",
        hovertemplate="%{y:.1%}",
    )
    if rows:
        figure.add_hline(
            y=1,
            line={"color": style.VERMILION, "width": 1, "dash": "dash"},
            annotation={"text": "as estimated", "font": {"size": 12}},
            annotation_position="bottom left",
        )
    style.show_weeks(figure, weeks)
    figure.update_yaxes(title_text="worked by estimated", tickformat=".0%")
    return figure


def workflows_by_person(rows: Rows) -> go.Figure:
    """Shade completed workflows by person and week; the busiest person stands on top.

    Args:
        rows: user_id, week_start, workflows, is_running. A week without a row stays blank.
    """
    totals: dict[str, int] = defaultdict(int)
    for row in rows:
        totals[row["user_id"]] += row["workflows"]
    people = sorted(totals, key=lambda user: (totals[user], user))  # the axis begins at the bottom
    weeks = sorted({row["week_start"] for row in rows})
    found = {(row["user_id"], row["week_start"]): row["workflows"] for row in rows}
    figure = style.new_figure(78 + style.ROW_HEIGHT * max(len(people), 3))
    figure.add_heatmap(
        x=weeks,
        y=people,
        z=[[found.get((user, week)) for week in weeks] for user in people],
        zmin=0,
        colorscale=style.SHADES,
        xgap=2,
        ygap=2,
        hoverongaps=False,
        colorbar=style.SMALL_SCALE,
        hovertemplate=f"%{{y}}, %{{x|{style.WEEK_HOVER}}}: %{{z}} completed<extra></extra>",
    )
    half = timedelta(days=3.5)
    for week in {row["week_start"] for row in rows if row.get("is_running")}:
        middle = datetime.combine(week, time())
        for place in range(len(people)):
            style.rule_cell(figure, middle - half, middle + half, place)
    style.show_weeks(figure, weeks)
    figure.update_layout(margin={"t": 46})
    figure.update_yaxes(type="category", showgrid=False, dtick=1, tickfont={"size": 11})
    return figure


def slowest_steps(rows: Rows) -> go.Figure:
    """Draw each step's average time with its standard deviation on both sides.

    Args:
        rows: month (its first day, the same in all), template_id, step_index, template_name and
            step_name (None if nobody named it), sample_count, avg_seconds, std_dev_seconds (None
            for a single sample); slowest first.
    """
    steps = list(reversed(rows))  # the axis begins at the bottom
    minutes = [row["avg_seconds"] / 60 for row in steps]
    spread = [(row["std_dev_seconds"] or 0) / 60 for row in steps]
    figure = style.new_figure(70 + 30 * max(len(steps), 3), margin={"l": 8, "r": 8, "t": 8, "b": 8})
    figure.add_scatter(
        x=minutes,
        y=_step_names(steps),
        mode="markers",
        marker={"color": style.BLUE, "size": 11},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": spread,
            "arrayminus": [min(pair) for pair in zip(minutes, spread, strict=True)],
            "color": style.SKY,
            "thickness": 5,
            "width": 0,
        },
        customdata=[
            [row["sample_count"], "unknown" if row["std_dev_seconds"] is None else f"{width:.0f}"]
            for row, width in zip(steps, spread, strict=True)
        ],
        hovertemplate=(
            "%{y}: %{x:.0f} minutes, standard deviation %{customdata[1]} "
            "(%{customdata[0]} samples)<extra></extra>"
        ),
        showlegend=False,
    )
    month = f" in {rows[0]['month']:%B %Y}" if rows else ""
    figure.update_xaxes(title_text=f"minutes{month}", rangemode="tozero", showgrid=True)
    figure.update_yaxes(type="category", showgrid=False, dtick=1, tickfont={"size": 11})
    return figure


def estimate_and_actual(rows: Rows) -> go.Figure:
    """Set the hours that were worked beside those that were estimated, by ticket type.

    Args:
        rows: ticket_type, active_hours, estimated_hours (either None if unknown), workflows.
    """
    kinds = sorted(rows, key=lambda row: row["active_hours"] or 0)  # begins at the bottom
    names = [f"{row['ticket_type']} " for row in kinds]
    figure = style.new_figure(
        320, barmode="group", bargap=0.16, bargroupgap=0.06, legend_traceorder="reversed"
    )
    figure.add_bar(
        name="worked",
        orientation="h",
        x=[row["active_hours"] for row in kinds],
        y=names,
        text=[_share(row) for row in kinds],
        textposition="inside",
        textfont={"size": 11},
        marker={"color": style.BLUE},
        customdata=[row["workflows"] for row in kinds],
        hovertemplate="%{y}: %{x:,.0f} h worked in %{customdata:,} workflows<extra></extra>",
    )
    figure.add_bar(
        name="estimated",
        orientation="h",
        x=[row["estimated_hours"] for row in kinds],
        y=names,
        marker={"color": style.ORANGE},
        hovertemplate="%{y}: %{x:,.0f} h estimated<extra></extra>",
    )
    figure.update_xaxes(title_text="hours", tickformat=",", rangemode="tozero", showgrid=True)
    figure.update_yaxes(type="category", showgrid=False)
    return figure


def _largest(rows: Rows) -> list[str]:
    """Return the ticket types that get a colour of their own: those with most hours first."""
    totals: dict[str, float] = defaultdict(float)
    for row in rows:
        totals[row["ticket_type"]] += row["hours"] or 0
    ranked = sorted(totals, key=lambda kind: (-totals[kind], kind))
    return ranked if len(ranked) <= MOST_KINDS + 1 else ranked[:MOST_KINDS]


def _ratio(rows: Iterable[Mapping[str, Any]]) -> float | None:
    """Return a ratio of sums, None where nothing was estimated."""
    kept = list(rows)
    estimated = sum(row["estimated_seconds"] for row in kept)
    return sum(row["active_seconds"] for row in kept) / estimated if estimated else None


def _step_names(steps: Rows) -> list[str]:
    """Name each step by its template and itself, with its ids where that is not enough."""
    named = [
        f"{style.name_of(row.get('template_name'), row['template_id'])}, "
        f"{style.name_of(row.get('step_name'), 'step ' + str(row['step_index']))} "
        for row in steps
    ]
    return [
        name if named.count(name) == 1 else f"{name}({row['template_id']} {row['step_index']}) "
        for name, row in zip(named, steps, strict=True)
    ]


def _share(row: Mapping[str, Any]) -> str:
    if row["active_hours"] is None or not row["estimated_hours"]:
        return ""
    return f"{row['active_hours'] / row['estimated_hours']:.0%}"
