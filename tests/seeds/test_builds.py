"""Every way to build refuses wrong seeds before it does anything: no server is needed for that."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.exactness.warehouse import copy_project
from tidemark_warehouse.cli import builds
from tidemark_warehouse.dbt import guard
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import LOOPBACK

FAULT = 'seeds/funnels.csv, line 3: step_order: "sorted" is none of ordered, strict, unordered'
REMEDY = "-> write ordered"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one wrong row."""
    project = copy_project(tmp_path_factory.mktemp("wrong") / "project", area="time_tracking")
    path = project / "seeds" / "funnels.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("ordered,3600", "sorted,3600"))
    (project / "profiles.yml").write_text((project / "profiles.yml.example").read_text())
    return project


@pytest.fixture
def dbt(project: Path, tmp_path: Path) -> Run:
    """Run plain dbt as a person does, with a port at which nobody listens."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        connection = {"TIDEMARK_HOST": LOOPBACK, "TIDEMARK_PORT": "9", "TIDEMARK_DATABASE": "none"}
        return subprocess.run(
            [str(guard.executable("dbt")), "--no-use-colors", *arguments],
            cwd=project,
            env=os.environ | connection | {"DBT_PROFILES_DIR": str(project)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize("command", ["build", "seed"])
def test_plain_dbt_names_file_line_rule_and_remedy(dbt: Run, command: str) -> None:
    done = dbt(command)
    assert done.returncode != 0
    assert FAULT in done.stdout, "run `make setup` again, so that dbt finds the plugin"
    assert REMEDY in done.stdout
    assert "Connection refused" not in done.stdout


@pytest.mark.parametrize(
    "arguments", [["parse"], ["build", "--exclude-resource-type", "seed", "--select", "none"]]
)
def test_what_loads_no_seed_does_not_ask(dbt: Run, arguments: list[str]) -> None:
    assert "line 3" not in dbt(*arguments).stdout


def test_tidemark_build_asks_before_it_starts_a_server(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from typer.testing import CliRunner

    from tidemark_warehouse.cli.main import application

    monkeypatch.setattr(builds, "PROJECT_ROOT", project)
    monkeypatch.setenv("TIDEMARK_HOME", str(tmp_path / "none"))
    done = CliRunner().invoke(application(), ["build"])
    assert isinstance(done.exception, TidemarkError)
    assert FAULT in done.exception.problem
    assert REMEDY in done.exception.problem
    assert not (tmp_path / "none").exists()
