"""The sensor finds every completion once, however long its writer's transaction takes."""

from __future__ import annotations

import random
from pathlib import Path

import dagster as dg
from psycopg import sql

from orchestration.resources import Warehouse
from orchestration.schedules import hourly_build
from orchestration.sensors import AREA, look_for_completions, workflow_completions
from tests.orchestration.conftest import complete
from tidemark_warehouse.database.server import Connection, connect
from tidemark_warehouse.settings import Settings


def evaluate(
    instance: dg.DagsterInstance, cursor: str | None
) -> tuple[list[dg.RunRequest], str | None]:
    """Let the sensor look once; return what it asks for and its next cursor."""
    context = dg.build_sensor_context(
        instance=instance, cursor=cursor, resources={"warehouse": Warehouse()}
    )
    result = workflow_completions(context)
    if isinstance(result, dg.SkipReason):
        return [], cursor
    assert isinstance(result, dg.SensorResult)
    return list(result.run_requests or ()), result.cursor


def test_a_late_committer_is_found_exactly_once(
    connection: Connection, database: Settings, instance: dg.DagsterInstance
) -> None:
    asked, cursor = evaluate(instance, None)
    assert asked == []
    with connect(database) as late:
        complete(late, "late")  # in a transaction that is older than the looks that follow
        complete(connection, "early")
        [first], cursor = evaluate(instance, cursor)
        assert first.tags["tidemark/completions"] == "1"
        asked, cursor = evaluate(instance, cursor)
        assert asked == []
        late.commit()
    [second], cursor = evaluate(instance, cursor)
    assert second.tags["tidemark/completions"] == "1"
    assert second.run_key != first.run_key
    asked, cursor = evaluate(instance, cursor)
    assert asked == []


def test_of_many_writers_each_completion_is_found_once(
    connection: Connection, database: Settings
) -> None:
    chance = random.Random(7)
    writers = [connect(database) for _ in range(4)]
    found, made, cursor = 0, 0, None
    for step in range(120):
        writer = chance.choice(writers)
        match chance.choice(("write", "write", "commit", "look")):
            case "write":
                complete(writer, f"w{step}")
                made += 1
            case "commit":
                writer.commit()
            case _:
                look = look_for_completions(connection, cursor)
                found, cursor = found + look.completions, look.snapshot
    for writer in writers:
        writer.commit()
        writer.close()
    found += look_for_completions(connection, cursor).completions
    assert (found, made) == (made, made)
    assert made > 30


def test_only_completions_count(connection: Connection, instance: dg.DagsterInstance) -> None:
    _, cursor = evaluate(instance, None)
    complete(connection, "open")
    connection.execute("update raw.workflow_instances set completed_at = null")
    connection.execute("insert into raw.workflow_templates values ('t1', 'T', 'bug', now())")
    asked, cursor = evaluate(instance, cursor)
    assert asked == []
    connection.execute("update raw.workflow_instances set completed_at = now()")
    asked, cursor = evaluate(instance, cursor)
    assert len(asked) == 1


def test_the_cursor_is_a_snapshot(connection: Connection, instance: dg.DagsterInstance) -> None:
    complete(connection, "i1")
    [request], cursor = evaluate(instance, None)
    assert request.run_key == cursor
    query = sql.SQL("select {}::pg_snapshot is not null").format(sql.Literal(cursor))
    assert connection.execute(query).fetchone() == (True,)


def test_a_cursor_of_another_server_counts_for_nothing(
    connection: Connection, instance: dg.DagsterInstance
) -> None:
    complete(connection, "i1")
    ahead = "999999999999:999999999999:"
    asked, cursor = evaluate(instance, ahead)
    assert len(asked) == 1
    assert cursor != ahead


def test_no_run_is_asked_for_while_one_has_not_ended(
    connection: Connection, instance: dg.DagsterInstance, defs: dg.Definitions
) -> None:
    _, cursor = evaluate(instance, None)
    complete(connection, "i1")
    job = defs.resolve_job_def(f"build_{AREA}")
    run = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    asked, kept = evaluate(instance, cursor)
    assert (asked, kept) == ([], cursor)
    instance.report_run_failed(run)
    asked, _ = evaluate(instance, kept)
    assert len(asked) == 1


def test_the_schedule_waits_for_the_build_of_the_hour_before(
    tmp_path: Path, defs: dg.Definitions
) -> None:
    job = defs.resolve_job_def("build_everything")
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        context = dg.build_schedule_context(instance)
        assert isinstance(hourly_build(context), dg.RunRequest)
        run = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
        assert isinstance(hourly_build(context), dg.SkipReason)
        instance.report_run_failed(run)
        assert isinstance(hourly_build(context), dg.RunRequest)
