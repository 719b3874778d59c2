"""CSV: blocks of whole records, read at once where they are plain, else line by line."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.csv  # type: ignore[import-untyped]

from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.loading.inputs import MAX_RECORD_BYTES, Stream
from tidemark_warehouse.loading.records.blocks import FILE, Records, RowRecords, Values

DELIMITERS = (",", ";", "\t", "|")
# A quoted field over more lines than this, in a file with faulty quotes, is a quote never closed.
MAX_LINES_OF_A_FIELD = 1000


class CsvFile:
    """A CSV file: with a header, or with the names that somebody gives."""

    def __init__(
        self, stream: Stream, delimiter: str | None = None, names: Sequence[str] = ()
    ) -> None:
        self._stream = stream
        self._rest = stream.read(0)
        self._constants = {FILE: stream.stem}
        self._next_line = 1
        delimiter = self._declared() or delimiter
        if names:
            first = self._rest.partition(b"\n")[0]
            self.delimiter = delimiter or _delimiter(first.decode("utf-8", "replace"))
            self.fields: tuple[str, ...] = tuple(names)
        else:
            header, lines = self._header(delimiter)
            self._next_line += lines
            self.fields = _distinct(header)
        self.size = stream.size

    @property
    def position(self) -> int:
        """How far it has been read."""
        return self._stream.position

    def blocks(self) -> Iterator[Records]:
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
            yield CsvRecords(whole, self._next_line, self.fields, self.delimiter, self._constants)
            self._next_line += whole.count(b"\n")

    def _line_by_line(self, data: bytes) -> Iterator[Records]:
        """Read the rest of a file whose quotes cannot be trusted."""
        lines: list[str] = []
        parser = _Parser(self.delimiter)
        while data:
            block = self._stream.read(self._next_line - 1)
            end = data.rfind(b"\n") + 1 if block else len(data)
            lines += _lines(data[:end])
            data = data[end:] + block
            if not block:
                data = b""
            if len(data) > MAX_RECORD_BYTES:
                raise _endless(self._stream.name, self._next_line)
            records = CsvRows(self.fields, self._constants)
            done = parser.parse(lines, self._next_line, records, last=not block)
            yield records
            del lines[:done]
            self._next_line += done

    def _declared(self) -> str | None:
        """Take a first line such as `sep=;` off, which spreadsheets write and read."""
        found = re.match(rb"(?:\"?)sep=([^\r\n])(?:\"?)\r?\n", self._rest)
        if found is None:
            return None
        self._rest = self._rest[found.end() :]
        self._next_line += 1
        return found[1].decode("latin-1")

    def _header(self, delimiter: str | None) -> tuple[list[str], int]:
        """Take the header off the first block.

        Returns:
            Its names, and over how many lines it goes.
        """
        name = self._stream.name
        if not self._rest.strip():
            raise TidemarkError(f"{name} is empty", "a CSV file begins with a line of names")
        first, newline, _ = self._rest.partition(b"\n")
        if not newline and b"\r" in first:
            raise TidemarkError(
                f"the lines of {name} end with CR alone, as on very old computers",
                f"convert it first: tr '\\r' '\\n' < {name}",
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
                f"the header of {name} (line 1) cannot be read: {error}",
                "it must be UTF-8 (else say --encoding), with quotes only around whole names",
            ) from error
        count = reader.line_num
        header_text = "".join(lines[:count])
        self._rest = self._rest[len(header_text.encode("utf-8", "surrogateescape")) :]
        return header, count


class CsvRecords(Records):
    """A block of whole records with plain quotes: its columns at once, if Arrow can read them."""

    def __init__(
        self,
        data: bytes,
        first_line: int,
        fields: tuple[str, ...],
        delimiter: str,
        constants: Mapping[str, str],
    ) -> None:
        super().__init__(0, constants)
        self._data = data
        self._first_line = first_line
        self._fields = fields
        self._delimiter = delimiter
        self._table = self._columns()
        if self._table is not None:
            self.count = self._table.num_rows
        else:
            self.count, self.problems = self._rows.count, self._rows.problems

    @cached_property
    def keys(self) -> frozenset[str]:
        """The names of the header."""
        return frozenset(self._fields)

    @property
    def ordered_keys(self) -> Sequence[str]:
        """The names in the header's order."""
        return self._fields

    def field(self, name: str) -> Values:
        """Return a column as texts, empty cells as nulls."""
        return self._rows.field(name) if self._table is None else self._table[name]

    def line(self, index: int) -> int:
        """Return where a record begins."""
        return self._rows.line(index)

    def payload(self, index: int) -> str:
        """Return a record as it stands in the file."""
        return self._rows.payload(index)

    def raw(self) -> tuple[bytes, str] | None:
        """Return the rows as they stand in the file, and the delimiter."""
        return None if self._table is None else (self._data, self._delimiter)

    @cached_property
    def _rows(self) -> CsvRows:
        rows = CsvRows(self._fields, self.constants)
        parser = _Parser(self._delimiter)
        parser.parse(_lines(self._data), self._first_line, rows, last=True)
        return rows

    def _columns(self) -> pa.Table | None:
        data = self._data
        lone_cr = b"\r" in data and data.count(b"\r") != data.count(b"\r\n")
        if b"\x00" in data or lone_cr:
            return None
        try:
            return pa.csv.read_csv(
                pa.BufferReader(data),
                pa.csv.ReadOptions(
                    column_names=list(self._fields), use_threads=False, block_size=len(data) + 1
                ),
                pa.csv.ParseOptions(delimiter=self._delimiter, newlines_in_values=True),
                pa.csv.ConvertOptions(
                    column_types=dict.fromkeys(self._fields, pa.string()),
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=True,
                ),
            )
        except (pa.ArrowInvalid, pa.ArrowKeyError):
            return None


