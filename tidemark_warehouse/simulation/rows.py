"""The raw tables as the simulation writes them: one tuple type each, its fields the columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple

Note = Literal["new", "changed", "late", "corrected", "again"]


class Template(NamedTuple):
    """A row of raw.workflow_templates."""

    template_id: str
    name: str
    ticket_type: str
    updated_at: datetime


class TemplateStep(NamedTuple):
    """A row of raw.workflow_template_steps."""

    template_id: str
    step_index: int
    name: str
    estimated_minutes: int


class Instance(NamedTuple):
    """A row of raw.workflow_instances."""

    instance_id: str
    template_id: str
    user_id: str
    ticket_id: str
    status: str
    started_at: datetime
    completed_at: datetime | None
    updated_at: datetime


class TimeSession(NamedTuple):
    """A row of raw.time_sessions."""

    session_id: str
    instance_id: str
    user_id: str | None
    step_index: int
    started_at: datetime
    ended_at: datetime | None
    total_seconds: float | None
    total_paused_seconds: float
    is_active: bool
    updated_at: datetime


class Event(NamedTuple):
    """A row of raw.events."""

    event_id: str
    event_type: str
    event_name: str
    event_at: datetime
    distinct_id: str
    user_id: str | None
    session_id: str | None
    environment: str
    properties: str
    context: str
    page_url: str | None
    referrer: str | None


class Identity(NamedTuple):
    """A row of raw.identities."""

    distinct_id: str
    user_id: str
    updated_at: datetime


class Session(NamedTuple):
    """A row of raw.sessions."""

    session_id: str
    environment: str
    user_id: str | None
    started_at: datetime
    ended_at: datetime
    device_type: str
    browser: str | None
    os: str | None
    country: str | None
    city: str | None
    referrer: str | None
    landing_page: str | None
    exit_page: str | None
    updated_at: datetime


class Project(NamedTuple):
    """A row of raw.projects."""

    project_id: str
    title: str
    status: str
    created_at: datetime
    updated_at: datetime


class Feature(NamedTuple):
    """A row of raw.feature_requests."""

    feature_request_id: str
    project_id: str
    title: str
    status: str
    priority: str
    assigned_to_id: str | None
    complexity_score: int | None
    deadline: date | None
    created_at: datetime
    completed_at: datetime | None
    updated_at: datetime


class FeatureChange(NamedTuple):
    """A row of raw.feature_request_changes."""

    change_id: str
    feature_request_id: str
    field: str
    old_value: str | None
    new_value: str | None
    changed_by_id: str | None
    changed_at: datetime


class Comment(NamedTuple):
    """A row of raw.feature_comments."""

    comment_id: str
    feature_request_id: str
    user_id: str
    created_at: datetime


class Activity(NamedTuple):
    """A row of raw.user_activity_log."""

    activity_id: str
    user_id: str
    action_type: str
    entity_type: str
    entity_id: str
    metadata: str | None
    created_at: datetime


class Dashboard(NamedTuple):
    """A row of raw.dashboard_configurations."""

    user_id: str
    dashboard_name: str
    layout_config: str
    widget_settings: str | None
    is_default: bool
    is_shared: bool
    updated_at: datetime


class MetricPoint(NamedTuple):
    """A row of raw.metric_points."""

    point_id: str
    name: str
    metric_type: str
    value: float
    recorded_at: datetime
    tags: str
    unit: str | None


class Employee(NamedTuple):
    """A row of raw.employees."""

    employee_id: str
    name: str
    team_name: str
    updated_at: datetime


class EmployeeMetrics(NamedTuple):
    """A row of raw.employee_metrics."""

    employee_id: str
    recorded_at: datetime
    degree_centrality: float
    betweenness_centrality: float
    clustering_coeff: float | None
    burnout_score: float | None


class Intervention(NamedTuple):
    """A row of raw.interventions."""

    intervention_id: str
    target_employee_id: str
    intervention_type: str
    status: str
    created_at: datetime
    updated_at: datetime


class AuditEntry(NamedTuple):
    """A row of raw.intervention_audit_log."""

    audit_id: str
    intervention_id: str
    action: str
    actor_id: str
    details: str
    logged_at: datetime


Row = (
    Template
    | TemplateStep
    | Instance
    | TimeSession
    | Event
    | Identity
    | Session
    | Project
    | Feature
    | FeatureChange
    | Comment
    | Activity
    | Dashboard
    | MetricPoint
    | Employee
    | EmployeeMetrics
    | Intervention
    | AuditEntry
)


class Version(NamedTuple):
    """A row as it became known at some moment.

    Attributes:
        known_at: the moment, in milliseconds.
        note: `new`; `changed` as rows change in the course of things; `late` long after the
            time it tells of; `corrected` because it was wrong; `again`, delivered twice.
        row: the row.
    """

    known_at: int
    note: Note
    row: Row


@dataclass(frozen=True)
class Table:
    """A raw table.

    Attributes:
        name: its name in the schema raw.
        key: the columns of its key.
        mutable: whether rows change; else they are only added.
    """

    name: str
    key: tuple[str, ...]
    mutable: bool


TABLES: dict[type[Row], Table] = {
    Employee: Table("employees", ("employee_id",), True),
    EmployeeMetrics: Table("employee_metrics", ("employee_id", "recorded_at"), False),
    Intervention: Table("interventions", ("intervention_id",), True),
    AuditEntry: Table("intervention_audit_log", ("audit_id", "logged_at"), False),
    Template: Table("workflow_templates", ("template_id",), True),
    TemplateStep: Table("workflow_template_steps", ("template_id", "step_index"), True),
    Instance: Table("workflow_instances", ("instance_id",), True),
    TimeSession: Table("time_sessions", ("session_id",), True),
    Event: Table("events", ("event_id", "event_at"), False),
    Identity: Table("identities", ("distinct_id",), True),
    Session: Table("sessions", ("session_id", "environment"), True),
    Project: Table("projects", ("project_id",), True),
    Feature: Table("feature_requests", ("feature_request_id",), True),
    FeatureChange: Table("feature_request_changes", ("change_id", "changed_at"), False),
    Comment: Table("feature_comments", ("comment_id", "created_at"), False),
    Activity: Table("user_activity_log", ("activity_id", "created_at"), False),
    Dashboard: Table("dashboard_configurations", ("user_id", "dashboard_name"), True),
    MetricPoint: Table("metric_points", ("point_id", "recorded_at"), False),
}
