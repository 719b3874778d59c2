"""`tidemark build` without dbt: when, that it does the same, and that it says the same."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.integration.exactness.warehouse import PROJECT_PARTS
from tests.integration.exactness.witnesses import LATE_SESSION, WORKFLOW
from tests.integration.running import environment
from tidemark_warehouse.cli.main import application
from tidemark_warehouse.database.server import Connection, connect
from tidemark_warehouse.database.server.bootstrap import administrator, create_database
from tidemark_warehouse.dbt import guard, project
from tidemark_warehouse.dbt.project import KINDS, Wish, wish
from tidemark_warehouse.settings import PROJECT_ROOT, Settings

BUILT = "built_whole"
RUN_DBT = guard.run
PEOPLE = (
    "insert into raw.employees (employee_id, name, team_name) values ('e1', 'Ann', 'red')",
    "insert into raw.projects (project_id, title, status, created_at)"
    " values ('p1', 'Tide', 'active', '2026-01-02T03:04:05Z')",
)
CHANGES = (
    LATE_SESSION,
    "update raw.employees set team_name = 'blue'",
    "insert into raw.employees (employee_id, name, team_name) values ('e2', 'Bob', 'red')",
    "delete from raw.projects",
    "update raw.workflow_instances set user_id = 'bob'",
)


@pytest.fixture(scope="module")
def template(module_database: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A database that `tidemark build` has built whole."""
    with connect(module_database, autocommit=True) as connection:
        for statement in (*WORKFLOW, *PEOPLE):
            connection.execute(statement.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DBT_TARGET_PATH", str(tmp_path_factory.mktemp("whole")))
        assert tidemark_build(patch, module_database) == 0
    return module_database


@pytest.fixture
def built(template: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """A copy of it, in which no test starts dbt."""
    copy = replace(template, database=BUILT)
    _copy(template, copy)
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path))
    monkeypatch.setattr(guard, "run", _no_dbt)
    return copy


def tidemark_build(patch: pytest.MonkeyPatch, settings: Settings, *options: str) -> int:
    """Run `tidemark build` in this process; returns its status."""
    for name, text in environment(settings).items():
        patch.setenv(name, text)
    return int(application(["build"])(["build", *options], standalone_mode=False))


