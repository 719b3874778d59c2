"""What several modules share: a simulated company in the marts of all areas."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestration.settings import Settings
from tests.integration.exactness.warehouse import AS_OF, Warehouse
from tests.integration.running import run


@pytest.fixture(scope="session")
def company(server: Settings, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A simulated company in the marts of all areas, for tests that change no row."""
    settings = replace(server, database="company")
    warehouse = Warehouse(settings, tmp_path_factory.mktemp("company"))
    warehouse.renew()
    size = ("--size", "small", "--days", "45", "--until", AS_OF)
    code, _, err = run(settings, "simulate", *size, "--database", settings.database)
    assert code == 0, err
    assert warehouse.build() == []
    return warehouse
