"""The runner of migrations and functions, on files of its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import LiteralString

import pytest

from tidemark_warehouse.database import migrate
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.database.statements import checksum
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import Settings


@pytest.fixture
def files(tmp_path: Path, database: Settings) -> Path:
    """Make a folder with two migrations, and a database that has run none."""
    with connect(database) as connection:
        connection.execute("drop table ops.migrations")
    schema = tmp_path / "schema"
    schema.mkdir()
    (schema / "0001_first.sql").write_text("create table raw.one ();\n")
    (schema / "0002_second.sql").write_text("create table raw.two ();\n-- 100 %s\n")
    (schema / "README.md").write_text("no migration")
    return schema


def apply(database: Settings, files: Path) -> list[str]:
    with connect(database, autocommit=True) as connection:
        return migrate.apply(connection, files.parent)


def ask(database: Settings, query: LiteralString) -> object:
    with connect(database) as connection:
        row = connection.execute(query).fetchone()
    return row and row[0]


def write_function(files: Path, name: str, text: str) -> None:
    folder = files.parent / "functions" / "subject"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.sql").write_text(text)


def twice(
    text: str = "select 2 * n", arguments: str = "n integer", returned: str = "integer"
) -> str:
    return (
        f"create or replace function ops.twice({arguments}) returns {returned}\n"
        f"language sql as $$ {text} $$;\n"
    )


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


def test_changed_statements_are_refused_comments_and_layout_are_not(
    database: Settings, files: Path
) -> None:
    apply(database, files)
    text = "-- What it is.\n/* Why. */ create  table\traw.one ( );\r\n"
    (files / "0001_first.sql").write_bytes(text.encode())
    (files / "0002_second.sql").write_text("create table raw.two ();")
    with pytest.raises(TidemarkError, match="0001_first have changed since"):
        apply(database, files)
    (files / "0001_first.sql").write_bytes(text.replace("( )", "()").encode())
    assert apply(database, files) == []
    (files / "0001_first.sql").write_text("create table raw.other ();\n")
    with pytest.raises(TidemarkError, match="0001_first have changed since"):
        apply(database, files)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("select 1 -- it's", "select 1", True),
        ("do $$ begin null; -- why\n end $$", "do $$ begin null; end $$", True),
        ("select 'a -- b'", "select 'a'", False),
        ("select 'a  b'", "select 'a b'", False),
        ("select 'it''s -- b'", "select 'it''s'", False),
        ("select E'\\' -- b'", "select E'\\''", False),
        ('select 1 as "a /* b */"', 'select 1 as "a"', False),
        ("select 1 /* a */ + 1", "select 1 /* b\n */\n + 1", True),
        (
            "do $a$ begin perform $$ x -- y$$; end $a$",
            "do $a$ begin perform $$ x $$; end $a$",
            True,
        ),
    ],
)
def test_what_the_statements_of_a_text_are(one: str, other: str, same: bool) -> None:
    assert (checksum(one) == checksum(other)) is same


def test_a_database_that_ran_an_earlier_text_is_accepted(database: Settings, files: Path) -> None:
    apply(database, files)
    (files / "0001_first.sql").write_text("create table raw.one (); -- no functions any more\n;")
    (files / "0002_second.sql").unlink()
    with connect(database) as connection:
        ran = dict(connection.execute("select name, checksum from ops.migrations").fetchall())
    present = migrate.read(files.parent)[0].checksum
    (files / "landed.txt").write_text(
        f"# a comment\n0001_first {present} {ran['first']}\n0002_second - {ran['second']}\n"
    )
    assert apply(database, files) == []
    (files / "landed.txt").write_text(f"0001_first {present} {ran['second']}\n")
    with pytest.raises(TidemarkError, match="0001_first have changed since"):
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
    assert apply(database, files) == ["0001_first", "0002_second"]


@pytest.mark.parametrize("name", ["2_second.sql", "0001_again.sql"])
def test_a_name_that_cannot_be_ordered_is_refused(name: str, files: Path) -> None:
    (files / name).write_text("select 1")
    with pytest.raises(TidemarkError, match=name.removesuffix(".sql")):
        migrate.read(files.parent)
