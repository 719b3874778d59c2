"""dbt's data tests are asset checks, whatever they test; shown on a copy of the project."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.running import environment
from tests.orchestration.conftest import complete
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.settings import PROJECT_ROOT, Settings

PARTS = (
    *("macros", "models", "seeds", "snapshots", "tests/dbt"),
    *("orchestration", "tidemark_warehouse"),
)
FILES = ("dbt_project.yml", "selectors.yml", "profiles.yml.example")
TESTS = {
    "passes": "select user_id from {{ ref('time_user_averages') }} where user_id is null",
    "fails": "select ticket_type from {{ ref('time_by_ticket_type') }}",
    "warns": ("{{ config(severity='warn') }} select user_id from {{ ref('time_user_averages') }}"),
    "compares": (
        "select a.user_id from {{ ref('time_trends_daily') }} as a "
        "left join {{ ref('time_user_averages') }} as b using (user_id) where b.user_id is null"
    ),
    "raw_is_whole": (
        "select * from {{ source('time_tracking', 'workflow_instances') }} where user_id is null"
    ),
}
# A model that came after the definitions were loaded.
STRANGER = """
{{ config(materialized='view', contract={'enforced': false}) }}
select 1 as one
"""
RUN = """
import json, sys, pathlib
import dagster as dg
from orchestration.definitions import defs

pathlib.Path("models/marts/time_tracking/stranger.sql").write_text(sys.argv[1])
result = defs.resolve_job_def("build_everything").execute_in_process(
    instance=dg.DagsterInstance.ephemeral(), raise_on_error=False
)
checks = [
    event.asset_check_evaluation_data
    for event in result.all_events
    if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION
]
print("RESULT " + json.dumps({
    "success": result.success,
    "built": sum(event.is_step_materialization for event in result.all_events),
    "checks": {
        check.check_name: [check.asset_key.to_user_string(), check.passed, check.severity.value]
        for check in checks
    },
    "told": {
        check.check_name: [
            check.description,
            [record.data for record in check.metadata["rows"].value.records]
            if "rows" in check.metadata else None,
        ]
        for check in checks if not check.passed
    },
    "failure": [
        event.event_specific_data.user_failure_data.description
        for event in result.get_step_failure_events()
    ],
}))
"""


@pytest.fixture(scope="module")
def outcome(module_database: Settings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Build a copy of the project that has one test of each kind and a model that is new."""
    copy = tmp_path_factory.mktemp("project")
    for name in PARTS:
        if (PROJECT_ROOT / name).exists():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(PROJECT_ROOT / name, copy / name, ignore=ignored)
    for name in FILES:
        shutil.copy(PROJECT_ROOT / name, copy / name)
    singular: Path = copy / "tests" / "dbt" / "singular"
    singular.mkdir(parents=True, exist_ok=True)
    for name, text in TESTS.items():
        (singular / f"{name}.sql").write_text(text, encoding="utf-8")
    with connect(module_database, autocommit=True) as connection:
        complete(connection, "i1")
    done = subprocess.run(
        [sys.executable, "-c", RUN, STRANGER],
        cwd=copy,
        env=environment(module_database) | {"PYTHONPATH": os.fspath(copy)},
        capture_output=True,
        text=True,
        check=False,
    )
    [line] = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")] or [
        pytest.fail(done.stdout + done.stderr)
    ]
    found: dict[str, Any] = json.loads(line.removeprefix("RESULT "))
    found["log"] = done.stderr
    return found


def test_a_test_is_a_check_of_its_model(outcome: dict[str, Any]) -> None:
    assert outcome["checks"]["passes"] == ["marts/time_user_averages", True, "ERROR"]


def test_a_failing_test_fails_its_check_and_the_run(outcome: dict[str, Any]) -> None:
    assert outcome["checks"]["fails"] == ["marts/time_by_ticket_type", False, "ERROR"]
    assert outcome["success"] is False


def test_a_failed_check_shows_its_rows_and_why(outcome: dict[str, Any]) -> None:
    described, rows = outcome["told"]["fails"]
    assert described == "rows that fail it: 3"
    assert [set(row) for row in rows] == [{"ticket_type"}] * 3


def test_the_failure_of_a_run_begins_with_what_failed(outcome: dict[str, Any]) -> None:
    [told] = outcome["failure"]
    assert told.startswith("test fails: Got 3 results")
    assert "\x1b" not in told
    assert told.endswith("tidemark build --select fails")


def test_a_warning_is_one(outcome: dict[str, Any]) -> None:
    assert outcome["checks"]["warns"] == ["marts/time_user_averages", False, "WARN"]


def test_a_test_of_two_models_is_a_check_of_the_first(outcome: dict[str, Any]) -> None:
    assert outcome["checks"]["compares"] == ["marts/time_trends_daily", True, "ERROR"]


def test_a_test_of_a_raw_table_is_a_check_of_it(outcome: dict[str, Any]) -> None:
    assert outcome["checks"]["raw_is_whole"] == ["raw/workflow_instances", True, "ERROR"]


def test_a_model_that_is_newer_than_the_definitions_breaks_nothing(
    outcome: dict[str, Any],
) -> None:
    assert outcome["built"] > 10
    assert "model.tidemark.stranger is newer than these definitions" in outcome["log"]
