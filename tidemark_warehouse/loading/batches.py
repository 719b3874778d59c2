"""Rows that are ready for the database, and those that do not fit."""

from __future__ import annotations

from dataclasses import dataclass, field

from tidemark_warehouse.loading.mapping import Plan
from tidemark_warehouse.loading.sources import Chunk, Row


@dataclass(frozen=True)
class Reject:
    """A row that does not fit."""

    line: int
    reason: str
    payload: str


@dataclass
class Batch:
    """Rows that are ready to be copied.

    Attributes:
        columns: the columns that they fill.
        count: how many rows they are.
        csv: the rows as CSV, empty cells as nulls; None if `lines` has them.
        delimiter: of the CSV.
        lines: the rows in COPY's text format, one a line.
        origins: the row of the file that each line was made of.
        months: the months of UTC in which they are, as YYYY-MM, if the table has a time.
        lacks_id: whether the id that is made from the content is missing somewhere.
        filled: columns in which some row has a value of its own.
    """

    columns: tuple[str, ...]
    count: int = 0
    csv: bytes | None = None
    delimiter: str = ","
    lines: list[bytes] = field(default_factory=list)
    origins: list[Row] = field(default_factory=list)
    months: set[str] = field(default_factory=set)
    lacks_id: bool = False
    filled: set[str] = field(default_factory=set)

    def data(self) -> bytes:
        """Return what COPY is sent."""
        return self.csv if self.csv is not None else b"\n".join([*self.lines, b""])

    def halves(self) -> tuple[Batch, Batch]:
        """Split rows in text format in two."""
        middle = self.count // 2
        return (
            Batch(self.columns, middle, lines=self.lines[:middle], origins=self.origins[:middle]),
            Batch(
                self.columns,
                self.count - middle,
                lines=self.lines[middle:],
                origins=self.origins[middle:],
            ),
        )


@dataclass
class Prepared:
    """What became of a chunk.

    Attributes:
        chunk: the chunk.
        plan: how its rows were mapped.
        batch: the rows that fit.
        rejects: those that do not.
        skipped: how many the mapping leaves out.
    """

    chunk: Chunk
    plan: Plan
    batch: Batch
    rejects: list[Reject] = field(default_factory=list)
    skipped: int = 0
