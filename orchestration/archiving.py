"""Retention in Dagster: a job that asks first. No asset: "Materialize all" is no consent."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from orchestration.assets import POOL
from tidemark_warehouse.archiving import policy
from tidemark_warehouse.database import server
from tidemark_warehouse.settings import Settings

if TYPE_CHECKING:
    from tidemark_warehouse.archiving.apply import Removal

OP = "apply_policy"


class RemovalConfig(dg.Config):
    """What a person writes into the launchpad before anything is removed.

    Attributes:
        confirm: the name of the database whose expired rows are archived and removed.
    """

    confirm: str


# A removal and a build would only wait for each other: they share the builds' pool.
@dg.op(name=OP, pool=POOL, out=dg.Out(dg.Nothing))
def apply_policy(context: dg.OpExecutionContext, config: RemovalConfig) -> None:
    """Archive and remove what has expired; say what stays, and why."""
    # Arrow and the database's drivers take their time to import: not when definitions load.
    from tidemark_warehouse.archiving import apply

    settings = Settings.from_environment()
    if config.confirm != settings.database:
        raise dg.Failure(
            f"confirm is {config.confirm!r}, but this would remove rows of the database "
            f"{settings.database}. Nothing was removed. If it is meant, launch the job with "
            f"confirm: {settings.database}; `tidemark retention` only reports.",
            allow_retries=False,
        )
    server.check_made(settings)
    done = apply.run(
        settings,
        datetime.now(UTC),
        lambda c: context.log.info(f"{c.rule.table_name} {c.period}: {c.action}"),
    )
    for removal in done:
        for reason in removal.objections:
            context.log.warning(
                f"{removal.candidate.rule.table_name} {removal.candidate.period} stays: {reason}"
            )
    context.add_output_metadata({name: _came_to(name, done) for name in policy.table_names()})


def _came_to(name: str, done: Sequence["Removal"]) -> dict[str, Any]:
    """Say what was removed from a table, and what stays."""
    own = [removal for removal in done if removal.candidate.rule.table_name == name]
    gone = [removal for removal in own if not removal.objections]
    return {
        "rows_removed": sum(removal.rows for removal in gone),
        "bytes_removed": sum(removal.candidate.bytes for removal in gone),
        "bytes_archived": sum(removal.archive_bytes for removal in gone),
        "periods_removed": [removal.candidate.period for removal in gone],
        "stays": {
            removal.candidate.period: list(removal.objections)
            for removal in own
            if removal.objections
        },
    }


@dg.job(
    executor_def=dg.in_process_executor,
    description="What `tidemark retention --apply` does: archive, verify and remove expired rows. "
    "Its launchpad asks for the database's name.",
)
def apply_retention() -> None:
    """Remove what has expired, once somebody has confirmed it."""
    apply_policy()


@dg.schedule(
    job=apply_retention,
    cron_schedule="30 3 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night, between two hourly builds; confirms the database of `tidemark dev`.",
)
def daily_retention() -> dg.RunRequest:
    """Ask for the removal that seeds/retention_policy.csv wants."""
    return dg.RunRequest(run_config=confirmed(Settings.from_environment().database))


def confirmed(database: str) -> dict[str, Any]:
    """Return the run's configuration, with which the job does remove.

    Args:
        database: whose expired rows.
    """
    return {"ops": {OP: {"config": {"confirm": database}}}}
