"""The charts of funnels and retention, and what they ask of the marts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, LiteralString

from plotly import graph_objects as go  # type: ignore[import-untyped]

from orchestration.reporting import style

Rows = Sequence[Mapping[str, Any]]

MOST_FUNNELS = 6
ROW_HEIGHT = 24

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
    figure = style.new_figure(70 + ROW_HEIGHT * max(steps, 3), bargap=0.25)
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


def _share(rate: float | None) -> str:
    return "" if rate is None else f"{rate:.0%}"


def _minutes(minutes: float | None) -> str:
    return "" if minutes is None else f", median {minutes:,.1f} minutes from the step before"
