"""Makes a server into a Tidemark: roles, database, rights, migrations. Repeating it is harmless."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import LiteralString

import psycopg
from psycopg import sql

from tidemark_warehouse.database import guards, migrate
from tidemark_warehouse.database.server import connection as connections
from tidemark_warehouse.database.server import credentials, made, readers, roles
from tidemark_warehouse.database.server.connection import Connection
from tidemark_warehouse.database.server.credentials import EMBEDDED, Credentials
from tidemark_warehouse.database.server.embedded import SUPERUSER
from tidemark_warehouse.database.server.made import MAINTENANCE_DATABASE
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import LOOPBACK, OWNER, ROLES, Settings

LOCK_KEY = 7_215_080_460  # any number that nothing else in the maintenance database locks
OLDEST_VERSION = 15
FIRST_WITH_BUILTIN_LOCALE = 170_000
SCHEMAS = ("raw", "staging", "intermediate", "marts", "marts_people", "seeds", "api", "ops")


def bootstrap(settings: Settings) -> tuple[list[str], list[str]]:
    """Bring the server and the database to what this checkout expects.

    Returns:
        The names of the migrations that this call ran, and what was found amiss and mended.

    Raises:
        TidemarkError: it cannot be done with the rights we have; says what is needed.
    """
    if settings.database_url is None:
        _prepare_embedded(settings)
    else:
        _prepare_external(settings)
    with connections.connect(settings, autocommit=True) as connection:
        if not made.is_made(connection):
            _check_no_others(connection)
        found = guards.settle(connection)
        ran = migrate.apply(connection)
        if ran:
            guards.note(connection)
        if settings.database_url is None:
            with administrator(settings) as admin:
                readers.settle(connection, admin)
        else:
            readers.settle_outside(connection)
        # A first time in a database that has this only now; else nothing is left to do.
        return ran, found + guards.settle(connection)


def publish_passwords(settings: Settings) -> bool:
    """Put the embedded server's passwords into the user's libpq password file.

    Returns:
        Whether they are there.
    """
    passwords = Credentials(settings.home).ensure(EMBEDDED, [OWNER, *ROLES])
    return credentials.publish(LOOPBACK, settings.port, passwords)


@contextmanager
def administrator(settings: Settings) -> Iterator[Connection]:
    """Connect to the maintenance database as the superuser, or outside as the URL's user."""
    role = SUPERUSER if settings.database_url is None else None
    with connections.connect(
        settings, role, database=MAINTENANCE_DATABASE, autocommit=True
    ) as connection:
        yield connection


def create_database(admin: Connection, settings: Settings, template: str = "template0") -> None:
    """Create the database, sorted by code point on every machine.

    Args:
        admin: an autocommit connection of somebody who may.
        settings: names the database and says who owns it.
        template: the database to copy, which nobody may be using.
    """
    statement = sql.SQL("create database {} template {}").format(
        sql.Identifier(settings.database), sql.Identifier(template)
    )
    if template == "template0":
        builtin = admin.info.server_version >= FIRST_WITH_BUILTIN_LOCALE
        statement += sql.SQL(
            " encoding 'UTF8' locale_provider builtin builtin_locale 'C.UTF-8'"
            if builtin
            else " encoding 'UTF8' locale_provider libc lc_collate 'C'"
        )
    if settings.database_url is None:
        statement += sql.SQL(" owner {}").format(sql.Identifier(OWNER))
    admin.execute(statement)


def close_database(admin: Connection, database: str) -> None:
    """Let only the owner and the roles into a database of ours."""
    name = sql.Identifier(database)
    admin.execute(sql.SQL("revoke all on database {} from public").format(name))
    _grant_entry(admin, database)


def drop_database(settings: Settings) -> None:
    """Drop the database with everything in it; whoever is connected to it is thrown out.

    Raises:
        TidemarkError: we may not, or may not create it again. Nothing is dropped then.
    """
    with administrator(settings) as admin:
        if not _may_replace(admin, settings.database):
            raise TidemarkError(
                f"the user {admin.info.user} may not drop and create the database "
                f"{settings.database}",
                "ask an administrator for CREATEDB and the ownership of that database",
            )
        name = sql.Identifier(settings.database)
        admin.execute(sql.SQL("drop database if exists {} with (force)").format(name))


def _prepare_embedded(settings: Settings) -> None:
    passwords = Credentials(settings.home).ensure(EMBEDDED, [OWNER, *ROLES])
    with administrator(settings) as admin, _turn(admin):
        absent = roles.missing(admin, passwords)
        for name, password in passwords.items():
            verifier = roles.verifier(admin, name, password)
            make = roles.creation if name in absent else roles.renewal
            for statement in (make(name, verifier), *roles.settings_of(name)):
                admin.execute(statement)
        admin.execute(roles.membership())
        if not _exists(admin, settings.database):
            create_database(admin, settings)
        close_database(admin, settings.database)


def _prepare_external(settings: Settings) -> None:
    created = False
    try:
        connection = connections.attempt(settings, autocommit=True)
    except psycopg.OperationalError as refusal:
        created = _create_external(settings, refusal)
        connection = connections.connect(settings, autocommit=True)
    with connection, _turn(connection):
        check_server(connection)
        _ensure_roles(connection, settings)
        if created:
            close_database(connection, settings.database)
        elif not _may_enter(connection):
            try:
                _grant_entry(connection, settings.database)
            except psycopg.errors.InsufficientPrivilege as error:
                raise TidemarkError(
                    f"the roles may not connect to the database {settings.database}",
                    f'as its owner run: grant connect, temporary on database "{settings.database}"'
                    f" to {', '.join(ROLES)}",
                ) from error


