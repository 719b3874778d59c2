"""What the page shows of application metrics and alerts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, LiteralString

from plotly import graph_objects as go  # type: ignore[import-untyped]

from orchestration.reporting import style

Rows = Sequence[Mapping[str, Any]]

SLOWEST: LiteralString = """
select
    name,
    max(unit) as unit,
    period_start as day_start,
    max(p99) as p99
from marts.metric_aggregates
where
    period_type = 'daily'
    and metric_type = 'timer'
    and period_start > (
        select max(period_start) from marts.metric_aggregates where period_type = 'daily'
    ) - interval '56 days'
group by name, period_start
order by name, period_start
"""

ALERTS: LiteralString = """
select
    date_trunc('week', period_start::timestamp)::date as week_start,
    severity,
    count(*)::int as alerts
from marts.metric_alerts
where
    period_start > (
        select date_trunc('week', max(period_start)::timestamp)::date - 26 * 7
        from marts.metric_alerts
    )
group by week_start, severity
order by week_start, severity
"""

SEVERITIES = {
    "low": style.SKY,
    "medium": style.BLUE,
    "high": style.ORANGE,
    "critical": style.VERMILION,
}


def slowest(rows: Rows) -> go.Figure:
    """Draw a line for each timer: the day's 99th percentile of its slowest series.

    Args:
        rows: name, unit (None if unknown), day_start (ascending), p99.
    """
    figure = style.new_figure(320, hovermode="x unified")
    series: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        series[row["name"]].append(row)
    for (name, points), colour in zip(series.items(), _cycled(len(series)), strict=True):
        unit = points[-1]["unit"] or ""
        figure.add_scatter(
            name=name,
            x=[row["day_start"] for row in points],
            y=[row["p99"] for row in points],
            mode="lines",
            line={"color": colour, "width": 2},
            hovertemplate=f"%{{y:,.3~g}} {unit}",
        )
    figure.update_yaxes(title_text="99th percentile", rangemode="tozero", tickformat=",")
    return figure


def alerts(rows: Rows) -> go.Figure:
    """Stack each week's alerts by severity.

    Args:
        rows: week_start, severity, alerts.
    """
    figure = style.new_figure(320, barmode="stack", bargap=0.25, hovermode="x unified")
    found: dict[str, dict[date, int]] = defaultdict(dict)
    for row in rows:
        found[row["severity"]][row["week_start"]] = row["alerts"]
    for severity, colour in SEVERITIES.items():
        if severity in found:
            figure.add_bar(
                name=severity,
                x=list(found[severity]),
                y=list(found[severity].values()),
                marker={"color": colour},
                hovertemplate="%{y:,}",
            )
    style.show_weeks(figure, [row["week_start"] for row in rows])
    figure.update_yaxes(title_text="alerts", rangemode="tozero", tickformat=",")
    return figure


def _cycled(count: int) -> list[str]:
    return [style.PALETTE[number % len(style.PALETTE)] for number in range(count)]
