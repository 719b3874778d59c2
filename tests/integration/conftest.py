"""Warehouses and worlds on the session's server, and what is built once a run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.conftest import TEMPLATE
from tests.integration.exactness.warehouse import AS_OF, Warehouse
from tests.integration.exactness.world import World
from tests.integration.running import run
from tidemark_warehouse.database.server.bootstrap import administrator, create_database
from tidemark_warehouse.settings import Settings


@dataclass
class WorldMaker:
    """Makes worlds of one project; its two databases are made anew for each of them.

    dbt writes the database's name into the parsed project, so that two fixed names let a whole
    session of tests parse the project only twice.
    """

    incremental: Warehouse
    nothing: Warehouse
    _seeded: str | None = field(default=None, init=False)
    _built: str | None = field(default=None, init=False)

    def __call__(self, area: str | None = None, template: str | None = None) -> World:
        """Make a world without any row; with an area, of its models and what they read.

        Args:
            area: of the models.
            template: the database that it begins as a copy of; `keep` makes one.
        """
        self.incremental.area = self.nothing.area = area
        seeded = self.seeded
        self.incremental.renew(template or seeded)
        self.incremental.seeded = seeded != TEMPLATE
        return World(self.incremental, self._nothing)

    def walking(self, area: str | None = None) -> World:
        """Make a world of tables that dbt has made and filled with nothing, and that walks."""
        if self._built is None:
            world = self()
            world.build()
            self._built = self.keep(world, "built")
        world = self(area, self._built)
        self.incremental.seeded = True
        world.walks = True
        return world

    @property
    def seeded(self) -> str:
        """A database with the project's seeds and nothing else, for every world to begin with."""
        if self._seeded is None:
            self.incremental.renew()
            assert self.incremental.build("--select", "resource_type:seed") == []
            self._seeded = self._copy(self.incremental, "seeded")
        return self._seeded

    def keep(self, world: World, name: str) -> str:
        """Close a world and keep a copy of its database, for others to begin with."""
        world.close()
        return self._copy(world.incremental, name)

    def of_project(self, project: Path, scratch: Path) -> WorldMaker:
        """Return the same for another copy of the project, whose seeds may be edited."""
        made = WorldMaker(
            Warehouse(self.incremental.settings, scratch / "incremental", project),
            Warehouse(self.nothing.settings, scratch / "nothing", project),
        )
        made._seeded = TEMPLATE
        return made

    def _nothing(self) -> Warehouse:
        self.nothing.renew(self.seeded)
        self.nothing.seeded = self.seeded != TEMPLATE
        return self.nothing

    def _copy(self, warehouse: Warehouse, name: str) -> str:
        kept = replace(warehouse.settings, database=name)
        with administrator(kept) as admin:
            create_database(admin, kept, template=warehouse.settings.database)
        return name


@pytest.fixture(scope="session")
def new_world(server: Settings, tmp_path_factory: pytest.TempPathFactory) -> WorldMaker:
    scratch = tmp_path_factory.mktemp("exactness")
    return WorldMaker(
        Warehouse(replace(server, database="world"), scratch / "incremental"),
        Warehouse(replace(server, database="nothing"), scratch / "nothing"),
    )


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
