"""What the engine promises beside equality: what a build touches, keeps, refuses and lets alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.integration.exactness.warehouse import Warehouse, copy_project
from tests.integration.exactness.witnesses import LATE_SESSION, WORKFLOW
from tidemark_warehouse.database import server
from tidemark_warehouse.settings import Settings


@pytest.fixture(scope="module")
def built_warehouse(server: Settings, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A warehouse of a copy of one area's project, parsed once for the module."""
    scratch = tmp_path_factory.mktemp("engine")
    project = copy_project(scratch / "project", "time_tracking")
    return Warehouse(replace(server, database="engine"), scratch / "dbt", project)


@pytest.fixture
def warehouse(built_warehouse: Warehouse) -> Warehouse:
    """A new database with one completed workflow, built once."""
    built_warehouse.renew()
    with built_warehouse.connect() as connection:
        for statement in WORKFLOW:
            connection.execute(statement.encode())
    assert built_warehouse.build() == []
    return built_warehouse


@pytest.fixture
def owner(warehouse: Warehouse) -> Iterator[psycopg.Connection[Any]]:
    with warehouse.connect() as connection:
        yield connection


@pytest.fixture
def edit(warehouse: Warehouse) -> Iterator[Callable[[str, str, str], None]]:
    """Edit files of the project for one test."""
    manifest = warehouse.manifest
    kept: dict[Path, str] = {}

    def edit_file(name: str, old: str, new: str) -> None:
        (path,) = warehouse.project.rglob(name)
        text = path.read_text()
        assert old in text
        kept.setdefault(path, text)
        path.write_text(text.replace(old, new))
        warehouse.forget_manifest()

    yield edit_file
    for path, text in kept.items():
        path.write_text(text)
    warehouse.manifest = manifest


