"""The marts as the contract fixes them (its sections 2 and 7): areas, grains, columns, indexes.

Dashboards, loaders and acceptance checks depend on these names. A mart may have more columns; a
listed one is never renamed, dropped or given another meaning.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mart:
    """What the contract lists of one mart."""

    area: str
    grain: tuple[str, ...]
    columns: tuple[str, ...]


def _mart(area: str, grain: str, columns: str) -> Mart:
    return Mart(area, tuple(grain.split()), tuple(columns.split()))


def _metrics(*suffixes: str) -> str:
    names = ("degree_centrality", "betweenness_centrality", "clustering_coeff", "burnout_score")
    return " ".join(f"{name}_{suffix}" for name in names for suffix in suffixes)


_EVENT_COUNTS = _mart("product", "bucket_start environment event_name", "event_count unique_users")
_ALERTS = (
    "rule_id alert_type entity_type entity_id threshold_value current_value alert_message severity"
    " is_acknowledged acknowledged_by_id acknowledged_at expires_at created_at"
)

MARTS: dict[str, Mart] = {
    "workflow_completions": _mart(
        "time_tracking",
        "instance_id",
        "user_id template_id ticket_type ticket_id completed_at completed_date active_seconds"
        " paused_seconds estimated_seconds efficiency_ratio session_count",
    ),
    "time_aggregations_daily": _mart(
        "time_tracking",
        "user_id date ticket_type",
        "workflows_completed total_active_seconds total_estimated_seconds total_paused_seconds"
        " avg_efficiency_ratio",
    ),
    "time_aggregations_step": _mart(
        "time_tracking",
        "user_id template_id step_index period_type period_start",
        "period_end sample_count avg_seconds min_seconds max_seconds std_dev_seconds",
    ),
    "time_by_ticket_type": _mart(
        "time_tracking",
        "ticket_type period_type period_start",
        "workflows_completed total_active_seconds total_paused_seconds total_estimated_seconds"
        " avg_active_seconds",
    ),
    "time_user_averages": _mart(
        "time_tracking",
        "user_id ticket_type",
        "workflows_completed avg_active_seconds avg_paused_seconds avg_estimated_seconds"
        " efficiency_ratio first_completed_date last_completed_date",
    ),
    "time_trends_daily": _mart(
        "time_tracking",
        "user_id date",
        "workflows hours efficiency workflows_7d_avg hours_7d_avg efficiency_28d"
        " hours_7d_change_percent",
    ),
    "event_counts_minute": _EVENT_COUNTS,
    "event_counts_hourly": _EVENT_COUNTS,
    "event_counts_daily": _EVENT_COUNTS,
    "event_counts_weekly": _EVENT_COUNTS,
    "event_counts_monthly": _EVENT_COUNTS,
    "event_breakdowns_daily": _mart(
        "product",
        "date environment event_name property value is_other",
        "event_count unique_users",
    ),
    "daily_active_users": _mart(
        "product",
        "date environment",
        "user_count wau mau stickiness new_users returning_users",
    ),
    "product_sessions": _mart(
        "product",
        "session_key",
        "session_id user_id environment started_at ended_at duration_seconds duration_ms"
        " event_count landing_page exit_page is_bounce device_type browser os country city"
        " referrer",
    ),
    "session_stats": _mart(
        "product",
        "date environment",
        "sessions users total_events avg_duration_seconds median_duration_seconds bounce_rate"
        " events_per_session",
    ),
    "user_activity": _mart(
        "product",
        "environment user_id date",
        "session_count total_duration_ms event_count first_seen_at last_seen_at events_breakdown",
    ),
    "feature_usage": _mart(
        "product", "feature_name date", "usage_count unique_users avg_duration_ms success_rate"
    ),
    # dbt wants one node a name, and funnel_steps is the seed; the table has the alias funnel_steps.
    "funnel_step_results": _mart(
        "product",
        "funnel_name is_total breakdown_value step_index",
        "step_name users conversion_rate drop_off_rate overall_conversion_rate"
        " avg_seconds_from_previous median_seconds_from_previous",
    ),
    "funnel_results": _mart(
        "product",
        "funnel_name is_total breakdown_value",
        "entered_users completed_users overall_conversion_rate avg_time_to_convert_seconds",
    ),
    "funnel_conversions": _mart(
        "product",
        "funnel_name user_id",
        "breakdown_value session_id started_at completed_at current_step completed step_timestamps",
    ),
    "funnel_trends_daily": _mart(
        "product", "funnel_name entry_date", "entered_users completed_users conversion_rate"
    ),
    "retention_cohorts": _mart(
        "product",
        "retention_name is_total breakdown_value cohort_start period_index",
        "cohort_size returned_users retention_rate",
    ),
    "retention_curve": _mart(
        "product",
        "retention_name is_total breakdown_value period_index",
        "cohort_users returned_users retention_rate",
    ),
    "project_summary": _mart(
        "delivery",
        "project_id",
        "project_title total_features completed_features completion_percentage active_contributors"
        " project_start_date last_activity_date overdue_features",
    ),
    "project_metrics": _mart(
        "delivery",
        "project_id date",
        "completed_features total_features completion_percentage velocity cycle_time_avg"
        " active_contributors",
    ),
    "weekly_velocity": _mart(
        "delivery",
        "project_id week_start",
        "features_completed avg_cycle_time_days features_completed_4w_avg",
    ),
    "feature_analytics": _mart(
        "delivery",
        "feature_request_id period_index",
        "status_entered_at previous_status current_status status_left_at status_duration_seconds"
        " is_current total_comments priority_changes assignee_changes time_to_completion_seconds"
        " complexity_score",
    ),
    "feature_cycle_times": _mart(
        "delivery",
        "feature_request_id",
        "project_id created_at completed_at cycle_time_days seconds_in_status was_overdue"
        " reopen_count",
    ),
    "cumulative_flow_daily": _mart("delivery", "project_id date status", "features"),
    "delivery_forecast": _mart(
        "delivery", "project_id", "remaining_features weeks_p50 weeks_p85 weeks_p95"
    ),
    "user_activity_log": _mart(
        "delivery",
        "activity_id",
        "user_id action_type entity_type entity_id metadata created_at",
    ),
    "dashboard_configurations": _mart(
        "delivery", "user_id dashboard_name", "layout_config widget_settings is_default is_shared"
    ),
    "metric_aggregates": _mart(
        "app_metrics",
        "name period_type period_start tags",
        "metric_type unit count sum min max avg p50 p90 p99",
    ),
    "metric_sketches_hourly": _mart("app_metrics", "name period_start tags", ""),
    "dashboard_metrics": _mart(
        "app_metrics",
        "widget_id metric_key",
        "value previous_value change_percent updated_at",
    ),
    "metric_alerts": _mart("app_metrics", "alert_id", _ALERTS),
    "employee_metrics_hourly": _mart(
        "people", "employee_id bucket_start", _metrics("avg", "min", "max") + " sample_count"
    ),
    "employee_metrics_daily": _mart(
        "people", "employee_id date", _metrics("avg", "min", "max") + " sample_count"
    ),
    "team_metrics_daily": _mart("people", "team_name date", "employees " + _metrics("avg")),
    "burnout_alerts": _mart("people", "employee_id date", "burnout_score_max threshold severity"),
    "metric_statistics": _mart(
        "people", "metric_name window_days", "count min max avg std_dev p50 p90 p99"
    ),
    "interventions": _mart("people", "intervention_id", "days_open"),
    "intervention_audit_log": _mart(
        "people", "audit_id", "intervention_id action actor_id details logged_at"
    ),
    # dbt wants one model a name; the table in marts_people has the alias metric_alerts.
    "people_metric_alerts": _mart("people", "alert_id", _ALERTS),
    "dim_templates": _mart("time_tracking", "template_id", "template_name ticket_type"),
    "dim_steps": _mart("time_tracking", "template_id step_index", "step_name estimated_seconds"),
    "dim_features": _mart("delivery", "feature_request_id", "feature_title project_id status"),
    "dim_projects": _mart("delivery", "project_id", "project_title status"),
    "dim_employees": _mart("people", "employee_id", "employee_name team_name"),
    "dim_dates": _mart(
        "shared", "date", "iso_week week_start month_start quarter_start is_weekend"
    ),
}

# Section 7, besides each mart's unique key.
INDEXES: dict[str, tuple[str, ...]] = {
    "time_aggregations_daily": ("user_id, date desc", "date desc"),
    "time_aggregations_step": ("user_id, template_id",),
    "project_metrics": ("project_id, date desc",),
    "feature_analytics": ("current_status, status_duration_seconds",),
    "user_activity_log": (
        "user_id, created_at",
        "entity_type, entity_id",
        "created_at desc",
        "action_type, created_at desc",
    ),
    "metric_alerts": ("entity_type, entity_id", "severity, is_acknowledged"),
    "intervention_audit_log": ("intervention_id", "action"),
    "interventions": ("status", "target_employee_id"),
    "metric_aggregates": ("name", "period_start, period_type"),
    "user_activity": ("user_id", "date"),
    "feature_usage": ("date",),
    "product_sessions": ("user_id", "started_at"),
    "funnel_conversions": ("user_id",),
}
RAW_INDEXES: dict[str, tuple[str, ...]] = {
    "feature_requests": (
        "(project_id, status, created_at)",
        "(deadline, status) where deadline is not null",
        "(assigned_to_id, status, updated_at)",
    ),
    "employee_metrics": ("(employee_id, recorded_at desc)",),
}

# The contract's conventions: what a column's name says of its type.
TYPES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"(.*_at|bucket_start|cohort_start)", ("timestamptz", "timestamp with time zone")),
    (r"(date|.*_date|week_start|month_start|quarter_start)", ("date",)),
    (r".*_seconds", ("numeric",)),
    (r".*_count|workflows_completed|unique_users|entered_users|completed_users", ("bigint",)),
    (r"is_.*|was_.*", ("boolean",)),
    (r"(?!audit_id|event_id|point_id).*_id", ("text",)),
    (r"(audit_id|event_id|point_id)", ("uuid",)),
    (r"step_index|period_index|window_days", ("integer", "bigint")),
)
