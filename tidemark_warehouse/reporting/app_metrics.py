"""What the page shows of application metrics and alerts."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, LiteralString

from plotly import graph_objects as go  # type: ignore[import-untyped]

from tidemark_warehouse.reporting import style
from tidemark_warehouse.reporting.section import Control, Rows
from tidemark_warehouse.reporting.table import Table

METRIC = Control(
    name="metric",
    title="Metric",
    mart="marts.metric_aggregates",
    # First those with points in the dates that a page shows: 26 weeks up to the last.
    query="""
select name
from marts.metric_aggregates
where period_type = 'weekly'
group by name
order by
    max(period_start) > (
        select max(newest.period_start) from marts.metric_aggregates as newest
        where newest.period_type = 'weekly'
    ) - interval '26 weeks' desc,
    bool_or(metric_type = 'timer') desc,
    sum(count) desc,
    name
""",
)
METRIC_PERIOD = Control(
    name="metric_period",
    title="Percentiles of each period",
    options=("daily", "hourly", "weekly", "monthly"),
)

DATES: LiteralString = """
select
    (min(period_start) at time zone 'UTC' + interval '13 hours')::date,
    (max(period_start) at time zone 'UTC' + interval '13 hours')::date
from marts.metric_aggregates
where period_type = 'daily'
"""

ALERT_DATES: LiteralString = "select min(period_start), max(period_start) from marts.metric_alerts"

# A period starts at local midnight, which 13 hours later is the same date in UTC, whatever the
# reporting time zone from UTC-10 to UTC+13.
SLOWEST: LiteralString = """
select
    name,
    max(unit) as unit,
    (period_start at time zone 'UTC' + interval '13 hours')::date as day_start,
    max(p99) as p99
from marts.metric_aggregates
where
    period_type = 'daily'
    and metric_type = 'timer'
    and period_start > %(first)s::timestamptz - interval '2 days'
    and period_start < %(last)s::timestamptz + interval '2 days'
    and (period_start at time zone 'UTC' + interval '13 hours')::date >= %(first)s
    and (period_start at time zone 'UTC' + interval '13 hours')::date <= %(last)s
    and (period_start at time zone 'UTC' + interval '13 hours')::date < %(today)s
group by name, period_start
order by name, period_start
"""

# The range of period_start reaches farther than the dates, so that its index is of use.
PERCENTILES: LiteralString = """
with

wanted as (
    select
        tags,
        unit,
        count,
        p50,
        p90,
        p99,
        case
            when period_type = 'hourly' then period_start at time zone 'UTC'
            else date_trunc('day', period_start at time zone 'UTC' + interval '13 hours')
        end as starts_at
    from marts.metric_aggregates
    where
        name = %(metric)s
        and period_type = %(metric_period)s
        and period_start > %(first)s::timestamptz - interval '32 days'
        and period_start < %(last)s::timestamptz + interval '2 days'
),

chosen as (
    select *
    from wanted
    where
        starts_at >= date_trunc(
            case %(metric_period)s
                when 'weekly' then 'week'
                when 'monthly' then 'month'
                else 'day'
            end,
            %(first)s::timestamp
        )
        and starts_at < %(last)s + 1
),

widest as (
    select tags
    from chosen
    group by tags
    order by sum(count) desc, tags
    limit 4
)

select tags, unit, starts_at, p50, p90, p99
from chosen
inner join widest using (tags)
order by tags, starts_at
"""

ALERTS: LiteralString = """
select
    date_trunc('week', period_start::timestamp)::date as week_start,
    severity,
    count(*)::int as alerts,
    date_trunc('week', period_start::timestamp)::date + 7 > %(today)s as is_running
from marts.metric_alerts
where
    period_start >= date_trunc('week', %(first)s::timestamp)::date
    and period_start <= %(last)s
    and state <> 'withdrawn'
group by week_start, severity
order by week_start, severity
"""

LATEST_ALERTS: LiteralString = """
select
    a.period_start,
    a.period,
    a.severity,
    a.entity_type,
    a.entity_id,
    p.project_title as entity_name,
    a.alert_message,
    a.state,
    a.is_acknowledged,
    a.acknowledged_by_id
from marts.metric_alerts as a
left join marts.dim_projects as p on a.entity_type = 'project' and a.entity_id = p.project_id
where
    a.period_start >= %(first)s
    and a.period_start <= %(last)s
    and a.state <> 'withdrawn'
order by
    a.state = 'firing' desc,
    a.state = 'historical',
    a.is_acknowledged,
    a.period_start desc,
    array_position(array['critical', 'high', 'medium', 'low'], a.severity),
    a.alert_id
