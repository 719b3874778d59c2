"""What `tidemark watch` has refreshed, on the assets: grouped, for it refreshes every second."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, LiteralString

import dagster as dg
import psycopg
from psycopg.rows import dict_row

from orchestration import lineage, metadata
from orchestration.resources import Warehouse
from tidemark_warehouse.database.server import Connection

# An event an asset and look: of 80 assets that never rest some 23,000 a day.
LOOK_SECONDS = 300
# Larger tables are estimated: counting all of them would cost more than refreshing them.
COUNTED_BYTES = 10 * 1024 * 1024

# By the snapshot of transactions, not by started_at: a refresh that takes long begins before
# others that are told first. The first look begins with what comes after it.
REFRESHED: LiteralString = """
    with looked as materialized (
        select
            ops.current_snapshot() as snapshot,
            case
                when
                    pg_snapshot_xmax(%(cursor)s::pg_snapshot)
                    <= pg_snapshot_xmax(ops.current_snapshot())
                    then %(cursor)s::pg_snapshot
                else ops.current_snapshot()
            end as last
    ),

    refreshed as (
        select
            r.relation,
            count(*) filter (where r.message is null) as refreshes,
            count(*) filter (where r.message is not null) as failures,
            coalesce(sum(r.rows_written), 0)::bigint as rows_written,
            coalesce(sum(r.rows_deleted), 0)::bigint as rows_deleted,
            coalesce(sum(r.keys), 0)::bigint as keys,
            count(*) filter (where r.whole) as computed_whole,
            sum(r.seconds)::float8 as seconds,
            max(r.seconds)::float8 as longest,
            (array_agg(r.message order by r.started_at) filter (where r.message is not null))[1]
            as message
        from looked as l
        inner join ops.refreshes as r on ops.is_unseen(r.xid, l.last)
        where r.kind = 'model' and r.refreshed_by like 'tidemark watch %%'
        group by r.relation
    )

    select l.snapshot::text as snapshot, r.*
    from looked as l
    left join refreshed as r on true
    order by r.relation
"""


@dg.sensor(
    minimum_interval_seconds=LOOK_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Shows on each asset what `tidemark watch` has refreshed in the last five minutes, as one "
        "materialization: rows, keys, seconds. What failed is an observation with its reason."
    ),
)
def live_refreshes(context: dg.SensorEvaluationContext, warehouse: Warehouse) -> dg.SensorResult:
    """Report what was refreshed since the last look."""
    with warehouse.connect() as connection:
        found, snapshot = look_for_refreshes(connection, context.cursor)
        columns = lineage.read(warehouse.artifacts()) if found else {}
        events = [event for row in found for event in events_of(connection, row, columns)]
    if not events:
        return dg.SensorResult(skip_reason="the watcher has refreshed nothing", cursor=snapshot)
    return dg.SensorResult(asset_events=events, cursor=snapshot)


def look_for_refreshes(
    connection: Connection, cursor: str | None
) -> tuple[list[dict[str, Any]], str]:
    """Return what the watcher has refreshed since the cursor, a row a relation; the next cursor.

    Args:
        connection: any to the database.
        cursor: the snapshot of the last look, None at first.
    """
    with connection.cursor(row_factory=dict_row) as reader:
        rows = reader.execute(REFRESHED, {"cursor": cursor}).fetchall()
    return [row for row in rows if row["relation"] is not None], rows[0]["snapshot"]


def events_of(
    connection: Connection, row: dict[str, Any], columns: Mapping[str, Any]
) -> Iterator[dg.AssetMaterialization | dg.AssetObservation]:
    """Make the events of one relation.

    Args:
        connection: any to the database.
        row: of `look_for_refreshes`.
        columns: the lineages that builds have computed; the page shows the latest event's.
    """
    schema, name = row["relation"].split(".", 1)
    key = dg.AssetKey([schema, name])
    if row["failures"]:
        yield dg.AssetObservation(
            key,
            description=row["message"],
            metadata={"failed refreshes": row["failures"], "message": row["message"]},
        )
    if not row["refreshes"]:
        return
    try:
        described = metadata.size_of(connection, schema, name, COUNTED_BYTES)
    except psycopg.Error:  # what was refreshed matters, not how large it is
        described = {}
    yield dg.AssetMaterialization(
        key,
        description=f"by tidemark watch, in {row['refreshes']} refreshes",
        metadata={
            **described,
            **lineage.metadata_of(columns.get(row["relation"], {}).get("columns", {})),
            "refreshed by": "tidemark watch",
            "refreshes": row["refreshes"],
            "computed whole": row["computed_whole"],
            "keys recomputed": row["keys"],
            "rows written": row["rows_written"],
            "rows deleted": row["rows_deleted"],
            "seconds": row["seconds"],
            "longest refresh, seconds": row["longest"],
        },
    )
