"""Ready-made mappings for the exports of other tools, each a file of data beside this one.

Each line says where a column takes its value from. Of several sources the first with one counts,
so that one preset serves a tool's API, its files and its warehouse tables alike. What a person maps
with `--map` or `--set` replaces the preset's lines for that column.
"""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml  # type: ignore[import-untyped]

from tidemark_warehouse.errors import TidemarkError, did_you_mean
from tidemark_warehouse.loading.conversion.times import zone
from tidemark_warehouse.loading.mapping import Mapping, Source
from tidemark_warehouse.loading.records.blocks import Steps

EVENT_LOG = "event-log"
FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class PresetTable:
    """What a preset has for one table.

    Attributes:
        mappings: what fills its columns.
        leaves: what it leaves to the person, in words.
        rows: where the rows of a JSON document are, if it has such.
        identity: columns that tell apart rows whose tool gave them one id.
        unpivot: columns of a wide file that are no values; each other one becomes rows.
        header: names of the columns, where the tool writes none.
        skip: rows that are left out: those in which each of these paths has one of these values.
    """

    mappings: tuple[Mapping, ...]
    leaves: str = ""
    rows: tuple[Steps, ...] = ()
    identity: tuple[str, ...] = ()
    unpivot: frozenset[str] = frozenset()
    header: tuple[str, ...] = ()
    skip: Dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def fills(self) -> list[str]:
        """The columns and keys that it fills."""
        return list(dict.fromkeys(mapping.target for mapping in self.mappings))


@dataclass(frozen=True)
class Preset:
    """The mappings of one tool.

    Attributes:
        name: the tool's name.
        summary: which of its exports they read, in a line.
        tables: what there is for each table.
        time_formats: forms of times that the tool writes besides ISO 8601.
        timezone: of times that it writes without one, if it always means the same.
    """

    name: str
    summary: str
    tables: Dict[str, PresetTable]
    time_formats: tuple[str, ...] = ()
    timezone: ZoneInfo | None = None

    def table(self, name: str) -> PresetTable:
        """Return what there is for a table.

        Raises:
            TidemarkError: nothing.
        """
        found = self.tables.get(name)
        if found is None:
            raise TidemarkError(
                f"the preset {self.name} has nothing for raw.{name}",
                f"it is for {', '.join(self.tables)}",
            )
        return found


def names() -> list[str]:
    """List the presets."""
    return sorted(path.stem for path in FOLDER.glob("*.yml"))


@cache
def find(name: str) -> Preset:
    """Return a preset.

    Raises:
        TidemarkError: there is none of that name.
    """
    if name not in names():
        raise TidemarkError(
            f"there is no preset {name}",
            f"{did_you_mean(name, names())}the presets are {', '.join(names())}",
        )
    read: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yml").read_text())
    return Preset(
        name,
        read["summary"],
        {table: _table(about) for table, about in read["tables"].items()},
        tuple(read.get("time_formats", ())),
        zone(read["timezone"]) if "timezone" in read else None,
    )


def _table(about: dict[str, Any]) -> PresetTable:
    mappings: list[Mapping] = []
    for target, sources in about["columns"].items():
        column, *under = target.split(".")
        each = sources if isinstance(sources, list) else [sources]
        mappings.append(Mapping(column, tuple(map(_source, each)), tuple(under)))
    return PresetTable(
        tuple(mappings),
        about.get("leaves", ""),
        tuple(map(Steps.of, about.get("rows", ()))),
        tuple(about.get("identity", ())),
        frozenset(about.get("unpivot", ())),
        tuple(about.get("header", ())),
        _conditions(about.get("skip", {})),
    )


def _source(line: str | dict[str, Any]) -> Source:
    if isinstance(line, str):
        return Source.of(line)
    base = Source.constant(str(line["constant"])) if "constant" in line else Source.of(line["from"])
    recode = line.get("recode")
    return replace(
        base,
        recode=None if recode is None else {str(k): v for k, v in recode.items()},
        others_skip=line.get("others") == "skip",
        when=_conditions(line.get("when", {})),
        unless=_conditions(line.get("unless", {})),
        match=line.get("match", ""),
        without=frozenset(line.get("without", ())),
        none=frozenset(map(str, line.get("none", ()))),
    )


def _conditions(read: dict[str, Any]) -> dict[str, frozenset[str]]:
    return {
        path: frozenset(map(str, texts if isinstance(texts, list) else [texts]))
        for path, texts in read.items()
    }
