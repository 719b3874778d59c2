"""The charts about people and teams, and what they ask of schema marts_people.

They are never in the report, which is one file for everybody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, LiteralString

from plotly import graph_objects as go  # type: ignore[import-untyped]

from tidemark_warehouse.reporting import style
from tidemark_warehouse.reporting.section import Control, Rows
from tidemark_warehouse.reporting.table import Table

TEAM = Control(
    name="team",
    title="Team",
    mart="marts_people.dim_employees",
    query="""
select distinct team_name
from marts_people.dim_employees
where team_name is not null
order by team_name
""",
    everything="All teams",
)

DATES: LiteralString = "select min(date), max(date) from marts_people.team_metrics_daily"

TEAM_BURNOUT: LiteralString = """
select team_name, date, employees, burnout_score_avg
from marts_people.team_metrics_daily
where
    burnout_score_avg is not null
    and date >= %(first)s
    and date <= %(last)s
    and date < %(today)s
    and (%(team)s::text is null or team_name = %(team)s)
order by team_name, date
"""

BURNOUT_BY_WEEK: LiteralString = """
select
    date_trunc('week', a.date::timestamp)::date as week_start,
    a.severity,
    count(*)::int as alerts,
    date_trunc('week', a.date::timestamp)::date + 7 > %(today)s as is_running
from marts_people.burnout_alerts as a
left join marts_people.dim_employees as e on a.employee_id = e.employee_id
where
    a.date >= date_trunc('week', %(first)s::timestamp)::date
    and a.date <= %(last)s
    and (%(team)s::text is null or e.team_name = %(team)s)
group by week_start, severity
order by week_start, severity
"""

BURNOUT_BY_PERSON: LiteralString = """
select
    a.employee_id,
    e.employee_name,
    e.team_name,
    count(*)::int as days,
    max(a.burnout_score_max) as highest_score,
    max(a.date) as latest_date,
    (array_agg(a.severity order by a.burnout_score_max desc, a.date desc))[1] as severity
from marts_people.burnout_alerts as a
left join marts_people.dim_employees as e on a.employee_id = e.employee_id
where
    a.date >= %(first)s
    and a.date <= %(last)s
    and (%(team)s::text is null or e.team_name = %(team)s)
group by a.employee_id, e.employee_name, e.team_name
order by days desc, highest_score desc, a.employee_id
limit 10
"""

# Those that began after the dates are not of them.
OPEN_INTERVENTIONS: LiteralString = """
select
    i.target_employee_id,
    e.employee_name,
    i.intervention_type,
    i.status,
    i.created_at,
    i.days_open
from marts_people.interventions as i
left join marts_people.dim_employees as e on i.target_employee_id = e.employee_id
where
    not i.is_closed
    and i.created_at < (%(last)s + 1)::timestamptz
    and (%(team)s::text is null or e.team_name = %(team)s)
order by i.days_open desc, i.intervention_id
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
        style.add_line(
            *(figure, points, "date", [point["burnout_score_avg"] for point in points]),
            colours[name],
            name=name,
            customdata=[point["employees"] for point in points],
            mode="lines",
            hovertemplate="%{y:.1f} (%{customdata} people)",
        )
    style.show_dates(figure, [row["date"] for row in rows])
    figure.update_yaxes(title_text="burnout score", rangemode="tozero")
    return figure


def burnout_by_person(rows: Rows) -> Table:
    """List who was over the threshold most often.

    Args:
        rows: employee_id, employee_name and team_name (None if unknown), days, highest_score,
            latest_date, severity; worst first.
    """
    return Table(
        {
            "employee": [row.get("employee_name") or row["employee_id"] for row in rows],
            "days": [row["days"] for row in rows],
            "highest": [f"{row['highest_score']:.1f}" for row in rows],
            "severity": [row["severity"] for row in rows],
            "latest day": [f"{row['latest_date']:%d %b %Y}" for row in rows],
        },
    )


def open_interventions(rows: Rows) -> Table:
    """List what is being done, the longest open first.

    Args:
        rows: target_employee_id, employee_name (None if unknown), intervention_type, status,
            created_at, days_open.
    """
    return Table(
        {
            "for": [row.get("employee_name") or row["target_employee_id"] for row in rows],
            "what": [row["intervention_type"].replace("_", " ") for row in rows],
            "status": [row["status"] for row in rows],
            "since": [f"{row['created_at']:%d %b %Y}" for row in rows],
            "days open": [row["days_open"] for row in rows],
        },
    )