def value(connection: psycopg.Connection[Any], query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def inexact(connection: psycopg.Connection[Any]) -> Any:
    """The relations that differ from what their definition gives, if there are any."""
    return value(
        connection,
        "select array_agg(w.relation) from ops.watermarks as w"
        " where ops.differences(w.relation, w.as_of) <> 0",
    )


MANY_WORKFLOWS = """
    insert into raw.workflow_instances
    select 'many' || n, 't1', 'user' || n %% 50, null, 'done', '2026-01-01',
        '2026-01-01'::timestamptz + n * interval '1 minute'
    from generate_series(%(first)s::integer, %(last)s::integer) as n
"""


def last_build(connection: psycopg.Connection[Any]) -> dict[str, tuple[int, int, int]]:
    """What the last build of each model scoped, wrote and deleted."""
    rows = connection.execute(
        "select split_part(relation, '.', 2), rows_scoped, rows_written, rows_deleted"
        " from ops.watermarks"
    )
    return {name: (scoped, written, deleted) for name, scoped, written, deleted in rows}


def test_cost_follows_the_change(warehouse: Warehouse, owner: psycopg.Connection[Any]) -> None:
    owner.execute(
        "insert into raw.workflow_instances"
        " select 'other' || n, 't1', 'user' || n, null, 'done', '2026-01-01',"
        " '2026-01-01'::timestamptz + n * interval '1 hour' from generate_series(1, 500) as n"
    )
    assert warehouse.build() == []
    owner.execute(LATE_SESSION.encode())
    assert warehouse.build() == []
    found = last_build(owner)
    assert found["int_sessions__totalled"] == (1, 1, 1)
    assert found["workflow_completions"] == (1, 1, 1)
    assert found["time_aggregations_daily"] == (1, 1, 1)
    assert found["time_aggregations_step"] == (2, 2, 2), "the week and the month of one step"
    assert found["time_trends_daily"] == (28, 1, 1), "the day and the 27 after it"


def test_a_relation_of_which_most_is_touched_is_computed_whole(
    warehouse: Warehouse, owner: psycopg.Connection[Any]
) -> None:
    whole = "select whole from ops.refreshes where relation = '{}' order by started_at desc limit 1"
    owner.execute(MANY_WORKFLOWS, {"first": 1, "last": 9_000})
    assert warehouse.build() == []
    assert not value(owner, whole.format("marts.workflow_completions")), "9,000 keys are few"
    owner.execute("analyze marts.workflow_completions")
    owner.execute(MANY_WORKFLOWS, {"first": 10_000, "last": 22_000})
    owner.execute(LATE_SESSION.encode())
    assert warehouse.build() == []
    assert value(owner, whole.format("marts.workflow_completions"))
    owner.execute("analyze marts.workflow_completions")
    owner.execute(MANY_WORKFLOWS, {"first": 23_000, "last": 33_100})
    assert warehouse.build() == []
    assert not value(owner, whole.format("marts.workflow_completions")), "more is left alone"
    assert inexact(owner) is None


def test_a_warehouse_that_was_built_empty_and_then_loaded_is_computed_whole(
    built_warehouse: Warehouse,
) -> None:
    built_warehouse.renew()
    assert built_warehouse.build() == []
    with built_warehouse.connect() as connection:
        connection.execute(WORKFLOW[0].encode())
        connection.execute(MANY_WORKFLOWS, {"first": 1, "last": 10_500})
        assert built_warehouse.build() == []
        rows = connection.execute(
            "select relation, whole, rows_written from ops.refreshes"
            " where relation like '%workflow_completions' and rows_written > 0"
        ).fetchall()
        assert rows == [("marts.workflow_completions", True, 10_500)]
        assert inexact(connection) is None


def test_an_equal_result_does_not_ripple_upward(
    warehouse: Warehouse, owner: psycopg.Connection[Any]
) -> None:
    owner.execute("update raw.time_sessions set is_active = true, updated_at = now()")
    assert warehouse.build() == []
    found = last_build(owner)
    assert found["int_sessions__totalled"] == (1, 0, 0)
    assert found["workflow_completions"] == (0, 0, 0)


def test_the_grain_is_enforced_and_a_build_that_breaks_it_rolls_back(
    warehouse: Warehouse,
    owner: psycopg.Connection[Any],
    edit: Callable[[str, str, str], None],
) -> None:
    seen = value(
        owner, "select seen::text from ops.watermarks where relation = 'marts.time_user_averages'"
    )
    edit(
        "time_user_averages.sql",
        "select *\nfrom final",
        "select *\nfrom final\nunion all\nselect * from final",
    )
    (failure,) = warehouse.build("--select", "time_user_averages")
    assert "time_user_averages_grain" in failure
    assert "duplicated" in failure
    assert value(owner, "select count(*) from marts.time_user_averages") == 1
    assert seen == value(
        owner, "select seen::text from ops.watermarks where relation = 'marts.time_user_averages'"
    )


def test_an_edited_model_is_computed_again_and_nothing_else(
    warehouse: Warehouse,
    owner: psycopg.Connection[Any],
    edit: Callable[[str, str, str], None],
) -> None:
    edit("time_user_averages.sql", "avg(active_seconds) as", "avg(active_seconds) + 1 as")
    before = last_build(owner)
    assert warehouse.build() == []
    after = last_build(owner)
    assert after.pop("time_user_averages") == (0, 1, 1), "whole, without a scope"
    before.pop("time_user_averages")
    assert set(after.values()) == {(0, 0, 0)}
    assert value(owner, "select avg_active_seconds from marts.time_user_averages") == 91


def test_an_edited_function_is_an_edited_definition(
    warehouse: Warehouse,
    owner: psycopg.Connection[Any],
    edit: Callable[[str, str, str], None],
) -> None:
    scaled = "create or replace function ops.scaled(n numeric) returns numeric language sql as "
    owner.execute((scaled + "'select n'").encode())
    edit("time_user_averages.sql", "avg(active_seconds) as", "ops.scaled(avg(active_seconds)) as")
    assert warehouse.build() == []
    assert value(owner, "select avg_active_seconds from marts.time_user_averages") == 90
    owner.execute((scaled + "'select n + 1'").encode())
    before = last_build(owner)
    assert warehouse.build() == []
    assert value(owner, "select avg_active_seconds from marts.time_user_averages") == 91
    after = last_build(owner)
    assert after.pop("time_user_averages") == (0, 1, 1), "whole, without a scope"
    before.pop("time_user_averages")
    assert set(after.values()) == {(0, 0, 0)}


def test_an_edited_contract_is_fitted_to_the_table(
    warehouse: Warehouse,
    owner: psycopg.Connection[Any],
    edit: Callable[[str, str, str], None],
) -> None:
    owner.execute(
        "create view public.analysts as select user_id, ticket_type from marts.time_user_averages"
    )
    edit("time_user_averages.sql", "avg(paused_seconds) as avg_paused_seconds,", "'x' as remark,")
    edit(
        "time_user_averages.yml",
        "name: avg_paused_seconds\n        data_type: numeric",
        "name: remark\n        data_type: text",
    )
    assert warehouse.build() == []
    assert value(owner, "select remark from marts.time_user_averages") == "x"
    assert value(owner, "select count(*) from public.analysts") == 1
    assert not value(
        owner,
        "select exists (select from information_schema.columns"
        " where table_name = 'time_user_averages' and column_name = 'avg_paused_seconds')",
    )


def test_a_column_that_an_analysts_view_reads_is_not_dropped(
    warehouse: Warehouse,
    owner: psycopg.Connection[Any],
    edit: Callable[[str, str, str], None],
) -> None:
    owner.execute(
        "create view public.analysts as select avg_paused_seconds from marts.time_user_averages"
    )
    edit("time_user_averages.sql", "avg(paused_seconds) as avg_paused_seconds,", "'x' as remark,")
    edit(
        "time_user_averages.yml",
        "name: avg_paused_seconds\n        data_type: numeric",
        "name: remark\n        data_type: text",
    )
    (failure,) = warehouse.build("--select", "time_user_averages")
    assert "view analysts depends on column avg_paused_seconds" in failure
    assert value(owner, "select count(*) from public.analysts") == 1


def test_views_of_analysts_survive_builds_and_full_refresh(
    warehouse: Warehouse, owner: psycopg.Connection[Any]
) -> None:
    for table, _, _ in warehouse.tables():
        owner.execute(
            f"create view public.{table.replace('.', '_')} as select * from {table}".encode()
        )
    owner.execute(LATE_SESSION.encode())
    for options in ((), ("--full-refresh",)):
        assert warehouse.build(*options) == []
        assert value(owner, "select active_seconds from public.marts_workflow_completions") == 95


def test_an_open_reader_neither_stops_a_build_nor_is_stopped(
    warehouse: Warehouse, owner: psycopg.Connection[Any]
) -> None:
    query = "select active_seconds from marts.workflow_completions"
    with (
        server.connect(warehouse.settings, role="tidemark_reader") as reader,
        server.connect(warehouse.settings, role="tidemark_reader") as of_one_state,
    ):
        of_one_state.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        assert value(reader, query) == value(of_one_state, query) == 90
        owner.execute(LATE_SESSION.encode())
        for options in ((), ("--full-refresh",)):
            assert warehouse.build(*options) == []
            assert value(reader, query) == 95
            assert value(of_one_state, query) == 90


def test_a_changed_description_reaches_the_database_without_touching_rows(
    warehouse: Warehouse,
    owner: psycopg.Connection[Any],
    edit: Callable[[str, str, str], None],
) -> None:
    edit("time_user_averages.yml", "The type of ticket.", "The kind of ticket.")
    assert warehouse.build() == []
    assert set(last_build(owner).values()) == {(0, 0, 0)}
    assert "The kind of ticket." in value(
        owner,
        "select string_agg(col_description(attrelid, attnum), ' ') from pg_attribute"
        " where attrelid = 'marts.time_user_averages'::regclass and attnum > 0",
    )


def test_empty_shapes_tables_and_keeps_rows(
    warehouse: Warehouse, owner: psycopg.Connection[Any]
) -> None:
    views = "select array_agg(pg_get_viewdef(oid) order by oid) from pg_class where relkind = 'v'"
    before = value(owner, views)
    owner.execute("drop table marts.time_user_averages")
    assert warehouse.build("--empty") == []
    assert value(owner, views) == before
    assert value(owner, "select count(*) from marts.time_user_averages") == 0
    assert value(owner, "select count(*) from marts.workflow_completions") == 1
    assert warehouse.build() == []
    assert value(owner, "select count(*) from marts.time_user_averages") == 1


def test_consumed_changes_are_forgotten_and_unread_ones_kept(
    warehouse: Warehouse, owner: psycopg.Connection[Any]
) -> None:
    owner.execute("delete from raw.time_sessions where session_id = 's2'")
    owner.execute("update ops.changes set written_at = now() - interval '8 days'")
    assert warehouse.build("--select", "int_sessions__totalled") == []
    # Its readers have not run: what int_sessions__totalled logged stays, however old it is.
    owner.execute("update ops.changes set written_at = now() - interval '8 days'")
    assert warehouse.build("--select", "stg_time_tracking__sessions") == []
    left = value(owner, "select array_agg(distinct relation) from ops.changes")
    assert left == ["intermediate.int_sessions__totalled"]
    assert warehouse.build() == []
    owner.execute("update ops.changes set written_at = now() - interval '8 days'")
    assert warehouse.build() == []
    assert value(owner, "select count(*) from ops.changes") == 0


def test_a_model_that_is_gone_holds_no_changes(
    warehouse: Warehouse, owner: psycopg.Connection[Any]
) -> None:
    owner.execute(
        "insert into ops.watermarks"
        " (relation, model, seen, fingerprint, shape, settings, reads, as_of)"
        " values ('marts.gone', 'model.tidemark.gone', '3:3:', '', '', '',"
        " '{raw.time_sessions}', now())"
    )
    assert warehouse.build() == []
    assert not value(
        owner, "select exists (select from ops.watermarks where relation = 'marts.gone')"
    )


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("unique_key=['user_id', 'ticket_type']", "unique_key='user_id'", "unique_key must list"),
        (
            "c.ticket_type\n    from",
            "c.ticket_type,\n        c.template_id\n    from",
            "its scope yields template_id",
        ),
        (
            "unique_key=['user_id', 'ticket_type']",
            "unique_key=['user_id', 'ticket_type'],"
            " pre_hook={'sql': 'select 1', 'transaction': false}",
            "a hook with transaction: false",
        ),
        (
            "unique_key=['user_id', 'ticket_type']",
            "unique_key=['user_id', 'ticket_type'],"
            " meta={'refresh': {'kind': 'delta_merge', 'of': 'workflow_completions',"
            " 'columns': ['workflows_completed']}}",
            "needs frozen_by with the column and unit",
        ),
    ],
)
def test_a_model_that_could_not_be_exact_is_refused(
    warehouse: Warehouse,
    owner: psycopg.Connection[Any],
    edit: Callable[[str, str, str], None],
    old: str,
    new: str,
    says: str,
) -> None:
    edit("time_user_averages.sql", old, new)
    failures = warehouse.build("--select", "time_user_averages")
    if not failures:  # an edited scope is first used by the build after the whole one
        owner.execute("update raw.workflow_instances set user_id = 'bob'")
        failures = warehouse.build("--select", "workflow_completions", "time_user_averages")
    (failure,) = failures
    assert says in failure


