"""`tidemark build`: passes options to dbt, says what was done, names what failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.running import run
from tests.orchestration.conftest import complete
from tidemark_warehouse.cli.builds import failures
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.dbt import artifacts
from tidemark_warehouse.settings import PROJECT_ROOT, Settings


def test_a_build_says_what_it_came_to(module_database: Settings, tmp_path: Path) -> None:
    options = ("--quiet", "--target-path", str(tmp_path), "--log-path", str(tmp_path))
    with connect(module_database) as connection:
        complete(connection, "i1")
    status, out, err = run(module_database, "build", *options)
    assert status == 0, out + err
    assert "models, " in out
    with connect(module_database) as connection:
        complete(connection, "i2")
    status, out, _ = run(module_database, "build", "--select", "workflow_completions", *options)
    assert status == 0
    assert "1 model, 1 key recomputed, 1 row written in " in out
    assert (tmp_path / "run_results.json").exists()


def test_a_build_is_a_few_lines_unless_dbt_is_asked_for_its_own(module_database: Settings) -> None:
    status, out, err = run(
        module_database, "build", "--select", "stg_time_tracking__template_steps"
    )
    assert status == 0, out + err
    assert "logs/dbt.log" in out
    assert len(out.splitlines()) <= 10, out
    assert "mended" not in out
    options = ("--select", "stg_time_tracking__template_steps", "--log-level", "info")
    status, out, err = run(module_database, "build", *options)
    assert status == 0, out + err
    assert "PASS=" in out


def test_a_failed_build_names_the_model_and_the_next_command(
    module_database: Settings, tmp_path: Path
) -> None:
    with connect(module_database) as connection:
        complete(connection, "i3")
        connection.execute(
            "alter table marts.workflow_completions"
            " add constraint no_i3 check (instance_id <> 'i3')"
        )
    status, out, err = run(
        module_database,
        *("build", "--quiet", "--target-path", str(tmp_path), "--log-path", str(tmp_path)),
    )
    assert status == 1, out + err
    assert 'workflow_completions: new row for relation "workflow_completions" violates' in out
    assert "-> mend it, then tidemark build --select " in out
    assert "workflow_completions+" in out


def test_an_option_that_dbt_does_not_know(module_database: Settings) -> None:
    status, out, err = run(module_database, "build", "--no-such-option")
    assert status == 2
    assert "No such option" in err
    assert "before it could say what failed" in out


def test_a_failed_test_names_its_model(tmp_path: Path) -> None:
    (tmp_path / "run_results.json").write_text(
        '{"results": [{"unique_id": "test.tidemark.not_null_x.1", "status": "fail", '
        '"message": "Got 3 results, configured to fail if != 0"}]}'
    )
    (tmp_path / "manifest.json").write_text(
        '{"nodes": {"test.tidemark.not_null_x.1": {"attached_node": "model.tidemark.x"}}}'
    )
    assert list(failures(tmp_path, since=0)) == [
        "[red]failed[/]  test not_null_x: Got 3 results, configured to fail if != 0",
        "  -> mend it, then tidemark build --select x+",
    ]
    assert "before it could say" in next(failures(tmp_path, since=2**40))


@pytest.mark.parametrize(
    ("options", "folder"),
    [
        ([], "target"),
        (["--select", "x", "--target-path", "a/b"], "a/b"),
        (["--target-path=c"], "c"),
        (["--target-path"], "target"),
    ],
)
def test_artifacts_are_where_dbt_writes_them(
    options: list[str], folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DBT_TARGET_PATH")
    assert artifacts.folder(options) == PROJECT_ROOT / folder
