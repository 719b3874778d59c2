"""The definitions, loaded once, and databases that their builds and looks work on."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import pytest

from tests.integration.running import environment
from tidemark_warehouse.database.server import Connection, connect
from tidemark_warehouse.settings import Settings

VARIABLES = ("TIDEMARK_HOME", "TIDEMARK_PORT", "TIDEMARK_DATABASE")
WORKFLOW = """
    insert into raw.workflow_instances
        (instance_id, template_id, user_id, status, started_at, completed_at)
    values (%s, 't1', 'u1', 'done', now() - interval '1 hour', now())
"""


@pytest.fixture(scope="session")
def defs(server: Settings, tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    """Load the definitions; dbt's profile comes from the test server's home."""
    with pytest.MonkeyPatch.context() as patch:
        use(patch, server)
        from orchestration.definitions import defs

        return defs


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """Make an instance that forgets."""
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def connection(database: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    """Connect to the test's database, which the environment then names as well."""
    use(monkeypatch, database)
    with connect(database, autocommit=True) as made:
        yield made


def use(patch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Let the environment name this server and database."""
    variables = environment(settings)
    for name in VARIABLES:
        patch.setenv(name, variables[name])


def complete(connection: Connection, instance_id: str) -> None:
    """Let somebody complete a workflow."""
    connection.execute(WORKFLOW, [instance_id])
