"""The runner of migrations, on files of its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tidemark_warehouse.database import migrate
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import Settings


@pytest.fixture
def files(tmp_path: Path, database: Settings) -> Path:
    """Make a folder with two migrations, and a database that has run none."""
    with connect(database) as connection:
        connection.execute("drop table ops.migrations")
    (tmp_path / "0001_first.sql").write_text("create table raw.one ();\n")
    (tmp_path / "0002_second.sql").write_text("create table raw.two ();\n-- 100 %s\n")
    (tmp_path / "README.md").write_text("no migration")
    return tmp_path


def apply(database: Settings, files: Path) -> list[str]:
    with connect(database, autocommit=True) as connection:
        return migrate.apply(connection, files)


def test_each_file_runs_once_and_in_order(database: Settings, files: Path) -> None:
    assert apply(database, files) == ["0001_first", "0002_second"]
    (files / "0003_third.sql").write_text("create table raw.three ();")
    assert apply(database, files) == ["0003_third"]
    assert apply(database, files) == []
    with connect(database) as connection:
        assert migrate.applied(connection) == ["0001_first", "0002_second", "0003_third"]


def test_two_processes_run_each_file_once(database: Settings, files: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(apply, database, files) for _ in range(2)]
        assert sum(len(run.result()) for run in runs) == 2


def test_a_changed_file_is_refused_other_line_ends_are_not(database: Settings, files: Path) -> None:
    apply(database, files)
    (files / "0001_first.sql").write_bytes(b"create table raw.one ();\r\n")
    assert apply(database, files) == []
    (files / "0001_first.sql").write_text("create table raw.other ();\n")
    with pytest.raises(TidemarkError, match="0001_first has changed since"):
        apply(database, files)


def test_a_database_of_a_newer_project_is_refused(database: Settings, files: Path) -> None:
    apply(database, files)
    (files / "0002_second.sql").unlink()
    with pytest.raises(TidemarkError, match="0002_second, which this checkout does not know"):
        apply(database, files)


def test_a_file_that_comes_too_late_is_refused(database: Settings, files: Path) -> None:
    (files / "0001_first.sql").rename(files / "0003_third.sql")
    apply(database, files)
    (files / "0001_first.sql").write_text("select 1")
    with pytest.raises(TidemarkError, match="0001_first comes before 0003"):
        apply(database, files)


def test_a_file_that_fails_leaves_nothing_and_names_its_line(
    database: Settings, files: Path
) -> None:
    (files / "0002_second.sql").write_text("create table raw.two ();\n\nselect nonsense;\n")
    with pytest.raises(TidemarkError, match='0002_second fails at line 3: column "nonsense"'):
        apply(database, files)
    (files / "0002_second.sql").write_text("create table raw.two ();")
    assert apply(database, files) == ["0002_second"]


@pytest.mark.parametrize("name", ["2_second.sql", "0001_again.sql"])
def test_a_name_that_cannot_be_ordered_is_refused(name: str, files: Path) -> None:
    (files / name).write_text("select 1")
    with pytest.raises(TidemarkError, match=name.removesuffix(".sql")):
        migrate.read(files)
