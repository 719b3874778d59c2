"""Batches into a table, through a temporary one where rows may collide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime

import psycopg
from psycopg import errors, sql

from tidemark_warehouse.database.catalog import SCHEMA, Connection, Table, from_catalog
from tidemark_warehouse.loading.conversion.batches import Batch, Reject
from tidemark_warehouse.loading.mapping import SEQUENCE

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


def single_out(batch: Batch, put: Put) -> list[Reject]:
    """Halve a batch until the rows that are refused stand alone.

    Args:
        batch: the rows.
        put: takes a batch, all or nothing.

    Returns:
        The refused rows. The others were taken, in their order.
    """
    if not batch.count:
        return []
    try:
        put(batch)
    except ROW_ERRORS as error:
        if batch.count == 1:
            return [batch.reject(reason_of(error))]
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

    Returns:
        How many.
    """
    made = str(stage.table.made_id)
    others = [name for name in columns if name != made]
    query = sql.SQL("""
        insert into {target} ({made}, {others})
        select coalesce({made}, _made{cast}), {others}
        from {named} as named
        order by {order}
        on conflict do nothing
    """).format(
        named=_named(stage),
        made=sql.Identifier(made),
        order=ORDER,
        target=stage.table.identifier,
        others=names(others),
        cast=_cast(stage),
    )
    return stage.connection.execute(query).rowcount


def give_ids(stage: Stage) -> None:
    """Give the staged rows of a mutable table that have no id one made of their content."""
    made = stage.table.made_id
    if made is None:
        return
    query = sql.SQL("""
        update {stage} as staged set {made} = named._made{cast}
        from {named} as named
        where staged.{order} = named.{order} and staged.{made} is null
    """).format(
        stage=stage.identifier,
        made=sql.Identifier(made),
        order=ORDER,
        named=_named(stage),
        cast=_cast(stage),
    )
    stage.connection.execute(query)
    stage.columns.add(made)


def _named(stage: Stage) -> sql.Composed:
    """Return the staged rows with `_made`, an id of their content.

    Rows of the same content are told apart by counting them: the file again makes the same ids,
    and a row that stands twice in it is two rows.
    """
    made = str(stage.table.made_id)
    beside = {made, stage.table.version_column, SEQUENCE}
    content = sorted(name for name in stage.table.columns if name not in beside)
    return sql.SQL("(select *, {made_id} as _made from ({hashed}) as hashed)").format(
        made_id=made_id(sql.SQL("{} is null").format(sql.Identifier(made))),
        hashed=sql.SQL("select *, {} as _content from {}").format(
            content_hash(stage.table.name, content), stage.identifier
        ),
    )


def _cast(stage: Stage) -> sql.SQL:
    made = stage.table.columns[str(stage.table.made_id)]
    return sql.SQL("" if made.type == "uuid" else "::text")


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


# Without partitions of their own, rows go to the default partition, and a later build moves them.
_HARMLESS = (
    errors.UndefinedFunction,
    errors.InvalidSchemaName,
    errors.InsufficientPrivilege,
    errors.LockNotAvailable,
    errors.DeadlockDetected,
)


class Partitions:
    """Makes partitions on a connection of its own, so that their locks end at once."""

    def __init__(self, connection: Connection, table: Table, opened: ExitStack) -> None:
        self._connection = connection
        self._table = table
        self._opened = opened
        self._own: Connection | None = None
        self._done: set[str] = set()
        self._given_up = table.time_column is None

    def ensure(self, months: set[str]) -> None:
        """Make the partitions of these months (YYYY-MM), unless others hold them up."""
        missing = sorted(months - self._done)
        if self._given_up or not missing:
            return
        self._done.update(missing)
        for first, last in _runs([_Month(text) for text in missing]):
            if self._given_up:
                return
            try:
                self._connected().execute(
                    "select ops.ensure_partitions_for(%s::regclass, %s, %s)",
                    [f"{SCHEMA}.{self._table.name}", first.start, last.start],
                )
            except _HARMLESS:
                self._given_up = True

    def _connected(self) -> Connection:
        if self._own is None:
            info = self._connection.info
            self._own = self._opened.enter_context(
                psycopg.connect(info.dsn, password=info.password, autocommit=True)
            )
            self._own.add_notice_handler(self._heed)
        return self._own

    def _heed(self, notice: errors.Diagnostic) -> None:
        """Stop after the first warning that a lock could not be had: each costs seconds."""
        if notice.severity_nonlocalized == "WARNING":
            self._given_up = True


class _Month:
    def __init__(self, text: str) -> None:
        self.start = datetime(int(text[:4]), int(text[5:]), 1, tzinfo=UTC)
        self.number = self.start.year * 12 + self.start.month


def _runs(months: list[_Month]) -> list[tuple[_Month, _Month]]:
    """First and last of each run of months without a gap."""
    runs: list[tuple[_Month, _Month]] = []
    for month in months:
        if runs and runs[-1][1].number + 1 == month.number:
            runs[-1] = (runs[-1][0], month)
        else:
            runs.append((month, month))
    return runs