def test_refresh_options_that_cannot_be_are_refused_by_line(
    warehouse: Warehouse, edit: Callable[[str, str, str], None]
) -> None:
    key = "unique_key=['user_id', 'ticket_type']"
    options = (
        "'kind': 'delta_merge', 'of': 'nowhere', 'columns': ['no_such'], 'chunk': 'day',\n"
        "'batch': 'days', 'lookback_days': 'x', 'frozen_by': {'column': 'dat', 'unit': 'dya'}"
    )
    edit("time_user_averages.sql", key, f"{key}, meta={{'refresh': {{{options}}}}}")
    (failure,) = warehouse.build("--select", "time_user_averages")
    for line, says in (
        (1, "of names nowhere, which the model does not read"),
        (1, "columns names no_such, which is no column"),
        (1, "chunk is no option of the kind delta_merge, which has kind, batch, "),
        (2, "batch days is none of day, week, month"),
        (2, "lookback_days is no whole number"),
        (2, "column names dat, which is no column"),
        (2, "unit dya is none of minute, "),
    ):
        assert f"models/marts/time_tracking/time_user_averages.sql:{line}: {says}" in failure
    edit("time_user_averages.sql", f", meta={{'refresh': {{{options}}}}}", ", chunks='day'")
    (failure,) = warehouse.build("--select", "time_user_averages")
    assert "chunks is no config of dbt's: it is 'batch' of meta.refresh now" in failure


