"""Which databases somebody has made a warehouse in: only `up`, `demo` and `simulate` make one."""

from __future__ import annotations

from typing import LiteralString

import psycopg

from tidemark_warehouse.database.server import connection as connections
from tidemark_warehouse.database.server.connection import Connection
from tidemark_warehouse.database.server.embedded import SUPERUSER, Cluster
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import Settings

MAINTENANCE_DATABASE = "postgres"
MOST_NAMES = 20
# By the catalog: to_regclass would ask for rights on schema ops.
MADE: LiteralString = """
    select exists (
        select
        from pg_class as c
        inner join pg_namespace as n on c.relnamespace = n.oid
        where n.nspname = 'ops' and c.relname = 'migrations'
    )
"""
NAMES: LiteralString = """
    select datname
    from pg_database
    where datallowconn and not datistemplate and has_database_privilege(oid, 'connect')
    order by datname
"""


def is_made(connection: Connection) -> bool:
    """Whether the connection's database has been made into a warehouse."""
    return connection.execute(MADE).fetchone() == (True,)


def check(settings: Settings) -> None:
    """Check that somebody has made the database, whose name may be a slip of the pen.

    A server that does not answer says nothing; whoever needs it finds out.

    Raises:
        TidemarkError: nobody has; names those there are.
    """
    try:
        connection = connections.attempt(settings, autocommit=True)
    except psycopg.OperationalError:
        there = _names(settings)
        if there is None or settings.database in there:
            return
        raise refusal(settings, f"there is no database {settings.database}", there) from None
    with connection:
        if not is_made(connection):
            raise refusal(
                settings,
                f"nobody has made a warehouse in the database {settings.database}",
                _names(settings) or [],
            )


def check_home(settings: Settings) -> None:
    """Check that an embedded server was ever made here.

    Raises:
        TidemarkError: it was not, so that there is no database either.
    """
    cluster = Cluster.of(settings)
    if settings.database_url is None and not (cluster.data / "PG_VERSION").exists():
        raise TidemarkError(
            f"nobody has made a warehouse in {settings.home} yet",
            "`tidemark up` makes it; TIDEMARK_HOME names another home",
        )


def refusal(settings: Settings, problem: str, there: list[str]) -> TidemarkError:
    """Say that a database is none of ours, and which are.

    Args:
        settings: which server and database.
        problem: what is so.
        there: names of databases of the server.
    """
    ours = [name for name in there if _is_made_in(settings, name)]
    shown = ", ".join(ours[:MOST_NAMES]) + (", ..." if len(ours) > MOST_NAMES else "")
    choice = (
        f"those there are: {shown}; name one with TIDEMARK_DATABASE, or make" if ours else "make"
    )
    return TidemarkError(
        problem, f"{choice} this one: TIDEMARK_DATABASE={settings.database} tidemark up"
    )


def _names(settings: Settings) -> list[str] | None:
    """Return the databases of the server; None where it does not let us look."""
    role = SUPERUSER if settings.database_url is None else None
    try:
        connection = connections.attempt(settings, role, MAINTENANCE_DATABASE, autocommit=True)
    except psycopg.OperationalError:
        return None
    with connection:
        return [name for (name,) in connection.execute(NAMES)]


def _is_made_in(settings: Settings, name: str) -> bool:
    try:
        connection = connections.attempt(settings, database=name, autocommit=True)
    except psycopg.OperationalError:
        return False
    with connection:
        return is_made(connection)
