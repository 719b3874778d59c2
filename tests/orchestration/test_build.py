"""A build through Dagster: what it makes, and what it says of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pytest
from psycopg import sql

from orchestration import dead_runs
from orchestration.assets import BuildConfig
from tests.orchestration.conftest import complete, use
from tidemark_warehouse.database.server import Connection, connect
from tidemark_warehouse.dbt import manifest
from tidemark_warehouse.settings import Settings

SESSIONS = """
    insert into raw.time_sessions (session_id, instance_id, step_index, started_at, ended_at)
    select 's' || n, 'i1', n, now() - interval '1 hour', now() from generate_series(1, 3) as n
"""


@pytest.fixture(scope="module")
def warehouse(module_database: Settings) -> Iterator[Connection]:
    """Connect to a database with one completed workflow, which the environment names."""
    with pytest.MonkeyPatch.context() as patch, connect(module_database, autocommit=True) as made:
        use(patch, module_database)
        complete(made, "i1")
        made.execute(SESSIONS.encode())
        yield made


def build(defs: dg.Definitions, **options: Any) -> dg.ExecuteInProcessResult:
    """Run the job of the hourly build in this process."""
    with dg.DagsterInstance.ephemeral() as instance:
        job = defs.resolve_job_def("build_everything")
        return job.execute_in_process(instance=instance, **options)


def described(result: dg.ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    """Return the metadata of what was built, by schema/table."""
    return {
        event.materialization.asset_key.to_user_string(): {
            name: value.value for name, value in event.materialization.metadata.items()
        }
        for event in result.all_events
        if event.is_step_materialization
    }


@pytest.fixture(scope="module")
def first(defs: dg.Definitions, warehouse: Connection) -> dg.ExecuteInProcessResult:
    """Build from nothing."""
    return build(defs)


def test_everything_is_built(defs: dg.Definitions, first: dg.ExecuteInProcessResult) -> None:
    assert first.success
    specs = defs.resolve_all_asset_specs()
    built_by_others = ("raw", "ops")
    wanted = {s.key.to_user_string() for s in specs if s.key.path[0] not in built_by_others}
    assert set(described(first)) == wanted


def test_row_counts_are_those_of_the_tables(
    first: dg.ExecuteInProcessResult, warehouse: Connection
) -> None:
    found = described(first)
    assert found["marts/workflow_completions"]["dagster/row_count"] == 1
    assert all("dagster/row_count" in found[name] for name in found if name.startswith("marts"))
    for name, metadata in found.items():
        if "dagster/row_count" in metadata:  # a view has none
            table = sql.Identifier(*name.split("/"))
            row = warehouse.execute(sql.SQL("select count(*) from {}").format(table)).fetchone()
            assert row == (metadata["dagster/row_count"],), name


def test_columns_are_those_of_the_tables(first: dg.ExecuteInProcessResult) -> None:
    for name, metadata in described(first).items():
        columns = metadata["dagster/column_schema"].columns
        assert columns, name
        assert all(column.type != "?" and column.description for column in columns), name
    mart = described(first)["marts/workflow_completions"]["dagster/column_schema"].columns
    assert [(c.name, c.type, c.constraints.nullable) for c in mart][:1] == [
        ("instance_id", "text", False)
    ]


def test_every_data_test_is_a_check_and_no_unit_test_runs(
    defs: dg.Definitions, first: dg.ExecuteInProcessResult
) -> None:
    evaluated = {
        (event.asset_check_evaluation_data.asset_key, event.asset_check_evaluation_data.check_name)
        for event in first.all_events
        if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION
    }
    keys = defs.resolve_asset_graph().asset_check_keys
    assert evaluated == {(key.asset_key, key.name) for key in keys}
    nodes = manifest.load()["nodes"].values()
    placed = [n for n in nodes if n["resource_type"] == "test" and n["depends_on"]["nodes"]]
    assert len(placed) == len(evaluated)


def test_raw_tables_are_observed(first: dg.ExecuteInProcessResult) -> None:
    observed = {
        event.asset_observation_data.asset_observation.asset_key.to_user_string()
        for event in first.all_events
        if event.event_type is dg.DagsterEventType.ASSET_OBSERVATION
    }
    assert "raw/workflow_instances" in observed


def test_the_next_build_says_what_it_recomputed(
    defs: dg.Definitions, first: dg.ExecuteInProcessResult, warehouse: Connection
) -> None:
    complete(warehouse, "i2")
    found = described(build(defs))["marts/workflow_completions"]
    assert found["dagster/row_count"] == 2
    assert (found["keys recomputed"], found["rows written"], found["rows deleted"]) == (1, 1, 0)


def test_what_a_build_costs_is_numbers(first: dg.ExecuteInProcessResult) -> None:
    mart = described(first)["marts/workflow_completions"]
    assert mart["seconds"] > 0
    assert {"bytes", "dagster/row_count", "rows written"} <= mart.keys()


def test_a_window_is_computed_again(
    defs: dg.Definitions, first: dg.ExecuteInProcessResult, warehouse: Connection
) -> None:
    """What somebody has edited by hand is put right, within the window alone."""
    mart = dg.AssetKey(["marts", "time_trends_daily"])
    count = "select count(*) from marts.time_trends_daily"
    stood = warehouse.execute(count.encode()).fetchone()
    warehouse.execute("delete from marts.time_trends_daily")
    for day, outcome in (("2020-01-01", (0,)), (str(datetime.now(UTC).date()), stood)):
        window = {"refresh_from": day, "refresh_to": day}
        config = {"ops": {"warehouse": {"config": window}}}
        assert build(defs, asset_selection=[mart], run_config=config).success
        assert warehouse.execute(count.encode()).fetchone() == outcome
    assert stood != (0,)


@pytest.mark.parametrize(
    "window",
    [
        {"refresh_from": "2026-01-01"},
        {"refresh_from": "2026-01-02", "refresh_to": "2026-01-01"},
        {"refresh_from": "yesterday", "refresh_to": "2026-01-01"},
    ],
)
def test_what_is_no_window_is_refused(window: dict[str, Any]) -> None:
    with pytest.raises(dg.Failure, match="no window"):
        BuildConfig(**window).arguments()


def test_a_failing_model_fails_the_step_and_so_is_not_retried(
    defs: dg.Definitions, first: dg.ExecuteInProcessResult, warehouse: Connection
) -> None:
    table = "alter table marts.workflow_completions"
    warehouse.execute(f"{table} add constraint no_bad check (instance_id <> 'bad')".encode())
    complete(warehouse, "bad")
    result = build(defs, raise_on_error=False)
    warehouse.execute(f"{table} drop constraint no_bad".encode())
    assert not result.success
    [failure] = result.get_step_failure_events()
    assert failure.step_key == "warehouse"
    told = str(failure.event_specific_data)
    assert "model workflow_completions: " in told
    assert "no_bad" in told
    assert "marts/workflow_completions" not in described(result)
    assert "intermediate/int_sessions__totalled" in described(result)


def test_a_run_that_a_power_cut_ended_is_marked_as_failed(
    defs: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    job = defs.resolve_job_def("build_everything")
    dead = instance.create_run_for_job(job)
    instance.report_dagster_event(
        dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, job.name), dead.run_id
    )
    assert dead_runs.fail(instance, before=time.time() - 60) == []
    assert dead_runs.fail(instance, before=time.time() + 60) == [dead.run_id]
    run = instance.get_run_by_id(dead.run_id)
    assert run is not None
    assert run.status is dg.DagsterRunStatus.FAILURE
