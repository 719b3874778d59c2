"""What the database says of its raw tables: columns, keys, defaults, the time of each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from tidemark_warehouse.errors import TidemarkError, did_you_mean

SCHEMA = "raw"
REJECTED = "rejected_rows"

# Text ids that nobody but the writer of the row hands out, so that a missing one may be made from
# the row's content. Uuid ids always may; an employee_id or an alert_id names something else.
_MADE_TEXT_IDS = frozenset({"change_id", "comment_id", "activity_id", "session_id"})

_TABLES = """
    select c.relname
    from pg_class as c
    where
        c.relnamespace = to_regnamespace('raw') and c.relkind in ('r', 'p')
        and not c.relispartition
    order by c.relname
"""

_COLUMNS = """
    select
        a.attname,
        format_type(a.atttypid, a.atttypmod),
        a.attnotnull,
        pg_get_expr(d.adbin, d.adrelid),
        array_position(k.columns, a.attnum),
        a.attnum = any(p.partattrs::int2[])
    from pg_class as c
    inner join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
    left join pg_partitioned_table as p on p.partrelid = c.oid
    left join lateral (
        select i.indkey::int2[] as columns
        from pg_index as i
        where i.indrelid = c.oid and i.indisprimary
    ) as k on true
    where
        c.relnamespace = to_regnamespace('raw') and c.relkind in ('r', 'p') and c.relname = %s
        and a.attname !~ '^_' and a.attgenerated = ''
    order by a.attnum
"""

_CHECKS = """
    select pg_get_constraintdef(oid)
    from pg_constraint
    where conrelid = to_regclass(%s) and contype = 'c'
    order by conname
"""

# How PostgreSQL writes a check that a text column has one of some values.
_ONE_OF = re.compile(r"CHECK \(\((\w+) = ANY \(ARRAY\[((?:'(?:[^']|'')*'::text(?:, )?)+)\]\)\)\)")
_LITERAL = re.compile(r"'((?:[^']|'')*)'::text")

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Column:
    """A column that a writer may name.

    Attributes:
        name: as in the database.
        type: as PostgreSQL writes it, e.g. `timestamp with time zone`.
        required: neither null nor left out.
        default: text of the constant that stands in for a missing value, None if there is none.
        key: whether it belongs to the primary key.
        allowed: the only values it may have; empty if it may have any.
    """

    name: str
    type: str
    required: bool
    default: str | None
    key: bool
    allowed: tuple[str, ...] = ()

    @property
    def unit_seconds(self) -> int:
        """How many seconds its unit has, if it holds lengths of time; else 0."""
        units = {"_seconds": 1, "_minutes": 60}
        named = [seconds for end, seconds in units.items() if self.name.endswith(end)]
        return named[0] if named and self.type == "numeric" else 0


@dataclass(frozen=True)
class Table:
    """A raw table.

    Attributes:
        name: without the schema.
        columns: those a writer may name, in order.
        key: the primary key's columns, in its order.
        time_column: what an append-only table is partitioned by; None for a mutable one.
        checks: its check constraints, as PostgreSQL writes them.
    """

    name: str
    columns: dict[str, Column]
    key: tuple[str, ...]
    time_column: str | None
    checks: tuple[str, ...]

    @property
    def identifier(self) -> sql.Identifier:
        """The qualified name."""
        return sql.Identifier(SCHEMA, self.name)

    @property
    def made_id(self) -> str | None:
        """The id column that is made from the row's content where the source has none."""
        if self.name == "sessions":  # only attributes of a session that events name
            return None
        for name in self.key:
            if self.columns[name].type == "uuid" or name in _MADE_TEXT_IDS:
                return name
        return None

    @property
    def version_column(self) -> str | None:
        """The column that says which of two rows of one key is newer."""
        mutable = self.time_column is None
        return "updated_at" if mutable and "updated_at" in self.columns else None

    @property
    def missing_distinct_id(self) -> tuple[str, ...]:
        """What stands in for a missing distinct_id, the first that is there."""
        names = ("user_id", "session_id")
        told_apart = "distinct_id" in self.columns and all(name in self.columns for name in names)
        return names if told_apart else ()


def table_names(connection: Connection) -> list[str]:
    """List the tables that a writer may fill."""
    rows = connection.execute(_TABLES).fetchall()
    return [name for (name,) in rows if name != REJECTED]


def is_empty(connection: Connection, name: str) -> bool:
    """Whether a raw table has no row."""
    query = sql.SQL("select not exists (select from {})").format(sql.Identifier(SCHEMA, name))
    row = connection.execute(query).fetchone()
    return bool(row and row[0])


def read_table(connection: Connection, name: str) -> Table:
    """Look a raw table up.

    Args:
        connection: to the warehouse.
        name: with or without `raw.`.

    Raises:
        TidemarkError: there is none of that name; lists those there are.
    """
    name = name.removeprefix(f"{SCHEMA}.")
    names = table_names(connection)
    if name not in names:
        problem = f"there is no table raw.{name} to load"
        if not names:
            raise TidemarkError(f"{problem}: the database has no raw tables", "run `tidemark up`")
        raise TidemarkError(
            problem, f"{did_you_mean(name, names)}the tables are {', '.join(names)}"
        )
    qualified = sql.Identifier(SCHEMA, name).as_string(connection)
    checks = [check for (check,) in connection.execute(_CHECKS, [qualified])]
    allowed = dict(found for check in checks if (found := _allowed(check)))
    rows = connection.execute(_COLUMNS, [name]).fetchall()
    columns = {
        column: Column(
            name=column,
            type=type_name,
            required=not_null and default is None,
            default=None if default is None else _constant(connection, default),
            key=position is not None,
            allowed=allowed.get(column, ()),
        )
        for column, type_name, not_null, default, position, _ in rows
    }
    key = sorted(
        (position, column) for column, _, _, _, position, _ in rows if position is not None
    )
    times = [column for column, *_, is_time in rows if is_time]
    return Table(
        name=name,
        columns=columns,
        key=tuple(column for _, column in key),
        time_column=times[0] if times else None,
        checks=tuple(checks),
    )


def from_catalog(text: str) -> sql.SQL:
    """Take as SQL what the database itself wrote (a type, a constraint): nobody's input."""
    return sql.SQL(text)


def _allowed(check: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the column and the values of a check such as `status in ('a', 'b')`."""
    found = _ONE_OF.fullmatch(check)
    if not found:
        return None
    return found[1], tuple(text.replace("''", "'") for text in _LITERAL.findall(found[2]))


def _constant(connection: Connection, default: str) -> str | None:
    """Compute a default, as text."""
    query = sql.SQL("select ({})::text").format(from_catalog(default))
    row = connection.execute(query).fetchone()
    return None if row is None else row[0]
