"""What a person asks a load to do, and what came of it."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tidemark_warehouse.database.catalog import Table
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.loading import event_log
from tidemark_warehouse.loading.conversion.batches import Reject
from tidemark_warehouse.loading.conversion.times import zone
from tidemark_warehouse.loading.conversion.values import NULL_WORDS, Reading
from tidemark_warehouse.loading.mapping import (
    SEQUENCE,
    Mapping,
    Source,
    merged,
    parse_map,
    parse_set,
    with_sequence,
)
from tidemark_warehouse.loading.presets import EVENT_LOG, Preset, PresetTable, find
from tidemark_warehouse.loading.records import FORMATS
from tidemark_warehouse.loading.records.blocks import Steps
from tidemark_warehouse.settings import project_vars

DAYS_AHEAD = 7  # a later time is a sentinel or a slip


@dataclass(frozen=True)
class Request:
    """What a person asked for.

    Attributes:
        asked: the `--map` and `--set`, in order.
        maps: the `--map` as they were written.
        sets: the `--set` as they were written.
        preset: the preset, if one is named.
        timezone: of times without one.
        time_format: a further form of times, as strptime knows it.
        kind: one of FORMATS; told by each file if None.
        delimiter: of CSV; told by the header if None.
        encoding: of text; UTF-8, or what the first bytes show, if None.
        columns: names of a CSV file's columns that has no header.
        rows: where the rows of a JSON document are.
        nulls: words that mean null, in every column, in place of the usual ones in ids.
        decimal_comma: whether 1.234,5 is a number.
        any_date: take times before history begins and far ahead.
        every_version: write every version of a key, not only the last.
        order_by: the field that says which of two rows with one updated_at is later.
        max_rejects: give a file up when more of its rows do not fit.
        replace: take back what was loaded of the same file before.
        again: load a file that was loaded under other options beside what it gave then.
    """

    asked: tuple[Mapping, ...] = ()
    maps: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    preset: Preset | None = None
    timezone: ZoneInfo | None = None
    time_format: str | None = None
    kind: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    columns: tuple[str, ...] = ()
    rows: tuple[Steps, ...] = ()
    nulls: tuple[str, ...] = ()
    decimal_comma: bool = False
    any_date: bool = False
    every_version: bool = False
    order_by: str | None = None
    max_rejects: int | None = None
    replace: bool = False
    again: bool = False

    @classmethod
    def of(
        cls,
        maps: Sequence[str] = (),
        sets: Sequence[str] = (),
        preset: str | None = None,
        timezone: str | None = None,
        kind: str | None = None,
        delimiter: str | None = None,
        encoding: str | None = None,
        columns: str | None = None,
        rows: Sequence[str] = (),
        **others: Any,
    ) -> Request:
        """Read the options of the command line.

        Raises:
            TidemarkError: one of them has a value that cannot be used.
        """
        if kind is not None and kind not in FORMATS:
            raise TidemarkError(
                f"--format {kind!r} is not known", f"the formats are {', '.join(FORMATS)}"
            )
        delimiter = "\t" if delimiter in ("tab", "\\t") else delimiter
        if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
            raise TidemarkError(
                f"--delimiter {delimiter!r} is not one character", "for a tab say --delimiter tab"
            )
        if encoding is not None:
            try:
                codecs.lookup(encoding)
            except LookupError as error:
                raise TidemarkError(
                    f"there is no encoding {encoding!r}",
                    "use a name such as windows-1252, latin-1 or utf-16",
                ) from error
        return cls(
            asked=merged((*map(parse_map, maps), *map(parse_set, sets))),
            maps=tuple(maps),
            sets=tuple(sets),
            preset=find(preset) if preset else None,
            timezone=zone(timezone) if timezone else None,
            kind=kind,
            delimiter=delimiter,
            encoding=encoding,
            columns=tuple(name.strip() for name in columns.split(",")) if columns else (),
            rows=tuple(map(Steps.of, rows)),
            **others,
        )

    def described(self) -> dict[str, Any]:
        """Return what decides how a file is read, as far as it was asked for."""
        read = {
            "maps": list(self.maps),
            "sets": list(self.sets),
            "preset": self.preset.name if self.preset else None,
            "timezone": self.timezone.key if self.timezone else None,
            "time_format": self.time_format,
            "kind": self.kind,
            "delimiter": self.delimiter,
            "encoding": self.encoding,
            "columns": ",".join(self.columns),
            "rows": [steps.text for steps in self.rows],
            "nulls": list(self.nulls),
            "decimal_comma": self.decimal_comma,
            "any_date": self.any_date,
            "every_version": self.every_version,
            "order_by": self.order_by,
        }
        return {name: value for name, value in read.items() if value}

    def preset_of(self, table: Table) -> PresetTable | None:
        """Return what the preset has for a table.

        Raises:
            TidemarkError: it has nothing.
        """
        return self.preset.table(table.name) if self.preset else None

    def mapped(self, table: Table) -> tuple[Table, tuple[Mapping, ...]]:
        """Return the table as the file is mapped to it, and the mappings that were asked for.

        Raises:
            TidemarkError: an option does not go with this table.
        """
        if self.preset is not None and self.preset.name == EVENT_LOG:
            mapped = event_log.LOG
        elif self.order_by:
            mapped = with_sequence(table)
        else:
            mapped = table
        for option, wanted in (
            ("--every-version", self.every_version),
            ("--order-by", self.order_by is not None),
        ):
            if wanted and (table.time_column or mapped is event_log.LOG):
                raise TidemarkError(
                    f"{option}: raw.{table.name} is not loaded by versions of its rows",
                    "it is for tables whose rows change, such as feature_requests",
                )
        if not self.order_by:
            return mapped, self.asked
        order = Mapping(SEQUENCE, (Source.of(self.order_by),), asked=True)
        return mapped, (*self.asked, order)

    def reading(self) -> Reading:
        """Return how values are to be read."""
        formats = self.preset.time_formats if self.preset else ()
        preset_zone = self.preset.timezone if self.preset else None
        vars_ = project_vars()
        begins = datetime.fromisoformat(str(vars_.get("history_begins", "1990-01-01")))
        return Reading(
            timezone=self.timezone or preset_zone,
            time_formats=(*([self.time_format] if self.time_format else ()), *formats),
            earliest=None if self.any_date else begins.replace(tzinfo=UTC),
            latest=None if self.any_date else datetime.now(UTC) + timedelta(days=DAYS_AHEAD),
            decimal_comma=self.decimal_comma,
            null_words=frozenset(word.lower() for word in self.nulls) or NULL_WORDS,
            nulls_everywhere=bool(self.nulls),
            long_seconds=float(vars_.get("longest_session_hours", 24)) * 3600,
        )


@dataclass
class Summary:
    """What became of a file.

    Attributes:
        path: the file.
        table: the table's name.
        read: rows of the file.
        inserted: rows that are new in the table.
        updated: rows that were there and differ now.
        skipped: rows that the preset leaves out on purpose.
        rejected: rows that are in raw.rejected_rows.
        first_reject: the first of those.
        reasons: how many there are of each kind.
        notes: what else a person should know.
        seconds: how long it took.
        load_id: under which `tidemark loads` lists it.
        removed: rows of earlier loads of the file that were taken back.
        sources: for each column, where its values come from.
        sample: the first rows as PostgreSQL writes them, of a dry run.
    """

    path: Path
    table: str
    read: int = 0
    inserted: int = 0
    updated: int = 0
    skipped: int = 0
    rejected: int = 0
    first_reject: Reject | None = None
    reasons: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    load_id: int | None = None
    removed: int = 0
    sources: dict[str, str] = field(default_factory=dict)
    sample: list[tuple[str | None, ...]] = field(default_factory=list)

    @property
    def unchanged(self) -> int:
        """Rows that the table has already, or that another row of the file replaces."""
        return max(0, self.read - self.inserted - self.updated - self.skipped - self.rejected)
