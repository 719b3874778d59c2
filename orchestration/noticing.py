"""A build soon after raw rows or definitions have changed, whoever changed them."""

from __future__ import annotations

import json
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import LiteralString

import dagster as dg

from orchestration.resources import Warehouse
from orchestration.schedules import build_everything, unfinished_run
from tidemark_warehouse.database.refreshing import Graph
from tidemark_warehouse.database.server import Connection

LOOK_SECONDS = 30
# A build with dbt and all tests takes 30 to 60 s of two cores: with writers that never rest this
# leaves most of the machine to them.
PAUSE_SECONDS = 300
NAMED = 5

# What the watcher names its connections.
WATCHED: LiteralString = """
    select
        exists (
            select from pg_stat_activity
            where datname = current_database() and application_name like 'tidemark watch %'
        )
        and exists (select from ops.programs)
"""

# New for the cursor, and not yet read by one of its readers: so a model that fails is not built
# again for the same rows, and what another build has read asks for none. In one statement, so that
# a row is either in the snapshot that is returned or found by the next look.
CHANGED: LiteralString = """
    with looked as materialized (
        select
            ops.current_snapshot() as snapshot,
            case
                when
                    pg_snapshot_xmax(%(cursor)s::pg_snapshot)
                    <= pg_snapshot_xmax(ops.current_snapshot())
                    then %(cursor)s::pg_snapshot
            end as last
    ),

    raw_tables as materialized (
        select t.target::text as name from ops.raw_tables() as t (target)
    ),

    changed as materialized (
        select r.name
        from ops.readers_behind(array(
            select row(t.name, array[t.name], l.last)::ops.reader
            from raw_tables as t cross join looked as l
        )) as r
        union all
        select t.name from raw_tables as t cross join looked as l where l.last is null
    ),

    unread as materialized (
        select distinct split_part(r.name, ' ', 1) as name
        from ops.readers_behind(array(
            select row(c.name || ' ' || p.relation, array[c.name], w.seen)::ops.reader
            from changed as c
            inner join ops.programs as p on c.name = any(p.reads)
            inner join ops.watermarks as w on p.relation = w.relation
        )) as r
    )

    select
        l.snapshot::text,
        array(select c.name from changed as c order by c.name),
        array(select u.name from unread as u order by u.name),
        exists (select from ops.programs)
    from looked as l
"""


@dataclass(frozen=True)
class Look:
    """What one look at the raw tables found.

    Attributes:
        snapshot: the transactions that it could see: the next look's cursor.
        tables: raw tables whose rows are new, changed or gone, and not yet read by a model.
        readers: how many models read one of them, at any depth.
    """

    snapshot: str
    tables: tuple[str, ...]
    readers: int


@dg.sensor(
    job=build_everything,
    minimum_interval_seconds=LOOK_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Starts the build of the hour as soon as a raw table has rows that no build has read, at "
        "most every five minutes. Leaves it to `tidemark watch` where that runs."
    ),
)
def raw_rows(
    context: dg.SensorEvaluationContext, warehouse: Warehouse
) -> dg.SensorResult | dg.SkipReason:
    """Ask for a build if raw tables have changed since the last look."""
    # The cursor stays wherever nothing is asked for: what is not read by then is found later.
    waits = why_to_wait(context.instance)
    if waits:
        return dg.SkipReason(waits)
    with warehouse.connect() as connection:
        if is_watched(connection):
            return dg.SkipReason("`tidemark watch` refreshes the marts")
        look = look_at_raw(connection, context.cursor)
    if not look.tables:
        return dg.SensorResult(skip_reason="no raw table has changed", cursor=look.snapshot)
    request = dg.RunRequest(
        run_key=look.snapshot,
        tags={
            "tidemark/because": "raw rows",
            "tidemark/changed": _named(look.tables),
            "tidemark/readers": str(look.readers),
        },
    )
    return dg.SensorResult(run_requests=[request], cursor=look.snapshot)


