"""Takes the values of a mapping out of a block of records, a column at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Dict
from decimal import Decimal
from typing import Any

import orjson
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from tidemark_warehouse.loading.conversion.values import Reading, dump_json, parse_json, to_text
from tidemark_warehouse.loading.mapping import Mapping, Place, Source
from tidemark_warehouse.loading.records.blocks import Records, Values, as_list, key_values

Errors = dict[int, str]

_JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,17})(?:\.\d{1,17})?", re.ASCII)
_LABEL = re.compile(r"([\w.:]+)\s*=\s*\"([^\"]*)\"")
_TRUTH = {"true": True, "false": False}


class Extraction:
    """The values of one block.

    Attributes:
        skipped: the numbers of the records that the mapping leaves out on purpose.
    """

    def __init__(self, records: Records, reading: Reading) -> None:
        self._records = records
        self._reading = reading
        self.skipped: set[int] = set()

    def column(self, mapping: Mapping, nulls: frozenset[str] = frozenset()) -> Values:
        """Return the first value that each record has for a mapping.

        Args:
            mapping: where the values come from.
            nulls: words that mean that there is none, in small letters.
        """
        return self._first_of(mapping.sources, nulls)

    def objects(
        self, mappings: Sequence[Mapping], used: frozenset[str], errors: Errors, name: str
    ) -> Values:
        """Return the objects of a jsonb column that is put together of several fields.

        Args:
            mappings: of the column and of its keys.
            used: the fields that are not left over.
            errors: takes what does not fit, by record.
            name: of the column.
        """
        whole = [m for m in mappings if not m.under]
        keys = [(m.under, values) for m in mappings if m.under and (values := self._under(m))]
        plain = [s for m in whole for s in m.sources if not s.takes_rest]
        rest = any(source.takes_rest for m in whole for source in m.sources)
        base = self._first_of(plain, frozenset()) if plain else None
        if not keys and (not rest or (base is not None and not _lacks(base))):
            return base if base is not None else [None] * self._records.count
        left: list[dict[str, Any]] | None = None
        made: list[dict[str, Any]] = []
        for index, value in enumerate(as_list(base or [None] * self._records.count)):
            made.append({})
            try:
                found = parse_json(value) if isinstance(value, str) and value else value
            except ValueError as error:
                errors.setdefault(index, f"{name}: {error}")
                continue
            if isinstance(found, dict):
                made[index] = dict(found)
            elif found is None or found == "":
                if rest:
                    left = self._records.rest(used) if left is None else left
                    made[index] = left[index]
            else:
                errors.setdefault(index, f"{name}: to put fields into it, it must be a JSON object")
        for under, values in keys:
            key = under[0] if len(under) == 1 else None
            for target, value in zip(made, values, strict=True):
                if value is None or value == "":
                    continue
                if key is None:
                    _put(target, under, value)
                else:
                    target[key] = value
        return [each or None for each in made]

    def _under(self, mapping: Mapping) -> list[Any] | None:
        """Return the values of a key of an object; None if no record has one."""
        values = as_list(self.column(mapping))
        return None if values.count(None) == len(values) else values

    def _first_of(self, sources: Sequence[Source], nulls: frozenset[str]) -> Values:
        """Return for each record the first value there is, as long as some record lacks one."""
        found: Values | None = None
        for source in sources:
            if found is not None and not _lacks(found):
                break
            if not all(any(map(self._records.knows, place.paths)) for place in source.places):
                continue
            values = self._source(source, nulls)
            found = values if found is None else _first([found, values])
        return [None] * self._records.count if found is None else found

    def _source(self, source: Source, nulls: frozenset[str]) -> Values:
        count = self._records.count
        values: Values
        if not source.places:
            values = pa.chunked_array([pa.repeat(pa.scalar(source.parts[0], pa.string()), count)])
        elif len(source.parts) == 1:
            values = self._place(source.places[0], source, nulls)
        else:
            values = _joined(
                [
                    part if isinstance(part, str) else as_list(self._place(part, source, nulls))
                    for part in source.parts
                ],
                count,
            )
        if source.match:
            found = re.compile(source.match)
            values = [_matched(found, value) for value in as_list(values)]
        if source.recode is not None:
            values = self._recoded(source, as_list(values))
        for conditions, wanted in ((source.when, True), (source.unless, False)):
            for path, texts in conditions.items():
                holds = self._holds(path, texts)
                pairs = zip(as_list(values), holds, strict=True)
                values = [value if held is wanted else None for value, held in pairs]
        return values

    def skip(self, conditions: Dict[str, frozenset[str]]) -> None:
        """Leave out the records for which all of these conditions hold."""
        if conditions:
            held = [self._holds(path, texts) for path, texts in conditions.items()]
            self.skipped.update(i for i, each in enumerate(zip(*held, strict=True)) if all(each))

    def _holds(self, path: str, texts: frozenset[str]) -> list[bool]:
        """Say for each record whether a path has one of these values, or (`*`) any."""
        found = as_list(self._records.values(path))
        if "*" in texts:
            return [value is not None and value != "" for value in found]
        return [(_text(value) or "") in texts for value in found]

    def _place(self, place: Place, source: Source, nulls: frozenset[str]) -> Values:
        values = _first([self._present(path, source.none, nulls) for path in place.paths])
        if place.kind or source.without:
            change = _KINDS[place.kind or "object"]
            values = [change(value) for value in as_list(values)]
        if source.without:
            values = [
                {k: v for k, v in value.items() if k not in source.without}
                if isinstance(value, dict)
                else value
                for value in values
            ]
        return values

    def _present(self, path: str, none: frozenset[str], nulls: frozenset[str]) -> Values:
        """Return the values of a path without those that mean that there is none."""
        values = self._records.values(path)
        if none:
            values = [None if _text(value) in none else value for value in as_list(values)]
        if not nulls:
            return values
        if not isinstance(values, list):
            if not pa.types.is_string(values.type):
                return values
            words = pc.is_in(pc.ascii_lower(values), pa.array(sorted(nulls), pa.string()))
            found = pc.sum(words).as_py()
            if found:
                values = pc.if_else(words, pa.scalar(None, pa.string()), values)
        else:
            before = values.count(None)
            longest = max(map(len, nulls))
            short = {v for v in values if type(v) is str and len(v) <= longest}
            words = {v for v in short if v.lower() in nulls}
            if words:
                values = [None if type(v) is str and v in words else v for v in values]
            found = values.count(None) - before
        if found:
            self._reading.found["nulls"] += found
        return values

    def _recoded(self, source: Source, values: list[Any]) -> list[Any]:
        recode = source.recode or {}
        texts = [_text(value) for value in values]
        if source.others_skip:
            self.skipped.update(i for i, text in enumerate(texts) if text not in recode)
        return [None if text is None else recode.get(text) for text in texts]


def json_texts(values: list[Any], came_of_json: bool) -> pa.Array:
    """Write objects and lists as JSON.

    Args:
        values: the objects.
        came_of_json: whether they hold nothing that JSON cannot hold.

    Raises:
        ValueError: some value must be looked at alone.
    """
    write: Callable[[Any], Any] = orjson.dumps if came_of_json else dump_json
    try:
        texts = [None if value is None else write(value) for value in values]
    except TypeError:  # numbers whose digits only the slower way keeps
        texts = [None if value is None else dump_json(value) for value in values]
    made = pa.array(texts, pa.string())
    if pc.any(pc.match_substring(made, "\\u0000")).as_py():
        raise ValueError("JSON with \\u0000")
    return made


def _lacks(values: Values) -> bool:
    """Whether some record has no value."""
    if isinstance(values, list):
        return None in values or "" in values
    return bool(values.null_count)


def _first(columns: list[Values]) -> Values:
    """Return for each record the first value that is there."""
    found = columns[0]
    for other in columns[1:]:
        if not isinstance(found, list) and not isinstance(other, list) and found.type == other.type:
            found = pc.coalesce(found, other)
        else:
            found = [
                b if a is None or a == "" else a
                for a, b in zip(as_list(found), as_list(other), strict=True)
            ]
    return found


def _joined(parts: Sequence[str | list[Any]], count: int) -> list[str | None]:
    """Make texts of several fields; none where one of them is missing."""
    columns: list[list[str | None]] = [
        [part] * count if isinstance(part, str) else [_text(value) for value in part]
        for part in parts
    ]
    return [None if None in row else "".join(map(str, row)) for row in zip(*columns, strict=True)]


def _text(value: Any) -> str | None:
    """Return a value as text; an object as JSON with its keys in order."""
    if type(value) is str:
        return value or None
    if isinstance(value, dict | list):
        try:
            return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
        except TypeError:
            return dump_json(value)
    return to_text(value)


def _matched(found: re.Pattern[str], value: Any) -> str | None:
    text = _text(value)
    match = found.search(text) if text else None
    return "#".join(match.groups()) if match else None


def _put(made: dict[str, Any], under: Sequence[str], value: Any) -> None:
    for key in under[:-1]:
        inner = made.get(key)
        made[key] = inner = dict(inner) if isinstance(inner, dict) else {}
        made = inner
    made[under[-1]] = value


def _number(value: Any) -> Any:
    if isinstance(value, str) and _JSON_NUMBER.fullmatch(value):
        return Decimal(value) if "." in value else int(value)
    return value


def _json(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return parse_json(value) if value.strip() else None
    except ValueError:
        return value


def _object(value: Any) -> Any:
    """Make an object of a list of keys and values, or of JSON that is one."""
    value = _json(value)
    made = key_values(value) if isinstance(value, list) else None
    return value if made is None else made


def _labels(value: Any) -> Any:
    """Make an object of `name{key="value"}`; none where there are no labels."""
    found = _LABEL.findall(value) if isinstance(value, str) else []
    return {key: text for key, text in found if key != "__name__"} or None


_KINDS: dict[str, Callable[[Any], Any]] = {
    "number": _number,
    "boolean": lambda value: _TRUTH.get(value, value) if isinstance(value, str) else value,
    "json": _json,
    "object": _object,
    "labels": _labels,
    "text": _text,
}