def test_with_nothing_new_nothing_is_built_and_no_dbt_starts(
    built: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for options in (
        (),
        ("--exclude-resource-type", "test"),
        ("--resource-type", "model"),
        ("--vars", "{as_of: '2026-11-01T00:00:00Z', burnout_threshold: 70}"),
    ):
        tidemark_build(monkeypatch, built)  # the clock may have moved
        capsys.readouterr()
        assert tidemark_build(monkeypatch, built, *options) == 0, options
    assert tidemark_build(monkeypatch, built) == 0
    capsys.readouterr()
    assert tidemark_build(monkeypatch, built) == 0
    assert "no model was built in" in capsys.readouterr().out


def test_it_does_what_dbt_does(
    built: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    by_dbt = replace(built, database="built_by_dbt")
    _change(built, *CHANGES)
    _copy(built, by_dbt)
    as_of = ("--vars", "{as_of: '2027-03-10T12:00:00Z'}")
    assert tidemark_build(monkeypatch, built, *as_of) == 0
    ours = _results(tmp_path)
    with monkeypatch.context() as patch:
        patch.setenv("DBT_TARGET_PATH", str(tmp_path / "dbt"))
        patch.setattr(guard, "run", RUN_DBT)
        patch.setattr(project, "stands", lambda *_: None)
        assert tidemark_build(patch, by_dbt, *as_of) == 0
    theirs = _results(tmp_path / "dbt")
    for name, result in ours.items():
        assert result["status"] == theirs[name]["status"], name
        assert result.keys() == theirs[name].keys(), name
    for name in theirs.keys() - ours.keys():
        assert theirs[name]["status"] in ("success", "pass", "no-op"), name
        if name.startswith(("model.", "seed.", "snapshot.")):
            assert theirs[name]["message"] in ("nothing new", "unchanged", "INSERT 0 0"), name
    assert "snapshot.tidemark.employees_history" in ours
    assert _tables(built) == _tables(by_dbt)


def test_a_data_test_that_fails_says_what_dbt_says_and_holds_its_readers(
    built: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _change(
        built,
        "update ops.tests set text = replace(text, 'from (', 'from (select null union all ')"
        " where name = 'grain_is_enforced_workflow_completions_'",
        "update ops.project set digest = ops.definitions_digest()",
        LATE_SESSION,
    )
    assert tidemark_build(monkeypatch, built) == 1
    results = _results(tmp_path)
    (test,) = (name for name, r in results.items() if r["status"] == "fail")
    assert results[test]["message"] == "Got 1 result, configured to fail if != 0"
    assert results[test]["failures"] == 1
    assert results["model.tidemark.workflow_completions"]["status"] == "success"
    assert results["model.tidemark.time_aggregations_daily"]["status"] == "skipped"
    out = capsys.readouterr().out
    assert "failed  test grain_is_enforced_workflow_completions_: Got 1 result" in out
    assert "-> mend it, then tidemark build --select " in out
    # With nothing new it fails again, as it would in dbt; once it is mended its readers follow.
    assert tidemark_build(monkeypatch, built) == 1
    _change(
        built,
        "update ops.tests set text = replace(text, 'select null union all ', '')",
        "update ops.project set digest = ops.definitions_digest()",
    )
    assert tidemark_build(monkeypatch, built) == 0
    assert _results(tmp_path)["model.tidemark.time_aggregations_daily"]["status"] == "success"


def test_a_test_that_cannot_run_and_a_model_that_cannot_be_refreshed_fail(
    built: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _change(
        built,
        "update ops.tests set text = 'select 1 / 0, true, true'"
        " where name = 'grain_is_enforced_workflow_completions_'",
        "update ops.programs set texts = texts || jsonb_build_object('narrowed', 'select 1 / 0')"
        " where relation = 'marts.time_aggregations_step'",
        "update ops.project set digest = ops.definitions_digest()",
        LATE_SESSION,
    )
    assert tidemark_build(monkeypatch, built) == 1
    failed = {n: r["message"] for n, r in _results(tmp_path).items() if r["status"] == "error"}
    (test,) = (name for name in failed if name.startswith("test."))
    assert failed[test].startswith("Database Error in test grain_is_enforced_workflow_completions_")
    assert failed[test].endswith("division by zero")
    with connect(built) as connection:
        told = connection.execute(
            "select kind, relation from ops.refreshes where message like '%division by zero'"
        ).fetchall()
    assert ("test", "grain_is_enforced_workflow_completions_") in told


def test_what_somebody_else_refreshed_is_tested_all_the_same(
    built: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from tidemark_warehouse.database.refreshing import walk

    assert tidemark_build(monkeypatch, built) == 0
    _change(built, LATE_SESSION)
    with connect(built, autocommit=True) as connection:
        assert [done.message for done in walk(connection) if done.message] == []
    assert tidemark_build(monkeypatch, built) == 0
    results = _results(tmp_path)
    assert not [name for name in results if name.startswith("model.")]
    assert any("workflow_completions" in name for name in results)


def test_what_reads_an_edited_view_is_computed_again(
    built: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with connect(built, autocommit=True) as connection:
        (text,) = connection.execute(
            "select rtrim(pg_get_viewdef('staging.stg_app_metrics__points'::regclass), ';')"
        ).fetchone() or ("",)
        connection.execute(
            "create or replace view staging.stg_app_metrics__points as select v.* from ("
            f"{text}) as v".encode()
        )
    assert tidemark_build(monkeypatch, built) == 0
    assert "model.tidemark.metric_aggregates" in _results(tmp_path)
    _change(built, "delete from ops.refreshes")
    assert tidemark_build(monkeypatch, built) == 0
    assert "model.tidemark.metric_aggregates" not in _results(tmp_path)


@pytest.mark.parametrize(
    "statement",
    [
        "drop table marts.time_trends_daily",
        "drop view staging.stg_people__employees cascade",
        "update seeds.funnels set description = 'another'",
        "alter table raw.employees add column nickname text",
        "update ops.programs set stored_at = clock_timestamp() where relation = 'marts.dim_dates'",
        "update ops.tests set text = text || ' -- other vars'",
        "delete from ops.project",
    ],
)
def test_dbt_starts_where_the_database_does_not_stand_as_it_was_left(
    built: Settings, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    _change(built, statement)
    with pytest.raises(DbtStartedError):
        tidemark_build(monkeypatch, built)


@pytest.mark.parametrize(
    "options",
    [
        ("--select", "dim_dates"),
        ("--full-refresh",),
        ("--target", "embedded"),
        ("--threads", "1"),
        ("--vars", "{burnout_threshold: 71}"),
        ("--vars", "{burnout_threshold: 70, refresh_from: '2026-01-01'}"),
        ("--vars", "{as_of: yesterday}"),
        ("--resource-type", "unit_test"),
        ("--exclude-resource-type", "no_such_type"),
        ("--vars",),
    ],
)
def test_dbt_starts_where_an_option_needs_it(
    built: Settings, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    with pytest.raises(DbtStartedError):
        tidemark_build(monkeypatch, built, *options)


def test_an_edited_file_is_another_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, "PROJECT_ROOT", tmp_path)
    for part in PROJECT_PARTS:
        if (PROJECT_ROOT / part).is_file():
            (tmp_path / part).write_bytes((PROJECT_ROOT / part).read_bytes())
    model = tmp_path / "models" / "a.sql"
    model.parent.mkdir()
    model.write_text("select 1")
    seen = {project.fingerprint(tmp_path)}
    assert project.fingerprint(tmp_path) in seen

    def is_new() -> bool:
        size = len(seen)
        seen.add(project.fingerprint(tmp_path))
        return len(seen) > size

    model.write_text("select 2")
    assert is_new()
    model.rename(model.with_name("b.sql"))
    assert is_new()
    (tmp_path / "profiles.yml").write_text("tidemark:")
    assert is_new()
    (tmp_path / "models" / "b.sql.swp").write_text("an editor's own")
    assert not is_new()


def test_options_and_variables_that_need_no_dbt(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DBT_FULL_REFRESH", "DBT_SELECT"):
        monkeypatch.delenv(name, raising=False)
    assert wish([]) == Wish(KINDS, {}, None)
    without = wish(["--exclude-resource-type", "unit_test", "test", "--vars={x: [1, 2]}"])
    assert without == Wish(KINDS - {"test"}, {"x": [1, 2]}, None)
    only = wish(["--resource-types", "model", "--resource-type", "seed"])
    assert only == Wish(frozenset({"model", "seed"}), {}, None)
    dated = wish(["--vars", "as_of: 2026-03-10T12:00:00Z"])
    assert dated
    assert dated.as_of
    assert dated.as_of.isoformat() == "2026-03-10T12:00:00+00:00"
    monkeypatch.setenv("DBT_FULL_REFRESH", "true")
    assert wish([]) is None


class DbtStartedError(Exception):
    """dbt was to be started."""


def _no_dbt(*_: Any, **__: Any) -> int:
    raise DbtStartedError


def _copy(source: Settings, target: Settings) -> None:
    with administrator(target) as admin:
        admin.execute(f"drop database if exists {target.database} with (force)".encode())
        create_database(admin, target, template=source.database)


def _change(settings: Settings, *statements: str) -> None:
    with connect(settings, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def _results(folder: Path) -> dict[str, dict[str, Any]]:
    content = json.loads((folder / "run_results.json").read_text())
    return {result["unique_id"]: result for result in content["results"]}


def _tables(settings: Settings) -> dict[str, list[str]]:
    """Every row of every mart, state table and snapshot; but for the names of versions."""
    with connect(settings, autocommit=True) as connection:
        names = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables"
            " where table_schema in ('marts', 'marts_people', 'intermediate', 'snapshots')"
            " and table_type = 'BASE TABLE'"
        ).fetchall()
        return {name: _rows(connection, name) for (name,) in names}


def _rows(connection: Connection, name: str) -> list[str]:
    query = f"select (to_jsonb(t) - 'dbt_scd_id')::text from {name} as t order by 1"
    return [row for (row,) in connection.execute(query.encode())]


def test_bad_rows_are_warned_of_once_when_they_come_and_stay_counted(
    built: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def found(*changes: str) -> list[Any]:
        """The bad rows after a build, and whether it has warned."""
        _change(built, *changes)
        assert tidemark_build(monkeypatch, built) == 0
        warned = "warned  test source_values" in capsys.readouterr().out
        with connect(built, autocommit=True) as connection:
            query = "select table_name, reason, row_count from ops.bad_rows order by 1, 2"
            return [warned, *connection.execute(query).fetchall()]

    event = (
        "insert into raw.events (event_id, event_name, event_at, distinct_id)"
        " values (gen_random_uuid(), 'page_view', '1970-01-01', 'd')"
    )
    old = ("raw.events", "event_at lies before 1990-01-01")
    backwards = ("raw.feature_requests", "it was completed before it was created")
    assert found() == [False]
    assert found(event) == [True, (*old, 1)]
    assert found() == [False, (*old, 1)]
    feature = (
        "insert into raw.feature_requests"
        " (feature_request_id, project_id, status, created_at, completed_at)"
        " values ('f1', 'p1', 'open', '2026-02-02', '2026-02-01')"
    )
    assert found(event, event, feature) == [True, (*old, 3), (*backwards, 1)]
    # A look that was broken off does not count: its rows are met by the next one.
    broken_off = "select ops.begin_look(t.unique_id, now()) from ops.tests as t"
    assert found(event, broken_off) == [True, (*old, 4), (*backwards, 1)]
    mended = "update raw.feature_requests set completed_at = null"
    assert found(mended) == [False, (*old, 4)]
