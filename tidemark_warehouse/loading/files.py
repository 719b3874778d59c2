"""Opens a file as what it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tidemark_warehouse.loading.csv_files import CsvFile
from tidemark_warehouse.loading.json_files import JsonFile
from tidemark_warehouse.loading.parquet_files import ParquetFile
from tidemark_warehouse.loading.sources import DataFile, kind_of
from tidemark_warehouse.loading.streams import opened, unpacked


@contextmanager
def open_file(
    path: Path, kind: str | None = None, delimiter: str | None = None
) -> Iterator[DataFile]:
    """Open a file of rows, gzip or not.

    Args:
        path: the file.
        kind: csv, jsonl or parquet; by the name and the content if not given.
        delimiter: of CSV; the one that the header shows if not given.

    Raises:
        TidemarkError: it cannot be read as that.
    """
    kind = kind or kind_of(path)
    if kind == "parquet":
        with unpacked(path) as content:
            yield ParquetFile(path, content)
        return
    with opened(path) as stream:
        yield CsvFile(stream, delimiter) if kind == "csv" else JsonFile(stream)
