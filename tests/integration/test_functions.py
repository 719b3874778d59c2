"""The runner of functions: each file is run again when its text differs."""

from __future__ import annotations

from pathlib import Path
from typing import LiteralString

import pytest

from tests.integration.test_migrate import apply, ask, files, twice, write_function
from tidemark_warehouse.database import migrate
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import Settings

__all__ = ["files"]


def lacking(database: Settings, files: Path) -> list[str]:
    with connect(database) as connection:
        return migrate.lacking(connection, files.parent)


def test_a_function_is_made_when_its_text_differs_and_only_then(
    database: Settings, files: Path
) -> None:
    write_function(files, "twice", twice())
    assert lacking(database, files)[-1] == "the function ops.twice"
    apply(database, files)
    made: LiteralString = "select installed_at::text from ops.functions where name = 'ops.twice'"
    first = ask(database, made)
    apply(database, files)
    assert lacking(database, files) == []
    assert (ask(database, made), ask(database, "select ops.twice(2)")) == (first, 4)
    write_function(files, "twice", twice("select n + n + 1"))
    apply(database, files)
    assert (ask(database, made) != first, ask(database, "select ops.twice(2)")) == (True, 5)


def test_a_function_that_was_replaced_by_hand_is_made_again(
    database: Settings, files: Path
) -> None:
    write_function(files, "twice", twice())
    apply(database, files)
    with connect(database) as connection:
        connection.execute(twice("select 7").encode())
    assert lacking(database, files) == ["the function ops.twice"]
    apply(database, files)
    assert ask(database, "select ops.twice(2)") == 4
    with connect(database) as connection:
        connection.execute("drop function ops.twice(integer)")
    apply(database, files)
    assert ask(database, "select ops.twice(2)") == 4


@pytest.mark.parametrize(
    "changed",
    [
        twice(returned="bigint"),
        twice(arguments="value integer", text="select 2 * value"),
        twice(arguments="n bigint", returned="bigint"),
        twice(arguments="n integer, by integer default 2", text="select by * n"),
    ],
    ids=["returned", "argument name", "argument type", "argument more"],
)
def test_another_signature_takes_the_place_of_the_former(
    changed: str, database: Settings, files: Path
) -> None:
    write_function(files, "twice", twice())
    apply(database, files)
    with connect(database) as connection:
        connection.execute("create view staging.doubled as select ops.twice(2)")
        connection.execute("create view staging.over as select * from staging.doubled")
        connection.execute(
            "insert into ops.views (relation, fingerprint) "
            "values ('staging.doubled', ''), ('staging.over', '')"
        )
    write_function(files, "twice", changed)
    apply(database, files)
    assert ask(database, "select ops.twice(2)") == 4
    assert ask(database, "select count(*) from pg_proc where proname = 'twice'") == 1
    # The next build makes the views of models again.
    assert ask(database, "select to_regclass('staging.doubled')::text") is None


@pytest.mark.parametrize(
    "user",
    [
        "create view staging.mine as select ops.twice(2) as four",
        "create table raw.mine (four integer default ops.twice(2))",
        "create view staging.doubled as select ops.twice(2) as four; "
        "insert into ops.views (relation, fingerprint) values ('staging.doubled', ''); "
        "create view staging.mine as select * from staging.doubled",
    ],
    ids=["view", "default", "view of a model's view"],
)
def test_what_others_built_on_a_function_is_never_dropped(
    user: str, database: Settings, files: Path
) -> None:
    write_function(files, "twice", twice())
    apply(database, files)
    with connect(database) as connection:
        connection.execute(user.encode())
    write_function(files, "twice", twice(returned="bigint"))
    with pytest.raises(TidemarkError, match=r"ops.twice\(integer\) cannot be made anew.*mine"):
        apply(database, files)
    assert ask(database, "select ops.twice(2)") == 4
    write_function(files, "twice", twice("select n + n"))
    apply(database, files)


def test_a_migration_finds_functions_and_a_function_finds_types(
    database: Settings, files: Path
) -> None:
    write_function(files, "twice", twice())
    write_function(
        files,
        "pairs",
        """
create or replace function ops.pairs() returns setof raw.pair
language sql as $$ select p.* from raw.one as p $$;
""",
    )
    (files / "0001_first.sql").write_text("create table raw.doubled as select ops.twice(2) four;")
    (files / "0002_second.sql").write_text(
        "create type raw.pair as (a integer, b integer);\n"
        "create table raw.one (a integer, b integer);\n"
    )
    apply(database, files)
    assert ask(database, "select four from raw.doubled") == 4
    assert ask(database, "select count(*) from ops.pairs()") == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (twice("select nonsense"), 'ops.twice fails: column "nonsense" does not exist'),
        (twice(arguments="n raw.nothing"), 'ops.twice fails: type "?raw.nothing"? does not exist'),
        (twice(returned="nothing"), 'ops.twice fails: type "nothing" does not exist'),
        (twice() + "grant execute on function ops.twice(integer) to nobody;", "role .nobody."),
        (twice().replace("language sql", ""), "ops.twice fails: no language specified"),
        ("select 1", "twice.sql does not hold the function twice"),
        (twice() + twice().replace("twice", "thrice"), "it alone"),
    ],
)
def test_a_wrong_file_changes_nothing_and_is_named(
    text: str, said: str, database: Settings, files: Path
) -> None:
    write_function(files, "twice", text)
    with pytest.raises(TidemarkError, match=said):
        apply(database, files)
    assert ask(database, "select to_regclass('raw.one')::text") is None
    assert ask(database, "select count(*) from pg_proc where proname = 'twice'") == 0


def test_nobody_may_call_what_no_file_grants(database: Settings, files: Path) -> None:
    grant = "grant execute on function ops.twice(integer) to tidemark_reader;\n"
    write_function(files, "twice", twice() + grant)
    write_function(files, "thrice", twice().replace("twice", "thrice"))
    apply(database, files)
    for name, may in (("ops.twice", True), ("ops.thrice", False)):
        with connect(database) as connection:
            row = connection.execute(
                "select has_function_privilege('tidemark_reader', %s::regproc, 'execute')",
                [name],
            ).fetchone()
        assert row == (may,)


def test_functions_of_one_name_are_one_file(database: Settings, files: Path) -> None:
    write_function(
        files, "twice", twice() + twice(arguments="n text", returned="text", text="select n || n")
    )
    apply(database, files)
    assert ask(database, "select ops.twice(2)::text || ops.twice('a'::text)") == "4aa"
    write_function(files, "twice", twice())
    apply(database, files)
    assert ask(database, "select count(*) from pg_proc where proname = 'twice'") == 1
