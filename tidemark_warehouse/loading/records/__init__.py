"""What a file holds, as blocks of records."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.loading.inputs import PACKED_SUFFIXES, PARQUET_MAGIC, Stream
from tidemark_warehouse.loading.records.blocks import DataFile, Steps
from tidemark_warehouse.loading.records.csv_files import CsvFile
from tidemark_warehouse.loading.records.json_files import JsonFile
from tidemark_warehouse.loading.records.other_files import (
    MetricsFile,
    ParquetFile,
    Unpivoted,
    XesFile,
)

FORMATS = ("csv", "tsv", "jsonl", "json", "parquet", "xes", "openmetrics")

_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xes": "xes",
    ".prom": "openmetrics",
    ".om": "openmetrics",
}


def open_records(
    stream: Stream,
    kind: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    columns: Sequence[str] = (),
    rows: Sequence[Steps] = (),
    strict: bool = True,
    unpivot: frozenset[str] = frozenset(),
) -> DataFile:
    """Open a stream as what it is.

    Args:
        stream: the content.
        kind: one of FORMATS; by the name and the content if not given.
        delimiter: of CSV; the one that the header shows if not given.
        encoding: of text.
        columns: names for a CSV file without a header.
        rows: where the rows of a JSON document are.
        strict: whether a document without such rows is no record itself.
        unpivot: columns of a wide file that are no values.

    Raises:
        TidemarkError: it cannot be read as that.
    """
    kind = kind or _kind_of(stream)
    if kind == "parquet":
        return ParquetFile(stream)
    if kind == "xes":
        return XesFile(stream)
    stream.decode(encoding)
    if kind == "openmetrics":
        return MetricsFile(stream)
    if kind in ("json", "jsonl"):
        return JsonFile(stream, rows, strict)
    file = CsvFile(stream, "\t" if kind == "tsv" and not delimiter else delimiter, columns)
    return Unpivoted(file, unpivot) if unpivot else file


def _kind_of(stream: Stream) -> str:
    """Tell a format by the name, else by how the content begins."""
    suffixes = [suffix.lower() for suffix in PurePath(stream.name).suffixes]
    suffixes = [suffix for suffix in suffixes if suffix not in PACKED_SUFFIXES]
    if suffixes and suffixes[-1] in _SUFFIXES:
        return _SUFFIXES[suffixes[-1]]
    if stream.peek().startswith(PARQUET_MAGIC):
        return "parquet"
    start = stream.peek().removeprefix(b"\xef\xbb\xbf").lstrip()
    first = start.partition(b"\n")[0]
    if start.startswith((b"{", b"[")):
        return "json"
    if start.startswith(b"<") and b"<log" in start:
        return "xes"
    if start.startswith((b"# HELP", b"# TYPE")):
        return "openmetrics"
    if any(mark in first for mark in (b",", b"\t", b";", b"|", b"\xff\xfe", b"\xfe\xff")):
        return "csv"
    raise TidemarkError(
        f"{stream.name} looks neither like CSV, JSON, Parquet, XES nor OpenMetrics",
        f"say which it is with --format {'|'.join(FORMATS)}",
    )
