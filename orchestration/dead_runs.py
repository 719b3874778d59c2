"""Runs whose process went without a word (a power cut, a kill -9 of everything) are failed runs.

Dagster learns of a killed run from the process that started it. When that went too, the run's
record says "started" for ever, and no other build gets into the pool.
"""

from __future__ import annotations

import sys

import dagster as dg


def fail(instance: dg.DagsterInstance, before: float) -> list[str]:
    """Mark runs that have not ended as failed, so that they are tried again; return their ids.

    Args:
        instance: of which nothing ran at that time.
        before: the time, in seconds since 1970, before which they started.
    """
    started = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])
    found = instance.get_run_records(filters=started)
    dead = [run.dagster_run for run in found if run.start_time and run.start_time < before]
    for run in dead:
        instance.report_run_failed(run, "Its process ended together with Dagster's own.")
    return [run.run_id for run in dead]


def main() -> None:
    """Do it to the instance of `DAGSTER_HOME`; `tidemark dev` does once Dagster is ready."""
    with dg.DagsterInstance.get() as instance:
        fail(instance, before=float(sys.argv[1]))


if __name__ == "__main__":
    main()
