"""MetricFlow's answers equal the marts: counts, distinct counts, ratios, states of a period."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.conventions.test_next_dbt import READ
from tests.integration.exactness.warehouse import Warehouse
from tidemark_warehouse.database.server import dbt_environment
from tidemark_warehouse.settings import PROJECT_ROOT

PACKAGES = ("dbt-metricflow==0.15.0", "dbt-core>=1.11.16,<1.12", "dbt-postgres>=1.11,<1.12")
# Each metric, as a person would ask the marts for it.
METRICS = {
    "event_counts_daily_event_count": "select sum(event_count) from marts.event_counts_daily",
    "user_activity_users": "select count(distinct user_id) from marts.user_activity",
    "session_stats_bounce_rate": "select sum(bounces) / sum(sessions) from marts.session_stats",
    "time_aggregations_daily_avg_efficiency_ratio": (
        "select sum(total_active_seconds) / sum(total_estimated_seconds)"
        " from marts.time_aggregations_daily"
    ),
    "project_metrics_total_features": "select sum(total_features) from marts.project_metrics",
    "project_metrics_completion_percentage": (
        "select 100 * sum(completed_features) / sum(total_features) from marts.project_metrics"
    ),
}
# What stands at the end of a period: of its last date.
STATES = ("project_metrics_total_features", "project_metrics_completion_percentage")


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MetricFlow and its dbt, in an environment of their own: they are no part of this project."""
    home = tmp_path_factory.mktemp("metricflow")
    uv = Path(sys.executable).with_name("uv")
    venv.create(home, with_pip=not uv.exists())
    install = [str(home / "bin" / "pip"), "install"]
    if uv.exists():
        install = [str(uv), "pip", "install", "--python", str(home / "bin" / "python")]
    done = subprocess.run(
        [*install, "--quiet", *PACKAGES], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"{PACKAGES[0]} is not to be had here: {done.stderr.strip()[-200:]}")
    return home / "bin"


@pytest.fixture(scope="module")
def parsed(company: Warehouse, programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, parsed: MetricFlow writes to the folder that it reads."""
    project = tmp_path_factory.mktemp("project")
    for name in READ:
        source, target = PROJECT_ROOT / name, project / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    shutil.copy(PROJECT_ROOT / "profiles.yml.example", project / "profiles.yml")
    said = run(programs / "dbt", project, company, "parse", "--quiet")
    assert (project / "target" / "semantic_manifest.json").exists(), said
    return project


def run(program: Path, project: Path, company: Warehouse, *words: str) -> str:
    """Run a program on the company's database, in the folder of a project."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("DBT_")},
        **dbt_environment(company.settings),
    }
    done = subprocess.run(
        [program, *words], cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


@pytest.mark.parametrize("period", ["month", "day"])
def test_answers_equal_the_marts(
    company: Warehouse, programs: Path, parsed: Path, period: str
) -> None:
    answers = parsed / f"{period}.csv"
    run(
        programs / "mf",
        parsed,
        company,
        *("query", "--quiet", "--metrics", ",".join(METRICS)),
        *("--group-by", f"metric_time__{period}", "--csv", str(answers)),
    )
    compared = 0
    with answers.open(encoding="utf-8", newline="") as lines, company.connect() as owner:
        for line in csv.DictReader(lines):
            start = line.pop(f"metric_time__{period}")
            for name, answer in line.items():
                mart = METRICS[name].split(" from ")[1]
                within = f"date_trunc('{period}', date) = '{start}'"
                if name in STATES:
                    within = f"date = (select max(date) from {mart} where {within})"
                row = owner.execute(f"{METRICS[name]} where {within}".encode()).fetchone()
                assert row is not None
                expected = None if row[0] is None else pytest.approx(float(row[0]), rel=1e-9)
                assert (float(answer) if answer else None) == expected, (name, start)
                compared += answer != ""
    assert compared > 10
