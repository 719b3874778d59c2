"""The two ways into a table: straight, while nothing collides, or the whole file staged first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from psycopg import errors, sql

from tidemark_warehouse.database.catalog import Connection, Table
from tidemark_warehouse.loading import stage as staging
from tidemark_warehouse.loading.conversion.batches import Batch, Reject, prepare
from tidemark_warehouse.loading.conversion.values import Reading
from tidemark_warehouse.loading.mapping import Mappings
from tidemark_warehouse.loading.stage import ROW_ERRORS, Partitions, Stage
from tidemark_warehouse.loading.upsert import upsert

MAX_PAUSE = 63
SAMPLE_ROWS = 5


class NeedsStagingError(Exception):
    """The file cannot go straight into the table: begin again, through a temporary table."""


@dataclass
class Mapped:
    """How the file that is being read is mapped: of an archive, the present member."""

    mappings: Mappings
    reading: Reading


class Writer(Protocol):
    """Takes the batches of one file, in one transaction.

    Attributes:
        inserted: rows that are new in the table.
        updated: rows that were there and differ now.
        notes: what else it did.
    """

    inserted: int
    updated: int
    notes: list[str]

    def put(self, batch: Batch) -> list[Reject]:
        """Take a batch; return what the database refuses of it."""

    def finish(self) -> None:
        """Write what is still to be written."""

    def sample(self, columns: list[str]) -> list[tuple[str | None, ...]]:
        """Return the first rows as PostgreSQL writes them, of a writer that only tries."""

    @property
    def written(self) -> dict[str, tuple[int, int]]:
        """The rows inserted and updated in each table."""


class NoSample:
    """A writer that writes, and shows no sample."""

    inserted: int
    updated: int
    _table: Table

    @property
    def written(self) -> dict[str, tuple[int, int]]:
        """The rows inserted and updated in each table."""
        counts = {self._table.name: (self.inserted, self.updated)}
        if self._table.name == "feature_requests":
            counts["feature_request_changes"] = (0, 0)  # what its trigger recorded
        return counts

    def sample(self, columns: list[str]) -> list[tuple[str | None, ...]]:
        """Return nothing."""
        return []


class Straight(NoSample):
    """COPY into the table itself, a batch at a time.

    A batch in which a key occurs that the table has goes through a temporary table, where the
    first row of a key wins; then some more batches do, since they probably are known as well. A
    mutable table is only filled straight while it is empty and no key comes twice.
    """

    def __init__(
        self, connection: Connection, table: Table, mapped: Mapped, partitions: Partitions
    ) -> None:
        self._connection = connection
        self._table = table
        self._mapped = mapped
        self._partitions = partitions
        self._stage: Stage | None = None
        self._pause = 0
        self._left = 0
        self.inserted = 0
        self.updated = 0
        self.notes: list[str] = []

    def put(self, batch: Batch) -> list[Reject]:
        """Take a batch; return what the database refuses of it.

        Raises:
            NeedsStagingError: its rows cannot go straight into the table.
        """
        if not batch.count:
            return []
        if batch.lacks_id:
            raise NeedsStagingError
        self._partitions.ensure(batch.months)
        if self._left:
            self._left -= 1
            return self._carefully(batch)
        try:
            staging.copy(self._connection, self._table.identifier, batch)
        except ROW_ERRORS as error:
            if self._table.time_column is None:
                raise NeedsStagingError from error
            if isinstance(error, errors.UniqueViolation):
                self._pause = self._left = min(2 * self._pause + 1, MAX_PAUSE)
            return self._carefully(batch)
        self._pause = 0
        self.inserted += batch.count
        return []

    def finish(self) -> None:
        """Nothing is left to do."""

    def _carefully(self, batch: Batch) -> list[Reject]:
        stage = self._stage = self._stage or Stage(self._connection, self._table)

        def merge(batch: Batch) -> None:
            with self._connection.transaction():
                stage.clear()
                stage.copy(batch)
                inserted = staging.insert_new(stage, batch.columns)
            self.inserted += inserted

        return put_or_single_out(batch, self._mapped, merge)


class Staged(NoSample):
    """The whole file into a temporary table, then one INSERT that keeps the key rules."""

    def __init__(
        self,
        connection: Connection,
        table: Table,
        mapped: Mapped,
        partitions: Partitions,
        every_version: bool,
    ) -> None:
        self._stage = Stage(connection, table)
        self._table = table
        self._mapped = mapped
        self._partitions = partitions
        self._every_version = every_version
        self.inserted = 0
        self.updated = 0
        self.notes: list[str] = []

    def put(self, batch: Batch) -> list[Reject]:
        """Take a batch; return what the database refuses of it."""
        if not batch.count:
            return []
        return put_or_single_out(batch, self._mapped, self._stage.copy)

    def finish(self) -> None:
        """Write the staged rows."""
        if not self._stage.columns:
            return
        self._partitions.ensure(self._stage.months())
        self._stage.analyze()
        if self._table.time_column is None:
            staging.give_ids(self._stage)
            self.inserted, self.updated = upsert(self._stage, self._every_version)
        elif self._table.made_id is None:
            self.inserted = staging.insert_new(self._stage, self._stage.loaded())
        else:
            self.inserted = staging.insert_new_with_made_ids(self._stage, self._stage.loaded())


class Tried:
    """Into a temporary table that goes with the transaction: a dry run."""

    def __init__(self, connection: Connection, table: Table, mapped: Mapped) -> None:
        self._connection = connection
        self._stage = Stage(connection, table)
        self._mapped = mapped
        self.inserted = 0
        self.updated = 0
        self.notes: list[str] = []

    def put(self, batch: Batch) -> list[Reject]:
        """Take a batch; return what the database refuses of it."""
        return put_or_single_out(batch, self._mapped, self._stage.copy)

    def finish(self) -> None:
        """Nothing is written."""

    @property
    def written(self) -> dict[str, tuple[int, int]]:
        """Nothing is."""
        return {}

    def sample(self, columns: list[str]) -> list[tuple[str | None, ...]]:
        """Return the first rows as PostgreSQL writes them."""
        if not columns:
            return []
        query = sql.SQL("select {} from {} order by {} limit {}").format(
            sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(c)) for c in columns),
            self._stage.identifier,
            staging.ORDER,
            sql.Literal(SAMPLE_ROWS),
        )
        return self._connection.execute(query).fetchall()


def put_or_single_out(batch: Batch, mapped: Mapped, put: staging.Put) -> list[Reject]:
    """Put a batch, and where it is refused, find the rows that are to blame."""
    try:
        if batch.count:
            put(batch)
    except ROW_ERRORS:
        again = prepare(batch.records, mapped.mappings, mapped.reading, careful=True)
        known = {reject.line for reject in batch.rejects}
        rejects = [reject for reject in again.rejects if reject.line not in known]
        return rejects + staging.single_out(again, put)
    return []
