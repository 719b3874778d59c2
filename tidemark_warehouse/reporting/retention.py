"""The charts of retention, and what they ask of its marts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import LiteralString

from plotly import graph_objects as go  # type: ignore[import-untyped]

from tidemark_warehouse.reporting import style
from tidemark_warehouse.reporting.funnels import share
from tidemark_warehouse.reporting.section import Control, Rows, Section

LABELLED_CELLS = 15  # a line; more would not be readable
ON_OR_AFTER = "on_or_after"

RETENTION = Control(
    name="retention",
    title="Retention",
    mart="marts.retention_curve",
    query="""
select c.retention_name
from marts.retention_curve as c
inner join lateral api.retentions() as r on c.retention_name = r.retention_name
where c.is_total
group by c.retention_name
order by
    bool_or(r.return_mode = 'on') desc,
    max(c.cohort_users) filter (where c.period_index = 1) desc nulls last,
    c.retention_name
""",
)

DATES: LiteralString = """
select min(cohort_date), max(cohort_date)
from marts.retention_cohorts
where is_total
"""

_COHORTS: LiteralString = """
with

definition as (
    select period, return_mode
    from api.retentions()
    where retention_name = %(retention)s
),

cohorts as (
    select
        cohort_start,
        cohort_date,
        period_index,
        cohort_size,
        returned_users,
        retention_rate::float8 as retention_rate,
        max(period_index) over (partition by cohort_start) as latest_index,
        max(period_index) over () as last_index
    from marts.retention_cohorts
    where is_total and retention_name = %(retention)s
),

-- A cohort's latest period is under way, unless it is the last one that is counted: then only that
-- of the cohort before the first which has not come to it.
marked as (
    select
        *,
        period_index = latest_index and (
            latest_index < last_index
            or cohort_start = max(cohort_start) filter (where latest_index = last_index) over ()
            and min(cohort_start) filter (where latest_index = last_index - 1) over () is not null
        ) as is_running
    from cohorts
),

chosen as (
    select *
    from marked
    where
        cohort_date >= %(first)s
        and cohort_date <= %(last)s
        and period_index > 0
)
"""

RETENTION_COHORTS: LiteralString = (
    _COHORTS  # noqa: S608 - both are constants
    + """,

latest as (
    select distinct cohort_start
    from chosen
    order by cohort_start desc
    limit 24
)

select
    c.cohort_start,
    c.cohort_date,
    c.period_index,
    c.cohort_size,
    c.returned_users,
    c.retention_rate,
    c.is_running,
    d.period,
    d.return_mode
from chosen as c
inner join latest as l on c.cohort_start = l.cohort_start
cross join definition as d
order by c.cohort_start, c.period_index
"""
)

RETENTION_CURVE: LiteralString = (
    _COHORTS
    + """
select
    c.period_index,
    sum(c.cohort_size)::bigint as cohort_users,
    (sum(c.returned_users) / nullif(sum(c.cohort_size), 0))::float8 as retention_rate,
    d.period,
    d.return_mode
