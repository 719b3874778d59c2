"""The roles of the spec: what each may be, as SQL."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg import sql

from tidemark_warehouse.settings import OWNER, ROLES

LOADER, READER, PEOPLE_READER, OPERATOR = ROLES
UTC = {"timezone": "UTC"}
READING = {
    "idle_in_transaction_session_timeout": "10min",  # a forgotten one holds up every rebuild
    "statement_timeout": "5min",
    "default_transaction_read_only": "on",
}
# Settings of a group are not inherited: each login role has its own.
SETTINGS: dict[str, dict[str, str]] = {
    OWNER: UTC,
    LOADER: {"idle_in_transaction_session_timeout": "1h"} | UTC,
    READER: READING | UTC,
    PEOPLE_READER: READING | UTC,
    OPERATOR: READING | {"default_transaction_read_only": "off"} | UTC,  # it answers alerts
}
ATTRIBUTES = sql.SQL("login nosuperuser nocreatedb nocreaterole")


def missing(connection: psycopg.Connection[Any], names: Iterable[str] = ROLES) -> list[str]:
    """Those of the roles that the server does not have."""
    wanted = list(names)
    rows = connection.execute(
        "select rolname from pg_roles where rolname = any(%s)", [wanted]
    ).fetchall()
    present = {name for (name,) in rows}
    return [name for name in wanted if name not in present]


def creation(name: str, password: str) -> sql.Composed:
    """Create a role.

    Args:
        name: the role.
        password: in the clear, or as a verifier (see `verifier`).
    """
    return sql.SQL("create role {} {} password {}").format(
        sql.Identifier(name), ATTRIBUTES, sql.Literal(password)
    )


def renewal(name: str, password: str) -> sql.Composed:
    """Give a role that exists its attributes and password again."""
    return sql.SQL("alter role {} {} password {}").format(
        sql.Identifier(name), ATTRIBUTES, sql.Literal(password)
    )


def settings_of(name: str) -> list[sql.Composed]:
    """Return what holds for each session of a role."""
    return [
        sql.SQL("alter role {} set {} = {}").format(
            sql.Identifier(name), sql.Identifier(setting), sql.Literal(value)
        )
        for setting, value in SETTINGS[name].items()
    ]


def membership() -> sql.Composed:
    """Whoever may read about people, or answer alerts, may read the rest as well."""
    return sql.SQL("grant {} to {}, {}").format(
        *map(sql.Identifier, (READER, PEOPLE_READER, OPERATOR))
    )


def verifier(connection: psycopg.Connection[Any], name: str, password: str) -> str:
    """Return what the server keeps in place of a password, which so appears in no log."""
    return connection.pgconn.encrypt_password(
        password.encode(), name.encode(), b"scram-sha-256"
    ).decode()


def for_administrator(connection: psycopg.Connection[Any], names: list[str]) -> str:
    """Return the SQL that somebody with the right must run for us.

    Args:
        connection: to quote with.
        names: the roles to create; the membership is granted in any case.
    """
    statements: list[sql.Composed] = []
    for name in names:
        statements += [creation(name, "choose-a-password"), *settings_of(name)]
    statements.append(membership())
    return "\n".join(f"     {statement.as_string(connection)};" for statement in statements)
