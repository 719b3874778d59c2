"""Loads files into a raw table: one transaction a file, so that a file is loaded or is not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import errors

from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.loading import event_log, presets, stage
from tidemark_warehouse.loading.files import open_file
from tidemark_warehouse.loading.partitions import Partitions
from tidemark_warehouse.loading.pipeline import ahead
from tidemark_warehouse.loading.preparing import Preparer
from tidemark_warehouse.loading.rejects import Rejections
from tidemark_warehouse.loading.request import Request, Summary
from tidemark_warehouse.loading.sources import DataFile
from tidemark_warehouse.loading.stage import reason_of
from tidemark_warehouse.loading.tables import Connection, Table
from tidemark_warehouse.loading.writers import (
    NeedsStagingError,
    Staged,
    Straight,
    Writer,
    is_empty,
)

ATTEMPTS = 3

SHOWN_FIELDS = 12

Progress = Callable[[int, int], None]


@dataclass
class Seen:
    """What occurred in a file.

    Attributes:
        fields: the names of its fields.
        filled: the columns for which some row had a value.
    """

    fields: dict[str, None]
    filled: set[str] = field(default_factory=set)


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
    attempts = ATTEMPTS
    while True:
        try:
            summary = _attempt(connection, table, path, request, straight, progress)
        except NeedsStagingError:
            straight = False
        except (errors.DeadlockDetected, errors.SerializationFailure) as error:
            attempts -= 1
            if not attempts:
                raise refused(path, error) from error
        except psycopg.Error as error:
            raise refused(path, error) from error
        else:
            summary.seconds = time.monotonic() - started
            return summary


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
        mapped, asked = request.mapped(table)
        preset = presets.wishes(request.preset, table)
        preparer = Preparer(mapped, file, asked, preset, request.reading())
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
            seen = _move(file, preparer, writer, rejections, summary, progress)
            writer.finish()
            rejections.flush()
        summary.inserted, summary.updated = writer.inserted, writer.updated
        summary.rejected, summary.first_reject = rejections.count, rejections.first
        summary.notes = writer.notes + _notes(preparer, seen)
        return summary


def _move(
    file: DataFile,
    preparer: Preparer,
    writer: Writer,
    rejections: Rejections,
    summary: Summary,
    progress: Progress | None,
) -> Seen:
    """Read, map and write all chunks."""
    seen = Seen(dict.fromkeys(preparer.plan.fields or ()))
    with ahead(preparer.prepare(chunk) for chunk in file.chunks()) as prepared_chunks:
        for prepared in prepared_chunks:
            summary.read += prepared.batch.count + len(prepared.rejects) + prepared.skipped
            summary.skipped += prepared.skipped
            seen.filled |= prepared.batch.filled
            seen.fields |= dict.fromkeys(sorted(prepared.chunk.keys))
            rejections.add(prepared.rejects)
            rejections.add(writer.put(prepared))
            if progress:
                progress(file.position, file.size)
    return seen


def _notes(preparer: Preparer, seen: Seen) -> list[str]:
    """Say what a person should know that is neither loaded nor rejected."""
    notes = []
    if preparer.reading.ambiguous_times:
        notes.append(
            f"{preparer.reading.ambiguous_times} local times happened twice when clocks were set "
            "back: the first was taken"
        )
    unused = preparer.plan.unused(seen.fields)
    if unused:
        more = f" and {len(unused) - SHOWN_FIELDS} more" if len(unused) > SHOWN_FIELDS else ""
        notes.append(f"fields that no column takes: {', '.join(unused[:SHOWN_FIELDS])}{more}")
    if preparer.plan.fields is None:
        notes += [
            f"no row has a value for {feed.column.name} ({preparer.plan.described(feed)})"
            for feed in preparer.plan.feeds
            if any(wish.asked for wish in feed.wishes) and feed.column.name not in seen.filled
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
