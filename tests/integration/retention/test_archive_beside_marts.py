"""One query over archived rows and the marts beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.archiving.samples import archived
from tidemark_warehouse.archiving import marts, querying
from tidemark_warehouse.database import server
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import Settings

TABLE = """
    create table marts.kinds (
        label text, rate numeric, day date, seen_at timestamptz, many bigint, is_open boolean,
        id uuid, facts jsonb, "odd ""name" text
    );
    insert into marts.kinds values
        ('', 0.5, '2026-08-01', '2026-08-01 10:00+02', 9007199254740993, true,
         '00000000-0000-4000-8000-000000000001', '{"a": "b,c"}', 'x'),
        (null, null, null, 'infinity', null, null, null, null, null),
        ('old', 'NaN', '4713-11-24 BC', '4713-01-01 00:00+00 BC', 1, null, null, null, null),
        ('far', 1, 'infinity', '294276-12-31 00:00+00', 2, null, null, null, null);
    grant select on marts.kinds to tidemark_reader;
    create table marts.of_people (name text);
"""


@pytest.fixture
def folder(database: Settings, tmp_path: Path) -> Iterator[Path]:
    with server.connect(database, autocommit=True) as owner:
        owner.execute(TABLE)
        archived(tmp_path, count=10)
        yield tmp_path
        owner.execute("drop table marts.kinds, marts.of_people")


def ask(folder: Path, settings: Settings, query: str) -> list[tuple[object, ...]]:
    found = querying.archived(folder)
    with querying.opened(folder, found, marts.named(query), settings) as connection:
        answer = querying.ask(connection, query)
        with querying.explained(connection):
            return answer.fetchall()


def test_values_are_those_of_the_mart(folder: Path, database: Settings) -> None:
    query = """
        select label, rate::varchar, day::varchar, seen_at::varchar, many, is_open, id::varchar,
            facts, "odd ""name"
        from marts.kinds order by many
    """
    nothing = (None, None, None, None)
    assert ask(folder, database, query) == [
        ("old", "nan", "4713-11-24 (BC)", "4713-01-01 (BC) 00:00:00+00", 1, *nothing),
        ("far", "1.0", "infinity", None, 2, *nothing),  # DuckDB's times end in 294247
        (
            *("", "0.5", "2026-08-01", "2026-08-01 08:00:00+00", 9007199254740993, True),
            *("00000000-0000-4000-8000-000000000001", '{"a": "b,c"}', "x"),
        ),
        (None, None, None, "infinity", None, *nothing),
    ]


def test_a_mart_is_joined_with_archived_rows(folder: Path, database: Settings) -> None:
    query = 'select count(*) from raw.events as e cross join Marts."kinds" as k where k.many = 1'
    assert ask(folder, database, query) == [(10,)]


def test_only_named_marts_are_copied_and_only_what_readers_may_see(
    folder: Path, database: Settings
) -> None:
    assert marts.named("select 'marts' from raw.events") == set()
    with pytest.raises(TidemarkError, match=r"may not read marts\.of_people"):
        ask(folder, database, "from marts.of_people")
    with pytest.raises(TidemarkError, match="absent") as refused:
        ask(folder, database, "select * from marts.absent, marts.kinds")
    assert "marts.kinds" in refused.value.remedy


def test_the_copy_is_all_that_can_be_reached(folder: Path, database: Settings) -> None:
    with pytest.raises(TidemarkError, match="only read"):
        ask(folder, database, "select * from read_csv('/etc/passwd'), marts.kinds")
