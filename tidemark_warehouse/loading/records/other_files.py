"""Parquet, XES event logs, and metrics in the text format of Prometheus and OpenMetrics."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet  # type: ignore[import-untyped]

from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.loading.inputs import Stream, seekable
from tidemark_warehouse.loading.records.blocks import (
    BATCH_ROWS,
    FILE,
    DataFile,
    Records,
    RowRecords,
    Values,
    as_json,
    as_list,
    pylist,
    sound,
)
from tidemark_warehouse.loading.records.json_files import RowFile

_SAMPLE = re.compile(
    r"(?P<name>[a-zA-Z_:][\w:.]*)\s*(?:\{(?P<labels>(?:[^\"}]|\"(?:[^\"\\]|\\.)*\")*)\})?"
    r"\s+(?P<value>\S+)(?:\s+(?P<timestamp>[\d.eE+-]+))?\s*(?:#.*)?"
)
_LABEL = re.compile(r"([\w.:]+)\s*=\s*\"((?:[^\"\\]|\\.)*)\"")
_ABOUT = re.compile(r"#\s*(TYPE|UNIT)\s+(\S+)\s+(\S+)\s*")
_ESCAPED = re.compile(r"\\(.)")
_FAMILY = re.compile(r"_(?:total|created|bucket|sum|count|info|gsum|gcount)$")


class ParquetFile:
    """A Parquet file. Its lines are the numbers of its rows."""

    def __init__(self, stream: Stream) -> None:
        self._name = stream.name
        self._constants = {FILE: stream.stem}
        try:
            self._file = pa.parquet.ParquetFile(seekable(stream))
        except (pa.ArrowException, OSError) as error:
            raise TidemarkError(
                f"{stream.name} is no Parquet file, or is cut off: {_first_line(error)}",
                "fetch or write the file again",
            ) from error
        self.fields = tuple(self._file.schema_arrow.names)
        self.size = max(self._file.metadata.num_rows, 1)
        self._read = 0

    @property
    def position(self) -> int:
        """How many rows have been read."""
        return self._read

    def blocks(self) -> Iterator[Records]:
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
                    f"{self._name} is broken after row {self._read}: {_first_line(error)}; "
                    "nothing of it was loaded",
                    "fetch or write the file again",
                ) from error
            if batch is None:
                return
            first = self._read + 1
            self._read += batch.num_rows
            yield ParquetRecords(batch, first, self._constants)


class ParquetRecords(Records):
    """A batch of rows."""

    came_of_json = False

    def __init__(self, batch: pa.RecordBatch, first: int, constants: Mapping[str, str]) -> None:
        super().__init__(batch.num_rows, constants)
        self._batch = batch
        self._first = first
        self._names: list[str] = batch.schema.names

    @cached_property
    def keys(self) -> frozenset[str]:
        """The names of its columns."""
        return frozenset(self._names)

    @property
    def ordered_keys(self) -> Sequence[str]:
        """The names in the file's order."""
        return list(dict.fromkeys(self._names))

    def field(self, name: str) -> Values:
        """Return the values of a column: of nested ones Python objects, maps as objects."""
        column = self._batch.column(self._names.index(name))
        if pa.types.is_nested(column.type):
            return pylist(column)
        return pa.chunked_array([column])

    def line(self, index: int) -> int:
        """Return the number of a row."""
        return self._first + index

    def payload(self, index: int) -> str:
        """Return a row as JSON."""
        cells = [pylist(column.slice(index, 1))[0] for column in self._batch.columns]
        row = dict(zip(self._names, cells, strict=True))
        return sound(as_json(row))


