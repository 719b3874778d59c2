"""The whole company: what becomes known in a stretch of time, and the rows that it leaves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from tidemark_warehouse.simulation import (
    activity,
    delivery,
    metrics,
    people,
    product,
    time_tracking,
)
from tidemark_warehouse.simulation.rows import TABLES, Row, Version
from tidemark_warehouse.simulation.world import World

Area = Callable[[World, int, int], Iterator[Version]]
# Each area with the days by which something may become known after the day that it follows from.
AREAS: dict[Area, int] = {
    people.versions: 2,
    delivery.versions: 0,  # looks at every feature in any case
    activity.versions: 2,
    time_tracking.versions: 14,
    metrics.versions: 1,
    product.versions: 11,
}


def versions(world: World, until: int, after: int | None = None) -> Iterator[Version]:
    """Yield every row version that becomes known up to a moment, in no order of time.

    Versions of one row come in theirs.

    Args:
        world: the company.
        until: the moment, in milliseconds.
        after: only what becomes known after this moment.
    """
    since = world.begin(0) - 1 if after is None else after
    for area, memory_days in AREAS.items():
        first_day = max(0, world.day(since) - memory_days)
        for version in area(world, first_day, world.day(until)):
            if since < version.known_at <= until:
                yield version


def settled(
    found: Iterable[Version], late: Counter[type[Row]], corrected: Counter[type[Row]]
) -> Iterator[Row]:
    """Yield the rows that versions leave: those that are only added, and the last of the others.

    Args:
        found: the versions.
        late: counts rows by table that came long after their time.
        corrected: counts rows by table that were put right.
    """
    last: dict[tuple[object, ...], Row] = {}
    notes: set[tuple[object, ...]] = set()
    for _, note, row in found:
        table = TABLES[type(row)]
        if not table.mutable:
            late[type(row)] += note == "late"
            yield row
            continue
        key = (table.name, *row[: len(table.key)])
        last[key] = row
        if note in ("late", "corrected") and (note, *key) not in notes:
            notes.add((note, *key))
            (late if note == "late" else corrected)[type(row)] += 1
    yield from last.values()
