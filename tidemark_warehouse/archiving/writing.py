"""Rows of the database into a file: streamed, read back and compared, then named and described."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import adbc_driver_postgresql.dbapi as adbc  # type: ignore[import-untyped]
import pyarrow as pa  # type: ignore[import-untyped]
from adbc_driver_manager import dbapi
from psycopg import sql

from tidemark_warehouse.archiving import files, manifest, stored_types
from tidemark_warehouse.archiving.drafts import Draft, Written
from tidemark_warehouse.archiving.manifest import Manifest
from tidemark_warehouse.archiving.stored_types import Storage
from tidemark_warehouse.archiving.tables import ArchivedTable
from tidemark_warehouse.errors import TidemarkError

Progress = Callable[[int], object]

_DRIVER_WORDS = re.compile(
    r"^(?:[A-Z_]+: )?(?:\[libpq\] )?"
    r"(?:Failed to [\w ]+: |Execution error \[\w+\]: )?(?:[A-Z]+:  )?"
)
_AHEAD = 4  # batches of the driver, 16 MB each

# How PostgreSQL writes what is kept as its text, whatever the role's own settings are.
_SESSION = (
    "set local timezone to 'UTC'",
    "set local datestyle to 'ISO, YMD'",
    "set local intervalstyle to 'postgres'",
    "set local bytea_output to 'hex'",
    "set local extra_float_digits to 1",
    "set local client_encoding to 'UTF8'",
    "set local statement_timeout to 0",
    # Somebody who holds a lock on the table and waits for us would wait for ever.
    "set local lock_timeout to '60s'",
)


@dataclass(frozen=True)
class _Found:
    """What one look at the rows says before they are read."""

    rows: int
    snapshot: str
    first_key: str | None
    last_key: str | None
    first_at: str | None
    last_at: str | None
    out_of_range: set[str]


class _BrokenOffError(Exception):
    """The rows stopped coming."""


def write_rows(
    url: str,
    query: sql.Composable | str,
    table: ArchivedTable,
    period: str,
    folder: Path,
    snapshot_id: str | None = None,
    progress: Progress | None = None,
    taken: Collection[str] = (),
) -> Manifest:
    """Write the rows of a query into a file of the archive, and its manifest beside it.

    A run that is killed leaves at most a `.part`, or a file without a manifest: see `verifying`.

    Args:
        url: of the database, as libpq takes it. Rows are read over a connection of its own; whoever
            calls must not hold a lock on the table that forbids reading.
        query: yields the table's columns, and no row twice.
        table: what they are.
        period: e.g. `2026-08`.
        folder: the archive.
        snapshot_id: of `pg_export_snapshot()`, to read what another transaction sees.
        progress: is told how many rows there are so far.
        taken: names that the database remembers, whether or not their files are still there.

    Raises:
        TidemarkError: the disk refuses, the database does not go on, or what was read back is not
            what was sent. Nothing is left behind then.
    """
    text = query if isinstance(query, str) else query.as_string(None)
    source = sql.SQL("({}) as archived").format(sql.SQL(text))
    with _reading(url, snapshot_id, f"{table.name} {period}") as cursor:
        found = _look(cursor, source, table)
        columns = stored_types.chosen(table.columns, found.out_of_range)
        schema = pa.schema([column.field for column in columns])
        relative_path = files.free_name(folder, table.name, period, taken)
        with Draft(folder, relative_path, schema, table.time_column, found.rows) as draft:
            read = 0
            with closing(_batches(cursor, source, columns, schema)) as batches:
                for batch in batches:
                    draft.write(batch)
                    read += batch.num_rows
                    if progress is not None:
                        progress(read)
            if read != found.rows:
                raise TidemarkError(
                    f"{table.name} {period}: {read:,} rows came of {found.rows:,}",
                    "try again; nothing was removed from the database",
                )
            written = draft.finish()
    made = _describe(table, period, relative_path, columns, found, written)
    manifest.write(made, folder)
    return made


@contextmanager
def _reading(url: str, snapshot_id: str | None, what: str) -> Iterator[dbapi.Cursor]:
    """Open a read-only transaction that sees one state of the database."""
    try:
        with closing(adbc.connect(url)) as connection, closing(connection.cursor()) as cursor:
            cursor.execute("set transaction isolation level repeatable read, read only")
            if snapshot_id is not None:
                literal = sql.Literal(snapshot_id).as_string(None)
                cursor.execute(f"set transaction snapshot {literal}")
            for statement in _SESSION:
                cursor.execute(statement)
            yield cursor
    except (dbapi.Error, _BrokenOffError) as error:
        raise TidemarkError(
            f"the database does not give the rows of {what}: {_one_line(error)}",
            "see `tidemark doctor`, then try again; nothing was removed from the database",
        ) from error


def _look(cursor: dbapi.Cursor, source: sql.Composed, table: ArchivedTable) -> _Found:
    ranged = stored_types.ranged(table.columns)
    summary = sql.SQL(
        "select count(*), ops.current_snapshot()::text, "
        "to_json(min({time})) #>> '{{}}', to_json(max({time})) #>> '{{}}'{fits} from {source}"
    ).format(
        time=sql.Identifier(table.time_column),
        fits=sql.SQL("").join(sql.SQL(", ") + stored_types.in_range(each) for each in ranged),
        source=source,
    )
    rows, snapshot, first_at, last_at, *fit = _row(cursor, summary)
    keys = [_end_key(cursor, source, table, order) if rows else None for order in ("asc", "desc")]
    unfit = {column.name for column, fits in zip(ranged, fit, strict=True) if not fits}
    return _Found(rows, snapshot, keys[0], keys[1], first_at, last_at, unfit)


def _end_key(
    cursor: dbapi.Cursor, source: sql.Composed, table: ArchivedTable, order: str
) -> str | None:
    """Return the first key in an order, as a JSON array."""
    key = [sql.Identifier(name) for name in table.key]
    ordered = sql.SQL(", ").join(sql.SQL("{} {}").format(name, sql.SQL(order)) for name in key)
    query = sql.SQL("select json_build_array({})::text from {} order by {} limit 1").format(
        sql.SQL(", ").join(key), source, ordered
    )
    return str(_row(cursor, query)[0])


def _row(cursor: dbapi.Cursor, query: sql.Composed) -> tuple[Any, ...]:
    cursor.execute(query.as_string(None))
    (row,) = cursor.fetchall()
    return tuple(row)


def _batches(
    cursor: dbapi.Cursor, source: sql.Composed, columns: list[Storage], schema: pa.Schema
) -> Generator[pa.RecordBatch]:
    """Yield the rows as they come, without what the driver notes beside each column."""
    query = sql.SQL("select {} from {}").format(
        sql.SQL(", ").join(
            sql.SQL("{} as {}").format(column.expression, sql.Identifier(column.column.name))
            for column in columns
        ),
        source,
    )
    cursor.execute(query.as_string(None))
    coming = cursor.fetch_record_batch()
    # A thread reads ahead, so that the server works while a group is written.
    with ThreadPoolExecutor(1) as reader:
        ahead = deque(reader.submit(next, coming, None) for _ in range(_AHEAD))
        while (batch := _arrived(ahead.popleft())) is not None:
            ahead.append(reader.submit(next, coming, None))
            yield pa.RecordBatch.from_arrays(batch.columns, schema=schema)


def _arrived(batch: Future[pa.RecordBatch | None]) -> pa.RecordBatch | None:
    try:
        return batch.result()
    except (pa.ArrowException, OSError) as error:  # what the stream makes of a lost connection
        raise _BrokenOffError(str(error)) from error


def _describe(
    table: ArchivedTable,
    period: str,
    relative_path: str,
    columns: list[Storage],
    found: _Found,
    written: Written,
) -> Manifest:
    return Manifest(
        version=manifest.VERSION,
        table_name=table.name,
        period=period,
        file=relative_path,
        row_count=written.rows,
        first_key=found.first_key,
        last_key=found.last_key,
        first_at=found.first_at,
        last_at=found.last_at,
        columns=tuple(column.described for column in columns),
        key=table.key,
        time_column=table.time_column,
        bytes=written.bytes,
        file_sha256=written.file_sha256,
        content_hash=written.content_hash,
        snapshot=found.snapshot,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _one_line(error: BaseException) -> str:
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return _DRIVER_WORDS.sub("", line)
