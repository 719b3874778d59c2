"""The rules of the spec hold: every dbt unit test passes, on a database that was built once."""

from __future__ import annotations

import os
from pathlib import Path
from unittest import mock

from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

from tidemark_warehouse.database.server import dbt_environment
from tidemark_warehouse.settings import PROJECT_ROOT, Settings

# No rule may depend on the zone of the session; in this one a day of the year has no midnight.
SESSION_ZONE = "America/Santiago"


def test_every_rule_of_the_contract_holds(database: Settings, tmp_path: Path) -> None:
    (tmp_path / "profiles.yml").write_text((PROJECT_ROOT / "profiles.yml.example").read_text())
    with mock.patch.dict(os.environ, dbt_environment(database) | {"PGTZ": SESSION_ZONE}):
        os.environ.pop("TIDEMARK_DATABASE_URL", None)
        manifest = dbtRunner().invoke(["parse", *options(tmp_path)]).result
        assert isinstance(manifest, Manifest)
        # Fixtures take their types from the tables that the models read.
        build = ["build", "--exclude-resource-type", "unit_test", *options(tmp_path)]
        assert dbtRunner(manifest=manifest).invoke(build).success
        tests = dbtRunner(manifest=manifest).invoke(
            ["test", "--select", "test_type:unit", *options(tmp_path)]
        )
    assert isinstance(tests.result, RunExecutionResult), tests.exception
    results = [result for result in tests.result if result.node.resource_type == "unit_test"]
    failures = [f"{r.node.name}: {r.message}" for r in results if r.status != "pass"]
    assert not failures, "\n".join(failures)
    assert len(results) == len(manifest.unit_tests) > 0


def options(scratch: Path) -> list[str]:
    """Return the options of each dbt command here."""
    return [
        *("--project-dir", str(PROJECT_ROOT), "--profiles-dir", str(scratch)),
        *("--target-path", str(scratch), "--log-path", str(scratch)),
        *("--quiet", "--no-use-colors", "--log-level", "none", "--log-level-file", "none"),
        "--no-write-json",
    ]
