"""The nightly run of retention in Dagster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from tidemark_warehouse.archiving import policy
from tidemark_warehouse.database.server import Connection

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
        "insert into ops.late_rows (table_name, row_time, key, mart, model)"
        " values ('metric_points', '2025-01-15', 'x', 'metric_aggregates', 'm')"
    )
    connection.execute(
        "insert into raw.metric_points (point_id, name, value, recorded_at)"
        " values (gen_random_uuid(), 'x', 1, '2025-01-15')"
    )
    result = defs.resolve_job_def("apply_retention").execute_in_process(instance=instance)
    assert result.success
    found: dict[str, dict[str, Any]] = {
        event.asset_key.path[1]: {name: value.value for name, value in event.metadata.items()}
        for event in (e.materialization for e in result.get_asset_materialization_events())
    }
    assert set(found) == set(policy.table_names())
    assert found["events"]["rows_removed"] == 7
    assert found["events"]["periods_removed"] == ["2025-01"]
    assert found["events"]["bytes_archived"] > 0
    assert found["metric_points"]["rows_removed"] == 0
    assert "late rows wait" in str(found["metric_points"]["stays"]["2025-01"])
    assert connection.execute("select count(*) from raw.events").fetchone() == (0,)
