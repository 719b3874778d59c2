"""The two ways into a table: straight, while nothing collides, or the whole file staged first."""

from __future__ import annotations

from typing import Protocol

from psycopg import errors, sql

from tidemark_warehouse.loading import stage as staging
from tidemark_warehouse.loading.batches import Batch, Prepared, Reject
from tidemark_warehouse.loading.partitions import Partitions
from tidemark_warehouse.loading.preparing import Preparer
from tidemark_warehouse.loading.stage import ROW_ERRORS, Stage
from tidemark_warehouse.loading.tables import Connection, Table
from tidemark_warehouse.loading.upsert import upsert

MAX_PAUSE = 63


class NeedsStagingError(Exception):
    """The file cannot go straight into the table: begin again, through a temporary table."""


class Writer(Protocol):
    """Takes the prepared chunks of one file, in one transaction.

    Attributes:
        inserted: rows that are new in the table.
        updated: rows that were there and differ now.
        notes: what else it did.
    """

    inserted: int
    updated: int
    notes: list[str]

    def put(self, prepared: Prepared) -> list[Reject]:
        """Take a chunk; return what the database refuses of it."""

    def finish(self) -> None:
        """Write what is still to be written."""


class Straight:
    """COPY into the table itself, a chunk at a time.

    A chunk in which a key occurs that the table has goes through a temporary table, where the
    first row of a key wins; then some more chunks do, since they probably are known as well. A
    mutable table is only filled straight while it is empty and no key comes twice.
    """

    def __init__(
        self, connection: Connection, table: Table, preparer: Preparer, partitions: Partitions
    ) -> None:
        self._connection = connection
        self._table = table
        self._preparer = preparer
        self._partitions = partitions
        self._stage: Stage | None = None
        self._pause = 0
        self._left = 0
        self.inserted = 0
        self.updated = 0
        self.notes: list[str] = []

    def put(self, prepared: Prepared) -> list[Reject]:
        """Take a chunk; return what the database refuses of it.

        Raises:
            NeedsStagingError: its rows cannot go straight into the table.
        """
        batch = prepared.batch
        if not batch.count:
            return []
        if batch.lacks_id:
            raise NeedsStagingError
        self._partitions.ensure(batch.months)
        if self._left:
            self._left -= 1
            return self._carefully(prepared)
        try:
            staging.copy(self._connection, self._table.identifier, batch)
        except ROW_ERRORS as error:
            if self._table.time_column is None:
                raise NeedsStagingError from error
            if isinstance(error, errors.UniqueViolation):
                self._pause = self._left = min(2 * self._pause + 1, MAX_PAUSE)
            return self._carefully(prepared)
        self._pause = 0
        self.inserted += batch.count
        return []

    def finish(self) -> None:
        """Nothing is left to do."""

    def _carefully(self, prepared: Prepared) -> list[Reject]:
        stage = self._stage = self._stage or Stage(self._connection, self._table)

        def merge(batch: Batch) -> None:
            with self._connection.transaction():
                stage.clear()
                stage.copy(batch)
                inserted = staging.insert_new(stage, batch.columns)
            self.inserted += inserted

        return put_row_by_row(prepared, self._preparer, merge)


class Staged:
    """The whole file into a temporary table, then one INSERT that keeps the key rules."""

    def __init__(
        self,
        connection: Connection,
        table: Table,
        preparer: Preparer,
        partitions: Partitions,
        every_version: bool,
    ) -> None:
        self._stage = Stage(connection, table)
        self._table = table
        self._preparer = preparer
        self._partitions = partitions
        self._every_version = every_version
        self.inserted = 0
        self.updated = 0
        self.notes: list[str] = []

    def put(self, prepared: Prepared) -> list[Reject]:
        """Take a chunk; return what the database refuses of it."""
        if not prepared.batch.count:
            return []
        return put_row_by_row(prepared, self._preparer, self._stage.copy)

    def finish(self) -> None:
        """Write the staged rows."""
        if not self._stage.columns:
            return
        self._partitions.ensure(self._stage.months())
        self._stage.analyze()
        if self._table.time_column is None:
            self.inserted, self.updated = upsert(self._stage, self._every_version)
        elif self._table.made_id is None:
            self.inserted = staging.insert_new(self._stage, self._stage.loaded())
        else:
            self.inserted = staging.insert_new_with_made_ids(self._stage, self._stage.loaded())


def put_row_by_row(prepared: Prepared, preparer: Preparer, put: staging.Put) -> list[Reject]:
    """Put a chunk, and where it is refused, find the rows that are to blame."""
    batch, rejects = prepared.batch, []
    if batch.csv is not None:
        try:
            put(batch)
        except ROW_ERRORS:
            again = preparer.by_rows(prepared.chunk)
            batch, rejects = again.batch, again.rejects
        else:
            return []
    refused = staging.single_out(batch, put)
    return rejects + [preparer.reject(row, reason) for row, reason in refused]


def is_empty(connection: Connection, table: Table) -> bool:
    """Whether a table has no row."""
    query = sql.SQL("select not exists (select {} from {})").format(
        sql.Identifier(table.key[0]), table.identifier
    )
    row = connection.execute(query).fetchone()
    return bool(row and row[0])
