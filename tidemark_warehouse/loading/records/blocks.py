"""Blocks of records: whatever a file is, its values by path, a column of a block at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import NoneType
from typing import Any, Protocol, TypeAlias

import pyarrow as pa  # type: ignore[import-untyped]

from tidemark_warehouse.loading.conversion.values import dump_json, parse_json

BATCH_ROWS = 10_000
ITEM = "item"  # what a record that is no object is called
FILE = "_file"  # the name of the file, without its ending

# A column of a block: an Arrow array where the file has columns, else Python values.
Values: TypeAlias = "pa.ChunkedArray | list[Any]"


class DataFile(Protocol):
    """A file that is being read.

    Attributes:
        size: what `position` reaches at the end.
    """

    size: int

    @property
    def fields(self) -> tuple[str, ...] | None:
        """The names of its columns; None where each record has its own (JSON)."""

    @property
    def position(self) -> int:
        """How far it has been read."""

    def blocks(self) -> Iterator[Records]:
        """Read it from the beginning to the end, once."""


class Records:
    """Some records of a file.

    Attributes:
        count: how many they are.
        problems: why a record is none, by its number within the block.
        constants: fields that have one value in the whole file.
        came_of_json: whether values hold nothing that JSON cannot hold.
    """

    came_of_json = True

    def __init__(self, count: int, constants: Mapping[str, str]) -> None:
        self.count = count
        self.problems: dict[int, str] = {}
        self.constants = constants
        self._known: dict[str, Values] = {}
        self._objects: dict[str, list[Any]] = {}
        self._inner: dict[str, frozenset[str] | None] = {}

    @property
    def keys(self) -> frozenset[str]:
        """The names that its records know; those of the header, if the file has one."""
        raise NotImplementedError

    def field(self, name: str) -> Values:
        """Return the values of a field."""
        raise NotImplementedError

    def line(self, index: int) -> int:
        """Return where a record begins, from 1 (of Parquet and arrays: its number)."""
        raise NotImplementedError

    def payload(self, index: int) -> str:
        """Return a record as text that PostgreSQL can hold."""
        raise NotImplementedError

    def raw(self) -> tuple[bytes, str] | None:
        """Return the records as they stand in the file and the delimiter, if they are plain CSV."""
        return None

    def values(self, path: str) -> Values:
        """Return the values of a path, such as `user.id` or `items[0].sku`."""
        found = self._known.get(path)
        if found is None:
            found = self._known[path] = self._read(path)
        return found

    def rest(self, used: frozenset[str]) -> list[dict[str, Any]]:
        """Return what is left of each record when these fields are taken."""
        names = [name for name in self.ordered_keys if name not in used]
        columns = [as_list(self.values(name)) for name in names]
        if not columns:
            return [{} for _ in range(self.count)]
        return [
            {name: v for name, v in zip(names, row, strict=True) if v is not None and v != ""}
            for row in zip(*columns, strict=True)
        ]

    @property
    def ordered_keys(self) -> Sequence[str]:
        """The names in the file's order."""
        return sorted(self.keys)

    def _read(self, path: str) -> Values:
        if path in self.constants and path not in self.keys:
            return [self.constants[path]] * self.count
        found = locate(path, self.keys)
        if found is None:
            return [None] * self.count
        name, parts = found
        if not parts:
            return self.field(name)
        objects = self._objects_of(name)
        if not self._occurs(name, parts):
            return [None] * self.count
        if len(parts) == 1:
            key = parts[0]
            return [v.get(key) if type(v) is dict else walk(v, parts) for v in objects]
        if len(parts) > 2 or any(type(v) is list for v in objects):
            return [walk(v, parts) for v in objects]
        outer, key = parts
        inner = self.values(f"{name}.{outer}")
        return [
            v[key] if type(v) is dict and key in v else walk(top, parts)
            for v, top in zip(inner, objects, strict=True)
        ]

    def knows(self, path: str) -> bool:
        """Whether some record may have a value at a path."""
        if path in self.constants:
            return True
        found = locate(path, self.keys)
        return found is not None and (not found[1] or self._occurs(*found))

    def _objects_of(self, name: str) -> list[Any]:
        """Return what is to be looked into, of a field with nested ones."""
        if name not in self._objects:
            self._objects[name] = [_object(value) for value in as_list(self.values(name))]
        return self._objects[name]

    def _occurs(self, name: str, parts: Sequence[str]) -> bool:
        """Whether some object of a field may have these keys, or their names joined by dots."""
        if name not in self._inner:
            objects = self._objects_of(name)
            plain = set(map(type, objects)) <= {dict, NoneType}
            self._inner[name] = (
                frozenset().union(*{tuple(each) for each in objects if each}) if plain else None
            )
        known = self._inner[name]
        if known is None or any(".".join(parts[:n]) in known for n in range(2, len(parts) + 1)):
            return True
        if parts[0] not in known or len(parts) == 1:
            return parts[0] in known
        return self._occurs(f"{name}.{parts[0]}", parts[1:])


