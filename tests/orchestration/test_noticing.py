"""New raw rows and edited definitions start a build, once."""

from __future__ import annotations

import json
from collections.abc import Iterator

import dagster as dg
import pytest

from orchestration import noticing
from orchestration.noticing import edited_definitions, look_at_raw, raw_rows
from orchestration.resources import Warehouse
from tests.orchestration.conftest import complete, use
from tidemark_warehouse.database.refreshing import walk
from tidemark_warehouse.database.server import Connection, connect
from tidemark_warehouse.settings import Settings

EVENT = """
    insert into raw.events (event_id, event_name, event_at, distinct_id, session_id)
    values (gen_random_uuid(), 'page_view', now(), %s, 's1')
"""


@pytest.fixture(scope="module")
def built(module_built_database: Settings) -> Iterator[Connection]:
    """Connect to a database that was built, which the environment names."""
    with (
        pytest.MonkeyPatch.context() as patch,
        connect(module_built_database, autocommit=True) as made,
    ):
        use(patch, module_built_database)
        yield made


def look(
    sensor: dg.SensorDefinition, instance: dg.DagsterInstance, cursor: str | None
) -> tuple[list[dg.RunRequest], str | None]:
    """Let a sensor look once; return what it asks for and its next cursor."""
    context = dg.build_sensor_context(
        instance=instance, cursor=cursor, resources={"warehouse": Warehouse()}
    )
    result = sensor(context)
    if isinstance(result, dg.SkipReason):
        return [], cursor
    assert isinstance(result, dg.SensorResult)
    return list(result.run_requests or ()), result.cursor


def test_before_the_first_build_any_row_counts(
    connection: Connection, instance: dg.DagsterInstance
) -> None:
    asked, cursor = look(raw_rows, instance, None)
    assert asked == []
    connection.execute(EVENT, ["e1"])
    [request], cursor = look(raw_rows, instance, cursor)
    assert request.tags["tidemark/changed"] == "raw.events"
    assert look(raw_rows, instance, cursor) == ([], look(raw_rows, instance, cursor)[1])


def test_new_rows_of_any_raw_table_are_noticed_once(
    built: Connection, instance: dg.DagsterInstance
) -> None:
    list(walk(built))
    asked, cursor = look(raw_rows, instance, None)
    assert asked == []
    complete(built, "n1")
    built.execute(EVENT, ["n1"])
    [request], cursor = look(raw_rows, instance, cursor)
    assert request.tags["tidemark/changed"] == "raw.events, raw.workflow_instances"
    assert int(request.tags["tidemark/readers"]) > 10
    # The models stay behind, as they do where one fails: no second build for the same rows.
    asked, cursor = look(raw_rows, instance, cursor)
    assert asked == []


def test_deleted_rows_are_noticed(built: Connection, instance: dg.DagsterInstance) -> None:
    complete(built, "gone")
    list(walk(built))
    _, cursor = look(raw_rows, instance, None)
    built.execute("delete from raw.workflow_instances where instance_id = 'gone'")
    [request], _ = look(raw_rows, instance, cursor)
    assert request.tags["tidemark/changed"] == "raw.workflow_instances"


def test_what_somebody_else_has_refreshed_asks_for_nothing(
    built: Connection, instance: dg.DagsterInstance
) -> None:
    _, cursor = look(raw_rows, instance, None)
    complete(built, "refreshed")
    list(walk(built))
    assert look(raw_rows, instance, cursor)[0] == []


def test_a_late_committer_is_noticed(
    built: Connection, module_built_database: Settings, instance: dg.DagsterInstance
) -> None:
    list(walk(built))
    cursor = look_at_raw(built, None).snapshot
    with connect(module_built_database) as late:
        late.execute(EVENT, ["late"])
        cursor = look_at_raw(built, cursor).snapshot
        late.commit()
    assert look_at_raw(built, cursor).tables == ("raw.events",)


def test_a_cursor_of_another_server_counts_for_nothing(built: Connection) -> None:
    list(walk(built))
    complete(built, "restored")
    assert look_at_raw(built, "999999999999:999999999999:").tables == ("raw.workflow_instances",)


def test_the_watcher_is_left_to_its_work(built: Connection, instance: dg.DagsterInstance) -> None:
    _, cursor = look(raw_rows, instance, None)
    complete(built, "watched")
    built.execute("set application_name = 'tidemark watch fast'")
    assert look(raw_rows, instance, cursor) == ([], cursor)
    built.execute("reset application_name")
    assert len(look(raw_rows, instance, cursor)[0]) == 1


def test_builds_of_rows_keep_a_distance(
    built: Connection,
    instance: dg.DagsterInstance,
    defs: dg.Definitions,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, cursor = look(raw_rows, instance, None)
    complete(built, "soon")
    run = instance.create_run_for_job(defs.resolve_job_def("build_everything"))
    instance.report_run_failed(run)
    assert look(raw_rows, instance, cursor) == ([], cursor)
    monkeypatch.setattr(noticing, "PAUSE_SECONDS", 0)
    assert len(look(raw_rows, instance, cursor)[0]) == 1


def test_an_edit_is_built_once_after_it_has_stood(
    built: Connection, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    prints = iter(["a", "b", "c", "c", "c"])
    monkeypatch.setattr(Warehouse, "fingerprint", lambda _: next(prints))
    cursor = json.dumps({"files": "a", "edited": []})
    counts = []
    for _ in range(5):
        asked, new = look(edited_definitions, instance, cursor)
        assert new is not None
        cursor = new
        counts.append(len(asked))
    assert counts == [0, 0, 0, 1, 0]


def test_an_edited_function_is_named(
    built: Connection, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Warehouse, "fingerprint", lambda _: "a")
    _, cursor = look(edited_definitions, instance, json.dumps({"files": "a", "edited": []}))
    built.execute(
        "update ops.watermarks set fingerprint = 'other' where relation = 'marts.session_stats'"
    )
    asked, cursor = look(edited_definitions, instance, cursor)
    assert asked == []
    [request], cursor = look(edited_definitions, instance, cursor)
    assert request.tags["tidemark/changed"] == "marts.session_stats"
    assert look(edited_definitions, instance, cursor)[0] == []
