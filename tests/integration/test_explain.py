"""`tidemark explain` names the rewrites of a row and just the rows that caused them."""

from __future__ import annotations

import pytest

from tests.integration.conftest import WorldMaker
from tests.integration.exactness.witnesses import WORKFLOW
from tests.integration.running import run
from tidemark_warehouse.cli.explain import read_key
from tidemark_warehouse.errors import TidemarkError


def test_a_rewrite_is_told_with_the_rows_that_caused_it(new_world: WorldMaker) -> None:
    world = new_world("time_tracking")
    world.execute(*WORKFLOW)
    world.build()
    (user, date, ticket_type) = world.connection.execute(
        "select user_id, date::text, ticket_type from marts.time_aggregations_daily"
    ).fetchone() or ("", "", "")
    world.execute(
        # Another workflow, which touches another key, and the one that is asked for.
        "insert into raw.workflow_instances values"
        " ('elsewhere', 't1', 'zoe', null, 'done', '2020-01-01', '2020-01-02')",
        "update raw.workflow_instances set user_id = 'bob' where instance_id <> 'elsewhere'",
    )
    world.build()
    settings = world.incremental.settings
    code, out, err = run(
        settings, "explain", "time_aggregations_daily", f"{user},{date},{ticket_type}"
    )
    assert code == 0, err
    assert "there is no such row now" in out
    assert "removed: no rows were left" in out
    assert "replaced in marts.workflow_completions" in out
    assert "elsewhere" not in out
    code, out, err = run(settings, "explain", "marts.workflow_completions", "instance_id=elsewhere")
    assert code == 0, err
    assert "user_id zoe" in out
    assert "written anew" in out
    assert "written to raw.workflow_instances" in out
    world.close()


def test_a_key_names_each_column_of_the_grain() -> None:
    columns = {"user_id": "text", "date": "date"}
    wanted = {"user_id": "ann", "date": "2026-03-02"}
    for given in (
        ["date=2026-03-02", "user_id=ann"],
        ["ann", "2026-03-02"],
        ["ann,2026-03-02"],
        ["user_id=ann,date=2026-03-02"],
    ):
        assert read_key("marts.x", columns, given) == wanted
    assert read_key("marts.x", columns, ["ann", "null"]) == {"user_id": "ann", "date": None}
    for given in (["ann"], ["user_id=ann"], ["user=ann", "date=2026-03-02"]):
        with pytest.raises(TidemarkError):
            read_key("marts.x", columns, given)
