"""Maps and checks the chunks of a file."""

from __future__ import annotations

from collections.abc import Sequence

from tidemark_warehouse.loading import mapping
from tidemark_warehouse.loading.batches import Batch, Prepared, Reject
from tidemark_warehouse.loading.column_conversion import ColumnConverter
from tidemark_warehouse.loading.extraction import SkippedRowError
from tidemark_warehouse.loading.mapping import Plan, Wish
from tidemark_warehouse.loading.row_conversion import RowConverter
from tidemark_warehouse.loading.sources import Chunk, DataFile, Row
from tidemark_warehouse.loading.tables import Table
from tidemark_warehouse.loading.values import Reading, converter


class Preparer:
    """Maps and checks the chunks of one file.

    Attributes:
        table: the table that the rows are for.
        plan: what fills its columns.
        reading: how values are read.
    """

    def __init__(
        self,
        table: Table,
        file: DataFile,
        asked: Sequence[Wish],
        preset: Sequence[Wish],
        reading: Reading,
    ) -> None:
        wishes = (*asked, *preset)
        into_json = any(wish.under or wish.takes_rest for wish in wishes)
        typed = file.typed_fields if into_json else frozenset()
        self.table = table
        self.plan = mapping.resolve(table, asked, preset, file.fields, typed)
        self.reading = reading
        self._converters = {
            feed.column.name: converter(feed.column, reading) for feed in self.plan.feeds
        }
        self._columns = ColumnConverter(self.plan, self._converters, reading)
        self._named = {wish.column for wish in wishes}

    def prepare(self, chunk: Chunk) -> Prepared:
        """Map and check the rows of a chunk, all at once if they are plain enough."""
        plan = self._plan_of(chunk)
        batch = self._columns.batch(chunk, plan)
        return Prepared(chunk, plan, batch) if batch else self.by_rows(chunk)

    def by_rows(self, chunk: Chunk, limit: int | None = None) -> Prepared:
        """Map and check the rows of a chunk one by one.

        Args:
            chunk: the rows.
            limit: stop after so many.
        """
        plan = self._plan_of(chunk)
        batch = Batch(plan.columns)
        prepared = Prepared(chunk, plan, batch)
        convert = RowConverter(plan, self._converters)
        for count, row in enumerate(chunk.rows()):
            if limit is not None and count >= limit:
                break
            if row.problem:
                prepared.rejects.append(self.reject(row, row.problem))
                continue
            try:
                batch.lines.append(convert.line(row))
            except SkippedRowError:
                prepared.skipped += 1
            except ValueError as error:
                prepared.rejects.append(self.reject(row, str(error)))
            else:
                batch.origins.append(row)
        batch.count = len(batch.lines)
        batch.lacks_id = convert.lacks_id
        batch.filled = convert.filled
        batch.months = convert.months
        return prepared

    def reject(self, row: Row, reason: str) -> Reject:
        """Say why a row is not taken."""
        return Reject(row.line, reason, row.payload(self.plan.fields))

    def _plan_of(self, chunk: Chunk) -> Plan:
        """Leave out columns that no row of a JSON chunk knows: they are left as they are."""
        if self.plan.fields is not None:
            return self.plan
        kept = [
            name
            for name in self.plan.columns
            if name in chunk.keys or name in self._named or self.table.columns[name].required
        ]
        return mapping.with_columns(self.plan, kept)
