"""dbt's models as Dagster assets, their tests as checks, the raw tables they read."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import psycopg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets

from orchestration import metadata
from orchestration.resources import Warehouse
from tidemark_warehouse.database.server import Connection

# One build at a time: the limit of every pool is 1 (dagster.yaml).
POOL = "warehouse"
# Unit tests need no data: `make test` runs them, a build every hour need not. (As an option of
# dbt: dagster-dbt forgets the `exclude` of @dbt_assets when a run selects some of the assets.)
BUILD = ("build", "--exclude-resource-type", "unit_test")

Props = Mapping[str, Any]


class BuildConfig(dg.Config):
    """What an operator may ask of one build, in the launchpad.

    Attributes:
        full_refresh: compute every key again, whatever has changed (sealed time excepted).
    """

    full_refresh: bool = False


class Translator(DagsterDbtTranslator):
    """Names and groups things as the warehouse does; dbt's groups give the owners."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True))

    def get_asset_key(self, dbt_resource_props: Props) -> dg.AssetKey:
        """Return schema and table, as a query would say them."""
        props = dbt_resource_props
        name = props["identifier"] if props["resource_type"] == "source" else props["alias"]
        return dg.AssetKey([props["schema"], name])

    def get_group_name(self, dbt_resource_props: Props) -> str:
        """Return the area: the dbt group, else the source, else the folder."""
        props = dbt_resource_props
        area = props.get("config", {}).get("group") or props.get("source_name")
        folders = props["fqn"][1:-1]
        return str(area or (folders[-1] if folders else "shared"))

    def get_tags(self, dbt_resource_props: Props) -> Mapping[str, str]:
        """Add the layer, to filter by."""
        layer = dbt_resource_props["schema"].removesuffix("_people")
        return {**super().get_tags(dbt_resource_props), "layer": layer}

    def get_metadata(self, dbt_resource_props: Props) -> Mapping[str, Any]:
        """Leave out the database, which is not the same for every reader of the definitions."""
        described = super().get_metadata(dbt_resource_props)
        return {
            **described,
            "dagster/table_name": ".".join(self.get_asset_key(dbt_resource_props).path),
        }


def build_assets(manifest: Props) -> dg.AssetsDefinition:
    """Return everything that `dbt build` makes, as one operation.

    Args:
        manifest: of the dbt project.
    """
    translator = Translator()

    @dbt_assets(
        manifest=manifest,
        name="warehouse",
        pool=POOL,
        dagster_dbt_translator=translator,
    )
    def warehouse_assets(
        context: dg.AssetExecutionContext, config: BuildConfig, warehouse: Warehouse
    ) -> Iterator[Any]:
        """Build what is selected with dbt, and describe each table as soon as it is built."""
        arguments = [*BUILD, "--full-refresh"] if config.full_refresh else [*BUILD]
        artifacts = warehouse.artifacts()
        with warehouse.connect() as connection:
            dbt = warehouse.dbt().cli(arguments, context=context, target_path=artifacts)
            # Not .stream().fetch_row_counts() and its like: a cancel can deadlock their threads.
            for message in dbt.stream_raw_events():
                unique_id = message.raw_event["data"].get("node_info", {}).get("unique_id")
                if message.is_result_event and unique_id not in manifest["nodes"]:
                    context.log.warning(
                        f"{unique_id} is newer than these definitions: what it came to is in the "
                        "output of dbt, and here once the definitions are reloaded"
                    )
                    continue
                if message.is_result_event and not _has_place(manifest["nodes"][unique_id]):
                    continue
                for event in message.to_default_asset_events(
                    manifest, translator, context, artifacts
                ):
                    if isinstance(event, dg.Output):
                        found = _described(context, connection, manifest["nodes"][unique_id])
                        context.add_output_metadata(found, event.output_name)
                    yield event
            yield from _raw_observations(context, connection, manifest)

    return warehouse_assets


def raw_tables(manifest: Props) -> list[dg.AssetSpec]:
    """Return the raw tables, which applications write and Dagster only knows of.

    Args:
        manifest: of the dbt project.
    """
    owners = {group["name"]: group["owner"]["email"] for group in manifest["groups"].values()}
    translator = Translator()
    return [
        dg.AssetSpec(
            key=translator.get_asset_key(source),
            description=source["description"],
            group_name=source["source_name"],
            owners=[owners[source["source_name"]]] if source["source_name"] in owners else [],
            tags={"layer": source["schema"]},
            kinds={"postgres"},
        )
        for source in manifest["sources"].values()
    ]


def _has_place(node: Props) -> bool:
    """Whether it is an asset, or a test of one; a test of the catalog alone only fails the run."""
    return node["resource_type"] != "test" or bool(node["depends_on"]["nodes"])


def _described(
    context: dg.AssetExecutionContext, connection: Connection, node: Props
) -> dict[str, Any]:
    try:
        return metadata.of_built(connection, node["schema"], node["alias"])
    except psycopg.Error as error:  # the build matters, not its description
        context.log.warning(f"{node['alias']} is built, but cannot be described: {error}")
        return {}


def _raw_observations(
    context: dg.AssetExecutionContext, connection: Connection, manifest: Props
) -> Iterator[dg.AssetObservation]:
    """Say how large the raw tables are that this build has read."""
    built = {"/".join(key.path) for key in context.selected_asset_keys}
    translator = Translator()
    for unique_id, source in manifest["sources"].items():
        readers = [manifest["nodes"].get(child) for child in manifest["child_map"][unique_id]]
        keys = {"/".join(translator.get_asset_key(node).path) for node in readers if node}
        if keys & built:
            try:
                found = metadata.of_raw(connection, source["schema"], source["identifier"])
            except psycopg.Error as error:
                context.log.warning(f"{source['name']} cannot be described: {error}")
                continue
            yield dg.AssetObservation(translator.get_asset_key(source), metadata=found)
