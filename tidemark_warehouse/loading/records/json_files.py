"""JSON: one object a line, an array, or a document with its rows somewhere inside."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.loading.conversion.values import parse_documents, parse_json
from tidemark_warehouse.loading.inputs import MAX_RECORD_BYTES, Stream
from tidemark_warehouse.loading.records.blocks import BATCH_ROWS, FILE, Records, RowRecords, Steps

MAX_DOCUMENT_BYTES = 1 << 30

# What may be a number that orjson would round, or whose digits it would not keep: 1.50, 1e400, 23
# digits. Where a text only looks like one, its line is read the slower way.
_EXACT = r"\.[0-9]*0\s*[,}\]]|\.[0-9]{15}|[0-9]{20}|[0-9][eE][+-]?[0-9]{3,}\s*[,}\]]"
_EXACT_LINE = re.compile(_EXACT.encode())


class RowFile:
    """A file whose records are read one by one."""

    fields: tuple[str, ...] | None = None

    def __init__(self, stream: Stream, steps: Sequence[Steps] = (), strict: bool = False) -> None:
        self.stream = stream
        self._steps = steps
        self._strict = strict
        self.constants = {FILE: stream.stem}
        self.size = stream.size

    @property
    def position(self) -> int:
        """How far it has been read."""
        return self.stream.position

    def put(self, block: RowRecords, line: int, value: Any, text: str | bytes | None) -> None:
        """Add a record, or the rows that lie in it."""
        if not isinstance(value, dict):
            block.add(line, None, text or str(value), "JSON, but no object")
            return
        if not self._steps:
            block.add(line, value, text)
            return
        before = block.count
        for steps in self._steps:
            for row in steps.rows(value):
                block.add(line, row, None)
        if block.count == before and not self._strict:
            block.add(line, value, text)
        elif block.count == before:
            wanted = self._steps[0].text
            block.add(line, None, text or str(value), f"it has no rows at {wanted}")


class JsonFile(RowFile):
    """A file of JSON: lines of objects, or one document."""

    def blocks(self) -> Iterator[Records]:
        """Read it from the beginning to the end, once.

        Raises:
            TidemarkError: the file is broken.
        """
        start = self.stream.peek().lstrip()
        if start.startswith(b"[") or start.partition(b"\n")[0].rstrip().endswith(
            (b"{", b"[", b",")
        ):
            yield from self._document(self.stream.whole())
        else:
            yield from self._lines()

    def _lines(self) -> Iterator[Records]:
        line, rest = 1, b""
        while True:
            block = self.stream.read(line - 1)
            data = rest + block
            if not data:
                return
            end = data.rfind(b"\n") + 1 if block else len(data)
            rest = data[end:]
            if len(rest) > MAX_RECORD_BYTES:
                if line > 1 or end:
                    raise TidemarkError(
                        f"line {line} of {self.stream.name} is longer than "
                        f"{MAX_RECORD_BYTES >> 20} MB",
                        "JSON Lines have one object a line",
                    )
                yield from self._document(rest + self.stream.whole())
                return
            if end:
                yield self._parsed(data[:end], line)
                line += data.count(b"\n", 0, end)

    def _parsed(self, data: bytes, first_line: int) -> Records:
        block = RowRecords(self.constants)
        exact = _is_exact(data)
        texts = data.removesuffix(b"\n").split(b"\n")
        if not exact and not self._steps and (rows := _objects(texts)) is not None:
            block.extend(first_line, rows, texts)
            return block
        for line, record in enumerate(texts, first_line):
            if not record or record.isspace():
                continue
            try:
                value = (
                    _exactly(record)
                    if exact and _EXACT_LINE.search(record)
                    else orjson.loads(record)
                )
            except ValueError:
                self._explain(block, line, record)
                continue
            self.put(block, line, value, record)
        return block

    def _explain(self, block: RowRecords, line: int, record: bytes) -> None:
        """Read a line more patiently, or say what is wrong with it."""
        text = record.decode("utf-8", "surrogateescape")
        try:
            record.decode()
            value = parse_json(text)
        except UnicodeDecodeError as error:
            block.add(line, None, text, f"no UTF-8 (byte 0x{record[error.start]:02x})")
        except ValueError as error:
            block.add(line, None, text, str(error))
        else:
            self.put(block, line, value, text)

    def _document(self, data: bytes) -> Iterator[Records]:
        """Take apart one document, or several that follow each other over many lines."""
        if len(data) > MAX_DOCUMENT_BYTES:
            raise TidemarkError(
                f"{self.stream.name} is one JSON document of more than "
                f"{MAX_DOCUMENT_BYTES >> 30} GB",
                f"write one object a line: jq -c '.[]' {self.stream.name}",
            )
        try:
            documents = [_exactly(data) if _is_exact(data) else orjson.loads(data)]
        except ValueError:
            try:
                documents = parse_documents(data.decode())
            except ValueError as error:
                yield from self._as_lines(data, error)
                return
        records = [
            row for each in documents for row in (each if isinstance(each, list) else [each])
        ]
        for start in range(0, len(records), BATCH_ROWS):
            block = RowRecords(self.constants)
            for number, record in enumerate(records[start : start + BATCH_ROWS], start + 1):
                self.put(block, number, record, None)
            yield block

    def _as_lines(self, data: bytes, error: ValueError) -> Iterator[Records]:
        """Read it as lines after all, unless none of them is a record."""
        block = self._parsed(data, 1)
        if len(block.problems) == block.count:
            raise TidemarkError(
                f"{self.stream.name} is one JSON document, and broken: {error}",
                "fetch or write the file again",
            )
        yield block


def _is_exact(data: bytes) -> bool:
    """Whether some number in a block may need all its digits: RE2 asks faster than Python."""
    offsets = pa.py_buffer(struct.pack("<qq", 0, len(data)))
    text = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), 1, [None, offsets, pa.py_buffer(data)]
    )
    return bool(pc.match_substring_regex(text, _EXACT)[0].as_py())


def _objects(texts: list[bytes]) -> list[dict[str, Any]] | None:
    """Read lines at once; None if some line is no object."""
    try:
        rows = list(map(orjson.loads, texts))
    except ValueError:
        return None
    return rows if set(map(type, rows)) == {dict} else None


def _exactly(data: bytes) -> Any:
    return parse_json(data.decode())
