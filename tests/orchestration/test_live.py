"""What the watcher refreshes is shown on the assets: all of it, once, and in groups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest

from orchestration.live import events_of, live_refreshes, look_for_refreshes
from orchestration.resources import Warehouse
from tests.orchestration.conftest import complete, use
from tidemark_warehouse.database.refreshing import walk
from tidemark_warehouse.database.server import Connection, connect
from tidemark_warehouse.settings import Settings

MART = "marts.workflow_completions"


@pytest.fixture(scope="module")
def watcher(module_built_database: Settings) -> Iterator[Connection]:
    """Connect as the watcher does to a database that was built."""
    with (
        pytest.MonkeyPatch.context() as patch,
        connect(module_built_database, autocommit=True) as made,
    ):
        use(patch, module_built_database)
        list(walk(made))
        made.execute("set application_name = 'tidemark watch fast'")
        yield made


def test_refreshes_are_grouped_and_told_once(
    watcher: Connection, instance: dg.DagsterInstance
) -> None:
    _, cursor = look_for_refreshes(watcher, None)
    for instance_id in ("l1", "l2", "l3"):
        complete(watcher, instance_id)
        list(walk(watcher))
    context = dg.build_sensor_context(
        instance=instance, cursor=cursor, resources={"warehouse": Warehouse()}
    )
    result = live_refreshes(context)
    assert isinstance(result, dg.SensorResult)
    events = {event.asset_key.to_user_string(): event for event in result.asset_events}
    assert len(events) == len(result.asset_events)
    found = events["marts/workflow_completions"]
    assert isinstance(found, dg.AssetMaterialization)
    values: dict[str, Any] = {name: value.value for name, value in found.metadata.items()}
    assert (values["refreshes"], values["rows written"], values["keys recomputed"]) == (3, 3, 3)
    assert values["dagster/row_count"] >= 3
    assert values["seconds"] > 0
    for event in events.values():
        instance.report_runless_asset_event(event)
    latest = instance.get_latest_materialization_event(found.asset_key)
    assert latest is not None
    assert look_for_refreshes(watcher, result.cursor)[0] == []


def test_a_refresh_that_is_committed_late_is_told(
    watcher: Connection, module_built_database: Settings
) -> None:
    _, cursor = look_for_refreshes(watcher, None)
    with connect(module_built_database) as slow:
        slow.execute("set application_name = 'tidemark watch slow'")
        slow.execute(
            "insert into ops.refreshes (relation, kind, started_at, seconds, rows_written)"
            " values (%s, 'model', now(), 9, 7)",
            [MART],
        )
        complete(watcher, "quick")
        list(walk(watcher))
        _, cursor = look_for_refreshes(watcher, cursor)
        slow.commit()
    [row], cursor = look_for_refreshes(watcher, cursor)
    assert (row["relation"], row["rows_written"], row["seconds"]) == (MART, 7, 9.0)


def test_a_failure_is_an_observation_with_its_reason(watcher: Connection) -> None:
    _, cursor = look_for_refreshes(watcher, None)
    watcher.execute("select ops.note_failure(%s, 'model', now(), 'division by zero')", [MART])
    [row], _ = look_for_refreshes(watcher, cursor)
    [event] = events_of(watcher, row, {})
    assert isinstance(event, dg.AssetObservation)
    assert event.description == "division by zero"


def test_what_others_refresh_is_not_told(watcher: Connection) -> None:
    _, cursor = look_for_refreshes(watcher, None)
    watcher.execute("set application_name = 'dbt'")
    complete(watcher, "built")
    list(walk(watcher))
    watcher.execute("set application_name = 'tidemark watch fast'")
    assert look_for_refreshes(watcher, cursor)[0] == []
