"""`tidemark refresh` mends the dates that it names, and no others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.conftest import WorldMaker
from tests.integration.exactness.witnesses import WORKFLOW
from tests.integration.exactness.world import World
from tests.integration.running import run

DAILY = "select * from marts.time_aggregations_daily"


@pytest.fixture(scope="module")
def world(new_world: WorldMaker) -> Iterator[World]:
    made = new_world("time_tracking")
    made.execute(*WORKFLOW)
    made.build()
    yield made
    made.close()


def test_edited_and_invented_rows_of_the_window_go(world: World) -> None:
    good = world.connection.execute(DAILY).fetchall()
    assert good
    world.execute(
        "insert into marts.time_aggregations_daily select (t.copy).* from ("
        " select jsonb_populate_record(d, jsonb_build_object('date', day)) as copy"
        " from marts.time_aggregations_daily as d"
        " cross join unnest(array[date '2020-01-01', date '2020-01-02']) as day) as t",
        "update marts.time_aggregations_daily set workflows_completed = 99",
    )
    window = ("--from", "2020-01-02", "--to", "2026-12-31")
    code, out, err = run(world.incremental.settings, "refresh", "time_aggregations_daily", *window)
    assert code == 0, err
    assert "1 row written, 2 deleted" in out
    mended = world.connection.execute(f"{DAILY} where date >= '2020-01-02'").fetchall()
    assert mended == good
    assert len(world.connection.execute(f"{DAILY} where date < '2020-01-02'").fetchall()) == 1


def test_a_mart_whose_keys_have_no_time_is_computed_whole(world: World) -> None:
    good = world.connection.execute("select * from marts.workflow_completions").fetchall()
    world.execute("update marts.workflow_completions set active_seconds = 0")
    window = ("--from", "2020-01-01", "--to", "2020-01-01")
    code, out, err = run(world.incremental.settings, "refresh", "workflow_completions", *window)
    assert code == 0, err
    assert "computed whole, 1 row written, 1 deleted" in out
    assert world.connection.execute("select * from marts.workflow_completions").fetchall() == good


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("nothing", "--from", "2026-01-01", "--to", "2026-01-02"), "no mart nothing"),
        (("workflow_completions", "--from", "yesterday", "--to", "2026-01-02"), "is no ISO date"),
        (("workflow_completions", "--from", "2026-01-02", "--to", "2026-01-01"), "is before"),
    ],
)
def test_what_cannot_be_refreshed_is_said(
    world: World, arguments: tuple[str, ...], problem: str
) -> None:
    code, _, err = run(world.incremental.settings, "refresh", *arguments)
    assert code == 1
    assert problem in err
