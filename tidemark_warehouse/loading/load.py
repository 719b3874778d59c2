"""Loads files into a raw table: one transaction a file, so that a file is loaded or is not."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Generic, TypeVar

import psycopg
from psycopg import errors

from tidemark_warehouse.database.catalog import Connection, Table, is_empty
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.loading import event_log, inputs, mapping, stage
from tidemark_warehouse.loading.conversion.batches import Batch, prepare
from tidemark_warehouse.loading.ledger import Ledger, Rejections, digest_of
from tidemark_warehouse.loading.mapping import Mappings
from tidemark_warehouse.loading.options import Request, Summary
from tidemark_warehouse.loading.presets import PresetTable
from tidemark_warehouse.loading.records import open_records
from tidemark_warehouse.loading.records.blocks import DataFile
from tidemark_warehouse.loading.stage import Partitions, reason_of
from tidemark_warehouse.loading.unloading import unload
from tidemark_warehouse.loading.writers import (
    Mapped,
    NeedsStagingError,
    Staged,
    Straight,
    Tried,
    Writer,
)

ATTEMPTS = 3
SHOWN_FIELDS = 12
DEPTH = 2  # batches that are prepared ahead
_POLL_SECONDS = 0.1

_FOUND = {
    "ambiguous": "local times happened twice when clocks were set back: the first was taken",
    "negative": "negative durations are unknown: a running timer, or clocks that disagree",
    "long": "pieces of work are longer than {hours:g} hours: loaded, but check them",
    "nulls": "ids were a word for null (NULL, none, nan, ...) and taken as null; "
    "--null TEXT names other words",
}

Progress = Callable[[int, int], None]
Item = TypeVar("Item")


@dataclass
class Seen:
    """What occurred in a file.

    Attributes:
        fields: the names of its fields.
        filled: the columns for which some row had a value.
        months: of UTC in which there are rows, as YYYY-MM.
        made_id: whether some row had no id of its own.
    """

    fields: dict[str, None] = field(default_factory=dict)
    filled: set[str] = field(default_factory=set)
    months: set[str] = field(default_factory=set)
    made_id: bool = False


def load_file(
    connection: Connection,
    table: Table,
    path: Path,
    request: Request,
    progress: Progress | None = None,
    dry_run: bool = False,
    source: str | None = None,
) -> Summary:
    """Load one file, all of it or nothing; what does not fit goes to raw.rejected_rows.

    Args:
        connection: in autocommit mode, and not in a transaction.
        table: where to.
        path: the file.
        request: how to read it.
        progress: is told how much of how much has been read.
        dry_run: map and check the whole file, and write nothing.
        source: how raw.rejected_rows names the file, if not by its path.

    Raises:
        TidemarkError: nothing of the file was loaded, and why.
    """
    job = Job(connection, table, path, request, source or str(path.resolve()), progress)
    straight = not (request.every_version or request.order_by) and (
        table.time_column is not None or is_empty(connection, table.name)
    )
    started = time.monotonic()
    attempts = ATTEMPTS
    while True:
        try:
            summary = job.run(straight, dry_run)
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


@dataclass
class Job:
    """The load of one file.

    Attributes:
        connection: to the warehouse.
        table: where to.
        path: the file.
        request: how to read it.
        source: how raw.rejected_rows names the file.
        progress: is told how much of how much has been read.
    """

    connection: Connection
    table: Table
    path: Path
    request: Request
    source: str
    progress: Progress | None = None

    def run(self, straight: bool, dry_run: bool) -> Summary:
        """Load the file in one transaction.

        Raises:
            NeedsStagingError: it cannot go straight into the table.
        """
        summary = Summary(self.path, self.table.name)
        target, asked = self.request.mapped(self.table)
        reading = self.request.reading()
        mapped = Mapped(mapping.Mappings.nothing(target), reading)
        seen = Seen()
        ledger = Ledger(self.connection, self.table, self.source, "", self.request)
        with ExitStack() as opened:
            streams = opened.enter_context(inputs.opened(self.path))
            partitions = Partitions(self.connection, self.table, opened)
            with transaction(self.connection) as undone:
                rejections = Rejections(
                    self.connection, self.table.name, self.source, self.request.max_rejects
                )
                writer = self._writer(target, mapped, partitions, straight, dry_run)
                for stream in streams:
                    file = self.opened(stream)
                    mapped.mappings = self.mappings(target, asked, file)
                    if not dry_run and not ledger.digest:
                        self._open(ledger, mapped.mappings, summary)
                    rejections.flush()
                    rejections.member = stream.name.partition(":")[2]
                    self._move(file, mapped, writer, rejections, summary, seen)
                if dry_run:
                    summary.sources = _sources(mapped.mappings, seen)
                    summary.sample = writer.sample(list(summary.sources))
                    undone()
                else:
                    writer.finish()
                    rejections.flush()
                summary.inserted, summary.updated = writer.inserted, writer.updated
                rejections.report(summary)
                if not dry_run and ledger.digest:
                    ledger.months = seen.months
                    summary.load_id = ledger.note(summary, writer.written)
        summary.notes += writer.notes + _notes(mapped, seen)
        return summary

    def _open(self, ledger: Ledger, mappings: Mappings, summary: Summary) -> None:
        """Look the file up in the ledger, and take back what it is to replace."""
        ledger.digest = digest_of(self.path)
        ledger.open(mappings.told(), mappings.table.made_id is not None)
        for load_id in ledger.replaced:
            done = unload(self.connection, load_id)
            summary.removed += done.removed
            left = f", {done.changed + done.refused:,} left" if done.changed + done.refused else ""
            summary.notes.append(
                f"load {load_id} of the same file was taken back: {done.removed:,} rows removed, "
                f"{done.restored:,} restored{left}"
            )

    def _writer(
        self, target: Table, mapped: Mapped, partitions: Partitions, straight: bool, dry_run: bool
    ) -> Writer:
        if dry_run:
            return Tried(self.connection, target, mapped)
        if target is event_log.LOG:
            return event_log.EventLogWriter(self.connection, mapped)
        if straight:
            return Straight(self.connection, self.table, mapped, partitions)
        return Staged(self.connection, target, mapped, partitions, self.request.every_version)

    def opened(self, stream: inputs.Stream) -> DataFile:
        """Open a stream as the request and its preset say."""
        request = self.request
        preset = request.preset_of(self.table)
        return open_records(
            stream,
            request.kind,
            request.delimiter,
            request.encoding,
            request.columns or _header(stream, preset),
            request.rows or (preset.rows if preset else ()),
            strict=bool(request.rows),
            unpivot=preset.unpivot if preset else frozenset(),
        )

    def mappings(
        self, target: Table, asked: tuple[mapping.Mapping, ...], file: DataFile
    ) -> Mappings:
        """Decide what fills the columns from a file."""
        preset = self.request.preset_of(self.table)
        made = mapping.resolve(target, asked, preset.mappings if preset else (), file.fields)
        return replace(made, identity=preset.identity, skip=preset.skip) if preset else made

    def _move(
        self,
        file: DataFile,
        mapped: Mapped,
        writer: Writer,
        rejections: Rejections,
        summary: Summary,
        seen: Seen,
    ) -> None:
        """Read, map and write all records of a file."""
        seen.fields |= dict.fromkeys(file.fields or ())
        mappings, reading = mapped.mappings, mapped.reading
        with ahead(prepare(block, mappings, reading) for block in file.blocks()) as batches:
            for batch in batches:
                self._count(batch, summary, seen)
                rejections.add(batch.rejects)
                rejections.add(writer.put(batch))
                if self.progress:
                    self.progress(file.position, file.size)

    @staticmethod
    def _count(batch: Batch, summary: Summary, seen: Seen) -> None:
        summary.read += batch.count + len(batch.rejects) + batch.skipped
        summary.skipped += batch.skipped
        seen.filled |= batch.filled
        seen.months |= batch.months
        seen.made_id = seen.made_id or batch.lacks_id
        seen.fields |= dict.fromkeys(batch.records.ordered_keys)


def _header(stream: inputs.Stream, preset: PresetTable | None) -> tuple[str, ...]:
    """Return the names of the columns of a tool's file that has none."""
    if preset is None or not preset.header:
        return ()
    first = stream.peek().partition(b"\n")[0].rstrip(b"\r").decode("utf-8", "replace").split("\t")
    headless = len(first) == len(preset.header) and preset.header[0] not in first
    return preset.header if headless else ()


