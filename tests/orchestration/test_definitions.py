"""What Dagster loads, without any database."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from orchestration.assets import POOL
from orchestration.dev import dagster_home
from tests.conftest import free_port
from tests.orchestration.asset_graph import SNAPSHOT, UPDATE, text_of
from tidemark_warehouse.dbt import manifest, project
from tidemark_warehouse.settings import PROJECT_ROOT, Settings

LAYERS = {
    *("raw", "staging", "intermediate", "marts", "marts_people", "seeds", "snapshots"),
    "ops",
}
UNOWNED = {"seeds", "ops"}


def test_the_asset_graph_is_the_recorded_one(defs: dg.Definitions) -> None:
    assert text_of(defs) == SNAPSHOT.read_text(encoding="utf-8"), f"if it is meant: {UPDATE}"


def test_definitions_load_where_no_server_is(tmp_path: Path) -> None:
    home = tmp_path / "home"
    variables = {"TIDEMARK_HOME": str(home), "TIDEMARK_PORT": str(free_port())}
    found = subprocess.run(
        [sys.executable, "-c", "from orchestration.definitions import defs; print(type(defs))"],
        cwd=PROJECT_ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Definitions" in found.stdout, found.stderr
    assert not (home / "credentials.json").exists()


def test_dbt_groups_are_the_groups_and_give_the_owners(defs: dg.Definitions) -> None:
    groups = {
        group["name"]: group["owner"]["email"] for group in manifest.load()["groups"].values()
    }
    for spec in defs.resolve_all_asset_specs():
        assert spec.key.path[0] in LAYERS
        assert spec.description, spec.key
        assert spec.group_name in groups or spec.key.path[0] in UNOWNED, spec.key
        if spec.group_name in groups:
            assert list(spec.owners) == [groups[spec.group_name]]


def test_models_have_descriptions_and_types_of_their_columns(defs: dg.Definitions) -> None:
    for spec in defs.resolve_all_asset_specs():
        if spec.key.path[0].startswith("marts"):
            schema = spec.metadata["dagster/column_schema"]
            assert all(column.description and column.type for column in schema.columns), spec.key


def test_schedule_and_sensor_are_on(defs: dg.Definitions) -> None:
    schedule = defs.resolve_schedule_def("hourly_build")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert schedule.cron_schedule == "0 * * * *"
    sensor = defs.resolve_sensor_def("workflow_completions")
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert sensor.minimum_interval_seconds == 30
    for name in ("raw_rows", "edited_definitions", "live_refreshes"):
        found = defs.resolve_sensor_def(name)
        assert found.default_status is dg.DefaultSensorStatus.RUNNING
    telling = defs.resolve_sensor_def("alert_deliveries")
    assert telling.default_status is dg.DefaultSensorStatus.RUNNING


def test_jobs_select_their_assets(defs: dg.Definitions) -> None:
    materializable = {
        spec.key
        for spec in defs.resolve_all_asset_specs()
        if spec.key.path[0] not in ("raw", "ops")
    }
    everything = defs.resolve_job_def("build_everything").asset_layer.selected_asset_keys
    assert everything == materializable
    graph = defs.resolve_asset_graph()
    area = defs.resolve_job_def("build_time_tracking").asset_layer.selected_asset_keys
    assert {graph.get(key).group_name for key in area} == {"time_tracking"}
    assert all(graph.get(key).pools == {POOL} for key in everything)


def test_dagster_yaml_says_what_the_design_says(tmp_path: Path) -> None:
    home = dagster_home(Settings(tmp_path / "home", "tidemark", free_port(), None))
    assert home.is_absolute()
    with dg.DagsterInstance.from_config(str(home)) as instance:  # Dagster checks it
        assert (instance.run_retries_enabled, instance.run_retries_max_retries) == (True, 2)
        assert not instance.run_retries_retry_on_asset_or_op_failure
        pools = instance.get_concurrency_config().pool_config
        assert pools.default_pool_limit == 1
        assert pools.pool_granularity is not None
        assert pools.pool_granularity.value == "run"
        assert not instance.telemetry_enabled
        assert not instance.nux_enabled


def test_a_changed_project_makes_the_manifest_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project, "PROJECT_ROOT", tmp_path)
    monkeypatch.setattr(manifest, "MANIFEST", tmp_path / "target" / "manifest.json")
    model = tmp_path / "models" / "marts" / "x.sql"
    for path in (model, manifest.MANIFEST):
        path.parent.mkdir(parents=True, exist_ok=True)
    model.write_text("select 1")
    assert manifest.is_stale()
    manifest.MANIFEST.write_text('{"nodes": {}}')
    assert not manifest.is_stale()
    at = manifest.MANIFEST.stat().st_mtime_ns + 1_000_000_000
    os.utime(model, ns=(at, at))
    assert manifest.is_stale()


def test_only_a_main_process_parses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "FOLDER", tmp_path)
    monkeypatch.setattr(manifest, "MANIFEST", tmp_path / "manifest.json")
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: object())
    monkeypatch.setattr(manifest, "_parse", lambda: pytest.fail("a worker process parses"))
    with pytest.raises(FileNotFoundError):
        manifest.load()
    manifest.MANIFEST.write_text('{"nodes": {}}')
    assert manifest.load() == {"nodes": {}}


def test_a_test_of_several_models_is_a_check_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {
        "resource_type": "test",
        "depends_on": {"nodes": ["source.p.s.t", "model.p.a", "model.p.b"]},
        "config": {"meta": {}},
    }
    monkeypatch.setattr(manifest, "MANIFEST", tmp_path / "manifest.json")
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: object())
    manifest.MANIFEST.write_text(json.dumps({"nodes": {"test.p.t": found}}))
    [test] = manifest.load()["nodes"].values()
    assert test["config"]["meta"]["dagster"] == {"ref": {"name": "a", "package": "p"}}
