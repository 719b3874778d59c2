"""CSV: blocks of whole records, read at once where they are plain, else line by line."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.csv  # type: ignore[import-untyped]

from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.loading.sources import Chunk, Row, RowChunk
from tidemark_warehouse.loading.streams import MAX_RECORD_BYTES, Stream, without_mark
from tidemark_warehouse.loading.values import typed_cell

DELIMITERS = (",", ";", "\t", "|")
# A quoted field over more lines than this, in a file with faulty quotes, is a quote never closed.
MAX_LINES_OF_A_FIELD = 1000

_JSON_KINDS: dict[type, str] = {
    bool: "truth value",
    int: "number",
    Decimal: "number",
    str: "text",
}
SAMPLE_LINES = 10_000


class CsvFile:
    """A CSV file with a header."""

    def __init__(self, stream: Stream, delimiter: str | None = None) -> None:
        self._stream = stream
        self._rest = without_mark(stream.path, stream.read(0))
        header, lines = self._header(delimiter)
        self._next_line = 1 + lines
        self.fields: tuple[str, ...] = _distinct(header)
        self.size = stream.size

    @property
    def position(self) -> int:
        """How far it has been read."""
        return self._stream.position

    @cached_property
    def typed_fields(self) -> frozenset[str]:
        """The columns that hold only numbers and truth values, as far as the first rows show.

        It is the column that decides, not the cell: an id is no number because it has no letters.
        """
        start = self._rest[: self._rest.rfind(b"\n") + 1] or self._rest
        lines = _lines(start)[:SAMPLE_LINES]
        rows, _ = _Parser(self.fields, self.delimiter).parse(lines, 1, last=False)
        columns = zip(*(row.values for row in rows if not row.problem), strict=True)
        kinds = (
            {_JSON_KINDS[type(typed_cell(cell))] for cell in cells if cell} for cells in columns
        )
        return frozenset(
            name
            for name, found in zip(self.fields, kinds, strict=False)
            if found in ({"number"}, {"truth value"})
        )

    def chunks(self) -> Iterator[Chunk]:
        """Read it from the beginning to the end, once.

        Raises:
            TidemarkError: the file is broken.
        """
        plain = _plain_quotes(self.delimiter)
        while True:
            block = self._stream.read(self._next_line - 1)
            data = self._rest + block
            if not data:
                return
            end = _end_of_records(data) if block else len(data)
            if not end and len(data) < MAX_RECORD_BYTES:
                self._rest = data
                continue
            whole = data[:end]
            if not end or (b'"' in whole and not plain.fullmatch(whole)):
                yield from self._line_by_line(data)
                return
            self._rest = data[end:]
            yield CsvChunk(whole, self._next_line, self.fields, self.delimiter)
            self._next_line += whole.count(b"\n")

    def _line_by_line(self, data: bytes) -> Iterator[Chunk]:
        """Read the rest of a file whose quotes cannot be trusted."""
        lines: list[str] = []
        parser = _Parser(self.fields, self.delimiter)
        while data:
            block = self._stream.read(self._next_line - 1)
            end = data.rfind(b"\n") + 1 if block else len(data)
            lines += _lines(data[:end])
            data = data[end:] + block
            if not block:
                data = b""
            if len(data) > MAX_RECORD_BYTES:
                raise _endless(self._stream.path, self._next_line)
            rows, done = parser.parse(lines, self._next_line, last=not block)
            yield RowChunk(rows, frozenset(self.fields))
            del lines[:done]
            self._next_line += done

    def _header(self, delimiter: str | None) -> tuple[list[str], int]:
        """Take the header off the first block.

        Returns:
            Its names, and over how many lines it goes.
        """
        path = self._stream.path
        if not self._rest.strip():
            raise TidemarkError(f"{path.name} is empty", "a CSV file begins with a line of names")
        first, newline, _ = self._rest.partition(b"\n")
        if not newline and b"\r" in first:
            raise TidemarkError(
                f"the lines of {path.name} end with CR alone, as on very old computers",
                f"convert it first: tr '\\r' '\\n' < {path.name}",
            )
        self.delimiter = delimiter or _delimiter(first.decode("utf-8", "replace"))
        text = self._rest[:1_000_000].decode("utf-8", "surrogateescape")
        lines = [line + "\n" for line in text.split("\n")]
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
        try:
            header = next(reader, [])
            "".join(header).encode()
        except (csv.Error, UnicodeEncodeError) as error:
            raise TidemarkError(
                f"the header of {path.name} (line 1) cannot be read: {error}",
                "it must be UTF-8, with quotes only around whole names",
            ) from error
        count = reader.line_num
        header_text = "".join(lines[:count])
        self._rest = self._rest[len(header_text.encode("utf-8", "surrogateescape")) :]
        return header, count


@dataclass(frozen=True)
class CsvChunk:
    """A block of whole records with plain quotes."""

    data: bytes
    first_line: int
    fields: tuple[str, ...]
    delimiter: str

    @cached_property
    def keys(self) -> frozenset[str]:
        """The names of the header."""
        return frozenset(self.fields)

    def rows(self) -> Iterator[Row]:
        """Go through its rows one by one."""
        parser = _Parser(self.fields, self.delimiter)
        return iter(parser.parse(_lines(self.data), self.first_line, last=True)[0])

    def table(self, names: Sequence[str]) -> pa.Table | None:
        """Return these columns as texts, empty cells as nulls; None if a record does not fit."""
        data = self.data
        lone_cr = b"\r" in data and data.count(b"\r") != data.count(b"\r\n")
        if not names or b"\x00" in data or lone_cr:
            return None
        try:
            return pa.csv.read_csv(
                pa.BufferReader(data),
                pa.csv.ReadOptions(
                    column_names=list(self.fields), use_threads=False, block_size=len(data) + 1
                ),
                pa.csv.ParseOptions(delimiter=self.delimiter, newlines_in_values=True),
                pa.csv.ConvertOptions(
                    include_columns=list(names),
                    column_types=dict.fromkeys(names, pa.string()),
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=True,
                ),
            )
        except (pa.ArrowInvalid, pa.ArrowKeyError):
            return None

    def raw(self) -> tuple[bytes, str]:
        """Return the rows as they stand in the file, and the delimiter."""
        return self.data, self.delimiter


class _Parser:
    """Reads records line by line, and goes on after a faulty one."""

    def __init__(self, fields: Sequence[str], delimiter: str) -> None:
        self._count = len(fields)
        self._delimiter = delimiter
        csv.field_size_limit(MAX_RECORD_BYTES)

    def parse(self, lines: list[str], first_line: int, last: bool) -> tuple[list[Row], int]:
        """Read records.

        Args:
            lines: of the file, without their ends.
            first_line: the number of the first.
            last: whether the file ends with them; if not, a record may go on behind them.

        Returns:
            The rows, and how many of the lines they cover.
        """
        rows: list[Row] = []
        feed = _Feed(lines)
        reader = self._reader(feed)
        while True:
            start = feed.next
            try:
                values = next(reader)
            except StopIteration:
                return rows, start
            except csv.Error as error:
                open_end = feed.next == len(lines) and "end of data" in str(error)
                if open_end and not last and feed.next - start <= MAX_LINES_OF_A_FIELD:
                    return rows, start
                reason = "a quote is never closed" if open_end else f"faulty quotes: {error}"
                rows.append(Row(first_line + start, None, lines[start], reason))
                feed.next = start + 1
                reader = self._reader(feed)
                continue
            if values:
                text = "\n".join(lines[start : feed.next]).removesuffix("\r")
                rows.append(Row(first_line + start, values, text, self._problem(values, text)))

    def _reader(self, feed: _Feed) -> Iterator[list[str]]:
        return csv.reader(feed, delimiter=self._delimiter, strict=True)

    def _problem(self, values: list[str], text: str) -> str:
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError as error:
                return f"no UTF-8 (byte 0x{ord(text[error.start]) - 0xDC00:02x})"
        if len(values) != self._count:
            fields = "field" if len(values) == 1 else "fields"
            return f"{len(values)} {fields}, but the header has {self._count}"
        return ""


class _Feed:
    """An iterator over lines that can be set back."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self.next = 0

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        if self.next >= len(self._lines):
            raise StopIteration
        self.next += 1
        return self._lines[self.next - 1] + "\n"


