"""What the database says of the functions of schema `api`: the routes are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString

from tidemark_warehouse.database.server.connection import Connection
from tidemark_warehouse.errors import TidemarkError

# Those that the connected role may execute. A composite type's columns are those of the result.
FUNCTIONS: LiteralString = """
    select
        p.proname,
        coalesce(obj_description(p.oid, 'pg_proc'), ''),
        array(
            select array[p.proargnames[i], format_type(p.proargtypes[i - 1], null)]
            from generate_series(1, p.pronargs) as i
        ),
        p.pronargdefaults,
        case
            when t.typtype = 'c' then array(
                select array[a.attname::text, format_type(a.atttypid, null)]
                from pg_attribute as a
                where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
                order by a.attnum
            )
            when p.proargmodes is not null then array(
                select array[p.proargnames[i], format_type(p.proallargtypes[i], null)]
                from generate_subscripts(p.proargmodes, 1) as i
                where p.proargmodes[i] = 't'
            )
            else array[array[p.proname::text, format_type(p.prorettype, null)]]
        end
    from pg_proc as p
    inner join pg_type as t on p.prorettype = t.oid
    where
        p.pronamespace = 'api'::regnamespace
        and p.prokind = 'f'
        and has_function_privilege(p.oid, 'execute')
    order by p.proname
"""


@dataclass(frozen=True)
class Typed:
    """An argument, or a column of the result.

    Attributes:
        name: as the database knows it.
        type: its type, as PostgreSQL writes it.
        optional: whether it may be left out; of columns, always true.
    """

    name: str
    type: str
    optional: bool = True


@dataclass(frozen=True)
class Function:
    """One function.

    Attributes:
        name: without its schema.
        description: its comment.
        arguments: in the order of the declaration.
        columns: those of its rows; of a single value, the function's name.
    """

    name: str
    description: str
    arguments: tuple[Typed, ...]
    columns: tuple[Typed, ...]

    @property
    def summary(self) -> str:
        """The first words of the description, up to its first colon or full stop."""
        return self.description.split(":")[0].split(". ")[0]


def read_functions(connection: Connection) -> list[Function]:
    """Return the functions that the connected role may call.

    Raises:
        TidemarkError: there are two of one name, which a route could not tell apart, or none.
    """
    found: dict[str, Function] = {}
    for name, description, arguments, defaults, columns in connection.execute(FUNCTIONS):
        if name in found:
            raise TidemarkError(
                f"there are two functions api.{name}, which have one route", "drop one of them"
            )
        required = len(arguments) - defaults
        found[name] = Function(
            name=name,
            description=description,
            arguments=tuple(
                Typed(argument, type_name, optional=place >= required)
                for place, (argument, type_name) in enumerate(arguments)
            ),
            columns=tuple(Typed(column, type_name) for column, type_name in columns),
        )
    if not found:
        raise TidemarkError("schema api has no function that this role may call", "tidemark up")
    return list(found.values())
