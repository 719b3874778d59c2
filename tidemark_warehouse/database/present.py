"""Brings a database's SQL functions to their present edition: a file is run when it differs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Any, LiteralString

import psycopg

from tidemark_warehouse.errors import TidemarkError

Connection = psycopg.Connection[Any]

MISSING = (
    psycopg.errors.InvalidSchemaName,
    psycopg.errors.UndefinedObject,
    psycopg.errors.UndefinedTable,
)
HEAD = re.compile(r"^create or replace function (\w+)\.(\w+)\s*\(", re.MULTILINE)

# Tells whether a function was replaced by hand; a dump and another cluster say the same.
LIVE: LiteralString = """
    select
        n.nspname || '.' || p.proname as name,
        md5(string_agg(
            concat_ws(
                '|', p.prosrc, p.provolatile, p.proparallel, p.proisstrict, p.prosecdef,
                p.proconfig, p.proargnames
            ),
            '' order by p.prosrc
        )) as digest
    from pg_proc as p
    inner join pg_namespace as n on p.pronamespace = n.oid
    where n.nspname in ('ops', 'api') and p.prokind = 'f'
    group by 1
"""
OF_NAME: LiteralString = """
    select p.oid, p.xmin::text::bigint, p.oid::regprocedure::text
    from pg_proc as p
    where p.pronamespace = to_regnamespace(%s) and p.proname = %s
"""
# What stands on a function, directly or on a view of it. Not the views of models: the next build
# makes them again.
DEPENDENTS: LiteralString = """
    with recursive standing as (
        select d.classid, d.objid
        from pg_depend as d
        where d.refclassid = 'pg_proc'::regclass and d.refobjid = %s and d.deptype = 'n'
        union
        select d.classid, d.objid
        from standing as s
        inner join pg_rewrite as r on s.classid = 'pg_rewrite'::regclass and s.objid = r.oid
        inner join pg_depend as d on d.refclassid = 'pg_class'::regclass and r.ev_class = d.refobjid
        where d.deptype = 'n'
    )

    select coalesce('view ' || c.oid::regclass::text, pg_describe_object(s.classid, s.objid, 0))
    from standing as s
    left join pg_rewrite as r on s.classid = 'pg_rewrite'::regclass and s.objid = r.oid
    left join pg_class as c on r.ev_class = c.oid
    where not exists (
        select from ops.views as v
        where
            c.relkind = 'v'
            and v.relation = c.relnamespace::regnamespace::text || '.' || c.relname
    )
