"""Loads files into a raw table: one transaction a file, so that a file is loaded or is not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
from psycopg import errors

from orchestration.errors import TidemarkError
from orchestration.loading import event_log, presets, stage
from orchestration.loading.files import open_file
from orchestration.loading.partitions import Partitions
from orchestration.loading.pipeline import ahead
from orchestration.loading.preparing import Preparer
from orchestration.loading.rejects import Rejections
from orchestration.loading.request import Request, Summary
from orchestration.loading.sources import DataFile
from orchestration.loading.stage import reason_of
from orchestration.loading.tables import Connection, Table
from orchestration.loading.values import Reading
from orchestration.loading.writers import (
    NeedsStagingError,
    Staged,
    Straight,
    Writer,
    is_empty,
)

ATTEMPTS = 3

Progress = Callable[[int, int], None]


def load_file(
    connection: Connection,
    table: Table,
    path: Path,
    request: Request,
    progress: Progress | None = None,
) -> Summary:
    """Load one file, all of it or nothing; what does not fit goes to raw.rejected_rows.

    Args:
        connection: in autocommit mode, and not in a transaction.
        table: where to.
        path: the file.
        request: how to read it.
        progress: is told how much of how much has been read.

    Raises:
        TidemarkError: nothing of the file was loaded, and why.
    """
    straight = not (request.every_version or request.order_by) and (
        table.time_column is not None or is_empty(connection, table)
    )
    started = time.monotonic()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            try:
                summary = _attempt(connection, table, path, request, straight, progress)
            except NeedsStagingError:
                straight = False
                summary = _attempt(connection, table, path, request, straight, progress)
        except (errors.DeadlockDetected, errors.SerializationFailure) as error:
            if attempt == ATTEMPTS:
                raise refused(path, error) from error
        except psycopg.Error as error:
            raise refused(path, error) from error
        else:
            summary.seconds = time.monotonic() - started
            return summary
    raise TidemarkError(f"{path.name} was not loaded")  # not reached: the last attempt raises


def refused(path: Path, error: psycopg.Error) -> TidemarkError:
    """Say that the database refuses a file as a whole."""
    if isinstance(error, psycopg.OperationalError) and error.sqlstate is None:
        problem = f"the connection was lost while {path.name} was loaded; nothing of it was loaded"
        return TidemarkError(problem, "run `tidemark up`, then the same command again")
    hint = error.diag.message_hint
    return TidemarkError(
        f"the database refuses {path.name}: {reason_of(error)}; nothing of it was loaded",
        hint or "the same command again is safe: rows that are there are not loaded twice",
    )


def _attempt(
    connection: Connection,
    table: Table,
    path: Path,
    request: Request,
    straight: bool,
    progress: Progress | None,
) -> Summary:
    with ExitStack() as opened:
        file = opened.enter_context(open_file(path, request.kind, request.delimiter))
        partitions = Partitions(connection, table, opened)
        reading = request.reading()
        mapped, asked = request.mapped(table)
        preset = presets.wishes(request.preset, table)
        preparer = Preparer(mapped, file, asked, preset, reading)
        summary = Summary(path, table.name)
        with transaction(connection):
            rejections = Rejections(connection, table, source_of(path))
            writer: Writer
            if request.preset == presets.EVENT_LOG:
                writer = event_log.EventLogWriter(connection, preparer)
            elif straight:
                writer = Straight(connection, table, preparer, partitions)
            else:
                writer = Staged(connection, mapped, preparer, partitions, request.every_version)
            found = _move(file, preparer, writer, rejections, summary, progress)
            writer.finish()
            rejections.flush()
        summary.inserted, summary.updated = writer.inserted, writer.updated
        summary.rejected, summary.first_reject = rejections.count, rejections.first
        summary.notes = writer.notes + _notes(preparer, reading, found)
        return summary


def _move(
    file: DataFile,
    preparer: Preparer,
    writer: Writer,
    rejections: Rejections,
    summary: Summary,
    progress: Progress | None,
) -> set[str]:
    """Read, map and write all chunks; return the columns in which there was any value."""
    found: set[str] = set()
    with ahead(preparer.prepare(chunk) for chunk in file.chunks()) as prepared_chunks:
        for prepared in prepared_chunks:
            summary.read += prepared.batch.count + len(prepared.rejects) + prepared.skipped
            summary.skipped += prepared.skipped
            found |= prepared.batch.filled
            rejections.add(prepared.rejects)
            rejections.add(writer.put(prepared))
            if progress:
                progress(file.position, file.size)
    return found


def _notes(preparer: Preparer, reading: Reading, found: set[str]) -> list[str]:
    notes = []
    if reading.ambiguous_times:
        notes.append(
            f"{reading.ambiguous_times} local times happened twice when clocks were set back: "
            "the first was taken"
        )
    if preparer.plan.unused:
        notes.append(f"fields that no column takes: {', '.join(preparer.plan.unused)}")
    if preparer.plan.fields is None:
        notes += [
            f"no row has a value for {feed.column.name} ({preparer.plan.described(feed)})"
            for feed in preparer.plan.feeds
            if any(wish.asked for wish in feed.wishes) and feed.column.name not in found
        ]
    return notes


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """Open a transaction in which values have one text, whatever the session's settings."""
    with connection.transaction():
        stage.begin(connection)
        yield


def source_of(path: Path) -> str:
    """Return how raw.rejected_rows names a file."""
    return str(path.resolve())
