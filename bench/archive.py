"""The archive at size: months of events into files, back again, and how a partition goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import LiteralString

from psycopg import sql

from bench import world
from bench.arena import Arena
from bench.figures import Figure
from orchestration import server
from orchestration.archive import manifest, verifying
from orchestration.archive.reading import copy_into
from orchestration.archive.tables import ArchivedTable
from orchestration.archive.writing import write_rows
from orchestration.loading.tables import read_table

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
ADOPTED: LiteralString = """
create schema scratch;
create table scratch.events (like raw.events including all) partition by range (event_at);
create table scratch.events_old (like scratch.events including all);
insert into scratch.events_old select * from {};
alter table scratch.events attach partition scratch.events_old default;
"""


def measure(arena: Arena) -> Iterator[Figure]:
    """Archive every month of the history, verify it, bring one back, and drop one."""
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

    arena.say("one month back, and dropped")
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
    yield drop(arena, months[0][0])


def drop(arena: Arena, partition: str) -> Figure:
    """Drop a copy of a partition as retention does: detached, then dropped whole."""
    arena.connection.execute(sql.SQL(ADOPTED).format(_raw(partition)))

    def go() -> None:
        with arena.connection.transaction():
            arena.connection.execute(
                "alter table scratch.events detach partition scratch.events_old"
            )
            arena.connection.execute("drop table scratch.events_old")

    taken, wal = arena.timed(go)
    how = f"a month with its indexes; {wal / 1000:.0f} kB of WAL"
    return Figure(AREA, "detach and drop a partition", taken * 1000, "ms", beside=how)


def _raw(partition: str) -> sql.Identifier:
    return sql.Identifier("raw", partition)
