"""What Dagster loads: `dg` and `tidemark dev` find `defs` here."""

from __future__ import annotations

import dagster as dg

from orchestration import archiving, assets, live, noticing, schedules, sensors, telling
from orchestration.resources import Warehouse
from tidemark_warehouse.dbt import manifest

_manifest = manifest.load()

defs = dg.Definitions(
    assets=[
        assets.build_assets(_manifest),
        *assets.raw_tables(_manifest),
    ],
    jobs=[schedules.build_everything, sensors.build_time_tracking, archiving.apply_retention],
    schedules=[schedules.hourly_build, archiving.daily_retention],
    sensors=[
        noticing.raw_rows,
        noticing.edited_definitions,
        sensors.workflow_completions,
        live.live_refreshes,
        telling.alert_deliveries,
    ],
    resources={"warehouse": Warehouse()},
    # dbt is a process of its own already: a further one for the step costs seconds and no more.
    executor=dg.in_process_executor,
)
