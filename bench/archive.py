"""The archive at size: months of events into files, back again, and how partitions go."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import LiteralString

from psycopg import sql

from bench import world
from bench.arena import Arena
from bench.figures import Figure
from tidemark_warehouse.archiving import manifest, verifying
from tidemark_warehouse.archiving.manifest import Manifest
from tidemark_warehouse.archiving.reading import copy_into
from tidemark_warehouse.archiving.tables import ArchivedTable
from tidemark_warehouse.archiving.writing import write_rows
from tidemark_warehouse.database import server
from tidemark_warehouse.database.catalog import read_table

AREA = "Retention: the archive of raw events"

PARTITIONS: LiteralString = """
select
    c.relname,
    to_char(min(e.event_at), 'YYYY-MM'),
    pg_table_size(c.oid),
    pg_total_relation_size(c.oid)
from raw.events as e
inner join pg_class as c on e.tableoid = c.oid
group by c.oid, c.relname
order by c.relname
"""
# As after a build by as many models as read raw.events.
READERS: LiteralString = """
insert into ops.watermarks
    (relation, model, seen, fingerprint, shape, settings, reads, as_of)
select
    'marts.reader_' || n, 'reader', ops.current_snapshot(), '', '', '', '{raw.events}', now()
from generate_series(1, 11) as n;
insert into ops.retention_targets
    (relation, is_raw, readers, unfit_readers, reads_back_days)
select 'raw.events', true, array_agg(relation), '{}', 0
from ops.watermarks
"""
REMOVED: LiteralString = """
select ops.remove_partition(
    'raw.events', %s::regclass, %s, %s, %s, %s::pg_snapshot, %s, %s, 7, 7
)
"""


def measure(arena: Arena) -> Iterator[Figure]:
    """Archive every month of the history, verify it, bring one back, and remove them all."""
    arena.say(f"{arena.events:,} events")
    world.add_events(arena, arena.events, 0, arena.days)
    world.settle(arena)
    folder, url = arena.scratch / "archive", server.url(arena.settings)
    table = ArchivedTable.of(read_table(arena.connection, "events"))
    months = arena.connection.execute(PARTITIONS).fetchall()

    arena.say(f"{len(months)} months into files")
    started = time.perf_counter()
    written = [
        write_rows(url, sql.SQL("select * from {}").format(_raw(name)), table, period, folder)
        for name, period, *_ in months
    ]
    taken = time.perf_counter() - started
    rows, size = sum(m.row_count for m in written), sum(m.bytes for m in written)
    assert rows == arena.events
    how = "read in one snapshot, written, read back and compared"
    yield Figure(AREA, "archive", rows / taken, "rows/s", at_least=500_000, beside=how)
    whole, bare = (sum(month[place] for month in months) for place in (3, 2))
    of = f"of {size / rows:.1f} bytes a row, 16 of them a random id"
    yield Figure(AREA, "table with indexes / files", whole / size, "times", at_least=7, beside=of)
    yield Figure(AREA, "table without indexes / files", bare / size, "times", beside=of)

    started = time.perf_counter()
    problems = [p for m in written for p in verifying.verify(folder, m.file, manifest.digest(m))]
    assert not problems
    taken = time.perf_counter() - started
    yield Figure(AREA, "verify", rows / taken, "rows/s", beside="hash of the file and of its rows")

    arena.say("one month back, then all of them removed")
    columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
    with arena.connection.transaction(), arena.connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "create temporary table returned on commit drop as "
                "select {} from raw.events limit 0"
            ).format(columns)
        )
        started = time.perf_counter()
        returned = copy_into(cursor, folder, written[0], sql.Identifier("returned"))
        taken = time.perf_counter() - started
    how = "verified, into a temporary table without indexes"
    yield Figure(AREA, "read back into the database", returned / taken, "rows/s", beside=how)
    yield remove(arena, [(month[0], made) for month, made in zip(months, written, strict=True)])


def remove(arena: Arena, months: list[tuple[str, Manifest]]) -> Figure:
    """Remove the archived partitions as retention does, with all that it checks before."""
    arena.connection.execute(READERS)

    def go() -> None:
        for name, made in months:
            month_start = datetime.fromisoformat(f"{made.period}-01T00:00:00+00:00")
            month_end = (month_start + timedelta(days=32)).replace(day=1)
            objections = arena.connection.execute(
                REMOVED,
                [
                    *(f"raw.{name}", month_start, month_end, made.row_count, made.snapshot),
                    *(made.file, manifest.digest(made)),
                ],
            ).fetchone()
            assert objections == ([],), objections

    taken, wal = arena.timed(go)
    rows = sum(made.row_count for _, made in months)
    how = f"checked, detached, dropped with their indexes; {wal / 1000:.0f} kB of WAL"
    return Figure(AREA, f"remove {rows:,} archived rows", taken, "s", at_most=1, beside=how)


def _raw(partition: str) -> sql.Identifier:
    return sql.Identifier("raw", partition)
