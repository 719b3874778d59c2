"""Loading events: COPY beside a bare table, and `tidemark load` of files beside COPY."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, LiteralString

from bench.arena import Arena
from bench.figures import Figure
from tidemark_warehouse.cli.load import leave_pandas_out
from tidemark_warehouse.database.catalog import read_table
from tidemark_warehouse.loading.load import load_file
from tidemark_warehouse.loading.options import Request

EVENTS = 500_000
USERS = 20_000
AREA = "Loading events"
DAYS = 30

COLUMNS: LiteralString = (
    "event_id, event_name, event_at, distinct_id, user_id, session_id, properties"
)
# In order of time, over a month; a third with user_id and session_id.
MADE: LiteralString = """
    insert into raw.events (
        event_id, event_name, event_at, distinct_id, user_id, session_id, properties
    )
    select
        md5(n::text)::uuid,
        'event ' || n %% 20,
        date_trunc('month', now()) - interval '1 month' + n * (interval '28 days' / %(events)s),
        'device ' || hashint4(n) %% %(users)s,
        case when n %% 3 = 0 then 'user ' || hashint4(n) %% %(users)s end,
        case when n %% 3 = 0 then 'session ' || n / 10 end,
        jsonb_build_object('plan', 'pro', 'number', n)
    from generate_series(1, %(events)s) as n
"""
CSV: LiteralString = (
    "copy (select event_id, event_name, event_at, distinct_id, user_id, session_id,"
    " properties from raw.events order by event_at) to stdout (format csv, header)"
)
WIDE: LiteralString = (
    "copy (select event_id as id, event_name as name, event_at as at, distinct_id as device,"
    " user_id, properties ->> 'plan' as plan, properties ->> 'number' as number"
    " from raw.events order by event_at) to stdout (format csv, header)"
)
SEGMENT: LiteralString = """
    select jsonb_build_object(
        'messageId', event_id, 'type', 'track', 'event', event_name, 'timestamp', event_at,
        'anonymousId', distinct_id, 'userId', user_id, 'properties', properties,
        'context', jsonb_build_object('page', jsonb_build_object('url', 'https://example.com/'))
    )
    from raw.events order by event_at
"""


def measure(arena: Arena) -> Iterator[Figure]:
    """Yield the figures of the area."""
    leave_pandas_out()  # as the command does
    arena.say(f"{EVENTS:,} events by COPY and from files")
    arena.connection.execute(
        "select ops.ensure_partitions_for('raw.events', now() - interval '2 months', now())"
    )
    arena.connection.execute(MADE, {"events": EVENTS, "users": USERS})
    binary = b"".join(
        _copied(
            arena,
            "copy (select "
            + COLUMNS
            + " from raw.events order by event_at) to stdout (format binary)",
        )
    )
    files = _files(arena)
    arena.connection.execute("create table public.bare (like raw.events)")
    arena.connection.execute("alter table public.bare drop column _xid")
    bare, bare_wal = arena.timed(_copy(arena, "public.bare", binary))
    _empty(arena)
    ours, ours_wal = arena.timed(_copy(arena, "raw.events", binary))
    server_side = "COPY, binary, into a table without keys, indexes or defaults"
    yield Figure(AREA, "events by COPY", EVENTS / ours, "rows/s")
    yield Figure(AREA, "the same against a bare table", ours / bare, "times", 5, beside=server_side)
    yield Figure(AREA, "write-ahead log an event", ours_wal / EVENTS, "bytes")
    yield Figure(
        AREA, "log against a bare table", ours_wal / bare_wal, "times", 3.5, beside=server_side
    )
    for name, aim, path, options in files:
        _empty(arena)
        seconds, _ = arena.timed(_loaded(arena, path, options))
        yield Figure(
            AREA,
            f"tidemark load of {name} against COPY",
            ours / seconds,
            "times",
            at_least=aim,
            beside="rows a second, of binary COPY into raw.events",
        )


def _files(arena: Arena) -> list[tuple[str, float, Path, dict[str, Any]]]:
    plain, wide, segment = (arena.scratch / name for name in ("a.csv", "b.csv", "c.jsonl"))
    plain.write_bytes(b"".join(_copied(arena, CSV)))
    wide.write_bytes(b"".join(_copied(arena, WIDE)))
    with segment.open("w") as lines:
        for (record,) in arena.connection.execute(SEGMENT):
            lines.write(json.dumps(record) + "\n")
    names = {"event_id": "id", "event_name": "name", "event_at": "at", "distinct_id": "device"}
    maps = [f"{column}={field}" for column, field in names.items()]
    return [
        ("CSV", 0.8, plain, {}),
        ("mapped CSV", 0.5, wide, {"maps": [*maps, "properties=*"]}),
        ("a preset's JSON", 0.5, segment, {"preset": "segment"}),
    ]


def _copied(arena: Arena, statement: LiteralString) -> Iterator[bytes]:
    with arena.connection.cursor().copy(statement) as source:
        for block in source:
            yield bytes(block)


def _copy(arena: Arena, table: LiteralString, data: bytes) -> Callable[[], None]:
    def copy() -> None:
        statement = "copy " + table + " (" + COLUMNS + ") from stdin (format binary)"
        with arena.connection.cursor().copy(statement) as sink:
            sink.write(io.BytesIO(data).getbuffer())

    return copy


def _loaded(arena: Arena, path: Path, options: dict[str, Any]) -> Callable[[], None]:
    def load() -> None:
        summary = load_file(
            arena.connection, read_table(arena.connection, "events"), path, Request.of(**options)
        )
        if summary.inserted != EVENTS:
            raise ValueError(f"{path.name}: {summary}")

    return load


def _empty(arena: Arena) -> None:
    """Take all rows away, and what that left."""
    arena.connection.execute("delete from raw.events")
    arena.connection.execute("delete from ops.changes")
    arena.connection.execute("delete from ops.loads")
    arena.connection.execute("vacuum full raw.events")
