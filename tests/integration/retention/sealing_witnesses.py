"""Fixed worlds for the rules of sealed time, which hold only with each of the engine's guards."""

from __future__ import annotations

from tests.integration.exactness.product_witnesses import events
from tests.integration.exactness.world import World
from tests.integration.retention.sealing import all_rows, late_rows, reopen, seal


def rows_of_sealed_time_stay(world: World) -> None:
    """Not even a build from nothing deletes what it cannot compute."""
    world.execute(events(("ann", "2026-01-15 12:00", None), ("ann", "2026-02-15 12:00", None)))
    world.build()
    before = all_rows(world)
    assert seal(world, "events", "2026-01") == []
    world.build("--full-refresh")
    assert all_rows(world) == before


def rows_for_sealed_time_are_not_written(world: World) -> None:
    """The one late row of a sealed day would stand there as if it were the whole day."""
    world.execute(events(("ann", "2026-01-15 12:00", None), ("ann", "2026-02-15 12:00", None)))
    world.build()
    before = all_rows(world)["marts.event_counts_daily"]
    assert seal(world, "events", "2026-01") == []
    world.execute(events(("bob", "2026-01-15 13:00", None), ("bob", "2026-01-16 13:00", None)))
    world.build()
    assert all_rows(world)["marts.event_counts_daily"] == before
    assert late_rows(world)


def a_restored_month_counts_once(world: World) -> None:
    """Its rows are new again, but the buckets have counted them: they are not added."""
    world.execute(
        events(*(("ann", f"2026-01-15 12:{minute:02}", None) for minute in range(30))),
        events(("ann", "2026-02-15 12:00", None)),
    )
    world.build()
    assert seal(world, "events", "2026-01") == []
    world.build()
    reopen(world, "events", "2026-01")
    world.build()


SEALING_WITNESSES = [
    rows_of_sealed_time_stay,
    rows_for_sealed_time_are_not_written,
    a_restored_month_counts_once,
]
