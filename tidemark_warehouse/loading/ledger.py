"""The ledger of loads: what was loaded of which file and how, and the rows that could not be."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psycopg.types.json import Jsonb

from tidemark_warehouse.database.catalog import Connection, Table
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.loading.conversion.batches import Reject
from tidemark_warehouse.loading.options import Request, Summary

FLUSH_ROWS = 5000
# Options that only ever let further rows in: what was loaded without them stays as it is.
WIDENING = frozenset({"timezone", "time_format", "any_date"})

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|\(byte 0x..[^)]*\)|\b\d+\b")

_EARLIER = """
    select load_id, source, options, mapping, digest = %(digest)s
    from ops.loads
    where
        table_name = %(table)s and unloaded_at is null
        and (digest = %(digest)s or (%(named)s and source = %(source)s))
    order by load_id
"""

_FORGET = """
    delete from raw.rejected_rows
    where
        table_name = %s
        and (source = any(%s) or exists (
            select from unnest(%s::text[]) as s (name) where starts_with(source, s.name || ':')
        ))
"""

_INSERT = """
    insert into raw.rejected_rows (table_name, source, line, reason, payload)
    select %s, %s, r.line, r.reason, r.payload
    from unnest(%s::bigint[], %s::text[], %s::text[]) as r (line, reason, payload)
    on conflict do nothing
"""


class AlreadyLoadedError(TidemarkError):
    """The file was loaded before in another way: somebody has to say what is meant."""


@dataclass
class Earlier:
    """A load of the same file into the same table.

    Attributes:
        load_id: its number.
        source: under which name the file was loaded.
        options: how it was read.
        mapping: for each column where its values came from.
        same: whether it had the same content; else only the same name.
    """

    load_id: int
    source: str
    options: dict[str, Any]
    mapping: dict[str, str]
    same: bool


@dataclass
class Ledger:
    """What the ledger knows of a file, in the transaction that loads it.

    Attributes:
        connection: of the transaction.
        table: where to.
        source: how the file is named.
        digest: of its content.
        request: how it is read.
        mapping: for each column where its values come from.
        earlier: its loads before this one.
        replaced: those that this one takes back.
        months: of UTC in which its rows are, as YYYY-MM.
    """

    connection: Connection
    table: Table
    source: str
    digest: str
    request: Request
    mapping: dict[str, str] = field(default_factory=dict)
    earlier: list[Earlier] = field(default_factory=list)
    replaced: list[int] = field(default_factory=list)
    months: set[str] = field(default_factory=set)

    def open(self, mapping: dict[str, str], made_ids: bool) -> None:
        """Look the file up, and wait for another load of it.

        Args:
            mapping: for each column where its values come from.
            made_ids: whether the table has ids that may be made of a row's content.

        Raises:
            AlreadyLoadedError: it was loaded in another way, and nobody said what is meant.
        """
        self.mapping = mapping
        lock = f"tidemark load {self.table.name} {self.digest}"
        self.connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [lock])
        found = self.connection.execute(
            _EARLIER,
            {
                "table": self.table.name,
                "digest": self.digest,
                "source": self.source,
                "named": self.request.replace,
            },
        )
        self.earlier = [Earlier(*row) for row in found]
        if self.request.replace:
            same = [load.load_id for load in self.earlier if load.same]
            self.replaced = same or [load.load_id for load in self.earlier]
        elif not self.request.again and (made_ids or self.table.time_column):
            self.replaced = [load.load_id for load in self.earlier if self._adds_to(load)]
        sources = list({self.source, *(load.source for load in self.earlier if load.same)})
        self.connection.execute(_FORGET, [self.table.name, sources, sources])

    def note(self, summary: Summary, written: dict[str, tuple[int, int]]) -> int | None:
        """Write the load down; return its number, None where it was a repetition without effect."""
        wrote = any(count for counts in written.values() for count in counts)
        if not wrote and not summary.rejected and self.earlier and not self.replaced:
            return None
        first, last = _span(self.months)
        noted = {
            "table_name": self.table.name,
            "source": self.source,
            "digest": self.digest,
            "options": self.request.described(),
            "mapping": self.mapping,
            "written": written,
            "rows_read": summary.read,
            "inserted": summary.inserted,
            "updated": summary.updated,
            "rejected": summary.rejected,
            "first_at": first,
            "last_at": last,
        }
        row = self.connection.execute("select ops.note_load(%s)", [Jsonb(noted)]).fetchone()
        if self.table.name in ("feature_requests", "feature_request_changes"):
            self.connection.execute("select ops.settle_recorded_changes()")
        return int(row[0]) if row else None

    def _adds_to(self, load: Earlier) -> bool:
        """Whether this load tells the same rows as an earlier one in more detail.

        Raises:
            AlreadyLoadedError: it tells them otherwise.
        """
        now, then = self.request.described(), load.options
        names = (now.keys() | then.keys()) - {"maps", "sets"}  # which the mapping tells
        changed = {name for name in names if now.get(name) != then.get(name)}
        widened = all(name in WIDENING and name not in then for name in changed)
        kept = all(self.mapping.get(column) == said for column, said in load.mapping.items())
        if widened and kept:
            return self.mapping.keys() > load.mapping.keys()
        columns = sorted(c for c, said in load.mapping.items() if self.mapping.get(c) != said)
        what = ", ".join([*columns, *sorted(f"--{name.replace('_', '-')}" for name in changed)])
        raise AlreadyLoadedError(
            f"{Path(self.source).name} is in raw.{self.table.name} already, as load "
            f"{load.load_id}, read in another way ({what}); nothing was loaded",
            "--replace takes the earlier load back, --again loads the file beside it",
        )


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
            self.flush()

    def flush(self) -> None:
        """Write those that wait."""
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

    def report(self, summary: Summary) -> None:
        """Say how many there are."""
        summary.rejected, summary.first_reject = self.count, self.first
        summary.reasons = self.reasons


def digest_of(path: Path) -> str:
    """Return what tells the content of a file."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def kind_of(reason: str) -> str:
    """Return a reason without the values in it."""
    return _QUOTED.sub("…", reason)


def _span(months: set[str]) -> tuple[str | None, str | None]:
    """Return where the first of these months begins and the last ends."""
    if not months:
        return None, None
    first, last = min(months), max(months)
    year, month = int(last[:4]), int(last[5:])
    after = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC) if year < 9999 else None
    return f"{first}-01T00:00:00Z", after.isoformat() if after else "infinity"
