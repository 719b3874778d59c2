"""The nightly run of retention in Dagster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from orchestration import archiving
from tidemark_warehouse.archiving import apply, policy
from tidemark_warehouse.database.server import Connection
from tidemark_warehouse.settings import Settings

# As a build leaves it of a project in which nobody reads anything.
TARGETS = """
    insert into ops.retention_targets
        (relation, is_raw, time_column, readers, unfit_readers, reads_back_days)
    select
        coalesce(to_regclass('raw.' || name)::text, 'marts.' || name),
        to_regclass('raw.' || name) is not null,
        case when to_regclass('raw.' || name) is null then 'bucket_start' end,
        '{}', '{}', 0
    from unnest(%s::text[]) as name
"""


def test_a_run_says_for_each_table_what_went_and_what_stays(
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    connection: Connection,
    database: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TIDEMARK_ARCHIVE", str(tmp_path))
    connection.execute(TARGETS, [policy.table_names()])
    connection.execute(
        "insert into raw.events (event_id, event_name, event_at, distinct_id)"
        " select gen_random_uuid(), 'page_view', '2025-01-15', 'ann' from generate_series(1, 7)"
    )
    connection.execute(
        "insert into ops.noted_late_rows (table_name, row_time, key, mart, model)"
        " values ('metric_points', '2025-01-15', 'x', 'metric_aggregates', 'm')"
    )
    connection.execute(
        "insert into raw.metric_points (point_id, name, value, recorded_at)"
        " values (gen_random_uuid(), 'x', 1, '2025-01-15')"
    )
    result = defs.resolve_job_def("apply_retention").execute_in_process(
        instance=instance, run_config=archiving.confirmed(database.database)
    )
    assert result.success
    [event] = [e for e in result.all_events if e.event_type_value == "STEP_OUTPUT"]
    metadata = event.step_output_data.metadata
    found: dict[str, Any] = {name: value.value for name, value in metadata.items()}
    assert set(found) == set(policy.table_names())
    assert found["events"]["rows_removed"] == 7
    assert found["events"]["periods_removed"] == ["2025-01"]
    assert found["events"]["bytes_archived"] > 0
    assert found["metric_points"]["rows_removed"] == 0
    assert "late rows wait" in str(found["metric_points"]["stays"]["2025-01"])
    assert connection.execute("select count(*) from raw.events").fetchone() == (0,)


@pytest.mark.parametrize("confirm", ["", "yes", "tidemark"])
def test_nothing_is_removed_unless_the_database_is_named(
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    connection: Connection,
    database: Settings,
    monkeypatch: pytest.MonkeyPatch,
    confirm: str,
) -> None:
    monkeypatch.setattr(apply, "run", lambda *_: pytest.fail("it removes"))
    job = defs.resolve_job_def("apply_retention")
    result = job.execute_in_process(
        instance=instance, run_config=archiving.confirmed(confirm), raise_on_error=False
    )
    assert not result.success
    [failure] = result.get_step_failure_events()
    assert f"the database {database.database}" in str(failure.step_failure_data)
    with pytest.raises(dg.DagsterInvalidConfigError, match="confirm"):
        job.execute_in_process(instance=instance)


def test_the_schedule_confirms_the_database_it_runs_for(
    defs: dg.Definitions, connection: Connection, database: Settings
) -> None:
    schedule = defs.resolve_schedule_def("daily_retention")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    with dg.build_schedule_context() as context:
        [request] = schedule.evaluate_tick(context).run_requests or ()
    assert request.run_config == archiving.confirmed(database.database)


def test_no_asset_removes_anything(defs: dg.Definitions) -> None:
    """Else "Materialize all" would, without a question."""
    removing = defs.resolve_job_def("apply_retention")
    assert not removing.asset_layer.executable_asset_keys
    keys = {spec.key.path[0] for spec in defs.resolve_all_asset_specs()}
    assert "retention" not in keys
