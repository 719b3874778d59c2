"""Batches into a table, through a temporary one where rows may collide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import psycopg
from psycopg import errors, sql

from tidemark_warehouse.loading.batches import Batch
from tidemark_warehouse.loading.sources import Row
from tidemark_warehouse.loading.tables import SEQUENCE, Connection, Table, from_catalog

ORDER = sql.Identifier("_order")

Put = Callable[[Batch], None]

# What one row can be guilty of; anything else concerns the whole file.
ROW_ERRORS = (
    errors.DataError,
    errors.IntegrityError,
    errors.ProgramLimitExceeded,
    errors.StatementTooComplex,
    errors.RaiseException,
)


def begin(connection: Connection) -> None:
    """Fix what the text of a value depends on, for this transaction."""
    connection.execute("set local timezone = 'UTC'")
    connection.execute("set local datestyle = 'ISO, YMD'")
    connection.execute("set local extra_float_digits = 1")
    connection.execute("set local work_mem = '64MB'")


def names(columns: Iterable[str], prefix: str = "") -> sql.Composed:
    """List columns, each behind the alias of its relation if one is given."""
    identifiers = [sql.Identifier(prefix, c) if prefix else sql.Identifier(c) for c in columns]
    return sql.SQL(", ").join(identifiers)


def copy(connection: Connection, target: sql.Identifier, batch: Batch) -> None:
    """Copy a batch, all or nothing.

    Raises:
        psycopg.Error: the database refuses some row; the transaction goes on.
    """
    columns = names(batch.columns)
    form: sql.Composable = sql.SQL("format text")
    if batch.csv is not None:
        form = sql.SQL("format csv, delimiter {}, force_null ({})").format(
            sql.Literal(batch.delimiter), columns
        )
    statement = sql.SQL("copy {} ({}) from stdin with ({})").format(target, columns, form)
    with connection.transaction(), connection.cursor() as cursor, cursor.copy(statement) as stream:
        stream.write(batch.data())


def reason_of(error: psycopg.Error) -> str:
    """Return the one line in which the database says why it refuses a row."""
    diagnosis = error.diag
    line = diagnosis.message_primary or str(error).partition("\n")[0]
    if diagnosis.message_detail:
        line += f" ({diagnosis.message_detail.splitlines()[0].rstrip('.')})"
    return f"{diagnosis.column_name}: {line}" if diagnosis.column_name else line


class Stage:
    """A temporary table with the columns of a raw table, for one transaction.

    Attributes:
        connection: of the transaction.
        table: the raw table.
        identifier: the temporary table.
        columns: those that its rows fill.
    """

    def __init__(self, connection: Connection, table: Table, name: str | None = None) -> None:
        name = f"tidemark_{name or table.name}"
        self.connection = connection
        self.table = table
        self.identifier = sql.Identifier("pg_temp", name)
        self.columns: set[str] = set()
        parts: list[sql.Composable] = [
            sql.SQL("{} {} default {}").format(
                sql.Identifier(column.name), from_catalog(column.type), sql.Literal(column.default)
            )
            for column in table.columns.values()
        ]
        parts += [from_catalog(check) for check in table.checks]
        parts.append(sql.SQL("{} bigint generated always as identity").format(ORDER))
        connection.execute(
            sql.SQL("create temporary table {} ({}) on commit drop").format(
                sql.Identifier(name), sql.SQL(", ").join(parts)
            )
        )

    def copy(self, batch: Batch) -> None:
        """Copy a batch, all or nothing."""
        copy(self.connection, self.identifier, batch)
        self.columns.update(batch.columns)

    def fill(self, columns: Sequence[str], query: sql.Composed) -> None:
        """Insert what a query returns for these columns."""
        self.connection.execute(
            sql.SQL("insert into {} ({}) {}").format(self.identifier, names(columns), query)
        )
        self.columns.update(columns)

    def clear(self) -> None:
        """Empty it."""
        self.connection.execute(sql.SQL("truncate {}").format(self.identifier))
        self.columns.clear()

    def analyze(self) -> None:
        """Let the planner know what it holds."""
        self.connection.execute(sql.SQL("analyze {}").format(self.identifier))

    def loaded(self) -> list[str]:
        """Return the columns of the raw table that its rows fill, in its order."""
        return [name for name in self.table.columns if name in self.columns and name != SEQUENCE]

    def months(self) -> set[str]:
        """Return the months of UTC in which its rows are, as YYYY-MM."""
        if self.table.time_column is None:
            return set()
        rows = self.connection.execute(
            sql.SQL("select distinct to_char(date_trunc('month', {0}), 'YYYY-MM') from {1}").format(
                sql.Identifier(self.table.time_column), self.identifier
            )
        )
        return {month for (month,) in rows}


def single_out(batch: Batch, put: Put) -> list[tuple[Row, str]]:
    """Halve a batch until the rows that are refused stand alone.

    Args:
        batch: rows in text format.
        put: takes a batch, all or nothing.

    Returns:
        The refused rows, with the reason. The others were taken, in their order.
    """
    if not batch.count:
        return []
    try:
        put(batch)
    except ROW_ERRORS as error:
        if batch.count == 1:
            return [(batch.origins[0], reason_of(error))]
        first, second = batch.halves()
        return single_out(first, put) + single_out(second, put)
    return []


def insert_new(stage: Stage, columns: Sequence[str]) -> int:
    """Insert the staged rows whose key the table does not have; of the file, the first wins.

    Returns:
        How many.
    """
    return stage.connection.execute(
        sql.SQL(
            "insert into {0} ({1}) select {1} from {2} order by {3} on conflict do nothing"
        ).format(stage.table.identifier, names(columns), stage.identifier, ORDER)
    ).rowcount


def insert_new_with_made_ids(stage: Stage, columns: Sequence[str]) -> int:
    """Insert staged rows, with an id made of the row's content where there is none.

    Rows of the same content are told apart by counting them: the file again makes the same ids,
    and a row that stands twice in it is two rows.

    Returns:
        How many.
    """
    made = str(stage.table.made_id)
    content = sorted(name for name in stage.table.columns if name != made)
    others = [name for name in columns if name != made]
    query = sql.SQL("""
        with named as (
            select *, {made_id} as _made
            from (select *, {content} as _content from {stage}) as hashed
        )
        insert into {target} ({made}, {others})
        select coalesce({made}, _made{cast}), {others}
        from named
        order by {order}
        on conflict do nothing
    """).format(
        content=content_hash(stage.table.name, content),
        made_id=made_id(sql.SQL("{} is null").format(sql.Identifier(made))),
        stage=stage.identifier,
        made=sql.Identifier(made),
        order=ORDER,
        target=stage.table.identifier,
        others=names(others),
        cast=sql.SQL("" if stage.table.columns[made].type == "uuid" else "::text"),
    )
    return stage.connection.execute(query).rowcount


def content_hash(table_name: str, columns: Sequence[str]) -> sql.Composed:
    """Hash what is not null as name=value: a further column without values changes nothing."""
    parts: list[sql.Composable] = [sql.Literal(table_name)]
    parts += [
        sql.SQL("{} || quote_literal({}::text)").format(
            sql.Literal(f"{name}="), sql.Identifier(name)
        )
        for name in columns
    ]
    return sql.SQL("sha256(convert_to(concat_ws(' ', {}), 'UTF8'))").format(
        sql.SQL(", ").join(parts)
    )


def made_id(group: sql.Composable) -> sql.Composed:
    """Make a uuid (version 8) of `_content`, another for each further row of that content."""
    return sql.SQL("""
        overlay(overlay(left(encode(
            case row_number() over (partition by {group}, _content order by {order})
                when 1 then _content
                else sha256(_content || int8send(
                    row_number() over (partition by {group}, _content order by {order})
                ))
            end, 'hex'
        ), 32) placing '8' from 13) placing '8' from 17)::uuid
    """).format(group=group, order=ORDER)
