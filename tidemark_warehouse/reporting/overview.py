"""The figures of the dashboards' widgets as tiles, and what they ask of their mart."""

from __future__ import annotations

from typing import Any, LiteralString

from plotly import graph_objects as go  # type: ignore[import-untyped]

from tidemark_warehouse.reporting import style
from tidemark_warehouse.reporting.section import Rows, Section

COLUMNS = 2  # of tiles, as many as a telephone has room for
FEWEST_LINES = 4  # of tiles: in places of one height they have one height then
TILE_HEIGHT = 76
RAW_TABLES = ("events", "workflow_instances", "time_sessions", "feature_requests")

_FIGURES: LiteralString = """
select
    widget_id,
    metric_key,
    environment,
    value::float8 as value,
    previous_value::float8 as previous_value,
    change_percent::float8 as change_percent,
    period_start
from marts.dashboard_metrics
"""
_IN_ORDER: LiteralString = """
order by metric_key, widget_id
limit 10
"""
DAY: LiteralString = _FIGURES + "where period = 'day'" + _IN_ORDER
WEEK: LiteralString = _FIGURES + "where period = 'week'" + _IN_ORDER
MONTH: LiteralString = _FIGURES + "where period = 'month'" + _IN_ORDER

# How a figure is written; the others are counts.
FORMATS = {
    "active_hours": "{:,.1f} h",
    "cycle_time_days": "{:,.1f} days",
    "efficiency_ratio": "{:.0%}",
}


def tiles(rows: Rows) -> go.Figure:
    """Write each figure large, its change since the period before beneath.

    Args:
        rows: metric_key, environment, value, previous_value and change_percent (None if unknown),
            period_start.
    """
    lines = max(-(-len(rows) // COLUMNS), FEWEST_LINES)
    figure = style.new_figure(
        40 + TILE_HEIGHT * lines, margin={"l": 8, "r": 8, "t": 8, "b": 8}, showlegend=False
    )
    figure.update_xaxes(visible=False, range=[0, COLUMNS])
    figure.update_yaxes(visible=False, range=[lines, 0])
    places = [(place % COLUMNS, place // COLUMNS) for place in range(len(rows))]
    for (x, y), row in zip(places, rows, strict=True):
        name = _name(row)
        _write(figure, x, y + 0.14, name, {"size": 13})
        _write(figure, x, y + 0.46, f"<b>{_amount(row, 'value')}</b>", {"size": 22})
    figure.add_scatter(
        x=[x for x, _ in places],
        y=[y + 0.8 for _, y in places],
        mode="text",
        text=[_change(row) for row in rows],
        textposition="middle right",
        textfont={"size": 12},
        hovertemplate=[
            f"{_amount(row, 'previous_value')} in the period before<extra></extra>" for row in rows
        ],
    )
    return figure


def _write(figure: go.Figure, x: float, y: float, words: str, font: dict[str, Any]) -> None:
    figure.add_annotation(x=x, y=y, text=words, font=font, xanchor="left", showarrow=False)


def _name(row: Any) -> str:
    name = str(row["metric_key"]).removesuffix("_days").replace("_", " ")
    usual = row["environment"] in {"production", "*"}
    return name if usual else f"{name} ({row['environment']})"


def _amount(row: Any, column: str) -> str:
    if row[column] is None:
        return "unknown"
    return FORMATS.get(row["metric_key"], "{:,.0f}").format(row[column])


def _change(row: Any) -> str:
    change = row["change_percent"]
    if change is None:
        return "no comparison"
    arrow = "▲" if change > 0 else "▼" if change < 0 else "="
    return f"{arrow} {change:+,.1f} % (from {_amount(row, 'previous_value')})"


def _section(name: str, question: str, query: LiteralString, period: str) -> Section:
    return Section(
        name=name,
        area="overview",
        question=question,
        how_to_read=f"Each figure of the last {period} that is over, and its change since the one "
        "before; which figures, seeds/dashboard_widgets.csv says.",
        marts=("marts.dashboard_metrics",),
        raw_tables=RAW_TABLES,
        query=query,
        figure=tiles,
    )


SECTIONS = (
    _section("figures-week", "How was last week?", WEEK, "week"),
    _section("figures-month", "How was last month?", MONTH, "month"),
    _section("figures-day", "How was yesterday?", DAY, "day"),
)