"""


@dataclass(frozen=True)
class Function:
    """One file `functions/<subject>/<name>.sql`.

    Attributes:
        schema: the schema of the function, ops or api.
        name: its name, which is also that of its file; it holds all functions of the name.
        text: the SQL of the file: `create or replace function`, its comment, and grants.
        checksum: SHA-256 of the text, whatever its line ends.
    """

    schema: str
    name: str
    text: str
    checksum: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


def read(directory: Traversable) -> list[Function]:
    """Read the functions below a folder, by name; none where there is no folder.

    Raises:
        TidemarkError: a file holds something else than the function it is named for.
    """
    found: dict[str, Function] = {}
    for file in _files(directory):
        text = file.read_text(encoding="utf-8").replace("\r\n", "\n")
        heads = set(HEAD.findall(text))
        name = file.name.removesuffix(".sql")
        if len(heads) != 1 or {made for _, made in heads} != {name}:
            raise TidemarkError(
                f"the file {file.name} does not hold the function {name}, and it alone",
                f'let it begin a line with "create or replace function ops.{name}("',
            )
        [(schema, _)] = heads
        function = Function(schema, name, text, hashlib.sha256(text.encode()).hexdigest())
        if found.setdefault(str(function), function) is not function:
            raise TidemarkError(f"two files hold the function {function}", "keep one of them")
    return [found[name] for name in sorted(found)]


def outdated(connection: Connection, functions: Iterable[Function]) -> list[Function]:
    """List the functions that this database lacks or has otherwise; reads only."""
    recorded: dict[str, tuple[str, str]] = {}
    if connection.execute("select to_regclass('ops.functions')").fetchone() != (None,):
        rows = connection.execute("select name, checksum, installed from ops.functions")
        recorded = {name: (checksum, installed) for name, checksum, installed in rows}
    live = dict(connection.execute(LIVE).fetchall())
    return [
        function
        for function in functions
        if recorded.get(str(function)) != (function.checksum, live.get(str(function)))
    ]


def install(
    connection: Connection, functions: Iterable[Function], *, is_last: bool
) -> list[Function]:
    """Make functions, within the caller's transaction.

    Bodies may name tables that do not exist yet (see `validate`).

    Args:
        connection: a connection of the database's owner.
        functions: what to make.
        is_last: whether everything that they need exists by now.

    Returns:
        Those that must wait, because a schema or a type of their arguments does not exist yet.

    Raises:
        TidemarkError: the SQL of a file failed.
    """
    connection.execute("set local check_function_bodies = off")
    waiting = []
    made = []
    for function in functions:
        try:
            _make(connection, function)
            made.append(function)
        except psycopg.DatabaseError as error:
            if is_last or not isinstance(error, MISSING):
                raise _failure(function, error) from error
            waiting.append(function)
    if made:
        live = dict(connection.execute(LIVE).fetchall())
        connection.cursor().executemany(
            "insert into ops.functions (name, checksum, installed) values (%s, %s, %s) "
            "on conflict (name) do update set checksum = excluded.checksum, "
            "installed = excluded.installed, installed_at = clock_timestamp()",
            [(str(each), each.checksum, live[str(each)]) for each in made],
        )
    return waiting


def validate(connection: Connection, functions: Iterable[Function]) -> None:
    """Check the bodies of functions, now that all that they name exists.

    Raises:
        TidemarkError: a body is wrong.
    """
    connection.execute("set local check_function_bodies = on")
    for function in functions:
        try:
            connection.execute(
                "select case l.lanname when 'sql' then fmgr_sql_validator(p.oid)::text "
                "when 'plpgsql' then plpgsql_validator(p.oid)::text end "
                "from pg_proc as p inner join pg_language as l on p.prolang = l.oid "
                "where p.pronamespace = to_regnamespace(%s) and p.proname = %s",
                [function.schema, function.name],
            )
        except psycopg.DatabaseError as error:
            raise _failure(function, error) from error


def _files(directory: Traversable) -> list[Traversable]:
    """Return the SQL files below a folder."""
    if not directory.is_dir():
        return []
    found: list[Traversable] = []
    for entry in directory.iterdir():
        if entry.is_dir():
            found += _files(entry)
        elif entry.name.endswith(".sql"):
            found.append(entry)
    return found


def _make(connection: Connection, function: Function) -> None:
    """Run one file; what it had before under this name, and has no more, goes."""
    with connection.transaction():
        before = _of_name(connection, function)
        try:
            with connection.transaction():
                connection.execute(function.text.encode())
        except psycopg.errors.InvalidFunctionDefinition:
            # What it returns, or how its arguments are called, cannot be replaced.
            _drop(connection, function, before)
            connection.execute(function.text.encode())
        after = _of_name(connection, function)
        _drop(connection, function, before & after)
        for _, _, signature in after - before:
            # What a file does not grant is granted to nobody.
            connection.execute(f"revoke execute on function {signature} from public".encode())


def _of_name(connection: Connection, function: Function) -> set[tuple[int, int, str]]:
    """Return the functions of this name: identity, transaction that wrote it, signature."""
    return set(connection.execute(OF_NAME, [function.schema, function.name]))


def _drop(connection: Connection, function: Function, found: set[tuple[int, int, str]]) -> None:
    """Drop functions, and the views of models that call them."""
    for oid, _, signature in found:
        standing = [row[0] for row in connection.execute(DEPENDENTS, [oid])]
        if standing:
            raise TidemarkError(
                f"the function {signature} cannot be made anew: {', '.join(sorted(standing))} "
                "would go with it",
                f"drop those first; or give the changed function {function.name} another name",
            )
        connection.execute(f"drop function {signature} cascade".encode())


def _failure(function: Function, error: psycopg.DatabaseError) -> TidemarkError:
    """Say which file fails, and why."""
    return TidemarkError(
        f"the function {function} fails: {error.diag.message_primary or error}",
        f"nothing was changed in the database; mend functions/**/{function.name}.sql "
        "and run `tidemark up` again",
    )
