"""Runs the numbered SQL files that make the schemas, once each and in order."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import psycopg

from tidemark_warehouse.errors import TidemarkError

LOCK_KEY = 7_215_080_461  # any number that nothing else in the database locks
FILE_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Migration:
    """One file `NNNN_name.sql`.

    Attributes:
        version: the file's number.
        name: the rest of its name.
        text: the SQL of the file.
        checksum: SHA-256 of the text, whatever its line ends.
    """

    version: int
    name: str
    text: str
    checksum: str

    def __str__(self) -> str:
        return f"{self.version:04d}_{self.name}"


def bundled() -> Traversable:
    """Return the folder with the project's own migrations."""
    return resources.files("tidemark_warehouse") / "database" / "schema"


def read(directory: Traversable | None = None) -> list[Migration]:
    """Read the migrations of a folder (by default the project's own), in order.

    Raises:
        TidemarkError: a file is misnamed, or two have the same number.
    """
    found: dict[int, Migration] = {}
    for file in (directory or bundled()).iterdir():
        if not file.name.endswith(".sql"):
            continue
        match = FILE_NAME.fullmatch(file.name)
        if not match:
            raise TidemarkError(
                f"the migration {file.name} has no name of the form 0001_what_it_does.sql",
                "rename it",
            )
        text = file.read_text(encoding="utf-8").replace("\r\n", "\n")
        checksum = hashlib.sha256(text.encode()).hexdigest()
        migration = Migration(int(match[1]), match[2], text, checksum)
        twin = found.setdefault(migration.version, migration)
        if twin is not migration:
            raise TidemarkError(
                f"the migrations {twin} and {migration} have the same number",
                "give the newer one the next free number",
            )
    return [found[version] for version in sorted(found)]


def pending(connection: Connection, directory: Traversable | None = None) -> list[Migration]:
    """List the migrations that this database still lacks; reads only.

    Raises:
        TidemarkError: the database has a migration that this checkout lacks, or has otherwise.
    """
    migrations = read(directory)
    recorded = _recorded(connection)
    known = {migration.version: migration for migration in migrations}
    for version, (name, checksum) in recorded.items():
        migration = known.get(version)
        if migration is None:
            raise TidemarkError(
                f"the database {connection.info.dbname} has the migration {version:04d}_{name}, "
                "which this checkout does not know: a newer Tidemark made it",
                "update this checkout, or choose another database with TIDEMARK_DATABASE",
            )
        if migration.checksum != checksum:
            raise TidemarkError(
                f"the migration {migration} has changed since the database "
                f"{connection.info.dbname} ran it",
                "restore the file and put the change into a new migration "
                "(or `tidemark reset`, which deletes the database)",
            )
    missing = [migration for migration in migrations if migration.version not in recorded]
    if missing and recorded and missing[0].version < max(recorded):
        raise TidemarkError(
            f"the migration {missing[0]} comes before {max(recorded):04d}, "
            f"which the database {connection.info.dbname} has already run",
            "give it the next free number",
        )
    return missing


def applied(connection: Connection) -> list[str]:
    """List the names of the migrations that this database has run, in order."""
    return [f"{version:04d}_{name}" for version, (name, _) in _recorded(connection).items()]


def apply(connection: Connection, directory: Traversable | None = None) -> list[str]:
    """Run what is missing, each file in a transaction of its own, one process at a time.

    Args:
        connection: an autocommit connection of the database's owner.
        directory: the folder of the files; the project's own if none is given.

    Returns:
        The names of the migrations that this call ran.

    Raises:
        TidemarkError: see `pending`; or a file's SQL failed, of which nothing then remains.
    """
    connection.execute("select pg_advisory_lock(%s)", [LOCK_KEY])
    try:
        missing = pending(connection, directory)
        if missing:
            _create_record(connection)
        for migration in missing:
            _run(connection, migration)
        return [str(migration) for migration in missing]
    finally:
        if not connection.broken:
            connection.execute("select pg_advisory_unlock(%s)", [LOCK_KEY])


def _recorded(connection: Connection) -> dict[int, tuple[str, str]]:
    """Name and checksum of the migrations that the database says it has run, by version."""
    try:
        with connection.transaction():
            rows = connection.execute(
                "select version, name, checksum from ops.migrations order by version"
            ).fetchall()
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        return {}
    except psycopg.errors.InsufficientPrivilege as error:
        database, user = connection.info.dbname, connection.info.user
        raise TidemarkError(
            f"the database {database} was set up by somebody else than the user {user}",
            "use the URL of the user who owns its schemas, or name another database",
        ) from error
    return {version: (name, checksum) for version, name, checksum in rows}


def _create_record(connection: Connection) -> None:
    """Create the schema ops and its table migrations where they are missing."""
    if connection.execute("select to_regclass('ops.migrations')").fetchone() != (None,):
        return
    try:
        with connection.transaction():
            connection.execute("create schema if not exists ops")
            connection.execute(
                "create table ops.migrations ("
                "version int primary key, name text not null, checksum text not null, "
                "applied_at timestamptz not null default clock_timestamp())"
            )
    except psycopg.errors.InsufficientPrivilege as error:
        database, user = connection.info.dbname, connection.info.user
        raise TidemarkError(
            f"the user {user} may not create schemas in the database {database}",
            f'as an administrator run: grant create on database "{database}" to "{user}"',
        ) from error


def _run(connection: Connection, migration: Migration) -> None:
    """Run one file and record it, in one transaction."""
    try:
        with connection.transaction():
            connection.execute(migration.text.encode())
            connection.execute(
                "insert into ops.migrations (version, name, checksum) values (%s, %s, %s)",
                [migration.version, migration.name, migration.checksum],
            )
    except psycopg.DatabaseError as error:
        raise TidemarkError(
            f"the migration {migration} fails{_line(migration, error)}: "
            f"{error.diag.message_primary or error}",
            "nothing of it remains in the database; mend the file and run `tidemark up` again",
        ) from error


def _line(migration: Migration, error: psycopg.DatabaseError) -> str:
    """Where in the file the database saw the error, if it says so."""
    if error.diag.statement_position is None:
        return ""
    before = migration.text[: int(error.diag.statement_position) - 1]
    return f" at line {before.count(chr(10)) + 1}"
