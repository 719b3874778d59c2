"""The hourly build of everything."""

from __future__ import annotations

import dagster as dg

# A run in one of these will still build, or is building.
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

# With all checks: those of raw tables would else be left out, and dbt given a list of all the rest.
build_everything = dg.define_asset_job(
    "build_everything",
    selection=dg.AssetSelection.kind("dbt") | dg.AssetSelection.all_asset_checks(),
    description="One incremental build of all models with their tests, as `tidemark build` does.",
)


@dg.schedule(
    job=build_everything,
    cron_schedule="0 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every hour, unless the build of an earlier hour has not ended yet.",
)
def hourly_build(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Ask for a build, if none is under way."""
    earlier = unfinished_run(context.instance, build_everything.name)
    if earlier:
        return dg.SkipReason(f"the run {earlier} has not ended yet")
    return dg.RunRequest()


def unfinished_run(instance: dg.DagsterInstance, job_name: str) -> str | None:
    """Return the id of a run of a job that is queued or in progress, if there is one.

    Args:
        instance: whose runs.
        job_name: of the job.
    """
    filters = dg.RunsFilter(job_name=job_name, statuses=UNFINISHED)
    records = instance.get_run_records(filters=filters, limit=1)
    return records[0].dagster_run.run_id if records else None
