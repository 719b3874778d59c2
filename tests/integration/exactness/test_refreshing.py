"""The database refreshes what is behind by the stored programs, without dbt, and stays exact."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from tests.integration.conftest import WorldMaker
from tests.integration.exactness.oracle import inexact
from tests.integration.exactness.rounds import changed_at_random
from tests.integration.exactness.warehouse import AS_OF
from tests.integration.exactness.witnesses import LATE_SESSION, WORKFLOW
from tests.integration.exactness.world import World
from tidemark_warehouse.database import server
from tidemark_warehouse.database.refreshing import Refresh, behind, refresh, walk
from tidemark_warehouse.database.server.bootstrap import administrator, create_database

NOW = datetime.fromisoformat(AS_OF)
ROUNDS = 12


@pytest.fixture
def world(new_world: WorldMaker) -> Iterator[World]:
    """The time tracking marts of one completed workflow."""
    made = new_world.walking("time_tracking")
    made.execute(*WORKFLOW)
    made.build()
    yield made
    made.close()


def refreshed(world: World) -> dict[str, Refresh]:
    """Walk, and return what was refreshed, by the relation's name."""
    return {done.relation.split(".")[1]: done for done in walk(world.connection, NOW)}


def test_with_nothing_new_nothing_is_behind(world: World) -> None:
    assert behind(world.connection, NOW) == set()
    assert refreshed(world) == {}


def test_a_late_row_goes_through_all_that_it_touches(world: World) -> None:
    world.execute(LATE_SESSION)
    assert behind(world.connection, NOW) == {"intermediate.int_sessions__totalled"}
    done = refreshed(world)
    assert (done["time_aggregations_daily"].keys, done["time_aggregations_daily"].written) == (1, 1)
    assert behind(world.connection, NOW) == set()
    assert inexact(world.connection, NOW) == {}


def test_an_open_writer_is_new_once_it_commits(world: World) -> None:
    writer = world.open_writer()
    writer.execute(LATE_SESSION)
    world.execute("update raw.time_sessions set total_seconds = 61 where session_id = 's1'")
    refreshed(world)
    assert behind(world.connection, NOW) == set()
    world.end_writers(commit=True)
    assert behind(world.connection, NOW) == {"intermediate.int_sessions__totalled"}
    refreshed(world)
    assert inexact(world.connection, NOW) == {}


def test_refreshes_that_changed_something_or_failed_are_told(world: World) -> None:
    world.execute("delete from ops.refreshes", LATE_SESSION)
    refreshed(world)
    told = {
        name: (w, d)
        for name, w, d in world.connection.execute(
            "select split_part(relation, '.', 2), rows_written, rows_deleted from ops.refreshes"
            " where kind = 'model' and message is null and not whole and keys > 0 and seconds >= 0"
        )
    }
    assert told["workflow_completions"] == (1, 1)
    world.execute(
        "update ops.programs set texts = texts || jsonb_build_object('narrowed', 'select 1 / 0')"
        " where relation = 'marts.workflow_completions'",
        "update raw.workflow_instances set user_id = 'bob'",
    )
    done = refreshed(world)
    assert done["workflow_completions"].message == "division by zero"
    assert "time_aggregations_daily" not in done
    assert "marts.workflow_completions" in behind(world.connection, NOW)
    assert world.connection.execute(
        "select message from ops.refreshes where relation = 'marts.workflow_completions'"
        " order by started_at desc limit 1"
    ).fetchone() == ("division by zero",)


def test_a_replaced_function_is_an_edited_definition(world: World) -> None:
    (made,) = world.connection.execute(
        "select pg_get_functiondef('ops.series_tags'::regproc)"
    ).fetchone() or ("",)
    world.connection.execute(made.replace("$function$", "$function$\n-- edited\n", 1).encode())
    assert refresh(world.connection, "marts.metric_aggregates", NOW).whole
    assert not refresh(world.connection, "marts.metric_aggregates", NOW).whole
    assert not refresh(world.connection, "marts.workflow_completions", NOW).whole


def test_a_copied_database_has_nothing_to_do(world: World) -> None:
    copy = replace(world.incremental.settings, database="copied")
    world.connection.close()
    with administrator(copy) as admin:
        admin.execute("drop database if exists copied with (force)")
        create_database(admin, copy, template=world.incremental.settings.database)
    with server.connect(copy, autocommit=True) as connection:
        assert behind(connection, NOW) == set()
        connection.execute(LATE_SESSION.encode())
        assert [done.message for done in walk(connection, NOW) if done.message] == []
        assert inexact(connection, NOW) == {}


def test_the_oracle_names_the_model_at_fault(world: World) -> None:
    world.execute("update marts.time_user_averages set workflows_completed = 7")
    assert inexact(world.connection, NOW) == {"marts.time_user_averages": 2}


@pytest.mark.parametrize("seed", [1, 2])
def test_random_changes_leave_every_table_as_its_definition_says(world: World, seed: int) -> None:
    chance = random.Random(seed)  # no secret
    for _ in range(ROUNDS):
        did = changed_at_random(world, chance)
        failed = [done for done in walk(world.connection, NOW) if done.message]
        assert failed == [], did
        assert inexact(world.connection, NOW) == {}, did