class RowRecords(Records):
    """Records that were read one by one, each with the names it has."""

    def __init__(self, constants: Mapping[str, str]) -> None:
        super().__init__(0, constants)
        self.rows: list[dict[str, Any]] = []
        self.lines: list[int] = []
        self.texts: list[str | bytes | None] = []

    def add(
        self, line: int, row: dict[str, Any] | None, text: str | bytes | None, problem: str = ""
    ) -> None:
        """Take a record, or what is none and why."""
        if row is None:
            self.problems[self.count] = problem
        self.rows.append(row or {})
        self.lines.append(line)
        self.texts.append(text)
        self.count += 1

    def extend(self, first_line: int, rows: list[dict[str, Any]], texts: list[bytes]) -> None:
        """Take records that follow each other, a line each."""
        self.rows += rows
        self.lines += range(first_line, first_line + len(rows))
        self.texts += texts
        self.count += len(rows)

    @cached_property
    def keys(self) -> frozenset[str]:
        """The names that occur in them."""
        return frozenset().union(*set(map(tuple, self.rows)))

    def field(self, name: str) -> Values:
        """Return the values of a field."""
        return [row.get(name) for row in self.rows]

    def rest(self, used: frozenset[str]) -> list[dict[str, Any]]:
        """Return what is left of each record when these fields are taken."""
        if not used & self.keys:
            return [dict(row) for row in self.rows]
        return [{k: v for k, v in row.items() if k not in used} for row in self.rows]

    def line(self, index: int) -> int:
        """Return where a record begins."""
        return self.lines[index]

    def payload(self, index: int) -> str:
        """Return a record as text that PostgreSQL can hold."""
        text = self.texts[index]
        if isinstance(text, bytes):
            text = text.decode("utf-8", "surrogateescape")
        return sound(as_json(self.rows[index]) if text is None else text)


