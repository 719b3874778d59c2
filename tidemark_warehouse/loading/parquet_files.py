"""Parquet files, in batches of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet  # type: ignore[import-untyped]

from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.loading.sources import Chunk, Row

BATCH_ROWS = 10_000


class ParquetFile:
    """A Parquet file. Its lines are the numbers of its rows."""

    typed_fields: frozenset[str] = frozenset()

    def __init__(self, path: Path, content: IO[bytes]) -> None:
        self._path = path
        try:
            self._file = pa.parquet.ParquetFile(content)
        except (pa.ArrowException, OSError) as error:
            raise TidemarkError(
                f"{path.name} is no Parquet file, or is cut off: {_first_line(error)}",
                "fetch or write the file again",
            ) from error
        self.fields: tuple[str, ...] = tuple(self._file.schema_arrow.names)
        self.size = max(self._file.metadata.num_rows, 1)
        self._read = 0

    @property
    def position(self) -> int:
        """How many rows have been read."""
        return self._read

    def chunks(self) -> Iterator[Chunk]:
        """Read it from the beginning to the end, once.

        Raises:
            TidemarkError: the file is broken.
        """
        batches = self._file.iter_batches(batch_size=BATCH_ROWS)
        while True:
            try:
                batch = next(batches, None)
            except (pa.ArrowException, OSError) as error:
                raise TidemarkError(
                    f"{self._path.name} is broken after row {self._read}: {_first_line(error)}; "
                    "nothing of it was loaded",
                    "fetch or write the file again",
                ) from error
            if batch is None:
                return
            first = self._read + 1
            self._read += batch.num_rows
            yield ParquetChunk(batch, first)


@dataclass(frozen=True)
class ParquetChunk:
    """A batch of rows."""

    batch: pa.RecordBatch
    first_line: int

    @cached_property
    def keys(self) -> frozenset[str]:
        """The names of its columns."""
        return frozenset(self.batch.schema.names)

    def rows(self) -> Iterator[Row]:
        """Go through its rows one by one."""
        columns = [_values(column) for column in self.batch.columns]
        for line, values in enumerate(zip(*columns, strict=True), self.first_line):
            yield Row(line, values)

    def table(self, names: Sequence[str]) -> pa.Table | None:
        """Return these columns; None if two have the same name."""
        if any(self.batch.schema.names.count(name) > 1 for name in names):
            return None
        return pa.Table.from_batches([self.batch.select(list(names))])

    def raw(self) -> None:
        """Return nothing: it is no CSV."""


def _values(column: pa.Array) -> list[object]:
    """Return Python values; times to the microsecond, which is what PostgreSQL keeps."""
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    return list(column.to_pylist())


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
