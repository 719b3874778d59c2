"""A throw-away embedded server for the whole run, and fresh databases on it in 0.1 s each."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from dbt_common.behavior_flags import BehaviorFlagRendered

from tidemark_warehouse.database.server import connect, ensure_up, stop
from tidemark_warehouse.database.server.bootstrap import (
    administrator,
    close_database,
    create_database,
)
from tidemark_warehouse.settings import LOOPBACK, Settings

TEMPLATE = "tidemark_template"


@pytest.fixture(scope="session", autouse=True)
def _environment() -> Iterator[None]:
    """Keep the tests away from the person's own server and password file."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        for name in list(os.environ):
            if name.startswith(("TIDEMARK_", "PG")):
                patch.delenv(name)
        # Commands that tests run do not write into the project, nor one worker beside another.
        patch.setenv("DBT_TARGET_PATH", str(Path(folder) / "target"))
        patch.setenv("DBT_LOG_PATH", str(Path(folder) / "logs"))
        patch.setenv("PGPASSFILE", str(Path(folder) / "pgpass"))
        # dbt looks up which module made each of its flags, among all modules and frames there are:
        # in a process as large as this one that took longer than the builds.
        patch.setattr(BehaviorFlagRendered, "_default_source", staticmethod(lambda: "dbt"))
        yield


@pytest.fixture(scope="module", autouse=True)
def _leave_the_past_alone() -> None:
    """Spare the garbage collector what earlier modules have left for good: parsed projects.

    And look at what a build has left less often: that took a tenth of every build.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session")
def new_home() -> Iterator[Callable[[], Settings]]:
    """Make settings of a server that does not exist yet: an empty home and a free port.

    At the end of the run it is stopped and deleted.
    """
    made: list[Settings] = []

    def make() -> Settings:
        home = Path(tempfile.mkdtemp(prefix="tidemark-test-"))
        home.chmod(0o711)  # root's server runs as another user, who must pass
        made.append(Settings(home, "tidemark", free_port(), None))
        return made[-1]

    yield make
    for settings in made:
        stop(settings)
        shutil.rmtree(settings.home)


@pytest.fixture(scope="session")
def server(new_home: Callable[[], Settings]) -> Settings:
    """Start a server. Its database is the template of `new_database`."""
    settings = replace(new_home(), database=TEMPLATE)
    ensure_up(settings)
    with connect(settings, "postgres", database="postgres", autocommit=True) as admin:
        for setting in ("fsync", "full_page_writes"):  # the machine does not fail, processes do
            admin.execute(f"alter system set {setting} = off".encode())
        admin.execute("select pg_reload_conf()")
    return settings


@pytest.fixture(scope="session")
def new_database(server: Settings) -> Callable[[], Settings]:
    """Make a database with all migrations and no rows; returns the settings that name it."""
    numbers = itertools.count(1)

    def make() -> Settings:
        settings = replace(server, database=f"test_{next(numbers)}")
        with administrator(settings) as admin:
            create_database(admin, settings, template=TEMPLATE)
            close_database(admin, settings.database)
        return settings

    return make


@pytest.fixture
def database(new_database: Callable[[], Settings]) -> Settings:
    """Make a fresh database for one test."""
    return new_database()


@pytest.fixture(scope="module")
def module_database(new_database: Callable[[], Settings]) -> Settings:
    """Make a fresh database for all tests of a module."""
    return new_database()


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
