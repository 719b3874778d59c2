"""What holds for the marts of every area, asked of a simulated company that no test changes."""

from __future__ import annotations

import psycopg
import pytest

from tests.integration.exactness.warehouse import Warehouse
from tests.integration.exactness.witnesses import LATE_SESSION
from tests.integration.test_engine import last_build, value
from tidemark_warehouse.database import server

# Section 7 of the contract: what has an index besides the key of its grain.
INDEXES = {
    "time_aggregations_daily": ("user_id, date DESC", "date DESC"),
    "time_aggregations_step": ("user_id, template_id",),
    "project_metrics": ("project_id, date DESC",),
    "feature_analytics": ("current_status, status_duration_seconds",),
    "user_activity_log": (
        *("user_id, created_at", "entity_type, entity_id"),
        *("created_at DESC", "action_type, created_at DESC"),
    ),
    "metric_alerts": ("entity_type, entity_id", "severity, is_acknowledged"),
    "feature_requests": (
        "project_id, status, created_at",
        "assigned_to_id, status, updated_at",
    ),
    "employee_metrics": ("employee_id, recorded_at DESC",),
    "intervention_audit_log": ("intervention_id", "action"),
    "interventions": ("status", "target_employee_id"),
    "metric_aggregates": ("name", "period_start, period_type"),
    "user_activity": ("user_id", "date"),
    "feature_usage": ("date",),
    "product_sessions": ("user_id", "started_at"),
    "funnel_conversions": ("user_id",),
}


def test_nothing_new_touches_nothing(company: Warehouse) -> None:
    with company.connect() as owner:
        changes = value(owner, "select count(*) from ops.changes")
        views = value(owner, "select array_agg(oid order by oid) from pg_class where relkind = 'v'")
        assert company.build() == []
        written = {name: rows for name, (_, *rows) in last_build(owner).items() if any(rows)}
        assert written == {}
        assert value(owner, "select count(*) from ops.changes") == changes
        assert (
            value(owner, "select array_agg(oid order by oid) from pg_class where relkind = 'v'")
            == views
        )


def test_each_role_sees_what_it_may(company: Warehouse) -> None:
    marts = [table for table, _, _ in company.tables() if table.startswith("marts.")]
    hidden = [table for table, _, _ in company.tables() if table.startswith("intermediate.")]
    with server.connect(company.settings, role="tidemark_reader", autocommit=True) as reader:
        for table in marts:
            reader.execute(f"select * from {table} limit 1".encode())
        for table in [
            *hidden,
            "raw.time_sessions",
            "ops.changes",
            "staging.stg_time_tracking__sessions",
        ]:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(f"select * from {table} limit 1".encode())
    with server.connect(company.settings, role="tidemark_loader", autocommit=True) as loader:
        with loader.transaction(force_rollback=True):
            loader.execute(LATE_SESSION.encode())
        for table in marts:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                loader.execute(f"select * from {table} limit 1".encode())


def test_descriptions_and_indexes_are_in_the_database(company: Warehouse) -> None:
    with company.connect() as owner:
        for table, _, columns in company.tables():
            described = value(owner, f"select obj_description('{table}'::regclass)")
            assert described.startswith("One row"), f"{table}: {described}"
            documented = value(
                owner,
                "select count(*) from pg_attribute as a where attnum > 0 and not attisdropped"
                f" and attrelid = '{table}'::regclass"
                " and col_description(attrelid, attnum) is not null",
            )
            assert documented == len(columns), table
        for mart, indexes in INDEXES.items():
            found = value(
                owner,
                f"select string_agg(indexdef, ' ') from pg_indexes where tablename = '{mart}'",
            )
            for listed in indexes:
                assert f"({listed})" in found, f"{mart} has no index on ({listed})"
