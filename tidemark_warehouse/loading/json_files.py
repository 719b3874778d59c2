"""JSON Lines: one object a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa  # type: ignore[import-untyped]

from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.loading.sources import Chunk, Row
from tidemark_warehouse.loading.streams import MAX_RECORD_BYTES, Stream, without_mark
from tidemark_warehouse.loading.values import dump_json, parse_json

ONE_DOCUMENT = "one JSON document, not one object a line"


class JsonFile:
    """A file of JSON Lines."""

    fields = None
    typed_fields: frozenset[str] = frozenset()

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._rest = without_mark(stream.path, stream.read(0))
        self.size = stream.size
        start = self._rest.lstrip()
        if start.startswith(b"[") or start.partition(b"\n")[0].strip() == b"{":
            raise TidemarkError(
                f"{stream.path.name} is {ONE_DOCUMENT}",
                f"convert it first: jq -c '.[]' {stream.path.name} (or the path to its rows)",
            )

    @property
    def position(self) -> int:
        """How far it has been read."""
        return self._stream.position

    def chunks(self) -> Iterator[Chunk]:
        """Read it from the beginning to the end, once.

        Raises:
            TidemarkError: the file is broken.
        """
        line = 1
        while True:
            block = self._stream.read(line - 1)
            data = self._rest + block
            if not data:
                return
            end = data.rfind(b"\n") + 1 if block else len(data)
            self._rest = data[end:]
            if len(self._rest) > MAX_RECORD_BYTES:
                raise TidemarkError(
                    f"line {line} of {self._stream.path.name} is longer than "
                    f"{MAX_RECORD_BYTES >> 20} MB",
                    "JSON Lines have one object a line",
                )
            chunk = _chunk(data[:end], line)
            line += data.count(b"\n", 0, end)
            yield chunk


@dataclass(frozen=True)
class JsonChunk:
    """Some lines, parsed.

    Attributes:
        read: the rows.
        keys: the names that occur in them.
        sound: whether each line is an object.
    """

    read: list[Row]
    keys: frozenset[str]
    sound: bool

    def rows(self) -> Iterator[Row]:
        """Go through its rows one by one."""
        return iter(self.read)

    def table(self, names: Sequence[str]) -> pa.Table | None:
        """Return the values of these keys at once; None if that cannot be done."""
        if not self.sound or not names:
            return None
        try:
            return pa.table({name: self._column(name) for name in names})
        except (pa.ArrowException, ValueError, OverflowError):
            return None

    def raw(self) -> None:
        """Return nothing: it is no CSV."""

    def _column(self, name: str) -> pa.Array:
        values = [row.values.get(name) for row in self.read]
        kinds = set(map(type, values))
        if kinds <= {dict, list, type(None)}:
            texts = [None if value is None else dump_json(value) for value in values]
            return pa.ExtensionArray.from_storage(pa.json_(), pa.array(texts, pa.string()))
        return pa.array(values, pa.string() if kinds <= {str, type(None)} else None)


def _chunk(data: bytes, first_line: int) -> JsonChunk:
    try:
        text, clean = data.decode(), True
    except UnicodeDecodeError:
        text, clean = data.decode("utf-8", "surrogateescape"), False
    rows: list[Row] = []
    keys: set[str] = set()
    for line, record in enumerate(text.split("\n"), first_line):
        if not record or record.isspace():
            continue
        try:
            if not clean:
                record.encode()
            value = parse_json(record)
        except UnicodeEncodeError as error:
            byte = ord(record[error.start]) - 0xDC00
            rows.append(Row(line, None, record, f"no UTF-8 (byte 0x{byte:02x})"))
        except ValueError as error:
            rows.append(Row(line, None, record, str(error)))
        else:
            if isinstance(value, dict):
                keys.update(value)
                rows.append(Row(line, value, record))
            else:
                rows.append(Row(line, None, record, "JSON, but no object"))
    return JsonChunk(rows, frozenset(keys), all(not row.problem for row in rows))
