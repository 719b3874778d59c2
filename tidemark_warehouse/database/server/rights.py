"""What the users of a database may beyond need: `up` and `doctor` say it, who may mends it."""

from __future__ import annotations

from typing import LiteralString

from psycopg import sql

from tidemark_warehouse.database.server.connection import Connection
from tidemark_warehouse.settings import ROLES

FOUND: LiteralString = """
    select
        o.rolsuper,
        coalesce(has_schema_privilege('public', to_regnamespace('public')::oid, 'create'), false),
        array(
            select r.rolname
            from pg_roles as r
            where
                r.rolname = any(%s)
                and (
                    r.rolsuper
                    or r.rolcreaterole
                    or r.rolcreatedb
                    or r.rolreplication
                    or r.rolbypassrls
                    or (r.oid <> o.oid and pg_has_role(r.oid, o.oid, 'member'))
                )
            order by r.rolname
        )
    from pg_roles as o
    where o.rolname = current_user
"""


def excessive(connection: Connection) -> list[tuple[str, str]]:
    """Return what is more than anybody needs, each with what to do about it.

    Args:
        connection: of the database's owner.
    """
    row = connection.execute(FOUND, [list(ROLES)]).fetchone()
    owner_is_super, public_is_open, mighty = row or (False, False, [])
    found = []
    if owner_is_super:
        found.append(
            (
                f"the owner {connection.info.user} is a superuser: a fault in anything that runs "
                "as the owner opens the whole server, its files and its shell",
                "nothing needs one: name in TIDEMARK_DATABASE_URL a user who only owns a database "
                "(create role warehouse login createrole password '...'; "
                "create database warehouse owner warehouse)",
            )
        )
    if public_is_open:
        found.append(
            (
                "everybody may make functions in schema public, which sessions of the owner use",
                "as an administrator run: revoke create on schema public from public",
            )
        )
    for role in mighty:
        weaken = sql.SQL(
            "alter role {} nosuperuser nocreatedb nocreaterole noreplication nobypassrls"
        ).format(sql.Identifier(role))
        found.append(
            (
                f"the role {role} may do more than the spec says, or is a member of the owner",
                f"as an administrator run: {weaken.as_string(connection)}; "
                f"and revoke the owner's role from it",
            )
        )
    return found
