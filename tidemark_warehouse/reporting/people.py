"""The charts about people and teams, and what they ask of schema marts_people.

They are never in the report, which is one file for everybody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, LiteralString

from plotly import graph_objects as go  # type: ignore[import-untyped]

from tidemark_warehouse.reporting import style
from tidemark_warehouse.reporting.section import Rows

DATES: LiteralString = "select min(date), max(date) from marts_people.team_metrics_daily"

TEAM_BURNOUT: LiteralString = """
select team_name, date, employees, burnout_score_avg
from marts_people.team_metrics_daily
where
    burnout_score_avg is not null
    and date >= %(first)s
    and date <= %(last)s
order by team_name, date
"""

BURNOUT_BY_WEEK: LiteralString = """
select
    date_trunc('week', date::timestamp)::date as week_start,
    severity,
    count(*)::int as alerts
from marts_people.burnout_alerts
where
    date >= date_trunc('week', %(first)s::timestamp)::date
    and date <= %(last)s
group by week_start, severity
order by week_start, severity
"""

BURNOUT_BY_PERSON: LiteralString = """
select
    employee_id,
    count(*)::int as days,
    max(burnout_score_max) as highest_score,
    max(date) as latest_date,
    (array_agg(severity order by burnout_score_max desc, date desc))[1] as severity
from marts_people.burnout_alerts
where
    date >= %(first)s
    and date <= %(last)s
group by employee_id
order by days desc, highest_score desc, employee_id
limit 10
"""

OPEN_INTERVENTIONS: LiteralString = """
select target_employee_id, intervention_type, status, created_at, days_open
from marts_people.interventions
where not is_closed
order by days_open desc, intervention_id
limit 10
"""


def team_burnout(rows: Rows) -> go.Figure:
    """Draw a line for each team: the average of its members' burnout scores of a date.

    Args:
        rows: team_name, date (ascending), employees, burnout_score_avg (a team too small for an
            average has no row).
    """
    figure = style.new_figure(320, hovermode="x unified")
    teams: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        teams[row["team_name"]].append(row)
    colours = style.colours(teams)
    for name, points in teams.items():
        figure.add_scatter(
            name=name,
            x=[point["date"] for point in points],
            y=[point["burnout_score_avg"] for point in points],
            customdata=[point["employees"] for point in points],
            mode="lines",
            line={"color": colours[name], "width": 2},
            hovertemplate="%{y:.1f} (%{customdata} people)",
        )
    figure.update_yaxes(title_text="burnout score", rangemode="tozero")
    return figure


def burnout_by_person(rows: Rows) -> go.Figure:
    """List who was over the threshold most often.

    Args:
        rows: employee_id, days, highest_score, latest_date, severity; worst first.
    """
    return style.new_table(
        {
            "employee": [row["employee_id"] for row in rows],
            "days": [row["days"] for row in rows],
            "highest": [f"{row['highest_score']:.1f}" for row in rows],
            "severity": [row["severity"] for row in rows],
            "latest day": [f"{row['latest_date']:%d %b %Y}" for row in rows],
        },
        widths=(2, 1, 2, 2, 2),
    )


def open_interventions(rows: Rows) -> go.Figure:
    """List what is being done, the longest open first.

    Args:
        rows: target_employee_id, intervention_type, status, created_at, days_open.
    """
    return style.new_table(
        {
            "for": [row["target_employee_id"] for row in rows],
            "what": [row["intervention_type"].replace("_", " ") for row in rows],
            "status": [row["status"] for row in rows],
            "since": [f"{row['created_at']:%d %b %Y}" for row in rows],
            "days open": [row["days_open"] for row in rows],
        },
        widths=(2, 3, 2, 2.4, 2.2),
    )
