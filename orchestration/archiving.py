"""Retention in Dagster: an asset for each table of the policy, materialized once a day."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from tidemark_warehouse.archiving import policy
from tidemark_warehouse.settings import Settings

GROUP = "retention"


def retention_assets(manifest: Mapping[str, Any], pool: str) -> dg.AssetsDefinition:
    """Return what `tidemark retention --apply` does, as one operation.

    Args:
        manifest: of the dbt project, which tells where a table lies.
        pool: of the builds: a removal and a build would only wait for each other.
    """
    homes = {
        node.get("identifier") or node["alias"]: node["schema"]
        for kind in ("nodes", "sources")
        for node in manifest[kind].values()
        if node["resource_type"] in ("model", "source") and node["schema"] != "staging"
    }
    names = policy.table_names()

    @dg.multi_asset(
        name="apply_policy",
        specs=[
            dg.AssetSpec(
                key=[GROUP, name],
                deps=[dg.AssetKey([homes[name], name])] if name in homes else [],
                group_name=GROUP,
                description=f"What seeds/retention_policy.csv has removed from {name}: whole "
                "periods, archived and verified first where it says so.",
                tags={"layer": GROUP},
                kinds={"postgres", "parquet"},
            )
            for name in names
        ],
        pool=pool,
    )
    def apply_policy(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        """Archive and remove what has expired; say what stays, and why."""
        # Arrow and the database's drivers take their time to import: not when definitions load.
        from tidemark_warehouse.archiving import apply

        settings = Settings.from_environment()
        done = apply.run(
            settings,
            datetime.now(UTC),
            lambda c: context.log.info(f"{c.rule.table_name} {c.period}: {c.action}"),
        )
        for name in names:
            own = [removal for removal in done if removal.candidate.rule.table_name == name]
            for removal in own:
                for reason in removal.objections:
                    context.log.warning(f"{name} {removal.candidate.period} stays: {reason}")
            gone = [removal for removal in own if not removal.objections]
            yield dg.MaterializeResult(
                asset_key=[GROUP, name],
                metadata={
                    "rows_removed": sum(removal.rows for removal in gone),
                    "bytes_removed": sum(removal.candidate.bytes for removal in gone),
                    "bytes_archived": sum(removal.archive_bytes for removal in gone),
                    "periods_removed": [removal.candidate.period for removal in gone],
                    "stays": {
                        removal.candidate.period: list(removal.objections)
                        for removal in own
                        if removal.objections
                    },
                },
            )

    return apply_policy


apply_retention = dg.define_asset_job(
    "apply_retention",
    selection=dg.AssetSelection.groups(GROUP),
    description="What `tidemark retention --apply` does: archive, verify and remove expired rows.",
)

daily_retention = dg.ScheduleDefinition(
    job=apply_retention,
    cron_schedule="30 3 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night, between two hourly builds.",
)