class XesFile(RowFile):
    """An XES log: a record for each event, with its case's attributes as `case:...`."""

    def blocks(self) -> Iterator[Records]:
        """Read it from the beginning to the end, once.

        Raises:
            TidemarkError: it is no XES.
        """
        block, number = RowRecords(self.constants), 0
        parser: Any = ElementTree.XMLPullParser(("start", "end"))
        case: dict[str, str] = {}
        inside: list[str] = []
        try:
            while data := self.stream.read(0):
                parser.feed(data)
                for kind, element in parser.read_events():
                    tag = element.tag.rpartition("}")[2]
                    if kind == "start":
                        inside.append(tag)
                        continue
                    inside.pop()
                    if tag == "event":
                        number += 1
                        block.add(number, {**case, **_attributes(element)}, None)
                        element.clear()
                    elif tag == "trace":
                        case = {}
                        element.clear()
                    elif inside and inside[-1] == "trace" and "key" in element.attrib:
                        case[f"case:{element.attrib['key']}"] = element.attrib.get("value", "")
                if block.count >= BATCH_ROWS:
                    yield block
                    block = RowRecords(self.constants)
            parser.close()
        except ElementTree.ParseError as error:
            raise TidemarkError(
                f"{self.stream.name} is no XES log, or is cut off: {error}; "
                "nothing of it was loaded",
                "fetch or write the file again",
            ) from error
        if block.count:
            yield block


class MetricsFile(RowFile):
    """Samples in the text format: a record has name, labels, value, timestamp, type and unit."""

    def blocks(self) -> Iterator[Records]:
        """Read it from the beginning to the end, once."""
        about: dict[tuple[str, str], str] = {}
        line, rest = 1, b""
        while True:
            block = self.stream.read(line - 1)
            data = rest + block
            if not data:
                return
            end = data.rfind(b"\n") + 1 if block else len(data)
            rest = data[end:]
            records = RowRecords(self.constants)
            for number, text in enumerate(data[:end].decode("utf-8", "replace").splitlines(), line):
                self._take(records, number, text, about)
            line += data.count(b"\n", 0, end)
            yield records

    def _take(
        self, records: RowRecords, number: int, text: str, about: dict[tuple[str, str], str]
    ) -> None:
        told = _ABOUT.fullmatch(text)
        if told:
            about[told[1], told[2]] = told[3]
        if not text.strip() or text.startswith("#"):
            return
        sample = _SAMPLE.fullmatch(text)
        if sample is None:
            records.add(number, None, text, 'no sample (name{label="value"} number time)')
            return
        name = sample["name"]
        family = name if ("TYPE", name) in about else _FAMILY.sub("", name)
        found = {
            "name": name,
            "labels": {key: _unescaped(v) for key, v in _LABEL.findall(sample["labels"] or "")},
            "value": sample["value"],
            "timestamp": sample["timestamp"],
            "type": about.get(("TYPE", family)),
            "unit": about.get(("UNIT", family)),
        }
        records.add(number, found, text)


class Unpivoted:
    """A wide file as a long one: a record for each cell that holds a value."""

    fields: tuple[str, ...] | None = None

    def __init__(self, file: DataFile, kept: frozenset[str]) -> None:
        self._file = file
        self._kept = kept
        self.size = file.size

    @property
    def position(self) -> int:
        """How far it has been read."""
        return self._file.position

    def blocks(self) -> Iterator[Records]:
        """Read it from the beginning to the end, once."""
        for block in self._file.blocks():
            columns = {name: as_list(block.values(name)) for name in block.ordered_keys}
            kept = [name for name in columns if name in self._kept]
            made = RowRecords(block.constants)
            for index in range(block.count):
                if index in block.problems:
                    made.add(block.line(index), None, block.payload(index), block.problems[index])
                    continue
                shared = {name: columns[name][index] for name in kept}
                for name, cells in columns.items():
                    if name not in self._kept and cells[index] not in (None, ""):
                        row = {**shared, "series": name, "value": cells[index]}
                        made.add(block.line(index), row, None)
            yield made


def _attributes(element: ElementTree.Element) -> dict[str, str]:
    return {
        child.attrib["key"]: child.attrib.get("value", "")
        for child in element
        if "key" in child.attrib
    }


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: "\n" if found[1] == "n" else found[1], text)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
