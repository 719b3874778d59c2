"""Parses the dbt project once a session, without a database."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from dbt.cli.main import dbtRunner

from tests.conventions.project import ROOT, Project

# Parsing asks for a profile, but never connects with it.
PROFILE = """
tidemark:
  target: nowhere
  outputs:
    nowhere:
      {type: postgres, host: 127.0.0.1, port: 1, user: none, pass: "", dbname: none, schema: marts}
"""


@dataclass(frozen=True)
class Parsing:
    """What `dbt parse` said, and the folder with its manifest.json."""

    succeeded: bool
    message: str
    folder: Path


@pytest.fixture(scope="session")
def parsing(tmp_path_factory: pytest.TempPathFactory) -> Parsing:
    """Parse the project once."""
    return parse(tmp_path_factory.mktemp("dbt"))


def parse(folder: Path) -> Parsing:
    """Run `dbt parse`, deprecations being errors.

    Args:
        folder: where its manifest.json goes.
    """
    (folder / "profiles.yml").write_text(PROFILE, encoding="utf-8")
    outcome = dbtRunner().invoke(
        [
            "--quiet",
            "--no-partial-parse",
            "--no-use-colors",
            *("--warn-error-options", '{"error": ["Deprecations", "InvalidMacroAnnotation"]}'),
            *("--log-path", str(folder), "--log-level-file", "none"),
            "parse",
            *("--project-dir", str(ROOT), "--profiles-dir", str(folder), "--target", "nowhere"),
            *("--target-path", str(folder)),
        ]
    )
    return Parsing(outcome.success, str(outcome.exception or ""), folder)


@pytest.fixture(scope="session")
def project(parsing: Parsing) -> Project:
    """Return the parsed project."""
    if not parsing.succeeded:
        pytest.fail(f"dbt cannot parse the project: {parsing.message}", pytrace=False)
    return Project(json.loads((parsing.folder / "manifest.json").read_text(encoding="utf-8")))
