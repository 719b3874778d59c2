"""The parser of dbt 2 takes the project: no key that it does not know, no syntax it refuses."""

from __future__ import annotations

import os
import shutil
import subprocess
import venv
from pathlib import Path

import pytest

from tests.conventions.project import ROOT

NEXT = "dbt-core==2.0.0a4"
READ = ("dbt_project.yml", "selectors.yml", "models", "macros", "seeds", "snapshots", "tests/dbt")


@pytest.fixture(scope="module")
def next_dbt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The next dbt, in an environment of its own: its packages are not this project's."""
    home = tmp_path_factory.mktemp("next_dbt")
    venv.create(home, with_pip=True)
    install = [str(home / "bin" / "pip"), "install", "--quiet", NEXT]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{NEXT} is not to be had here: {done.stderr.strip()[-200:]}")
    return home / "bin" / "dbt"


def test_the_parser_of_dbt_2_takes_the_project(next_dbt: Path, tmp_path: Path) -> None:
    # A copy, for it writes to the folder that it parses.
    for name in READ:
        source, target = ROOT / name, tmp_path / "project" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    shutil.copy(ROOT / "profiles.yml.example", tmp_path / "project" / "profiles.yml")
    done = subprocess.run(
        [next_dbt, "parse", "--profiles-dir", ".", "--log-path", tmp_path / "log"],
        cwd=tmp_path / "project",
        env=os.environ | {"DBT_ALLOW_EXPERIMENTAL_ADAPTERS": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert "[error]" not in said, said
    assert done.returncode == 0, said