def _sources(mappings: Mappings, seen: Seen) -> dict[str, str]:
    """Say for each column where its values come from."""
    described = mappings.described()
    if mappings.table.made_id and seen.made_id:
        described[mappings.table.made_id] = "made from the row's content"
    return {name: described[name] for name in mappings.table.columns if name in described}


def _notes(mapped: Mapped, seen: Seen) -> list[str]:
    """Say what a person should know that is neither loaded nor rejected."""
    mappings, reading = mapped.mappings, mapped.reading
    hours = reading.long_seconds / 3600
    notes = [
        f"{reading.found[what]:,} {said.format(hours=hours)}"
        for what, said in _FOUND.items()
        if reading.found[what]
    ]
    unused = mappings.unused(seen.fields)
    if unused:
        more = f" and {len(unused) - SHOWN_FIELDS} more" if len(unused) > SHOWN_FIELDS else ""
        notes.append(f"fields that no column takes: {', '.join(unused[:SHOWN_FIELDS])}{more}")
    if mappings.fields is None:
        notes += [
            f"no row has a value for {m.column} ({m.said()})"
            for m in mappings.all()
            if m.asked and not m.under and m.column not in seen.filled
        ]
    return notes


@contextmanager
def transaction(connection: Connection) -> Iterator[Callable[[], None]]:
    """Open a transaction in which values have one text, whatever the session's settings.

    Yields:
        What undoes it at its end.
    """
    undo = False

    def undone() -> None:
        nonlocal undo
        undo = True

    with connection.transaction() as opened:
        stage.begin(connection)
        yield undone
        if undo:
            raise psycopg.Rollback(opened)


@dataclass(frozen=True)
class _End:
    """The last thing in the queue: why there is no more."""

    error: BaseException | None


class _Ahead(Generic[Item]):
    def __init__(self, items: Iterable[Item]) -> None:
        self._items = items
        self._queue: queue.Queue[Item | _End] = queue.Queue(DEPTH)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tidemark-load", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def __iter__(self) -> Iterator[Item]:
        while True:
            item = self._queue.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            for item in self._items:
                self._put(item)
                if self._stopped.is_set():
                    return
        except BaseException as raised:
            error = raised
        self._put(_End(error))

    def _put(self, item: Item | _End) -> None:
        while not self._stopped.is_set():
            try:
                self._queue.put(item, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return


@contextmanager
def ahead(items: Iterable[Item]) -> Iterator[Iterable[Item]]:
    """Go through items that a thread makes, at most a few ahead.

    What the thread raises is raised here. At the end of the context the thread has ended.
    """
    worker = _Ahead(items)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()
