"""What an attacker with a role of the spec can make: look-alikes of everything, each a trap.

A trap warns as whom it ran. Warnings outlive an error, so that one which sprang in a call that then
failed is seen as well.
"""

from __future__ import annotations

from typing import Any, LiteralString

import psycopg
from psycopg import sql

Connection = psycopg.Connection[Any]
SPRUNG = "sprung as "

SPRING: LiteralString = """
    create function pg_temp.spring() returns boolean language plpgsql as $$
    begin
        raise warning 'sprung as %', current_user;
        return true;
    end
    $$
"""
# Whatever has a name that a function of ours could say without a schema.
RELATIONS: LiteralString = """
    select
        c.relname,
        array_agg(a.attname::text order by a.attnum),
        array_agg(format_type(a.atttypid, a.atttypmod) order by a.attnum)
    from pg_class as c
    inner join pg_attribute as a on c.oid = a.attrelid
    where
        c.relnamespace::regnamespace::text !~ '^pg_temp|^pg_toast|^information_schema$'
        and c.relkind in ('r', 'p', 'v', 'c')
        and not c.relispartition
        and a.attnum > 0
        and not a.attisdropped
        and a.atttypid not in (select t.oid from pg_type as t where t.typtype = 'p')
    group by c.oid
"""
# Functions and operators that our sources name; those with arguments of pseudo-types stay out.
FUNCTIONS: LiteralString = """
    with sources as (
        select string_agg(p.prosrc, ' ') as text
        from pg_proc as p
        where p.pronamespace in ('ops'::regnamespace, 'api'::regnamespace)
    )

    select distinct
        p.proname,
        array(
            select format_type(u.t, null)
            from unnest(p.proargtypes) with ordinality as u (t, n)
            order by u.n
        ),
        format_type(p.prorettype, null)
    from pg_proc as p
    inner join pg_type as r on p.prorettype = r.oid
    cross join sources
    where
        p.pronamespace in ('pg_catalog'::regnamespace, 'ops'::regnamespace, 'api'::regnamespace)
        and p.prokind = 'f'
        and r.typtype <> 'p'
        and not exists (
            select from unnest(p.proargtypes) as a (oid) inner join pg_type as t on a.oid = t.oid
            where t.typtype = 'p'
        )
        and sources.text ~ ('\\m' || p.proname || '\\s*\\(')
"""
OPERATORS: LiteralString = """
    select
        o.oprname,
        format_type(o.oprleft, null),
        format_type(o.oprright, null),
        format_type(o.oprresult, null)
    from pg_operator as o
    where
        o.oprnamespace = 'pg_catalog'::regnamespace
        and o.oprname in (
            '=', '<>', '<', '<=', '>', '>=', '||', '+', '-', '->', '->>', '@>', '~', '~~'
        )
        and o.oprleft in (
            select t.oid from pg_type as t
            where t.typname in (
                'text', 'name', 'oid', 'int4', 'int8', 'numeric', 'jsonb', 'regclass',
                'timestamptz', 'date', 'interval'
            )
        )
        and o.oprright in (select t.oid from pg_type as t where t.typtype = 'b')
"""


def lair_of(role: str) -> str:
    """Return the schema in which a role makes what it likes: more than it may in truth."""
    return f"lair_{role}"


def open_lair(admin: Connection, role: str) -> None:
    """Make that schema, open to everybody, so that the owner would find what is in it."""
    name = sql.Identifier(lair_of(role))
    admin.execute(sql.SQL("create schema {} authorization {}").format(name, sql.Identifier(role)))
    admin.execute(sql.SQL("grant usage on schema {} to public").format(name))


def set_traps(connection: Connection) -> int:
    """Make look-alikes as the role of this connection, found first by its search_path.

    Returns:
        How many there are.
    """
    # Asked for first: afterwards nothing means what it says.
    relations = connection.execute(RELATIONS).fetchall()
    functions = connection.execute(FUNCTIONS).fetchall()
    operators = connection.execute(OPERATORS).fetchall()
    connection.execute(SPRING)
    made = sum(_relation(connection, *row) for row in relations)
    made += sum(_function(connection, *row) for row in functions)
    made += sum(_operator(connection, number, *row) for number, row in enumerate(operators))
    made += _casts(connection)
    connection.execute(
        sql.SQL("set search_path = pg_temp, {}, pg_catalog").format(
            sql.Identifier(lair_of(connection.info.user))
        )
    )
    return made


def sprung(notices: list[str], role: str) -> list[str]:
    """Return as whom traps ran, other than as the role that set them."""
    names = [text.removeprefix(SPRUNG) for text in notices if text.startswith(SPRUNG)]
    return [name for name in names if name != role]


def _relation(connection: Connection, name: str, columns: list[str], types: list[str]) -> bool:
    view = sql.Identifier("pg_temp", name)
    listed = sql.SQL(", ").join(
        sql.SQL("null::{} as {}").format(sql.SQL(kind), sql.Identifier(column))
        for column, kind in zip(columns, types, strict=True)
    )
    made = _try(
        connection,
        sql.SQL("create view {} as select {} from pg_temp.spring()").format(view, listed),
    )
    return made and _try(connection, sql.SQL("grant all on {} to public").format(view))


def _function(connection: Connection, name: str, arguments: list[str], result: str) -> bool:
    return _try(
        connection,
        sql.SQL(
            "create function {}({}) returns {} language plpgsql as $$"
            "begin raise warning 'sprung as %', current_user; return null; end $$"
        ).format(
            sql.Identifier(lair_of(connection.info.user), name),
            sql.SQL(", ").join(map(sql.SQL, arguments)),
            sql.SQL(result),
        ),
    )


def _operator(
    connection: Connection, number: int, symbol: str, left: str, right: str, result: str
) -> bool:
    function = f"operator_{number}"
    if not _function(connection, function, [left, right], result):
        return False
    return _try(
        connection,
        sql.SQL("create operator {}.{} (leftarg = {}, rightarg = {}, function = {})").format(
            sql.Identifier(lair_of(connection.info.user)),
            sql.SQL(symbol),
            sql.SQL(left),
            sql.SQL(right),
            sql.Identifier(lair_of(connection.info.user), function),
        ),
    )


def _casts(connection: Connection) -> int:
    """Make a type of one's own, into which what functions handle turns by itself."""
    sly = sql.Identifier(lair_of(connection.info.user), "sly")
    _try(connection, sql.SQL("create type {} as (word text)").format(sly))
    made = 0
    for kind in ("text", "regclass", "jsonb", "timestamptz", "text[]", "name"):
        function = f"sly_of_{kind.rstrip('[]')}"
        made += _function(connection, function, [kind], sly.as_string(connection)) and _try(
            connection,
            sql.SQL("create cast ({} as {}) with function {}({}) as implicit").format(
                sql.SQL(kind),
                sly,
                sql.Identifier(lair_of(connection.info.user), function),
                sql.SQL(kind),
            ),
        )
    return made


def _try(connection: Connection, statement: sql.SQL | sql.Composed) -> bool:
    """Run what may be refused: a trap less is no matter, a thousand are left."""
    try:
        connection.execute(statement)
    except psycopg.Error:
        return False
    return True