limit 10
"""
STEEP = 10  # times
PANEL_HEIGHT = 150
NAMES = {"p50": "half below", "p90": "90 % below", "p99": "99 % below"}
SHADES = {"p90": "rgba(0, 114, 178, 0.30)", "p99": "rgba(0, 114, 178, 0.12)"}


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
        style.add_line(
            *(figure, points, "day_start", [row["p99"] for row in points], colour),
            name=name,
            mode="lines",
            hovertemplate=f"%{{y:,.3~g}} {unit}",
        )
    style.show_dates(figure, [row["day_start"] for row in rows])
    units = sorted({row["unit"] for row in rows if row["unit"]})
    figure.update_yaxes(
        title_text=" ".join(["99th percentile", ", ".join(units)]).strip(),
        rangemode="tozero",
        tickformat=",",
    )
    return figure


def percentiles(rows: Rows) -> go.Figure:
    """Draw a panel for each series: its median, and bands up to its 90th and 99th percentile.

    Args:
        rows: tags (what tells the series apart), unit (None if unknown), starts_at (ascending),
            p50, p90, p99.
    """
    series: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        series[_tags(row["tags"])].append(row)
    figure = style.new_figure(110 + PANEL_HEIGHT * max(len(series), 1), hovermode="x unified")
    if not series:
        return figure
    figure.set_subplots(
        rows=len(series),
        cols=1,
        shared_xaxes="all",
        shared_yaxes="all",
        vertical_spacing=0.26 / len(series),
        subplot_titles=list(series),
    )
    figure.update_annotations(font={"size": 13})
    unit = next((row["unit"] for row in rows if row["unit"]), "")
    for place, points in enumerate(series.values()):
        for name, filled in (("p50", None), ("p90", "tonexty"), ("p99", "tonexty")):
            figure.add_scatter(
                name=NAMES[name],
                x=[point["starts_at"] for point in points],
                y=[point[name] for point in points],
                mode="lines",
                line={"color": style.BLUE, "width": 2 if name == "p50" else 0.5},
                fill=filled,
                fillcolor=SHADES.get(name),
                hovertemplate=f"%{{y:,.3~g}} {unit}",
                legendgroup=name,
                showlegend=place == 0,
                row=place + 1,
                col=1,
            )
    figure.update_layout(margin={"t": 60}, legend={"y": 1.0, "yref": "container", "yanchor": "top"})
    figure.update_xaxes(**style.AXIS, showgrid=False)
    if not any(row["starts_at"].hour for row in rows):  # hours need more than their date
        style.show_dates(figure, [row["starts_at"] for row in rows])
    steep = _is_steep(rows)
    figure.update_yaxes(**style.AXIS, tickformat=",", type="log" if steep else "linear")
    scale: dict[str, Any] = {"dtick": 1} if steep else {"rangemode": "tozero"}
    figure.update_yaxes(scale)
    figure.update_yaxes(title_text=f"{unit or 'value'} (log)" if steep else unit or "value")
    return figure


def latest_alerts(rows: Rows) -> Table:
    """List the alerts: those that fire and nobody has acknowledged first, history last.

    Args:
        rows: period_start, period, severity, entity_type, entity_id, entity_name (None if it has
            none), alert_message, state, is_acknowledged, acknowledged_by_id; in the order of the
            list.
    """
    return Table(
        {
            "since": [f"{row['period']} of {row['period_start']:%d %b %Y}" for row in rows],
            "severity": [row["severity"] for row in rows],
            "state": [row["state"] for row in rows],
            "about": [f"{row['entity_type']} {_entity(row)}" for row in rows],
            "what": [_message(row) for row in rows],
            "acknowledged": [
                (row["acknowledged_by_id"] or "yes") if row["is_acknowledged"] else ""
                for row in rows
            ],
        },
    )


def _entity(row: Mapping[str, Any]) -> str:
    return str(row["entity_name"] or row["entity_id"])


def _message(row: Mapping[str, Any]) -> str:
    """Return an alert's message, which names its entity by its id, with the entity's name."""
    named = re.compile(rf"(?<![\w-]){re.escape(row['entity_id'])}(?![\w-])")
    return named.sub(lambda _: _entity(row), row["alert_message"])


def _is_steep(rows: Rows) -> bool:
    """Whether medians would lie on the axis beside the highest percentiles, on a linear scale."""
    medians = [row["p50"] for row in rows]
    return (
        bool(rows) and min(medians) > 0 and max(row["p99"] for row in rows) > STEEP * min(medians)
    )


def _tags(tags: Mapping[str, Any]) -> str:
    """Write tags as a person would; none are all points of the metric."""
    words = (
        f"{name} {value if isinstance(value, str) else json.dumps(value)}"
        for name, value in sorted(tags.items())
    )
    return ", ".join(words) or "without tags"


def _cycled(count: int) -> list[str]:
    return [style.PALETTE[number % len(style.PALETTE)] for number in range(count)]