def _lines(data: bytes) -> list[str]:
    """Split into lines without their ends; bytes that are no UTF-8 become surrogates."""
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _end_of_records(data: bytes) -> int:
    """Find the last line end outside of quotes, and return what follows it; 0 if there is none."""
    end = data.rfind(b"\n")
    quotes = data.count(b'"', 0, max(end, 0))
    while end >= 0 and quotes % 2:
        before = data.rfind(b"\n", 0, end)
        quotes -= data.count(b'"', max(before, 0), end)
        end = before
    return end + 1


def _plain_quotes(delimiter: str) -> re.Pattern[bytes]:
    """Match text in which quotes stand only around whole fields, and are doubled within."""
    mark = re.escape(delimiter.encode())
    return re.compile(
        rb'(?:[^"]*+(?:(?<=[\n' + mark + rb"])|(?<![\s\S]))"
        rb'"[^"]*+(?:""[^"]*+)*+"(?=[\r\n' + mark + rb"]|\Z))*+"
        rb'[^"]*+'
    )


def _delimiter(header: str) -> str:
    """Find the delimiter, where it is obvious; else take the comma."""
    bare = re.sub(r'"[^"]*"', "", header)
    found = [mark for mark in DELIMITERS if mark in bare]
    return found[0] if len(found) == 1 else ","


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Take blanks around names away; the second `Sprint` becomes `Sprint#2`."""
    seen: dict[str, int] = {}
    made: list[str] = []
    for name in (name.strip() for name in names):
        seen[name] = seen.get(name, 0) + 1
        made.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return tuple(made)


def _endless(path: Path, line: int) -> TidemarkError:
    return TidemarkError(
        f"line {line} of {path.name} is longer than {MAX_RECORD_BYTES >> 20} MB",
        "check that it is the file you meant, and its format with --format",
    )
