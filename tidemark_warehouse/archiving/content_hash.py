"""A hash of rows that depends on their values and order, not on how a file or a stream cuts them.

Each column has three SHA-256 streams: which values are there (a byte a row), how long they are (for
texts), and the values, with zero or nothing for nulls. No row is looked at in Python.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

_VERSION = b"tidemark rows 1"


@dataclass
class _Streams:
    valid: Any = field(default_factory=hashlib.sha256)
    lengths: Any = field(default_factory=hashlib.sha256)
    values: Any = field(default_factory=hashlib.sha256)


class ContentHash:
    """Takes batches in the order of their rows; names and types belong to the hash."""

    def __init__(self, schema: pa.Schema) -> None:
        self._columns = [(column.name, str(_storage_type(column.type))) for column in schema]
        self._streams = [_Streams() for _ in self._columns]
        self.rows = 0

    def update(self, rows: pa.RecordBatch | pa.Table) -> None:
        """Add rows.

        Raises:
            ValueError: their columns are others.
        """
        columns = [(column.name, str(_storage_type(column.type))) for column in rows.schema]
        if columns != self._columns:
            raise ValueError(f"other columns: {columns}, not {self._columns}")
        for streams, column in zip(self._streams, rows.columns, strict=True):
            for array in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
                if len(array):
                    _feed(streams, array)
        self.rows += rows.num_rows

    def hexdigest(self) -> str:
        """Return the hash of all rows so far."""
        whole = hashlib.sha256(_VERSION)
        whole.update(repr((self.rows, self._columns)).encode())
        for streams in self._streams:
            for stream in (streams.valid, streams.lengths, streams.values):
                whole.update(stream.digest())
        return whole.hexdigest()


def _storage_type(kind: pa.DataType) -> pa.DataType:
    return kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind


def _feed(streams: _Streams, array: pa.Array) -> None:
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    kind = array.type
    if array.null_count:
        streams.valid.update(_values(array.is_valid().cast(pa.uint8())))
        array = _filled(array)
    else:
        streams.valid.update(b"\1" * len(array))
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        streams.lengths.update(_values(pc.binary_length(array)))
        _, offsets, values = array.buffers()
        ends = memoryview(offsets).cast("i")
        if values is not None:
            first, last = ends[array.offset], ends[array.offset + len(array)]
            streams.values.update(memoryview(values)[first:last])
        return
    if pa.types.is_boolean(kind):
        array = array.cast(pa.uint8())
    elif not (pa.types.is_primitive(kind) or pa.types.is_fixed_size_binary(kind)):
        raise TypeError(f"rows of {kind} cannot be hashed")
    streams.values.update(_values(array))


def _values(array: pa.Array) -> memoryview:
    """Return the bytes of an array whose values have one width."""
    width = array.type.bit_width // 8
    start = array.offset * width
    return memoryview(array.buffers()[1])[start : start + len(array) * width]


def _filled(array: pa.Array) -> pa.Array:
    """Put one and the same value in place of every null."""
    kind = array.type
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        return array.fill_null("" if pa.types.is_string(kind) else b"")
    if pa.types.is_fixed_size_binary(kind):
        return array.fill_null(bytes(kind.byte_width))
    if pa.types.is_temporal(kind):
        array = array.cast(pa.int32() if kind.bit_width == 32 else pa.int64())
    return array.fill_null(False if pa.types.is_boolean(kind) else 0)
