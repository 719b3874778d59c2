"""What stands on the pages, in its order. A new chart is a new entry here.

The dashboards show every page, the report all but the people's.
"""

from __future__ import annotations

from tidemark_warehouse.reporting import (
    app_metrics,
    delivery,
    funnels,
    overview,
    people,
    product,
    retention,
    status,
    time_tracking,
)
from tidemark_warehouse.reporting.section import Page, Section
from tidemark_warehouse.reporting.style import severities_by_week

SESSIONS = ("workflow_templates", "workflow_instances", "time_sessions")
FEATURES = ("feature_requests", "feature_request_changes")

TIME_TRACKING = (
    Section(
        name="hours-per-week",
        area="time_tracking",
        question="Where does the time go?",
        how_to_read="Active hours of the workflows completed in each week, from Monday, by "
        "ticket type; a hatched week is not over.",
        marts=("marts.time_by_ticket_type",),
        raw_tables=SESSIONS,
        query=time_tracking.HOURS_PER_WEEK,
        figure=time_tracking.hours_per_week,
        dates=time_tracking.DATES,
        wide=True,
    ),
    Section(
        name="efficiency",
        area="time_tracking",
        question="Does work take as long as estimated?",
        how_to_read="Active time as a share of the estimate, of all completed work that has one: "
        "above the dashed line it took longer.",
        marts=("marts.time_aggregations_daily",),
        raw_tables=(*SESSIONS, "workflow_template_steps"),
        query=time_tracking.EFFICIENCY_BY_WEEK,
        figure=time_tracking.efficiency_by_week,
    ),
    Section(
        name="estimate-and-actual",
        area="time_tracking",
        question="Which kind of ticket is misjudged most?",
        how_to_read="Hours worked beside hours estimated; the percentage is worked by estimated.",
        marts=("marts.time_by_ticket_type",),
        raw_tables=(*SESSIONS, "workflow_template_steps"),
        query=time_tracking.ESTIMATE_AND_ACTUAL,
        figure=time_tracking.estimate_and_actual,
    ),
    Section(
        name="people-by-week",
        area="time_tracking",
        question="Who completes how much, week by week?",
        how_to_read="The stronger the colour, the more workflows in that week, for the sixteen "
        "who completed most; blank where there were none. A ruled week is not over.",
        marts=("marts.time_aggregations_daily",),
        raw_tables=SESSIONS,
        query=time_tracking.WORKFLOWS_BY_PERSON,
        figure=time_tracking.workflows_by_person,
    ),
    Section(
        name="slowest-steps",
        area="time_tracking",
        question="Which steps take longest, and how reliably?",
        how_to_read="The dot is a step's average in the last month of the dates, the bar one "
        "standard deviation to each side: long bars are hard to plan with.",
        marts=("marts.time_aggregations_step", "marts.dim_templates", "marts.dim_steps"),
        raw_tables=SESSIONS,
        query=time_tracking.SLOWEST_STEPS,
        figure=time_tracking.slowest_steps,
    ),
)

PRODUCT = (
    Section(
        name="active-users",
        area="product",
        question="How many people use it?",
        how_to_read="Distinct users of each date, and of the 7 and 30 dates that end with it; "
        "today comes when it is over.",
        marts=("marts.daily_active_users",),
        raw_tables=("events",),
        query=product.ACTIVE_USERS,
        figure=product.active_users,
        dates=product.DATES,
    ),
    Section(
        name="new-users",
        area="product",
        question="Do they come back, or come once?",
        how_to_read="Each date's users: first time means never seen in this environment before.",
        marts=("marts.daily_active_users",),
        raw_tables=("events",),
        query=product.NEW_USERS,
        figure=product.new_users,
    ),
    Section(
        name="events",
        area="product",
        question="What do they do?",
        how_to_read="Events by name; a hatched period is not over.",
        marts=(
            *("marts.event_counts_daily", "marts.event_counts_weekly"),
            "marts.event_counts_monthly",
        ),
        raw_tables=("events",),
        query=product.EVENTS,
        figure=product.events,
    ),
    Section(
        name="event-users",
        area="product",
        question="How many people do it?",
        how_to_read="Distinct users of these events within the period. Who does two things is in "
        "two lines, who comes in two weeks in two points: never add them up. A dotted stretch is "
        "not over.",
        marts=(
            *("marts.event_counts_daily", "marts.event_counts_weekly"),
            "marts.event_counts_monthly",
        ),
        raw_tables=("events",),
        query=product.EVENT_USERS,
        figure=product.event_users,
    ),
    Section(
        name="sessions",
        area="product",
        question="How many visits end at once?",
        how_to_read="Sessions by the date on which they began.",
        marts=("marts.session_stats",),
        raw_tables=("events",),
        query=product.SESSIONS,
        figure=product.sessions,
    ),
    Section(
        name="session-length",
        area="product",
        question="How long is a visit?",
        how_to_read="Median and average of the sessions that began on a date; where the average "
        "is far above, a few are very long.",
        marts=("marts.session_stats",),
        raw_tables=("events",),
        query=product.SESSION_LENGTH,
        figure=product.session_length,
    ),
)

DELIVERY = (
    Section(
        name="cumulative-flow",
        area="delivery",
        question="Where do features wait?",
        how_to_read="Features by status at the end of each date: a band that grows wider is work "
        "that waits.",
        marts=("marts.cumulative_flow_daily",),
        raw_tables=FEATURES,
        query=delivery.FLOW,
        figure=delivery.flow,
        dates=delivery.DATES,
        wide=True,
    ),
    Section(
        name="velocity",
        area="delivery",
        question="How many features are completed in a week?",
        how_to_read="Features, each at its last completion; a hatched week is not over.",
        marts=("marts.weekly_velocity",),
        raw_tables=FEATURES,
        query=delivery.VELOCITY,
        figure=delivery.velocity,
    ),
)