from chosen as c
cross join definition as d
where not c.is_running
group by c.period_index, d.period, d.return_mode
order by c.period_index
"""
)


def retention_curve(rows: Rows) -> go.Figure:
    """Draw the share of users that come back, by periods after their cohort's.

    Args:
        rows: period_index (ascending), cohort_users, retention_rate, period and return_mode (the
            same in all).
    """
    figure = style.new_figure(340, hovermode="closest")
    if rows:
        period = rows[0]["period"]
        style.add_line(
            *(figure, rows, "period_index", [row["retention_rate"] for row in rows], style.BLUE),
            customdata=[row["cohort_users"] for row in rows],
            hovertemplate=f"{period} %{{x}}: %{{y:.1%}} of %{{customdata:,}} users<extra></extra>",
            showlegend=False,
        )
        later = " or later" if rows[0]["return_mode"] == ON_OR_AFTER else ""
        figure.update_yaxes(title_text=f"came back in that {period}{later}")
        figure.update_xaxes(title_text=f"{period}s after the cohort's")
    figure.update_xaxes(dtick=1 + len(rows) // LABELLED_CELLS)
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    return figure


def retention_cohorts(rows: Rows) -> go.Figure:
    """Shade the share of each cohort that came back; the latest cohort stands at the bottom.

    Args:
        rows: cohort_start (ascending), cohort_date, period_index (from 1), cohort_size,
            returned_users, retention_rate (None of an empty cohort), is_running (the period is
            not over), period and return_mode (the same in all).
    """
    if rows and rows[0]["return_mode"] == ON_OR_AFTER:
        return style.new_words(
            "This retention counts who came back in a period or any later one. Newer cohorts have "
            "had less time for that, and would seem to leave: choose a retention that counts the "
            "period itself."
        )
    sizes = {row["cohort_start"]: row["cohort_size"] for row in rows}
    labels = _cohort_labels({row["cohort_start"]: row["cohort_date"] for row in rows})
    found = {(row["cohort_start"], row["period_index"]): row for row in rows}
    periods = sorted({row["period_index"] for row in rows})
    cells = [[found.get((start, period), {}) for period in periods] for start in sizes]
    names = [f"{labels[start]} ({size:,}) " for start, size in sizes.items()]
    figure = style.new_figure(90 + style.ROW_HEIGHT * max(len(sizes), 3))
    figure.add_heatmap(
        x=periods,
        y=names,
        z=[[cell.get("retention_rate") for cell in line] for line in cells],
        text=[[_percent(cell.get("retention_rate")) for cell in line] for line in cells],
        texttemplate="%{text}" if len(periods) <= LABELLED_CELLS else None,
        textfont={"size": 11},
        customdata=[
            [
                [cell.get("returned_users"), ", not over yet" if cell.get("is_running") else ""]
                for cell in line
            ]
            for line in cells
        ],
        zmin=0,
        colorscale=style.SHADES,
        xgap=2,
        ygap=2,
        hoverongaps=False,
        colorbar={**style.SMALL_SCALE, "tickformat": ".0%"},
        hovertemplate="%{y}, period %{x}: %{z:.1%}, %{customdata[0]:,} users%{customdata[1]}"
        "<extra></extra>",
    )
    for row, line in enumerate(cells):
        for column, cell in enumerate(line):
            if cell.get("is_running"):
                style.rule_cell(figure, periods[column] - 0.5, periods[column] + 0.5, row)
    period = rows[0]["period"] if rows else "period"
    figure.update_layout(margin={"t": 46})
    figure.update_xaxes(title_text=f"{period}s after the cohort's", dtick=1)
    figure.update_yaxes(type="category", showgrid=False, autorange="reversed", dtick=1)
    return figure


def _percent(rate: float | None) -> str:
    """Write a fraction as a percentage without its sign, for which a cell has no room."""
    return share(rate).removesuffix("%")


def _cohort_labels(dates: Mapping[datetime, date]) -> dict[datetime, str]:
    """Name cohorts by their date; with the hour where a date has several."""
    if len(set(dates.values())) == len(dates):
        return {start: f"{found:%d %b %Y}" for start, found in dates.items()}
    return {start: f"{start:%d %b %Y %H:%M}" for start in dates}


SECTIONS = (
    Section(
        name="retention-curve",
        area="product",
        question="Who comes back?",
        how_to_read="Of the users of the cohorts in the dates, the share that returned so many "
        "periods later; only cohorts whose period is over count.",
        marts=("marts.retention_cohorts",),
        raw_tables=("events",),
        query=RETENTION_CURVE,
        figure=retention_curve,
        dates=DATES,
        wide=True,
    ),
    Section(
        name="retention-cohorts",
        area="product",
        question="Do newer cohorts stay longer than older ones?",
        how_to_read="The percentage of each cohort (its size in brackets) that came back so many "
        "periods later; the 24 latest cohorts of the dates. A ruled cell is not over yet.",
        marts=("marts.retention_cohorts",),
        raw_tables=("events",),
        query=RETENTION_COHORTS,
        figure=retention_cohorts,
        wide=True,
        tall=True,
    ),
)