def _create_external(settings: Settings, refusal: psycopg.OperationalError) -> bool:
    """Create the database, if its absence was why we were refused.

    Returns:
        Whether this call created it.
    """
    try:
        admin = connections.attempt(settings, database=MAINTENANCE_DATABASE, autocommit=True)
    except psycopg.OperationalError:
        raise connections.unreachable(settings, refusal) from refusal
    with admin, _turn(admin):
        if _exists(admin, settings.database):
            return False
        _check_version(admin)
        try:
            create_database(admin, settings)
        except psycopg.errors.InsufficientPrivilege as error:
            name, user = settings.database, admin.info.user
            raise TidemarkError(
                f"the database {name} does not exist, and the user {user} may not create it",
                f'as an administrator run: create database "{name}" owner "{user}"',
            ) from error
    return True


def _ensure_roles(connection: Connection, settings: Settings) -> None:
    """Create the roles that are missing. Those that exist may be others': left as they are."""
    absent = roles.missing(connection)
    are_members = not absent and _holds(
        connection,
        "select bool_and(pg_has_role(r, %s, 'member')) from unnest(%s::text[]) as r",
        [roles.READER, [roles.PEOPLE_READER, roles.OPERATOR]],
    )
    if are_members:
        return
    try:
        _create_roles(connection, settings, absent)
        connection.execute(roles.membership())
    except psycopg.errors.InsufficientPrivilege as error:
        lacking = ", ".join(absent) or (
            f"the membership of {roles.PEOPLE_READER} and {roles.OPERATOR} in {roles.READER}"
        )
        raise TidemarkError(
            f"the user {connection.info.user} may not create the roles that are missing: {lacking}",
            "an administrator of that server must run:\n"
            + roles.for_administrator(connection, absent),
        ) from error


def _create_roles(connection: Connection, settings: Settings, absent: list[str]) -> None:
    """Create roles, and keep their passwords before anybody can need them."""
    passwords = {name: credentials.new_password() for name in absent}
    with connection.transaction():
        for name, password in passwords.items():
            verifier = roles.verifier(connection, name, password)
            for statement in (roles.creation(name, verifier), *roles.settings_of(name)):
                connection.execute(statement)
        if passwords:
            server = connections.server_key(settings)
            Credentials(settings.home).keep(server, passwords)


@contextmanager
def _turn(connection: Connection) -> Iterator[None]:
    """One process at a time."""
    connection.execute("select pg_advisory_lock(%s)", [LOCK_KEY])
    try:
        yield
    finally:
        if not connection.broken:
            connection.execute("select pg_advisory_unlock(%s)", [LOCK_KEY])


def check_server(connection: Connection) -> None:
    """Check that we can work with this server and database.

    Raises:
        TidemarkError: it is too old, or not encoded in UTF8.
    """
    _check_version(connection)
    if not _holds(connection, "select current_setting('server_encoding') = 'UTF8'"):
        raise TidemarkError(
            f"the database {connection.info.dbname} is not encoded in UTF8",
            "name another database in TIDEMARK_DATABASE_URL; one that does not exist is created",
        )


def _check_version(connection: Connection) -> None:
    version = connection.info.server_version
    if version < OLDEST_VERSION * 10_000:
        raise TidemarkError(
            f"the server is PostgreSQL {version // 10_000}; "
            f"Tidemark needs {OLDEST_VERSION} or later",
            "upgrade it, or unset TIDEMARK_DATABASE_URL to use the embedded PostgreSQL",
        )


def _check_no_others(connection: Connection) -> None:
    """Check that no schema that we are about to make is somebody else's."""
    row = connection.execute(
        "select string_agg(nspname, ', ' order by nspname) from pg_namespace "
        "where nspname = any(%s)",
        [list(SCHEMAS)],
    ).fetchone()
    if row and row[0]:
        raise TidemarkError(
            f"the database {connection.info.dbname} has schemas of these names already, which "
            f"Tidemark did not make: {row[0]}",
            "name an empty database in TIDEMARK_DATABASE; one that does not exist is created",
        )


def _may_replace(admin: Connection, database: str) -> bool:
    return _holds(
        admin,
        """
        select r.rolsuper or (
            r.rolcreatedb
            and not exists (
                select from pg_database d
                where d.datname = %s and not pg_has_role(d.datdba, 'usage')
            )
        )
        from pg_roles r where r.rolname = current_user
        """,
        [database],
    )


def _may_enter(connection: Connection) -> bool:
    return _holds(
        connection,
        "select bool_and(has_database_privilege(r, current_database(), 'connect')) "
        "from unnest(%s::text[]) r",
        [list(ROLES)],
    )


def _grant_entry(admin: Connection, database: str) -> None:
    admin.execute(
        sql.SQL("grant connect, temporary on database {} to {}").format(
            sql.Identifier(database), sql.SQL(", ").join(map(sql.Identifier, ROLES))
        )
    )


def _exists(connection: Connection, database: str) -> bool:
    return _holds(
        connection, "select exists (select from pg_database where datname = %s)", [database]
    )


def _holds(connection: Connection, question: LiteralString, values: Sequence[object] = ()) -> bool:
    """Ask a question of yes or no."""
    row = connection.execute(question, values).fetchone()
    return bool(row and row[0])
