"""dbt's models as Dagster assets, their tests as checks, the raw tables they read."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import psycopg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets

from orchestration import failures, lineage, metadata
from orchestration.resources import Warehouse
from tidemark_warehouse.cli.refresh import window
from tidemark_warehouse.database.server import Connection
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import PROJECT_ROOT

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
        refresh_from: compute the dates from this one on again, as `tidemark refresh` does.
        refresh_to: the last of these dates.
    """

    full_refresh: bool = False
    refresh_from: str | None = None
    refresh_to: str | None = None

    def arguments(self) -> list[str]:
        """Return the command line of dbt.

        Raises:
            dagster.Failure: the window is none.
        """
        asked = [*BUILD, "--full-refresh"] if self.full_refresh else [*BUILD]
        if not self.refresh_from and not self.refresh_to:
            return asked
        try:
            variables = window(self.refresh_from or "", self.refresh_to or "")
        except TidemarkError as error:
            raise dg.Failure(
                f"refresh_from {self.refresh_from!r} and refresh_to {self.refresh_to!r} are no "
                "window: give the first and the last date, as 2026-03-31",
                allow_retries=False,
            ) from error
        return [*asked, "--vars", variables]


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
            **file_of(dbt_resource_props),
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
        arguments = config.arguments()
        artifacts = warehouse.artifacts()
        began = time.time()
        columns = lineage.Lineage(artifacts, manifest)
        with warehouse.connect() as connection:
            dbt = warehouse.dbt().cli(
                arguments, context=context, target_path=artifacts, raise_on_error=False
            )
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
                    node = manifest["nodes"][unique_id]
                    if isinstance(event, dg.Output):
                        found = _described(context, connection, node)
                        found |= _seconds(event) | columns.of(node)
                        context.add_output_metadata(found, event.output_name)
                    if isinstance(event, dg.AssetCheckResult):
                        yield failures.of_check(connection, artifacts, node, event)
                        continue
                    yield event
            error = dbt.get_error()
            if error:
                raise failures.of_build(artifacts, began, manifest, str(error))
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
            metadata=file_of(source),
        )
        for source in manifest["sources"].values()
    ]


def file_of(props: Props) -> Mapping[str, Any]:
    """Return the link to the file that defines a node.

    Args:
        props: of the node or source, in the manifest.
    """
    path = props["original_file_path"]
    reference = dg.LocalFileCodeReference(file_path=str(PROJECT_ROOT / path), label=path)
    return {"dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[reference])}


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


def _seconds(event: dg.Output[Any]) -> dict[str, Any]:
    """Return what it cost, under the name that a refresh by the watcher has, too."""
    took = event.metadata.get("Execution Duration")
    return {"seconds": took.value} if took is not None else {}


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
