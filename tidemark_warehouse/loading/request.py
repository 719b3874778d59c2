"""What a person asks a load to do, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.loading import event_log, presets
from tidemark_warehouse.loading.batches import Reject
from tidemark_warehouse.loading.mapping import Source, Wish, parse_map, parse_set
from tidemark_warehouse.loading.sources import FORMATS
from tidemark_warehouse.loading.tables import SEQUENCE, Table, with_sequence
from tidemark_warehouse.loading.values import Reading, zone


@dataclass(frozen=True)
class Request:
    """What a person asked for.

    Attributes:
        asked: the `--map` and `--set`, in order.
        preset: name of a preset.
        timezone: of times without one.
        time_format: a further form of times, as strptime knows it.
        kind: csv, jsonl or parquet; told by each file if None.
        delimiter: of CSV; told by the header if None.
        every_version: write every version of a key, not only the last.
        order_by: the field that says which of two rows with one updated_at is later.
    """

    asked: tuple[Wish, ...] = ()
    preset: str | None = None
    timezone: ZoneInfo | None = None
    time_format: str | None = None
    kind: str | None = None
    delimiter: str | None = None
    every_version: bool = False
    order_by: str | None = None

    @classmethod
    def of(
        cls,
        maps: Sequence[str] = (),
        sets: Sequence[str] = (),
        preset: str | None = None,
        timezone: str | None = None,
        time_format: str | None = None,
        kind: str | None = None,
        delimiter: str | None = None,
        every_version: bool = False,
        order_by: str | None = None,
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
        return cls(
            asked=(*map(parse_map, maps), *map(parse_set, sets)),
            preset=preset,
            timezone=zone(timezone) if timezone else None,
            time_format=time_format,
            kind=kind,
            delimiter=delimiter,
            every_version=every_version,
            order_by=order_by,
        )

    def mapped(self, table: Table) -> tuple[Table, tuple[Wish, ...]]:
        """Return the table as the file is mapped to it, and the mapping that was asked for.

        Raises:
            TidemarkError: an option does not go with this table.
        """
        if self.preset == presets.EVENT_LOG:
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
        order = (Wish(SEQUENCE, source=Source(self.order_by), asked=True),) if self.order_by else ()
        return mapped, (*self.asked, *order)

    def reading(self) -> Reading:
        """Return how values are to be read."""
        formats = presets.time_formats(self.preset)
        return Reading(self.timezone, (*([self.time_format] if self.time_format else ()), *formats))


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
        notes: what else a person should know.
        seconds: how long it took.
    """

    path: Path
    table: str
    read: int = 0
    inserted: int = 0
    updated: int = 0
    skipped: int = 0
    rejected: int = 0
    first_reject: Reject | None = None
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def unchanged(self) -> int:
        """Rows that the table has already, or that another row of the file replaces."""
        return max(0, self.read - self.inserted - self.updated - self.skipped - self.rejected)
