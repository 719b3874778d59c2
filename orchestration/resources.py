"""What the assets, the schedule and the sensor reach the warehouse by."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
from dagster_dbt import DbtCliResource

from tidemark_warehouse.database import server
from tidemark_warehouse.database.server import Connection, files
from tidemark_warehouse.dbt import guard, project
from tidemark_warehouse.settings import PROJECT_ROOT, Settings


class Warehouse(dg.ConfigurableResource[None]):
    """The database that the environment names, and the dbt that works on it.

    The environment is read when something uses the resource: definitions load without a server.
    """

    def connect(self, writes: bool = False) -> Connection:
        """Connect as the owner: autocommit, impatient, and read only.

        Args:
            writes: not read only.
        """
        settings = Settings.from_environment()
        server.check_made(settings)
        connection = server.connect(settings, autocommit=True)
        # What only reports must neither hold up a build nor wait for one.
        if not writes:
            connection.execute("set default_transaction_read_only = on")
        connection.execute("set lock_timeout = '2s'")
        connection.execute("set statement_timeout = '20s'")
        return connection

    def dbt(self) -> DbtCliResource:
        """Return dbt, started through the guard that ends it when the run dies."""
        settings = Settings.from_environment()
        return DbtCliResource(
            project_dir=str(PROJECT_ROOT),
            profiles_dir=str(guard.profiles_folder(settings)),
            dbt_executable=str(guard.executable()),
        )

    def fingerprint(self) -> str:
        """Return a digest of the dbt project's files, as they are now."""
        return project.fingerprint(guard.profiles_folder(Settings.from_environment()))

    def artifacts(self) -> Path:
        """Return the folder of dbt's artifacts and log of the last build by Dagster.

        It lies beside Dagster's storage, so that two instances on one checkout (the tests' and
        the one of `tidemark dev`) do not write the same files. Within one, the pool allows one
        build at a time.
        """
        settings = Settings.from_environment()
        files.prepare_home(settings.home)
        folder = settings.home / "dagster" / "dbt"
        folder.mkdir(parents=True, exist_ok=True)
        return folder
