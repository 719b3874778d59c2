"""docs/spec.md as the tests read it: the one place of names, grains, columns and indexes.

A name is written as people write it: `marts.user_activity` (a table), `marts.user_activity.date`
(a column), `marts.user_activity (date)` (an index), `ops.behind()`, `tidemark load --map`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docs" / "spec.md"

CODE = re.compile(r"`([^`]+)`")
COMMAND = re.compile(r"(?:tidemark|make)(?: [a-z]+)+")
RAW_COLUMN = re.compile(r"(?P<name>\w+)(?P<required>\*?)(?: (?P<type>(?!default)[a-z ]+?))?"
                        r"(?: default (?P<default>\S+))?")  # fmt: skip


@dataclass(frozen=True)
class Mart:
    """What section 2 lists of one mart."""

    area: str
    name: str
    grain: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def relation(self) -> str:
        """Its schema and name."""
        return f"{'marts_people' if self.area == 'people' else 'marts'}.{self.name}"


@dataclass(frozen=True)
class RawColumn:
    """A column of a raw table; type and default as PostgreSQL writes them."""

    name: str
    type: str
    required: bool
    default: str | None


@dataclass(frozen=True)
class RawTable:
    """What section 1 lists of one raw table.

    Attributes:
        kind: A (appended to) or M (mutable).
        time: the column by which an A table is partitioned, if it is.
    """

    name: str
    kind: str
    time: str | None
    key: tuple[str, ...]
    columns: tuple[RawColumn, ...]


@cache
def tables() -> dict[str, list[tuple[str, ...]]]:
    """Return the rows of each table, without its head, by the heading above and the head."""
    found: dict[str, list[tuple[str, ...]]] = {}
    heading, rows = "", None
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            heading = line.strip("# ")
        if not line.startswith("|"):
            rows = None
        elif rows is None:
            head = line.strip("| ").split(" | ")
            rows = found.setdefault(f"{heading}: {', '.join(head)}", [])
        elif not line.startswith("|---"):
            rows.append(tuple(cell.strip() for cell in line.strip("|").split(" | ")))
    return found


def rows(heading: str) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the table with this key of `tables`."""
    assert tables().get(heading), f"docs/spec.md has no table {heading}: {', '.join(tables())}"
    yield from tables()[heading]


def words(cell: str) -> tuple[str, ...]:
    """Return the names of a cell: `a`, b, c."""
    return tuple(word.strip("` ") for word in cell.split(",") if word.strip("` "))


@cache
def marts() -> dict[str, Mart]:
    """Return the marts of section 2 by relation."""
    listed = [
        Mart(key.split(":")[0], row[0].strip("`"), words(row[1]), words(row[2]))
        for key, table in tables().items()
        if key.endswith(": mart, grain, columns")
        for row in table
    ]
    return {mart.relation: mart for mart in listed}


def type_of(column: str, otherwise: str = "text") -> list[str]:
    """Return the types that a column of this name may have: the first row that fits counts."""
    for names, types, _ in rows("Conventions: names, type, meaning"):
        if any(fnmatch(column, pattern) for pattern in words(names)):
            return types.split(" or ")
    return [otherwise] if otherwise else []


@cache
def raw_tables() -> dict[str, RawTable]:
    """Return the tables of section 1 by name."""
    found = {}
    for name, kind, columns in rows("1. Raw tables: table, kind, key, columns"):
        spans, appended = CODE.findall(kind), kind.startswith("A")
        found[name.strip("`")] = RawTable(
            name.strip("`"),
            kind[0],
            spans[0] if appended and spans else None,
            words(spans[-1]) if spans else (),
            tuple(map(_raw_column, columns.split(", "))),
        )
    return found


def _raw_column(text: str) -> RawColumn:
    found = RAW_COLUMN.fullmatch(text)
    assert found, f"docs/spec.md, section 1: {text} is not `name* type default x`"
    return RawColumn(
        found["name"],
        found["type"] or type_of(found["name"])[0],
        bool(found["required"]),
        found["default"],
    )


@cache
def indexes() -> dict[str, tuple[str, ...]]:
    """Return the indexes of section 7 by relation, each as (a, b desc) where c."""
    return {
        table.strip("`"): tuple(columns.split("; "))
        for table, columns in rows("7. Indexes: table, indexes")
    }


@cache
def promised() -> frozenset[str]:
    """Return every name that the spec promises."""
    listed = {mart.relation: mart.grain + mart.columns for mart in marts().values()}
    listed |= {f"raw.{t.name}": tuple(c.name for c in t.columns) for t in raw_tables().values()}
    for seed, header in rows("Seeds that analysts edit: seed, header"):
        listed[f"seeds.{seed.strip('`')}"] = words(header)
    for record, columns in rows("3. What incremental means: record, columns"):
        listed[record.strip("`")] = words(columns)
    return frozenset([
        *listed,
        *(f"{name}.{column}" for name, columns in listed.items() for column in columns),
        *(f"{name} {index}" for name, found in indexes().items() for index in found),
        *re.findall(r"\b(?:ops|api)\.\w+\(\)", FILE.read_text(encoding="utf-8")),
        *(role.strip("`") for role, _ in rows("5. Who may read what: role, may")),
        *_commands(),
    ])  # fmt: skip


def _commands() -> Iterator[str]:
    for command, does in rows("6. Commands: command, does"):
        named = [found[0] for span in CODE.findall(command) if (found := COMMAND.match(span))]
        yield from named
        for option in re.findall(r"--[a-z-]+", f"{command} {does}"):
            yield f"{named[0]} {option}"


@cache
def not_built() -> frozenset[str]:
    """Return the names of section 8: of each line of its list the first."""
    section = FILE.read_text(encoding="utf-8").split("\n## 8. Not built yet\n")[1]
    return frozenset(found[1] for line in section.splitlines()
                     if (found := re.match(r"- `([^`]+)`", line)))  # fmt: skip


def waits(name: str) -> bool:
    """Whether section 8 lists a name, or what it is a part of (a table, a command)."""
    return any(
        name == listed or name.startswith((f"{listed}.", f"{listed} ")) for listed in not_built()
    )