PROJECTS = (
    Section(
        name="project-state",
        area="delivery",
        question="How far is each project, and is it late?",
        how_to_read="Projects as they stand now, those with most features after their deadline "
        "first.",
        marts=("marts.project_summary",),
        raw_tables=("projects", *FEATURES),
        query=delivery.PROJECTS,
        figure=delivery.projects,
        tabular=True,
        wide=True,
    ),
    Section(
        name="delivery-forecast",
        area="delivery",
        question="When will the open features be done?",
        how_to_read="Weeks from now in which half, 85 % and 95 % of the trials had completed as "
        "many features as are open; on public data the 85 % held in three of four cases.",
        marts=("marts.delivery_forecast", "marts.dim_projects"),
        raw_tables=FEATURES,
        query=delivery.FORECAST,
        figure=delivery.forecast,
    ),
)

APP_METRICS = (
    Section(
        name="percentiles",
        area="app_metrics",
        question="How does the metric spread?",
        how_to_read="Half of the points lie below the line, 90 % below the darker band's edge, "
        "99 % below the lighter one's; the four series (tags) with the most points.",
        marts=("marts.metric_aggregates",),
        raw_tables=("metric_points",),
        query=app_metrics.PERCENTILES,
        figure=app_metrics.percentiles,
        dates=app_metrics.DATES,
        wide=True,
        tall=True,
    ),
    Section(
        name="slowest-series",
        area="app_metrics",
        question="Is the application getting slower?",
        how_to_read="For each timer the 99th percentile of the day, of its slowest series: the "
        "tags with the highest one. Percentiles are never averaged over series.",
        marts=("marts.metric_aggregates",),
        raw_tables=("metric_points",),
        query=app_metrics.SLOWEST,
        figure=app_metrics.slowest,
    ),
    Section(
        name="alerts-by-week",
        area="app_metrics",
        question="How much needed attention, and when?",
        how_to_read="Alerts by the week in which they opened and by severity; alerts about people "
        "are not here. A hatched week is not over.",
        marts=("marts.metric_alerts",),
        raw_tables=("metric_points", "events"),
        query=app_metrics.ALERTS,
        figure=severities_by_week,
        dates=app_metrics.ALERT_DATES,
    ),
    Section(
        name="latest-alerts",
        area="app_metrics",
        question="What needs attention now?",
        how_to_read="Ten alerts: those that fire come first, acknowledged ones after the others.",
        marts=("marts.metric_alerts", "marts.dim_projects"),
        raw_tables=("metric_points", "events"),
        query=app_metrics.LATEST_ALERTS,
        figure=app_metrics.latest_alerts,
        tabular=True,
        wide=True,
    ),
)

PEOPLE = (
    Section(
        name="team-burnout",
        area="people",
        question="How loaded are the teams?",
        how_to_read="Average burnout score of a team's members on each date; a team too small to "
        "hide a single person has no line.",
        marts=("marts_people.team_metrics_daily",),
        raw_tables=("employees", "employee_metrics"),
        query=people.TEAM_BURNOUT,
        figure=people.team_burnout,
        dates=people.DATES,
    ),
    Section(
        name="burnout-by-week",
        area="people",
        question="Is it getting worse?",
        how_to_read="Days of people over the threshold, by week and severity.",
        marts=("marts_people.burnout_alerts", "marts_people.dim_employees"),
        raw_tables=("employees", "employee_metrics"),
        query=people.BURNOUT_BY_WEEK,
        figure=severities_by_week,
    ),
    Section(
        name="burnout-by-person",
        area="people",
        question="Who needs help?",
        how_to_read="Who was over the threshold on the most days, and how far on the worst.",
        marts=("marts_people.burnout_alerts", "marts_people.dim_employees"),
        raw_tables=("employees", "employee_metrics"),
        query=people.BURNOUT_BY_PERSON,
        figure=people.burnout_by_person,
        tabular=True,
    ),
    Section(
        name="open-interventions",
        area="people",
        question="What is being done, and for how long already?",
        how_to_read="Interventions that are open now, the oldest first.",
        marts=("marts_people.interventions", "marts_people.dim_employees"),
        raw_tables=("interventions",),
        query=people.OPEN_INTERVENTIONS,
        figure=people.open_interventions,
        tabular=True,
    ),
)

PAGES = (
    Page("overview", "Overview", overview.SECTIONS),
    Page("time_tracking", "Time", TIME_TRACKING, (time_tracking.TICKET_TYPE,)),
    Page("product", "Product", PRODUCT, (product.ENVIRONMENT, product.PERIOD)),
    Page("funnels", "Funnels", funnels.SECTIONS, (funnels.FUNNEL,), days=funnels.LAST_DAYS),
    Page("retention", "Retention", retention.SECTIONS, (retention.RETENTION,)),
    Page("delivery", "Delivery", DELIVERY, (delivery.PROJECT,)),
    Page("projects", "Projects", PROJECTS),
    Page(
        *("app_metrics", "Metrics and alerts", APP_METRICS),
        (app_metrics.METRIC, app_metrics.METRIC_PERIOD),
    ),
    Page("status", "Status", status.SECTIONS),
)
# Only for who may read marts_people.
PEOPLE_PAGE = Page("people", "People", PEOPLE, (people.TEAM,))

SECTIONS: tuple[Section, ...] = tuple(section for page in PAGES for section in page.sections)