class CsvRows(RowRecords):
    """Records of a CSV file that were read one by one."""

    def __init__(self, fields: tuple[str, ...], constants: Mapping[str, str]) -> None:
        super().__init__(constants)
        self.fields = fields
        self._width = len(fields)

    @cached_property
    def keys(self) -> frozenset[str]:
        """The names of the header."""
        return frozenset(self.fields)

    @property
    def ordered_keys(self) -> Sequence[str]:
        """The names in the header's order."""
        return self.fields

    def rest(self, used: frozenset[str]) -> list[dict[str, object]]:
        """Return what is left of each record when these fields are taken."""
        return Records.rest(self, used)

    def take(self, line: int, values: list[str], text: str) -> None:
        """Take the fields of a record."""
        problem = self._problem(values, text)
        row = None if problem else dict(zip(self.fields, values, strict=True))
        self.add(line, row, text, problem)

    def _problem(self, values: list[str], text: str) -> str:
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError as error:
                byte = ord(text[error.start]) - 0xDC00
                return f"no UTF-8 (byte 0x{byte:02x}; --encoding names another)"
        if len(values) != self._width:
            fields = "field" if len(values) == 1 else "fields"
            return f"{len(values)} {fields}, but the header has {self._width}"
        return ""


class _Parser:
    """Reads records line by line, and goes on after a faulty one."""

    def __init__(self, delimiter: str) -> None:
        self._delimiter = delimiter
        csv.field_size_limit(MAX_RECORD_BYTES)

    def parse(self, lines: list[str], first_line: int, rows: CsvRows, last: bool) -> int:
        """Read records.

        Args:
            lines: of the file, without their ends.
            first_line: the number of the first.
            rows: takes them.
            last: whether the file ends with them; if not, a record may go on behind them.

        Returns:
            How many of the lines they cover.
        """
        source = _Lines(lines)
        reader = self._reader(source)
        while True:
            start = source.next
            try:
                values = next(reader)
            except StopIteration:
                return start
            except csv.Error as error:
                open_end = source.next == len(lines) and "end of data" in str(error)
                if open_end and not last and source.next - start <= MAX_LINES_OF_A_FIELD:
                    return start
                reason = "a quote is never closed" if open_end else f"faulty quotes: {error}"
                rows.add(first_line + start, None, lines[start], reason)
                source.next = start + 1
                reader = self._reader(source)
                continue
            if values:
                text = "\n".join(lines[start : source.next]).removesuffix("\r")
                rows.take(first_line + start, values, text)

    def _reader(self, source: _Lines) -> Iterator[list[str]]:
        return csv.reader(source, delimiter=self._delimiter, strict=True)


class _Lines:
    """An iterator over lines that can be set back."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self.next = 0

    def __iter__(self) -> _Lines:
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


def _endless(name: str, line: int) -> TidemarkError:
    return TidemarkError(
        f"line {line} of {name} is longer than {MAX_RECORD_BYTES >> 20} MB",
        "check that it is the file you meant, and its format with --format",
    )
