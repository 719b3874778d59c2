"""What stands on the page, in its order. A new chart is a new entry of `SECTIONS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, LiteralString

from orchestration.reporting import app_metrics, charts, data, delivery, funnels

SESSIONS = ("workflow_templates", "workflow_instances", "time_sessions")


@dataclass(frozen=True)
class Section:
    """A chart and what a person needs to read it.

    Attributes:
        name: unique; letters, digits and dashes.
        area: the subject area, as its folder is called.
        question: what the chart answers; its heading.
        how_to_read: one sentence.
        mart: schema and name of the one mart that it reads.
        raw_tables: what has to be loaded before there is something to see.
        query: over that mart only.
        figure: makes a Plotly figure of the query's rows; of none, an empty one.
        wide: takes the page's whole width.
    """

    name: str
    area: str
    question: str
    how_to_read: str
    mart: str
    raw_tables: tuple[str, ...]
    query: LiteralString
    figure: Callable[[charts.Rows], Any]
    wide: bool = False


TIME_TRACKING = (
    Section(
        name="hours-per-week",
        area="time_tracking",
        question="Where does the time go?",
        how_to_read="Active hours of the workflows completed in each week, from Monday, by "
        "ticket type; the last week may not be over.",
        mart="marts.time_by_ticket_type",
        raw_tables=SESSIONS,
        query=data.HOURS_PER_WEEK,
        figure=charts.hours_per_week,
        wide=True,
    ),
    Section(
        name="efficiency",
        area="time_tracking",
        question="Does work take as long as estimated?",
        how_to_read="Active time as a share of the estimate, of all completed work that has one: "
        "above the dashed line it took longer.",
        mart="marts.time_aggregations_daily",
        raw_tables=(*SESSIONS, "workflow_template_steps"),
        query=data.EFFICIENCY_BY_WEEK,
        figure=charts.efficiency_by_week,
    ),
    Section(
        name="estimate-and-actual",
        area="time_tracking",
        question="Which kind of ticket is misjudged most?",
        how_to_read="Hours worked beside hours estimated over the whole history; the percentage "
        "is worked by estimated.",
        mart="marts.time_by_ticket_type",
        raw_tables=(*SESSIONS, "workflow_template_steps"),
        query=data.ESTIMATE_AND_ACTUAL,
        figure=charts.estimate_and_actual,
    ),
    Section(
        name="people-by-week",
        area="time_tracking",
        question="Who completes how much, week by week?",
        how_to_read="The stronger the colour, the more workflows in that week, for the sixteen "
        "who completed most; blank before their first and after their last.",
        mart="marts.time_trends_daily",
        raw_tables=SESSIONS,
        query=data.WORKFLOWS_BY_PERSON,
        figure=charts.workflows_by_person,
    ),
    Section(
        name="slowest-steps",
        area="time_tracking",
        question="Which steps take longest, and how reliably?",
        how_to_read="The dot is a step's average in the latest month, the bar one standard "
        "deviation to each side: long bars are hard to plan with.",
        mart="marts.time_aggregations_step",
        raw_tables=SESSIONS,
        query=data.SLOWEST_STEPS,
        figure=charts.slowest_steps,
    ),
)

FUNNELS = (
    Section(
        name="funnel-steps",
        area="product",
        question="At which step do people drop out?",
        how_to_read="Users who reached each step within one attempt, and their share of those who "
        "entered; the six funnels with the most users.",
        mart="marts.funnel_steps",
        raw_tables=("events",),
        query=funnels.FUNNEL_STEPS,
        figure=funnels.funnel_steps,
        wide=True,
    ),
    Section(
        name="retention-curve",
        area="product",
        question="Who comes back?",
        how_to_read="Of the users of all cohorts that are old enough, the share that returned so "
        "many periods later; what a period is, seeds/retentions.csv says.",
        mart="marts.retention_curve",
        raw_tables=("events",),
        query=funnels.RETENTION_CURVE,
        figure=funnels.retention_curve,
        wide=True,
    ),
)

DELIVERY = (
    Section(
        name="cumulative-flow",
        area="delivery",
        question="Where do features wait?",
        how_to_read="Features of all projects by status at the end of each date: a band that "
        "grows wider is work that waits.",
        mart="marts.cumulative_flow_daily",
        raw_tables=("feature_requests", "feature_request_changes"),
        query=delivery.FLOW,
        figure=delivery.flow,
        wide=True,
    ),
    Section(
        name="velocity",
        area="delivery",
        question="How many features are completed in a week?",
        how_to_read="Features of all projects, each at its last completion; the last week may "
        "not be over.",
        mart="marts.weekly_velocity",
        raw_tables=("feature_requests", "feature_request_changes"),
        query=delivery.VELOCITY,
        figure=delivery.velocity,
    ),
    Section(
        name="delivery-forecast",
        area="delivery",
        question="When will the open features be done?",
        how_to_read="Weeks from now in which half, 85 % and 95 % of the trials had completed as "
        "many features as are open; on public data the 85 % held in three of four cases.",
        mart="marts.delivery_forecast",
        raw_tables=("feature_requests", "feature_request_changes"),
        query=delivery.FORECAST,
        figure=delivery.forecast,
    ),
)

APP_METRICS = (
    Section(
        name="slowest-series",
        area="app_metrics",
        question="Is the application getting slower?",
        how_to_read="For each timer the 99th percentile of the day, of its slowest series: the "
        "tags with the highest one. Percentiles are never averaged over series.",
        mart="marts.metric_aggregates",
        raw_tables=("metric_points",),
        query=app_metrics.SLOWEST,
        figure=app_metrics.slowest,
    ),
    Section(
        name="alerts-by-week",
        area="app_metrics",
        question="How much needed attention, and when?",
        how_to_read="Alerts by the week that they are about and by severity; alerts about people "
        "are not here.",
        mart="marts.metric_alerts",
        raw_tables=("metric_points", "events"),
        query=app_metrics.ALERTS,
        figure=app_metrics.alerts,
    ),
)

SECTIONS: tuple[Section, ...] = (
    *TIME_TRACKING,
    *FUNNELS,
    *DELIVERY,
    *APP_METRICS,
)