def test_sample_is_refused(warehouse: Warehouse) -> None:
    failures = warehouse.build("--sample", "1 day", "--select", "time_user_averages")
    assert "--sample would delete" in failures[0]


def test_history_in_the_default_partition_gets_partitions_of_its_own(
    warehouse: Warehouse, owner: psycopg.Connection[Any]
) -> None:
    owner.execute(
        "insert into raw.events (event_id, event_name, event_at, distinct_id) values"
        " (gen_random_uuid(), 'x', '1999-05-05', 'u'), (gen_random_uuid(), 'x', '2999-05-05', 'u')"
    )
    kept = value(owner, "select array_agg(_xid order by event_at) from raw.events")
    assert warehouse.build() == []
    assert value(
        owner, "select array_agg(tableoid::regclass::text order by event_at) from raw.events"
    ) == [
        "raw.events_1999_05",
        "raw.events_2999_05",
    ]
    assert value(owner, "select array_agg(_xid order by event_at) from raw.events") == kept
    assert not value(owner, "select exists (select from ops.changes where relation = 'raw.events')")
    owner.execute("delete from raw.events_1999_05")
    assert value(owner, "select count(*) from ops.changes where relation = 'raw.events'") == 1


@pytest.mark.parametrize("far", ["2999-01-01", "infinity", "-infinity"])
def test_a_completion_beyond_all_calendars_does_not_stop_a_build(
    warehouse: Warehouse, owner: psycopg.Connection[Any], far: str
) -> None:
    owner.execute(
        "insert into raw.workflow_instances values ('far', 't1', 'ann', null, 'done',"
        f" '2026-01-01', '{far}', null)".encode()
    )
    assert warehouse.build() == []
    known = 2 if far == "2999-01-01" else 1  # an infinite time is unknown
    assert value(owner, "select count(*) from marts.workflow_completions") == known
    assert value(owner, "select count(*) from marts.time_trends_daily") == 1


def test_a_writer_in_the_default_partition_does_not_stop_a_build(
    warehouse: Warehouse, owner: psycopg.Connection[Any]
) -> None:
    with server.connect(warehouse.settings) as writer:
        writer.execute(
            "insert into raw.events (event_id, event_name, event_at, distinct_id)"
            " values (gen_random_uuid(), 'x', '1999-05-05', 'u')"
        )
        owner.execute(
            "insert into raw.events (event_id, event_name, event_at, distinct_id)"
            " values (gen_random_uuid(), 'y', '1999-05-06', 'u')"
        )
        assert warehouse.build() == []
        assert (
            value(owner, "select tableoid::regclass::text from raw.events") == "raw.events_default"
        )
        writer.commit()
    assert warehouse.build() == []
    assert value(owner, "select count(*) from raw.events_1999_05") == 2
