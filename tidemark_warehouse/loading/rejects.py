"""raw.rejected_rows: what could not be loaded, once."""

from __future__ import annotations

from collections.abc import Iterable

from tidemark_warehouse.loading.batches import Reject
from tidemark_warehouse.loading.tables import Connection, Table

FLUSH_ROWS = 1000

_INSERT = """
    insert into raw.rejected_rows (table_name, source, line, reason, payload)
    select %s, %s, r.line, r.reason, r.payload
    from unnest(%s::bigint[], %s::text[], %s::text[]) as r (line, reason, payload)
    on conflict do nothing
"""


class Rejections:
    """The rejected rows of one file. They commit with the rows that were loaded."""

    def __init__(self, connection: Connection, table: Table, source: str) -> None:
        self._connection = connection
        self._table_name = table.name
        self._source = source
        self._waiting: list[Reject] = []
        self.count = 0
        self.first: Reject | None = None

    def add(self, rejects: Iterable[Reject]) -> None:
        """Take rejected rows."""
        for reject in rejects:
            self.count += 1
            if self.first is None or reject.line < self.first.line:
                self.first = reject
            self._waiting.append(reject)
        if len(self._waiting) >= FLUSH_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write those that wait; the same row of the same file is written once only."""
        for start in range(0, len(self._waiting), FLUSH_ROWS):
            part = self._waiting[start : start + FLUSH_ROWS]
            self._connection.execute(
                _INSERT,
                [
                    self._table_name,
                    self._source,
                    [reject.line for reject in part],
                    [reject.reason for reject in part],
                    [reject.payload for reject in part],
                ],
            )
        self._waiting.clear()
