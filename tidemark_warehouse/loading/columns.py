"""Whole columns at once: what plain data needs, at a speed that keeps ahead of the server.

Everything here is a shortcut of `values`: it takes only values that `values` would take as well,
and raises UnfitError for the rest, upon which the rows are read one by one.
"""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.csv  # type: ignore[import-untyped]

from tidemark_warehouse.loading.tables import Column
from tidemark_warehouse.loading.values import INTEGER_BITS, MAX_KEY_BYTES, Reading

_UUID = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
_PATTERNS = {
    "uuid": _UUID,
    "date": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "smallint": r"^-?[0-9]{1,4}$",
    "integer": r"^-?[0-9]{1,9}$",
    "bigint": r"^-?[0-9]{1,18}$",
    "numeric": r"^-?[0-9]{1,40}(\.[0-9]{1,40})?$",
    "double precision": r"^-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?$",
    "boolean": "^(true|false|t|f)$",
}
_UTC = pa.timestamp("us", "UTC")
ARROW_ZONE_YEARS = (1970, 2037)  # outside of them Arrow does not know when clocks change


class UnfitError(Exception):
    """The column holds something that must be looked at row by row."""


class Converted(NamedTuple):
    """A column that fits.

    Attributes:
        values: what COPY reads.
        times: the same as times, if it is a column of times.
    """

    values: pa.ChunkedArray
    times: pa.ChunkedArray | None = None


def convert(values: pa.ChunkedArray, column: Column, reading: Reading) -> Converted:
    """Check a column, and bring it into a form that COPY reads.

    Raises:
        UnfitError: some value is not plain enough.
    """
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if pa.types.is_large_string(values.type) or pa.types.is_null(values.type):
        values = values.cast(pa.string())
    kind = column.type.partition("(")[0]
    if isinstance(values.type, pa.JsonType):
        if kind != "jsonb":
            raise UnfitError
        values = pa.chunked_array([part.storage for part in values.chunks], pa.string())
    if kind == "text" and pa.types.is_integer(values.type):
        values = values.cast(pa.string())
    try:
        if kind == "timestamp with time zone":
            return _times(values, reading)
        if pa.types.is_string(values.type):
            return Converted(_texts(values, column, kind))
    except pa.ArrowException as error:
        raise UnfitError from error
    if not _fits(values, kind):
        raise UnfitError
    return Converted(values)


def months_of(times: pa.ChunkedArray) -> set[str]:
    """List the months of UTC in which these times are, as YYYY-MM."""
    first_last = pc.min_max(times)
    first, last = first_last["min"].as_py(), first_last["max"].as_py()
    if first is None:
        return set()
    if (first.year, first.month) == (last.year, last.month):
        return {first.isoformat()[:7]}
    starts = pc.unique(pc.floor_temporal(times, unit="month"))
    return {start.isoformat()[:7] for start in starts.to_pylist() if start is not None}


def written(columns: list[pa.ChunkedArray], names: list[str]) -> bytes:
    """Write columns as CSV in which only texts are quoted, so that nulls and '' differ."""
    sink = pa.BufferOutputStream()
    table = pa.Table.from_arrays(columns, names=names)
    options = pa.csv.WriteOptions(include_header=False, batch_size=max(table.num_rows, 1))
    pa.csv.write_csv(table, sink, options)
    return bytes(sink.getvalue())


def _times(values: pa.ChunkedArray, reading: Reading) -> Converted:
    kind = values.type
    if pa.types.is_string(kind):
        try:
            # The cast fails for a time without a zone. The text is what is copied: writing times
            # anew would take as long as all the rest.
            return Converted(values, _in_range(values.cast(_UTC)))
        except pa.ArrowInvalid:
            if reading.timezone is None:
                raise
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        times = _in_range(values.cast(_UTC))
        return Converted(times, times)
    if not pa.types.is_string(kind) and not pa.types.is_timestamp(kind):
        raise UnfitError
    values = values.cast(pa.timestamp("us"))  # fails for a time with a zone
    if reading.timezone is None:
        raise UnfitError
    local = pc.assume_timezone(values, reading.timezone.key, ambiguous="raise", nonexistent="raise")
    times = _in_range(local.cast(_UTC), *ARROW_ZONE_YEARS)
    return Converted(times, times)


def _in_range(times: pa.ChunkedArray, after: int = 1, before: int = 9999) -> pa.ChunkedArray:
    """Refuse other years; by default those that ISO 8601 does not write with four digits."""
    first_last = pc.min_max(pc.year(times))
    if times.null_count < len(times) and not (
        first_last["min"].as_py() > after and first_last["max"].as_py() < before
    ):
        raise UnfitError
    return times


def _texts(values: pa.ChunkedArray, column: Column, kind: str) -> pa.ChunkedArray:
    pattern = _PATTERNS.get(kind)
    if pattern is not None:
        if not pc.all(pc.match_substring_regex(values, pattern), min_count=0).as_py():
            raise UnfitError
        return values
    if column.allowed:
        known = pc.is_in(values, pa.array([*column.allowed, "", None], pa.string()))
        if not pc.all(known, min_count=0).as_py():
            raise UnfitError
    if kind == "text" and column.key:
        longest = pc.max(pc.binary_length(values)).as_py()
        if longest is not None and longest > MAX_KEY_BYTES:
            raise UnfitError
    if kind == "jsonb" and pc.any(pc.match_substring_regex(values, r"^\s*null\s*$")).as_py():
        raise UnfitError
    empty = pc.equal(values, "")
    if pc.any(empty).as_py():
        values = pc.if_else(empty, pa.scalar(None, pa.string()), values)
    return values


def _fits(values: pa.ChunkedArray, kind: str) -> bool:
    """Whether a column that is no text can be written as it is."""
    types = pa.types
    if types.is_integer(values.type):
        if kind in INTEGER_BITS:
            limits = pc.min_max(values)
            low, high = limits["min"].as_py(), limits["max"].as_py()
            return low is None or bool(
                -(2 ** INTEGER_BITS[kind]) <= low and high < 2 ** INTEGER_BITS[kind]
            )
        return kind in ("numeric", "double precision")
    if types.is_float64(values.type):
        finite = pc.all(pc.is_finite(values), min_count=0).as_py()
        return bool(kind == "double precision" and finite)
    if types.is_decimal(values.type):
        return kind in ("numeric", "double precision")
    if types.is_boolean(values.type):
        return kind == "boolean"
    return bool(types.is_date32(values.type) and kind == "date")
