"""Takes the value of each column out of a row, as the mapping says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from tidemark_warehouse.loading.mapping import Feed, Plan, Wish
from tidemark_warehouse.loading.paths import locate, parts_of, walk
from tidemark_warehouse.loading.values import parse_json, typed_cell

Getter = Callable[[Any], object]


class SkippedRowError(Exception):
    """A row that the mapping leaves out on purpose."""


def getter(plan: Plan, feed: Feed) -> Getter:
    """Return the function that takes a column's value out of a row.

    A row is a list of values in the order of the plan's fields, or a dict.
    """
    alternatives = [_wish_getter(plan, wish) for wish in feed.wishes]
    if not feed.members and not feed.rest:
        if len(alternatives) == 1:
            return alternatives[0]
        return lambda row: _first(alternatives, row)
    rest = _rest_getter(plan) if feed.rest else None
    members = [
        (wish.under, _wish_getter(plan, wish), _cell_of(plan, wish)) for wish in feed.members
    ]
    members.reverse()  # of several sources of one key the first that has a value is put last

    def assemble(row: Any) -> object:
        base = _first(alternatives, row)
        if isinstance(base, str):
            base = parse_json(base)
        if base is not None and not isinstance(base, dict):
            raise ValueError("to put fields into it, it must be a JSON object")
        made = dict(rest(row)) if rest else {}
        made |= base or {}
        for under, read, cell in members:
            value = cell(read(row))
            if value is not None and value != "":
                _put(made, under, value)
        return made or base

    return assemble


def _wish_getter(plan: Plan, wish: Wish) -> Getter:
    if wish.source is None:
        constant = wish.constant
        return lambda row: constant
    read = _reader(plan, wish.source.path)
    source = wish.source
    if source.recode is None and source.when is None:
        return read
    recode = source.recode
    condition = _reader(plan, source.when[0]) if source.when else None

    def chosen(row: Any) -> object:
        if condition and source.when and condition(row) != source.when[1]:
            return None
        value = read(row)
        if recode is None:
            return value
        if source.others_skip and value not in recode:
            raise SkippedRowError
        return recode.get(value) if isinstance(value, str) else None

    return chosen


def _reader(plan: Plan, path: str) -> Getter:
    """Return the function that reads a path from a row of this plan's kind."""
    parts = parts_of(path)
    if plan.fields is None:
        if len(parts) == 1:
            return lambda row: row.get(path)
        return lambda row: row[path] if path in row else walk(row, parts)
    found = locate(path, plan.fields)
    if found is None:
        return lambda row: None
    index, keys = plan.fields.index(found[0]), found[1]
    if not keys:
        return lambda row: row[index]

    def nested(row: Any) -> object:
        value = row[index]
        if isinstance(value, str):
            value = _parsed(value) if value.lstrip().startswith(("{", "[")) else None
        return walk(value, keys)

    return nested


def _rest_getter(plan: Plan) -> Callable[[Any], dict[str, object]]:
    used = plan.used
    if plan.fields is None:
        return lambda row: {key: value for key, value in row.items() if key not in used}
    kept = [
        (index, name, typed_cell if name in plan.typed else _same)
        for index, name in enumerate(plan.fields)
        if name not in used
    ]

    def rest(row: Any) -> dict[str, object]:
        return {name: cell(row[i]) for i, name, cell in kept if row[i] not in (None, "")}

    return rest


def _first(alternatives: Sequence[Getter], row: Any) -> object:
    for read in alternatives:
        value = read(row)
        if value is not None and value != "":
            return value
    return None


def _put(made: dict[str, object], under: Sequence[str], value: object) -> None:
    for key in under[:-1]:
        inner = made.get(key)
        made[key] = inner = dict(inner) if isinstance(inner, dict) else {}
        made = inner
    made[under[-1]] = value


def _same(value: object) -> object:
    return value


def _cell_of(plan: Plan, wish: Wish) -> Getter:
    """Return what makes a JSON value of this wish's value."""
    return typed_cell if wish.source is None or wish.source.path in plan.typed else _same


@lru_cache(maxsize=4)
def _parsed(text: str) -> object:
    """Parse a cell that several columns look into, once. What it returns is not changed."""
    return parse_json(text)
