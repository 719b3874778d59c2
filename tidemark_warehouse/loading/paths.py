"""Paths into nested values: `user.id`, `items[0].sku`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


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


def walk(value: object, parts: Sequence[str]) -> object:
    """Follow keys into nested objects and lists; a key with dots in it is found too."""
    if not parts:
        return value
    if isinstance(value, Mapping):
        for count in range(len(parts), 0, -1):
            key = ".".join(parts[:count])
            if key in value:
                return walk(value[key], parts[count:])
    elif isinstance(value, list) and parts[0].isdecimal() and int(parts[0]) < len(value):
        return walk(value[int(parts[0])], parts[1:])
    return None


def parts_of(path: str) -> list[str]:
    """Split `a.b[0].c` into its keys."""
    return path.replace("[", ".").replace("]", "").split(".")
