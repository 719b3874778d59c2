"""A build of time_tracking as soon as somebody completes a workflow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString

import dagster as dg

from orchestration.resources import Warehouse
from orchestration.schedules import unfinished_run
from tidemark_warehouse.database.server import Connection

AREA = "time_tracking"
# Looking every 30 s, the queue every 5 and a run's start of 3 keep a build within the minute.
LOOK_SECONDS = 30

build_time_tracking = dg.define_asset_job(
    f"build_{AREA}",
    selection=dg.AssetSelection.groups(AREA),
    description="One incremental build of the time_tracking models with their tests.",
)

# The cursor is the snapshot of transactions that the last look had, not a time: whoever commits
# later is new, however long their transaction took. One statement sees one snapshot, so that a
# completion is either in it or found by the next look, never both. The first look goes by what
# the mart has consumed; so does one with a cursor of another server, which is ahead of this one.
COMPLETIONS: LiteralString = """
    with now_seen as materialized (
        select ops.current_snapshot() as snapshot
    ),

    asked as (
        select %(cursor)s::pg_snapshot as snapshot
    ),

    consumed as (
        select coalesce(
            (select seen from ops.watermarks where relation = 'marts.workflow_completions'),
            '1:1:'::pg_snapshot
        ) as snapshot
    ),

    seen as materialized (
        select
            case
                when pg_snapshot_xmax(asked.snapshot) <= pg_snapshot_xmax(now_seen.snapshot)
                    then asked.snapshot
                else consumed.snapshot
            end as snapshot
        from now_seen cross join asked cross join consumed
    )

    select
        now_seen.snapshot::text,
        (
            select count(*)
            from raw.workflow_instances as i
            where
                i.completed_at is not null
                and ops.is_unseen(i._xid, seen.snapshot)
        )
    from now_seen cross join seen
"""


@dataclass(frozen=True)
class Look:
    """What one look at the completions found.

    Attributes:
        snapshot: the transactions it could see: the next look's cursor.
        completions: rows of completed workflows, written or changed since the cursor.
    """

    snapshot: str
    completions: int


@dg.sensor(
    job=build_time_tracking,
    minimum_interval_seconds=LOOK_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Builds time_tracking within a minute of a workflow's completion.",
)
def workflow_completions(
    context: dg.SensorEvaluationContext, warehouse: Warehouse
) -> dg.SensorResult | dg.SkipReason:
    """Ask for a build if workflows were completed since the last look."""
    earlier = unfinished_run(context.instance, build_time_tracking.name)
    if earlier:
        # The cursor stays: what this run's models had read already is found by the next look.
        return dg.SkipReason(f"the run {earlier} has not ended yet")
    with warehouse.connect() as connection:
        look = look_for_completions(connection, context.cursor)
    if not look.completions:
        return dg.SensorResult(skip_reason="no workflow was completed", cursor=look.snapshot)
    request = dg.RunRequest(
        run_key=look.snapshot,
        tags={"tidemark/because": AREA, "tidemark/completions": str(look.completions)},
    )
    return dg.SensorResult(run_requests=[request], cursor=look.snapshot)


def look_for_completions(connection: Connection, cursor: str | None) -> Look:
    """Count the completions that the cursor's snapshot does not cover.

    Args:
        connection: any to the database.
        cursor: the snapshot of the last look, None at first.
    """
    row = connection.execute(COMPLETIONS, {"cursor": cursor}).fetchone()
    assert row is not None  # noqa: S101  # a count always gives a row
    return Look(snapshot=row[0], completions=row[1])
