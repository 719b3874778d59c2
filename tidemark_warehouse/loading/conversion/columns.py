"""Columns as COPY reads them: at once where they are plain, else value by value.

What is done to a column at once is a shortcut of `values` and `times`: it takes only what they
would take as well. A column that holds anything else is converted value by value, so that each row
that does not fit is rejected with its line and the reason, and the others are loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.csv  # type: ignore[import-untyped]

from tidemark_warehouse.database.catalog import Column
from tidemark_warehouse.loading.conversion import values as text_of
from tidemark_warehouse.loading.conversion.extraction import json_texts
from tidemark_warehouse.loading.conversion.times import epoch_unit, to_date, to_duration, to_time
from tidemark_warehouse.loading.conversion.values import (
    INTEGER_BITS,
    MAX_KEY_BYTES,
    Converter,
    Reading,
)

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
TIME = "timestamp with time zone"
UTC = pa.timestamp("us", "UTC")
ARROW_ZONE_YEARS = (1970, 2037)  # outside of them Arrow does not know when clocks change


class UnfitError(Exception):
    """The column holds something that must be looked at value by value."""


class Converted(NamedTuple):
    """A column as COPY reads it.

    Attributes:
        values: texts, or typed values that are written as such.
        times: the same as times, if it is a column of times.
    """

    values: pa.ChunkedArray
    times: pa.ChunkedArray | None = None


def converter(column: Column, reading: Reading) -> Converter:
    """Return the function that turns a value into text for this column.

    The function returns None for a missing value (null, or an empty text) and raises ValueError
    with the reason why a value does not fit.
    """
    kind = column.type.partition("(")[0]
    if column.allowed:
        return lambda value: text_of.to_one_of(value, column.allowed)
    if kind in INTEGER_BITS:
        return lambda value: text_of.to_integer(value, kind)
    if kind == "text" and column.key:
        return text_of.to_key
    if column.unit_seconds:
        return lambda value: to_duration(value, reading, column.unit_seconds)
    known: dict[str, Converter] = {
        TIME: lambda value: to_time(value, reading),
        "date": lambda value: to_date(value, reading),
        "boolean": text_of.to_boolean,
        "numeric": lambda value: text_of.to_numeric(value, reading),
        "double precision": lambda value: text_of.to_double(value, reading),
        "jsonb": text_of.to_json,
        "uuid": text_of.to_uuid,
    }
    return known.get(kind, text_of.to_text)


def convert(values: pa.ChunkedArray, column: Column, reading: Reading) -> Converted:
    """Check a column at once, and bring it into a form that COPY reads.

    Raises:
        UnfitError: some value is not plain enough.
    """
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if pa.types.is_large_string(values.type) or pa.types.is_null(values.type):
        values = values.cast(pa.string())
    kind = column.type.partition("(")[0]
    if kind == "text" and pa.types.is_integer(values.type):
        values = values.cast(pa.string())
    try:
        if kind == TIME:
            return _times(values, reading)
        if pa.types.is_string(values.type):
            return Converted(_texts(values, column, kind, reading))
    except pa.ArrowException as error:
        raise UnfitError from error
    if not _fits(values, kind) or column.unit_seconds:
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


def written(table: pa.Table) -> bytes:
    """Write columns as CSV in which only texts are quoted, so that nulls and '' differ."""
    sink = pa.BufferOutputStream()
    options = pa.csv.WriteOptions(include_header=False, batch_size=max(table.num_rows, 1))
    pa.csv.write_csv(table, sink, options)
    return bytes(sink.getvalue())


_PLAIN_TYPES: dict[frozenset[type], Callable[[], pa.DataType]] = {
    frozenset(): pa.string,
    frozenset({str}): pa.string,
    frozenset({int}): pa.int64,
    frozenset({float}): pa.float64,
    frozenset({int, float}): pa.float64,
    frozenset({bool}): pa.bool_,
}


def array_of(values: list[Any], column: Column, came_of_json: bool) -> pa.ChunkedArray:
    """Make an Arrow array of Python values of one kind.

    Args:
        values: the values.
        column: which they are for.
        came_of_json: whether they hold nothing that JSON cannot hold.

    Raises:
        UnfitError: they are of several kinds.
    """
    kinds = frozenset(set(map(type, values)) - {type(None)})
    if column.type == "jsonb" and kinds <= {dict, list} and kinds:
        return pa.chunked_array([json_texts(values, came_of_json)])
    made = _PLAIN_TYPES.get(kinds)
    if made is None or (len(kinds) > 1 and column.type != "double precision"):
        raise UnfitError
    return pa.chunked_array([pa.array(values, made())])


def _times(values: pa.ChunkedArray, reading: Reading) -> Converted:
    kind = values.type
    if pa.types.is_string(kind):
        try:
            # The cast fails for a time without a zone. The text is what is copied: writing times
            # anew would take as long as all the rest.
            return Converted(values, _in_range(values.cast(UTC), reading))
        except pa.ArrowInvalid:
            numbers = _numbers(values)
            if numbers is not None:
                values, kind = numbers, numbers.type
            elif reading.timezone is None:
                raise
    if pa.types.is_integer(kind) and not reading.time_formats:
        limits = pc.min_max(values)
        micros = epoch_unit(limits["min"].as_py(), limits["max"].as_py())
        if micros is None:
            raise UnfitError
        scaled = pc.multiply(values.cast(pa.int64()), pa.scalar(micros, pa.int64()))
        times = _in_range(scaled.cast(UTC), reading)
        return Converted(times, times)
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        times = _in_range(values.cast(UTC), reading)
        return Converted(times, times)
    if not pa.types.is_string(kind) and not pa.types.is_timestamp(kind):
        raise UnfitError
    values = values.cast(pa.timestamp("us"))  # fails for a time with a zone
    if reading.timezone is None:
        raise UnfitError
    local = pc.assume_timezone(values, reading.timezone.key, ambiguous="raise", nonexistent="raise")
    times = _in_range(local.cast(UTC), reading, *ARROW_ZONE_YEARS)
    return Converted(times, times)


def _numbers(values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Return texts that are all whole numbers as such."""
    try:
        return values.cast(pa.int64())
    except pa.ArrowInvalid:
        return None


def _in_range(
    times: pa.ChunkedArray, reading: Reading, after: int = 1, before: int = 9999
) -> pa.ChunkedArray:
    """Refuse times out of bounds, and years that ISO 8601 does not write with four digits."""
    first_last = pc.min_max(times)
    if times.null_count == len(times):
        return times
    years = pc.min_max(pc.year(times))
    if not (years["min"].as_py() > after and years["max"].as_py() < before):
        raise UnfitError
    first, last = first_last["min"].as_py(), first_last["max"].as_py()
    if reading.earliest is not None and first < reading.earliest:
        raise UnfitError
    if reading.latest is not None and last > reading.latest:
        raise UnfitError
    return times


def _texts(values: pa.ChunkedArray, column: Column, kind: str, reading: Reading) -> pa.ChunkedArray:
    pattern = _PATTERNS.get(kind)
    if pattern is not None:
        if not pc.all(pc.match_substring_regex(values, pattern), min_count=0).as_py():
            raise UnfitError
        if column.unit_seconds:
            limits = pc.min_max(values.cast(pa.float64()))
            least, most = limits["min"].as_py(), limits["max"].as_py()
            if least is not None and (
                least < 0 or most * column.unit_seconds > reading.long_seconds
            ):
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
    empty = pc.equal(values, pa.scalar("", pa.string()))
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
