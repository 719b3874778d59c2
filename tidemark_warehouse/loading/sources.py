"""CSV, JSON Lines and Parquet files as chunks of rows, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa  # type: ignore[import-untyped]

from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.loading.streams import PARQUET_MAGIC, opened, without_mark
from tidemark_warehouse.loading.values import dump_json

FORMATS = ("csv", "jsonl", "parquet")

_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "jsonl",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}


@dataclass(slots=True)
class Row:
    """One record of a file.

    Attributes:
        line: where it begins, from 1 (of Parquet: the number of the row).
        values: a list in the order of the file's fields, or a dict (JSON).
        text: the record as it stands in the file; None of Parquet.
        problem: why it is no record; '' if it is one.
    """

    line: int
    values: Any
    text: str | None = None
    problem: str = ""

    def payload(self, fields: Sequence[str] | None) -> str:
        """Return the record as text that PostgreSQL can hold."""
        text = self.text
        if text is None:
            try:
                text = dump_json(dict(zip(fields or (), self.values, strict=True)))
            except ValueError:
                text = str(self.values)
        return sound(text)


class Chunk(Protocol):
    """Some rows of a file."""

    @property
    def keys(self) -> frozenset[str]:
        """The names that its rows know; those of the header, if the file has one."""

    def rows(self) -> Iterator[Row]:
        """Go through its rows one by one."""

    def table(self, names: Sequence[str]) -> pa.Table | None:
        """Return the columns of these names at once; None if that cannot be done."""

    def raw(self) -> tuple[bytes, str] | None:
        """Return the rows as they stand in the file and the delimiter, if they are plain CSV."""


class DataFile(Protocol):
    """A file that is being read.

    Attributes:
        size: what `position` reaches at the end.
    """

    size: int

    @property
    def fields(self) -> tuple[str, ...] | None:
        """The names of its columns; None where each row has its own (JSON)."""

    @property
    def typed_fields(self) -> frozenset[str]:
        """The columns whose texts mean numbers or truth values (CSV)."""

    @property
    def position(self) -> int:
        """How far it has been read."""

    def chunks(self) -> Iterator[Chunk]:
        """Read it from the beginning to the end, once."""


@dataclass
class RowChunk:
    """Rows that were read one by one."""

    read: list[Row]
    keys: frozenset[str] = field(default_factory=frozenset)

    def rows(self) -> Iterator[Row]:
        """Go through its rows one by one."""
        return iter(self.read)

    def table(self, names: Sequence[str]) -> pa.Table | None:
        """Return nothing: there are only rows."""
        return None

    def raw(self) -> None:
        """Return nothing: their text cannot be trusted."""


def kind_of(path: Path) -> str:
    """Tell a file's format by its name, else by how it begins.

    Raises:
        TidemarkError: it cannot be read, or is none of them.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    if suffixes and suffixes[-1] in _SUFFIXES:
        return _SUFFIXES[suffixes[-1]]
    with opened(path) as stream:
        start = stream.read(0)
    if start.startswith(PARQUET_MAGIC):
        return "parquet"
    start = without_mark(path, start).lstrip()
    if start.startswith(b"{"):
        return "jsonl"
    if b"," in start.partition(b"\n")[0]:
        return "csv"
    raise TidemarkError(
        f"{path.name} looks neither like CSV, JSON Lines nor Parquet",
        f"say which it is with --format {'|'.join(FORMATS)}",
    )


def sound(text: str) -> str:
    """Make text out of anything: what UTF-8 or PostgreSQL cannot hold is shown as escapes."""
    raw = text.encode("utf-8", "surrogateescape" if _only_escaped(text) else "backslashreplace")
    return raw.decode("utf-8", "backslashreplace").replace("\x00", "\\x00")


def _only_escaped(text: str) -> bool:
    """Whether all its surrogates stand for bytes that were no UTF-8."""
    return all(not "\ud800" <= char <= "\udfff" or "\udc80" <= char <= "\udcff" for char in text)
