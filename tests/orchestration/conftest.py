"""The definitions, loaded once, and databases that their builds and looks work on."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace

import dagster as dg
import pytest

from tests.integration.running import environment, run
from tidemark_warehouse.database.server import Connection, connect
from tidemark_warehouse.database.server.bootstrap import (
    administrator,
    close_database,
    create_database,
)
from tidemark_warehouse.settings import Settings

COPIES = itertools.count(1)
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


@pytest.fixture(scope="session")
def built_template(new_database: Callable[[], Settings]) -> Settings:
    """Build a database of no rows with dbt, once; tests work on copies of it."""
    settings = new_database()
    code, _, err = run(settings, "build", "--exclude-resource-type", "unit_test")
    assert code == 0, err
    return settings


@pytest.fixture(scope="module")
def module_built_database(server: Settings, built_template: Settings) -> Settings:
    """Make a copy of a built database for all tests of a module."""
    settings = replace(server, database=f"{built_template.database}_{next(COPIES)}")
    with administrator(settings) as admin:
        close_database(admin, built_template.database)
        create_database(admin, settings, template=built_template.database)
        close_database(admin, settings.database)
    return settings


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
