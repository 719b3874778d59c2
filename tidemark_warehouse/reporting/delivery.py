"""The charts of delivery, and what they ask of its marts."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import LiteralString

from plotly import graph_objects as go  # type: ignore[import-untyped]

from tidemark_warehouse.reporting import style
from tidemark_warehouse.reporting.section import Rows

DATES: LiteralString = "select min(date), max(date) from marts.cumulative_flow_daily"

FLOW: LiteralString = """
select
    date,
    status,
    sum(features)::bigint as features
from marts.cumulative_flow_daily
where date >= %(first)s and date <= %(last)s
group by date, status
order by date, status
"""

VELOCITY: LiteralString = """
select
    week_start,
    sum(features_completed)::bigint as features_completed
from marts.weekly_velocity
where week_start > %(first)s - 7 and week_start <= %(last)s
group by week_start
order by week_start
"""

FORECAST: LiteralString = """
select
    project_id,
    remaining_features,
    weeks_p50,
    weeks_p85,
    weeks_p95
from marts.delivery_forecast
where remaining_features > 0 and weeks_p85 is not null
order by weeks_p85 desc, project_id
limit 16
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
    figure.update_layout(legend_traceorder="normal")
    figure.update_yaxes(title_text="features", rangemode="tozero", tickformat=",")
    return figure


def velocity(rows: Rows) -> go.Figure:
    """Draw the features completed in each week, and their average over four weeks.

    Args:
        rows: week_start (ascending), features_completed.
    """
    figure = style.new_figure(320, bargap=0.25, hovermode="x unified")
    weeks = [row["week_start"] for row in rows]
    done = {row["week_start"]: row["features_completed"] for row in rows}
    figure.add_bar(
        name="one week",
        x=weeks,
        y=list(done.values()),
        marker={"color": style.SKY},
        hovertemplate="%{y:,}",
    )
    figure.add_scatter(
        name="average of four weeks",
        x=weeks[3:],
        y=[
            sum(count for other, count in done.items() if week - FOUR_WEEKS < other <= week) / 4
            for week in weeks[3:]
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
        rows: project_id, remaining_features, weeks_p50, weeks_p85, weeks_p95, the latest first.
    """
    latest_below = list(reversed(rows))
    figure = style.new_figure(120 + style.ROW_HEIGHT * len(latest_below))
    names = [row["project_id"] for row in latest_below]
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
