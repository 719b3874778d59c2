"""Brings a database up to date: numbered files once each, functions as they are now."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import psycopg

from tidemark_warehouse.database import present
from tidemark_warehouse.database.statements import checksum
from tidemark_warehouse.errors import TidemarkError

LOCK_KEY = 7_215_080_461  # any number that nothing else in the database locks
FILE_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Migration:
    """One file `schema/NNNN_name.sql`.

    Attributes:
        version: the file's number.
        name: the rest of its name.
        text: the SQL of the file.
        checksum: SHA-256 of its statements, whatever its comments and its layout.
    """

    version: int
    name: str
    text: str
    checksum: str

    def __str__(self) -> str:
        return f"{self.version:04d}_{self.name}"


def bundled() -> Traversable:
    """Return the folder with the project's own `schema/` and `functions/`."""
    return resources.files("tidemark_warehouse") / "database"


def read(directory: Traversable | None = None) -> list[Migration]:
    """Read the migrations of a folder (by default the project's own), in order.

    Raises:
        TidemarkError: a file is misnamed, or two have the same number.
    """
    found: dict[int, Migration] = {}
    for file in ((directory or bundled()) / "schema").iterdir():
        if not file.name.endswith(".sql"):
            continue
        match = FILE_NAME.fullmatch(file.name)
        if not match:
            raise TidemarkError(
                f"the migration {file.name} has no name of the form 0001_what_it_does.sql",
                "rename it",
            )
        text = file.read_text(encoding="utf-8").replace("\r\n", "\n")
        migration = Migration(int(match[1]), match[2], text, checksum(text))
        twin = found.setdefault(migration.version, migration)
        if twin is not migration:
            raise TidemarkError(
                f"the migrations {twin} and {migration} have the same number",
                "give the newer one the next free number",
            )
    return [found[version] for version in sorted(found)]


def landed(directory: Traversable | None = None) -> dict[str, list[str]]:
    """Read `schema/landed.txt`: the checksums of each migration that landed, the present one first.

    A migration without a present one (-) held nothing but functions; its file is gone.
    """
    record = (directory or bundled()) / "schema" / "landed.txt"
    if not record.is_file():
        return {}
    lines = [line.split() for line in record.read_text(encoding="utf-8").splitlines()]
    return {words[0]: words[1:] for words in lines if words and not words[0].startswith("#")}


def pending(connection: Connection, directory: Traversable | None = None) -> list[Migration]:
    """List the migrations that this database still lacks; reads only.

    Raises:
        TidemarkError: the database has a migration that this checkout lacks, or has otherwise.
    """
    migrations = read(directory)
    recorded = _recorded(connection)
    accepted = landed(directory)
    known = {migration.version: migration for migration in migrations}
    for version, (name, ran) in recorded.items():
        migration = known.get(version)
        label = f"{version:04d}_{name}"
        if migration is not None and ran == migration.checksum:
            continue
        if ran in accepted.get(label, []) and (migration is None or str(migration) == label):
            continue
        if migration is None:
            raise TidemarkError(
                f"the database {connection.info.dbname} has the migration {label}, "
                "which this checkout does not know: a newer Tidemark made it",
                "update this checkout, or choose another database with TIDEMARK_DATABASE",
            )
        raise TidemarkError(
            f"the statements of the migration {migration} have changed since the database "
            f"{connection.info.dbname} ran it",
            "restore them and put the change into a new migration "
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


def lacking(connection: Connection, directory: Traversable | None = None) -> list[str]:
    """Say what `apply` would do: the migrations it would run, and how many functions it would make.

    Raises:
        TidemarkError: see `pending`.
    """
    directory = directory or bundled()
    missing = [str(migration) for migration in pending(connection, directory)]
    outdated = present.outdated(connection, present.read(directory / "functions"))
    if len(outdated) == 1:
        missing.append(f"the function {outdated[0]}")
    elif outdated:
        missing.append(f"{len(outdated)} functions")
    return missing


def applied(connection: Connection) -> list[str]:
    """List the names of the migrations that this database has run, in order."""
    return [f"{version:04d}_{name}" for version, (name, _) in _recorded(connection).items()]


def apply(connection: Connection, directory: Traversable | None = None) -> list[str]:
    """Run what is missing, all in one transaction, one process at a time.

    Before each migration the functions are made that can be, so that its statements and triggers
    find them; the rest follow when everything is there.

    Args:
        connection: an autocommit connection of the database's owner.
        directory: the folder that holds `schema/` and `functions/`; by default the project's own.

    Returns:
        The names of the migrations that this call ran.

    Raises:
        TidemarkError: see `pending`; or a file's SQL failed, and nothing was changed.
    """
    directory = directory or bundled()
    connection.execute("select pg_advisory_lock(%s)", [LOCK_KEY])
    try:
        missing = pending(connection, directory)
        outdated = present.outdated(connection, present.read(directory / "functions"))
        if missing or outdated:
            with connection.transaction():
                _create_records(connection)
                waiting = outdated
                for migration in missing:
                    waiting = present.install(connection, waiting, is_last=False)
                    _run(connection, migration)
                present.install(connection, waiting, is_last=True)
                present.validate(connection, outdated)
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


def _create_records(connection: Connection) -> None:
    """Create the schema ops and its tables migrations and functions where they are missing."""
    row = connection.execute(
        "select to_regclass('ops.migrations') is null, to_regclass('ops.functions') is null"
    ).fetchone()
    if row == (False, False):
        return
    try:
        with connection.transaction():
            connection.execute("create schema if not exists ops")
            connection.execute(
                "create table if not exists ops.migrations ("
                "version int primary key, name text not null, checksum text not null, "
                "applied_at timestamptz not null default clock_timestamp())"
            )
            connection.execute(
                "create table if not exists ops.functions ("
                "name text primary key, checksum text not null, installed text not null, "
                "installed_at timestamptz not null default clock_timestamp())"
            )
            connection.execute(
                "comment on table ops.functions is 'One row a function that Tidemark made: "
                "the checksum of its file, and of what the database made of it.'"
            )
    except psycopg.errors.InsufficientPrivilege as error:
        database, user = connection.info.dbname, connection.info.user
        raise TidemarkError(
            f"the user {user} may not create schemas in the database {database}",
            f'as an administrator run: grant create on database "{database}" to "{user}"',
        ) from error


def _run(connection: Connection, migration: Migration) -> None:
    """Run one file and record it."""
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
            "nothing was changed in the database; mend the file and run `tidemark up` again",
        ) from error


def _line(migration: Migration, error: psycopg.DatabaseError) -> str:
    """Where in the file the database saw the error, if it says so."""
    if error.diag.statement_position is None:
        return ""
    before = migration.text[: int(error.diag.statement_position) - 1]
    return f" at line {before.count(chr(10)) + 1}"
