"""What the sessions of those who read begin with in a database: its time zone, and its marts.

A tool that truncates an instant to its day, week or month does so in the session's zone: in
another one than the marts' it would count the first hours of a month to the month before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import LiteralString

import psycopg
from psycopg import sql

from tidemark_warehouse.database.server.connection import Connection
from tidemark_warehouse.database.server.roles import PEOPLE_READER, READER
from tidemark_warehouse.settings import project_vars

# A tool opens on these tables, and finds functions without naming their schema.
PATHS: Mapping[str, tuple[str, ...]] = {
    READER: ("marts", "api"),
    PEOPLE_READER: ("marts", "marts_people", "api"),
}
# What the latest build counted in; of a database that was never built, what the project says.
ZONE: LiteralString = "select value from ops.settings where name = 'reporting_timezone'"
FOUND: LiteralString = """
    select r.rolname, s.setconfig
    from pg_db_role_setting as s
    inner join pg_database as d on s.setdatabase = d.oid
    inner join pg_roles as r on s.setrole = r.oid
    where d.datname = current_database() and r.rolname = any(%s)
"""


def wanted(connection: Connection) -> dict[str, dict[str, str]]:
    """Return what the sessions of each role should begin with.

    Args:
        connection: of the database's owner; its migrations have run.
    """
    row = connection.execute(ZONE).fetchone()
    zone = str(row[0] if row else project_vars().get("reporting_timezone", "UTC"))
    return {
        role: {"search_path": ", ".join(path), "timezone": zone} for role, path in PATHS.items()
    }


def lacking(connection: Connection) -> list[str]:
    """Return the roles whose sessions begin with something else.

    Args:
        connection: of the database's owner; its migrations have run.
    """
    found = {
        role: {name.lower(): value for name, _, value in (s.partition("=") for s in settings)}
        for role, settings in connection.execute(FOUND, [list(PATHS)]).fetchall()
    }
    return [
        role
        for role, settings in wanted(connection).items()
        if not settings.items() <= found.get(role, {}).items()
    ]


def settle(connection: Connection, administrator: Connection) -> None:
    """Let the sessions of the roles begin with what they should.

    Args:
        connection: of the database's owner; its migrations have run.
        administrator: who may alter the roles.
    """
    for role in lacking(connection):
        for statement in statements(connection, role):
            administrator.execute(statement)


def statements(connection: Connection, role: str) -> list[sql.Composed]:
    """Return the SQL that gives a role what its sessions should begin with.

    Args:
        connection: of the database's owner.
        role: one of PATHS.
    """
    database = sql.Identifier(connection.info.dbname)
    return [
        sql.SQL("alter role {} in database {} set {} = {}").format(
            sql.Identifier(role),
            database,
            sql.Identifier(name),
            sql.SQL(", ").join(map(sql.Literal, value.split(", "))),
        )
        for name, value in wanted(connection)[role].items()
    ]


def advice(connection: Connection) -> list[tuple[str, str]]:
    """Return what the owner may not set, each with what an administrator does about it.

    Args:
        connection: of the database's owner.
    """
    return [
        (
            f"sessions of {role} do not begin in the reporting time zone, on schema marts",
            "as an administrator run: "
            + "; ".join(found.as_string(connection) for found in statements(connection, role)),
        )
        for role in lacking(connection)
    ]


def settle_outside(connection: Connection) -> None:
    """Do what the owner of a database on another server may do; `advice` tells the rest.

    Args:
        connection: an autocommit connection of the owner.
    """
    try:
        settle(connection, connection)
    except psycopg.errors.InsufficientPrivilege:
        return