@dg.sensor(
    job=build_everything,
    minimum_interval_seconds=LOOK_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Builds once with dbt after a file of the project or a function of the database has "
        "changed, as soon as the change has stood for one look. The watcher cannot."
    ),
)
def edited_definitions(
    context: dg.SensorEvaluationContext, warehouse: Warehouse
) -> dg.SensorResult | dg.SkipReason:
    """Ask for one build of each edit."""
    earlier = unfinished_run(context.instance, build_everything.name)
    if earlier:
        return dg.SkipReason(f"the run {earlier} has not ended yet")
    files = warehouse.fingerprint()
    with warehouse.connect() as connection:
        edited, built_of = look_at_definitions(connection)
    now = {"files": files, "edited": edited}
    last = json.loads(context.cursor) if context.cursor else {"files": built_of, "edited": []}
    # `tidemark build` may have built it meanwhile.
    is_other = last["files"] not in (None, files) and built_of != files
    new = sorted(set(edited) - set(last["edited"]))
    if not is_other and not new:
        return dg.SensorResult(
            skip_reason="no definition has changed", cursor=json.dumps(now, sort_keys=True)
        )
    if last.get("pending") != now:
        # Whoever edits saves half a change, too.
        cursor = json.dumps({**last, "pending": now}, sort_keys=True)
        return dg.SensorResult(
            skip_reason="definitions have changed; built if they stay for one look", cursor=cursor
        )
    what = [*(["files of the dbt project"] if is_other else []), *new]
    request = dg.RunRequest(
        tags={"tidemark/because": "definitions", "tidemark/changed": _named(what)}
    )
    context.log.info(
        f"{_named(what)} changed: one build. A new model is shown once the definitions are reloaded"
    )
    return dg.SensorResult(run_requests=[request], cursor=json.dumps(now, sort_keys=True))


def why_to_wait(instance: dg.DagsterInstance) -> str | None:
    """Say why no build is to be asked for yet; None if one may be.

    Args:
        instance: whose runs.
    """
    earlier = unfinished_run(instance, build_everything.name)
    if earlier:
        return f"the run {earlier} has not ended yet"
    filters = dg.RunsFilter(job_name=build_everything.name)
    for record in instance.get_run_records(filters=filters, limit=1):
        past = time.time() - (record.end_time or record.create_timestamp.timestamp())
        if past < PAUSE_SECONDS:
            return f"the last build ended {past:.0f} s ago; the next begins after {PAUSE_SECONDS}"
    return None


def is_watched(connection: Connection) -> bool:
    """Whether a watcher refreshes the marts of this database.

    Args:
        connection: any to the database.
    """
    return connection.execute(WATCHED).fetchone() == (True,)


def look_at_raw(connection: Connection, cursor: str | None) -> Look:
    """Name the raw tables with rows that neither the cursor covers nor their readers have read.

    Args:
        connection: any to the database.
        cursor: the snapshot of the last look; None at first, when what is read alone counts.
    """
    row = connection.execute(CHANGED, {"cursor": cursor}).fetchone()
    assert row is not None  # noqa: S101  # it gives one row
    snapshot, changed, unread, is_built = row
    if not is_built:  # before the first build nobody has read anything
        return Look(snapshot, tuple(t for t in changed if _has_rows(connection, t)), 0)
    graph = Graph.of(connection)
    readers: set[str] = set()
    waiting = list(unread)
    while waiting:
        new = graph.readers(waiting.pop()) - readers
        readers |= new
        waiting.extend(new)
    return Look(snapshot, tuple(unread), len(readers))


def look_at_definitions(connection: Connection) -> tuple[list[str], str | None]:
    """Return what the database finds edited in itself, and the files of the last whole build.

    Args:
        connection: any to the database.
    """
    edited = [name for (name,) in connection.execute("select * from ops.edited()")]
    row = connection.execute("select fingerprint from ops.project").fetchone()
    return edited, row[0] if row else None


def _has_rows(connection: Connection, table: str) -> bool:
    query = f"select exists (select from {table})"  # noqa: S608  # a regclass, quoted
    return connection.execute(query.encode()).fetchone() == (True,)


def _named(names: Collection[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - NAMED} more" if len(listed) > NAMED else ""
    return ", ".join(listed[:NAMED]) + more
