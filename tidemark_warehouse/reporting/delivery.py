"""The charts of delivery, and what they ask of its marts."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import LiteralString

from plotly import graph_objects as go  # type: ignore[import-untyped]

from tidemark_warehouse.reporting import style
from tidemark_warehouse.reporting.section import Control, Rows
from tidemark_warehouse.reporting.table import Table

PROJECT = Control(
    name="project",
    title="Project",
    mart="marts.dim_projects",
    query="""
select project_id, coalesce(project_title, project_id) as title
from marts.dim_projects
order by title, project_id
""",
    everything="All projects",
)

DATES: LiteralString = "select min(date), max(date) from marts.cumulative_flow_daily"

FLOW: LiteralString = """
select
    date,
    status,
    sum(features)::bigint as features
from marts.cumulative_flow_daily
where
    date >= %(first)s
    and date <= %(last)s
    and (%(project)s::text is null or project_id = %(project)s)
group by date, status
order by date, status
"""

VELOCITY: LiteralString = """
select
    week_start,
    sum(features_completed)::bigint as features_completed,
    week_start + 7 > %(today)s as is_running
from marts.weekly_velocity
where
    week_start > %(first)s - 7
    and week_start <= %(last)s
    and (%(project)s::text is null or project_id = %(project)s)
group by week_start
order by week_start
"""

FORECAST: LiteralString = """
select
    f.project_id,
    p.project_title,
    f.remaining_features,
    f.weeks_p50,
    f.weeks_p85,
    f.weeks_p95
from marts.delivery_forecast as f
left join marts.dim_projects as p on f.project_id = p.project_id
where f.remaining_features > 0 and f.weeks_p85 is not null
order by f.weeks_p85 desc, f.project_id
limit 16
"""

PROJECTS: LiteralString = """
select
    project_id,
    project_title,
    project_status,
    total_features,
    completed_features,
    completion_percentage,
    overdue_features,
    last_activity_date
from marts.project_summary
order by overdue_features desc, open_features desc, project_id
limit 12
"""

FOUR_WEEKS = timedelta(weeks=4)


def flow(rows: Rows) -> go.Figure:
    """Stack the features of each date by their status.

    Args:
        rows: date (ascending), status, features.
    """
    figure = style.new_figure(340, hovermode="x unified")
    features: dict[str, dict[date, int]] = defaultdict(dict)
    for row in rows:
        features[row["status"]][row["date"]] = row["features"]
    # The largest at the bottom: what is completed rests on the axis and only grows.
    shown = sorted(features, key=lambda status: -max(features[status].values()))
    colours = style.colours(shown)
    for status in shown:
        figure.add_scatter(
            name=status,
            x=list(features[status]),
            y=list(features[status].values()),
            stackgroup="status",
            mode="lines",
            line={"color": colours[status], "width": 0.5},
            hovertemplate="%{y:,}",
        )
    style.show_dates(figure, [row["date"] for row in rows])
    figure.update_layout(legend_traceorder="normal")
    figure.update_yaxes(title_text="features", rangemode="tozero", tickformat=",")
    return figure


def velocity(rows: Rows) -> go.Figure:
    """Draw the features completed in each week, and their average over four weeks.

    Args:
        rows: week_start (ascending), features_completed, is_running.
    """
    figure = style.new_figure(320, bargap=0.25, hovermode="x unified")
    weeks = [row["week_start"] for row in rows]
    done = {row["week_start"]: row["features_completed"] for row in rows}
    figure.add_bar(
        name="one week",
        x=weeks,
        y=list(done.values()),
        marker={"color": style.SKY, "pattern": style.hatch(rows)},
        hovertemplate="%{y:,}",
    )
    whole = [row["week_start"] for row in rows if not row.get("is_running")][3:]
    figure.add_scatter(
        name="average of four weeks",
        x=whole,
        y=[
            sum(count for other, count in done.items() if week - FOUR_WEEKS < other <= week) / 4
            for week in whole
        ],
        mode="lines",
        line={"color": style.BLUE, "width": 3},
        hovertemplate="%{y:,.1f}",
    )
    style.show_weeks(figure, weeks)
    figure.update_yaxes(title_text="features completed", rangemode="tozero", tickformat=",")
    return figure


def forecast(rows: Rows) -> go.Figure:
    """Draw for each project when its open features are done, from likely to all but certain.

    Args:
        rows: project_id, project_title (None if unknown), remaining_features, weeks_p50, weeks_p85,
            weeks_p95, the latest first.
    """
    latest_below = list(reversed(rows))
    figure = style.new_figure(120 + style.ROW_HEIGHT * len(latest_below))
    names = [style.name_of(row.get("project_title"), row["project_id"]) for row in latest_below]
    for name, column, colour in (
        ("50 %", "weeks_p50", style.SKY),
        ("85 %", "weeks_p85", style.BLUE),
        ("95 %", "weeks_p95", style.VERMILION),
    ):
        figure.add_scatter(
            name=name,
            x=[row[column] for row in latest_below],
            y=names,
            mode="markers",
            marker={"color": colour, "size": 10},
            customdata=[row["remaining_features"] for row in latest_below],
            hovertemplate="%{x} weeks for %{customdata:,} open features",
        )
    figure.update_yaxes(type="category", automargin=True)
    figure.update_xaxes(title_text="weeks from now", rangemode="tozero", showgrid=True)
    return figure


def projects(rows: Rows) -> Table:
    """List the projects, those with most that is overdue first.

    Args:
        rows: project_id, project_title (None if unknown), project_status, total_features,
            completed_features, completion_percentage, overdue_features, last_activity_date.
    """
    return Table(
        {
            "project": [row["project_title"] or row["project_id"] for row in rows],
            "status": [row["project_status"] for row in rows],
            "completed": [
                f"{row['completed_features']:,} of {row['total_features']:,}" for row in rows
            ],
            "%": [
                ""
                if row["completion_percentage"] is None
                else f"{row['completion_percentage']:.0f}"
                for row in rows
            ],
            "overdue": [row["overdue_features"] for row in rows],
            "last activity": [
                f"{row['last_activity_date']:%d %b %Y}" if row["last_activity_date"] else ""
                for row in rows
            ],
        },
    )
