"""What is read line by line rather than drawn: a page writes it as a table of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """Words in lines and columns; text is text, whatever it looks like.

    Attributes:
        columns: their headings, and what stands beneath, line by line; None is nothing.
    """

    columns: Mapping[str, Sequence[object]]

    @property
    def headings(self) -> tuple[str, ...]:
        """What stands above the columns."""
        return tuple(self.columns)

    @property
    def lines(self) -> Iterator[tuple[str, ...]]:
        """What stands beside each other."""
        for values in zip(*self.columns.values(), strict=True):
            yield tuple("" if value is None else str(value) for value in values)
