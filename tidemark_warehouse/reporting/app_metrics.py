"""What the page shows of application metrics and alerts."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, LiteralString

from plotly import graph_objects as go  # type: ignore[import-untyped]

from tidemark_warehouse.reporting import style
from tidemark_warehouse.reporting.section import Control, Rows

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
    count(*)::int as alerts
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
    period_start,
    period,
    severity,
    entity_type,
    entity_id,
    alert_message,
    state,
    is_acknowledged,
    acknowledged_by_id
from marts.metric_alerts
where
    period_start >= %(first)s
    and period_start <= %(last)s
    and state <> 'withdrawn'
order by
    state = 'firing' desc,
    state = 'historical',
    is_acknowledged,
    period_start desc,
    array_position(array['critical', 'high', 'medium', 'low'], severity),
    alert_id
limit 10
"""
STEEP = 10  # times
NAMES = {"p50": "half are below", "p90": "90 % are below", "p99": "99 % are below"}
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
    lines = max(-(-len(series) // 2), 1)
    figure = style.new_figure(110 + 210 * lines, hovermode="x unified")
    if not series:
        return figure
    figure.set_subplots(
        rows=lines,
        cols=min(len(series), 2),
        shared_xaxes="all",
        shared_yaxes="all",
        horizontal_spacing=0.04,
        vertical_spacing=0.13,
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
                row=place // 2 + 1,
                col=place % 2 + 1,
            )
    figure.update_layout(margin={"t": 60}, legend={"y": 1.0, "yref": "container", "yanchor": "top"})
    figure.update_xaxes(**style.AXIS, showgrid=False)
    if not any(row["starts_at"].hour for row in rows):  # hours need more than their date
        style.show_dates(figure, [row["starts_at"] for row in rows])
    steep = _is_steep(rows)
    figure.update_yaxes(**style.AXIS, tickformat=",", type="log" if steep else "linear")
    scale: dict[str, Any] = {"dtick": 1} if steep else {"rangemode": "tozero"}
    figure.update_yaxes(scale)
    figure.update_yaxes(
        title_text=f"{unit or 'value'} (logarithmic)" if steep else unit or "value", col=1
    )
    return figure


def latest_alerts(rows: Rows) -> go.Figure:
    """List the alerts: those that fire and nobody has acknowledged first, history last.

    Args:
        rows: period_start, period, severity, entity_type, entity_id, alert_message, state,
            is_acknowledged, acknowledged_by_id; in the order of the list.
    """
    return style.new_table(
        {
            "since": [f"{row['period']} of {row['period_start']:%d %b %Y}" for row in rows],
            "severity": [row["severity"] for row in rows],
            "state": [row["state"] for row in rows],
            "about": [f"{row['entity_type']} {row['entity_id']}" for row in rows],
            "what": [row["alert_message"] for row in rows],
            "acknowledged": [
                (row["acknowledged_by_id"] or "yes") if row["is_acknowledged"] else ""
                for row in rows
            ],
        },
        widths=(2.7, 1.2, 1.2, 3.2, 6.4, 1.8),
    )


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