@dataclass(frozen=True)
class Steps:
    """Where the rows of a document are: `data.issues[]`, `changelog.histories[].items[]`.

    Attributes:
        text: as a person wrote it.
        steps: the keys to each list, and from the last one to the rows.
    """

    text: str
    steps: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, text: str) -> Steps:
        """Read a path. One that does not end with [] is meant to: its value is the list."""
        parts = [part.strip(".") for part in text.split("[]")]
        return cls(text, tuple(tuple(parts_of(part)) if part else () for part in parts))

    def rows(self, record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Go through the rows of a record: each with the fields of what it lies in."""
        return _descend({}, record, self.steps)


def _descend(
    around: dict[str, Any], value: Any, steps: Sequence[tuple[str, ...]]
) -> Iterator[dict[str, Any]]:
    keys, *more = steps
    if isinstance(value, dict):
        around = {**around, **{name: v for name, v in value.items() if name != keys[0]}}
    found = _zipped(value, keys)
    if found is None:
        return
    key = ".".join(keys)
    if not more and not isinstance(found, list):
        yield _row(around, found, key)
        return
    for item in found if isinstance(found, list) else [found]:
        if more and more[0]:
            yield from _descend(around, item, more)
        else:
            yield _row(around, item, key)


def _zipped(value: Any, keys: tuple[str, ...]) -> Any:
    """Walk on; `Timestamps&Values` pairs two lists."""
    if "&" not in keys[-1]:
        return walk(value, keys)
    lists = [walk(value, (*keys[:-1], key)) for key in keys[-1].split("&")]
    if not all(isinstance(each, list) for each in lists):
        return None
    return [list(pair) for pair in zip(*lists, strict=False)]


def _row(around: dict[str, Any], item: Any, key: str) -> dict[str, Any]:
    if isinstance(item, dict):
        return {**around, "_key": key, **item}
    return {**around, ITEM: item, "_key": key.rpartition(".")[2]}


def locate(path: str, fields: Iterable[str]) -> tuple[str, tuple[str, ...]] | None:
    """Find a path's field and the keys within it: the longest name that is a field wins."""
    known = fields if isinstance(fields, set | frozenset | dict) else set(fields)
    if path in known:
        return path, ()
    parts = parts_of(path)
    for count in range(len(parts) - 1, 0, -1):
        name = ".".join(parts[:count])
        if name in known:
            return name, tuple(parts[count:])
    return None


def walk(value: Any, parts: Sequence[str]) -> Any:
    """Follow keys into objects and lists; a key with dots and a list of keys and values too."""
    for at, part in enumerate(parts):
        if isinstance(value, dict):
            if part not in value:
                return _walk_dotted(value, parts[at:])
            value = value[part]
        elif isinstance(value, list):
            if part.isdecimal():
                value = value[int(part)] if int(part) < len(value) else None
            else:
                return walk(key_values(value), parts[at:])
        else:
            return None
    return value


def _walk_dotted(value: Mapping[str, Any], parts: Sequence[str]) -> Any:
    for count in range(len(parts), 1, -1):
        key = ".".join(parts[:count])
        if key in value:
            return walk(value[key], parts[count:])
    return None


def parts_of(path: str) -> list[str]:
    """Split `a.b[0].c` into its keys."""
    return path.replace("[", ".").replace("]", "").split(".")


_VALUE_KEY = re.compile(r"(string|int|float|double|bool|array|kvlist|bytes)_?value", re.IGNORECASE)


def key_values(value: list[Any]) -> dict[str, Any] | None:
    """Make an object of [{"key": ..., "value": ...}, ...]; None if it is no such list."""
    made: dict[str, Any] = {}
    for each in value:
        if not isinstance(each, dict) or "value" not in each:
            return None
        name = each.get("key", each.get("name", each.get("Name")))
        if not isinstance(name, str):
            return None
        made[name] = _plain(each["value"])
    return made


def _plain(value: Any) -> Any:
    """Take the one value out of {"string_value": ..., "int_value": ...}."""
    if not isinstance(value, dict):
        return value
    named = {key: v for key, v in value.items() if _VALUE_KEY.fullmatch(key)}
    if not named or len(named) < len(value) - ("set_timestamp_micros" in value):
        return value
    key, found = next(((k, v) for k, v in named.items() if v is not None), ("", None))
    if key == "intValue" and isinstance(found, str):
        return int(found)
    if key in ("arrayValue", "kvlistValue") and isinstance(found, dict):
        inner = found.get("values", [])
        return key_values(inner) if key == "kvlistValue" else [_plain(each) for each in inner]
    return found


def as_list(values: Values) -> list[Any]:
    """Return Python values; times to the microsecond, which is what PostgreSQL keeps."""
    if isinstance(values, list):
        return values
    made: list[Any] = []
    for part in values.chunks:
        made += pylist(part)
    return made


def sound(text: str) -> str:
    """Make text out of anything: what UTF-8 or PostgreSQL cannot hold is shown as escapes."""
    only_escaped = all(not "\ud800" <= c <= "\udfff" or "\udc80" <= c <= "\udcff" for c in text)
    raw = text.encode("utf-8", "surrogateescape" if only_escaped else "backslashreplace")
    return raw.decode("utf-8", "backslashreplace").replace("\x00", "\\x00")


def pylist(column: pa.Array) -> list[Any]:
    """Return the Python values of an array: maps as objects."""
    if pa.types.is_string(column.type):
        return list(column.to_numpy(zero_copy_only=False))  # a fifth of the time of to_pylist
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    try:
        return list(column.to_pylist(maps_as_pydicts="strict"))
    except KeyError:  # a key that comes twice: the last one counts
        return list(column.to_pylist(maps_as_pydicts="lossy"))


def _object(value: Any) -> Any:
    """Look into a cell that is JSON."""
    if isinstance(value, str):
        try:
            return parse_json(value) if value.lstrip().startswith(("{", "[")) else None
        except ValueError:
            return None
    return value


def as_json(row: Mapping[str, Any]) -> str:
    """Write a record as JSON, as far as JSON can hold it."""
    try:
        return dump_json(row)
    except ValueError:
        return str(dict(row))
