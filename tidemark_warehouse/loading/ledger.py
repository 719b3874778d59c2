"""What was loaded and what could not be: the rejected rows of each file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.loading.conversion.batches import Reject
from tidemark_warehouse.loading.options import Summary
from tidemark_warehouse.loading.tables import Connection

FLUSH_ROWS = 5000

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|\(byte 0x..[^)]*\)|\b\d+\b")

_INSERT = """
    insert into raw.rejected_rows (table_name, source, line, reason, payload)
    select %s, %s, r.line, r.reason, r.payload
    from unnest(%s::bigint[], %s::text[], %s::text[]) as r (line, reason, payload)
    on conflict do nothing
"""


class Rejections:
    """The rejected rows of one file. They commit with the rows that were loaded.

    Attributes:
        member: of an archive, the file that is being read.
        count: how many there are.
        first: the first of them.
        reasons: how many there are of each kind.
    """

    def __init__(
        self, connection: Connection, table_name: str, source: str, limit: int | None
    ) -> None:
        self._connection = connection
        self._table_name = table_name
        self._source = source
        self._limit = limit
        self._waiting: list[Reject] = []
        self.member = ""
        self.count = 0
        self.first: Reject | None = None
        self.reasons: Counter[str] = Counter()

    def add(self, rejects: Iterable[Reject]) -> None:
        """Take rejected rows.

        Raises:
            TidemarkError: there are more than a person wants to see.
        """
        for reject in rejects:
            self.count += 1
            if self.first is None or reject.line < self.first.line:
                self.first = reject
            self.reasons[kind_of(reject.reason)] += 1
            self._waiting.append(reject)
        if self._limit is not None and self.count > self._limit and self.first is not None:
            raise TidemarkError(
                f"more than {self._limit:,} rows do not fit (--max-rejects); nothing was loaded. "
                f"The first is line {self.first.line}: {self.first.reason}",
                "look at the first rows with --dry-run",
            )
        if len(self._waiting) >= FLUSH_ROWS:
            self._flush()

    def finish(self) -> None:
        """Write those that wait."""
        self._flush()

    def report(self, summary: Summary) -> None:
        """Say how many there are."""
        summary.rejected, summary.first_reject = self.count, self.first
        summary.reasons = self.reasons

    def _flush(self) -> None:
        source = f"{self._source}:{self.member}" if self.member else self._source
        for start in range(0, len(self._waiting), FLUSH_ROWS):
            part = self._waiting[start : start + FLUSH_ROWS]
            self._connection.execute(
                _INSERT,
                [
                    self._table_name,
                    source,
                    [reject.line for reject in part],
                    [reject.reason for reject in part],
                    [reject.payload for reject in part],
                ],
            )
        self._waiting.clear()


def kind_of(reason: str) -> str:
    """Return a reason without the values in it."""
    return _QUOTED.sub("…", reason)
