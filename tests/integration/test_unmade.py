"""A database that nobody made is refused by every command but those that make one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from dbt.cli.main import dbtRunner
from psycopg import sql

from orchestration.resources import Warehouse
from tests.conftest import TEMPLATE
from tests.integration.running import environment, value
from tidemark_warehouse.cli.main import application
from tidemark_warehouse.database import server as servers
from tidemark_warehouse.database.server import made
from tidemark_warehouse.database.server.bootstrap import administrator
from tidemark_warehouse.dbt import guard
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import PROJECT_ROOT, Settings

MAKERS = {"up", "demo", "simulate"}
NEED_NO_DATABASE = {"down", "presets", "archive query", "archive list", "bi export"}
COMMANDS = {
    "status": [],
    "url": [],
    "reset": ["--yes"],
    "build": [],
    "refresh": ["time_trends_daily", "--from", "2026-01-01", "--to", "2026-01-02"],
    "explain": ["time_trends_daily", "ann", "2026-01-01"],
    "dev": ["--port", "0"],
    "load": ["events", "README.md"],
    "loads": [],
    "unload": ["1"],
    "rejects": [],
    "workflows": [],
    "retention": [],
    "restore": ["events", "--from", "2026-01-01", "--to", "2026-02-01"],
    "forget": ["ann", "--dry-run"],
    "report": [],
    "dashboards": ["--port", "0"],
    "serve": ["--port", "8461"],
    "watch": [],
    "alerts": [],
    "alerts ack": ["0123456789"],
    "alerts withdraw": ["0123456789"],
    "alerts deliver": [],
}


@pytest.fixture(params=["missing", "made by SQL"])
def typo(
    server: Settings, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """Settings with a slip of the pen: there is no such database, or an empty one."""
    settings = replace(server, database="typo")
    name = sql.Identifier("typo")
    # Other tests may have left so many databases that the template would not be among those named.
    monkeypatch.setattr(made, "MOST_NAMES", 10_000)
    with administrator(settings) as admin:
        if request.param == "made by SQL":
            admin.execute(sql.SQL("create database {} owner tidemark_owner").format(name))
        for variable, text in environment(settings).items():
            if variable.startswith("TIDEMARK_"):
                monkeypatch.setenv(variable, text)
        before = databases(server)
        yield settings
        assert databases(server) == before
        if request.param == "made by SQL":
            assert value(settings, b"select count(*) from pg_namespace where nspname = 'ops'") == 0
        admin.execute(sql.SQL("drop database if exists {}").format(name))


def commands() -> Iterator[str]:
    """Every command, those of groups with the group's name before them."""
    root: Any = typer.main.get_command(application())
    for word, command in root.commands.items():
        inner = getattr(command, "commands", {})
        if not inner or getattr(command, "invoke_without_command", False):
            yield word
        yield from (f"{word} {each}" for each in inner)


def databases(server: Settings) -> object:
    return value(server, b"select array_agg(datname order by datname) from pg_database")


def test_no_command_makes_a_database_by_a_slip_of_the_pen(typo: Settings) -> None:
    asked = set(commands()) - MAKERS - NEED_NO_DATABASE - {"doctor"}
    assert asked == set(COMMANDS), "say here with which arguments a new command is called"
    for name, arguments in COMMANDS.items():
        with pytest.raises(TidemarkError) as refused:
            application()([*name.split(), *arguments], standalone_mode=False)
        assert "database typo" in refused.value.problem, name
        assert TEMPLATE in refused.value.remedy, name
        assert "TIDEMARK_DATABASE=typo tidemark up" in refused.value.remedy, name


def test_the_doctor_says_so_too(typo: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert application()(["doctor"], standalone_mode=False) == 1
    out = capsys.readouterr().out
    assert "database typo" in out
    assert TEMPLATE in out


def test_more_hours_are_not_added_to_nothing(typo: Settings) -> None:
    with pytest.raises(TidemarkError, match="database typo"):
        application()(["simulate", "--continue", "--database", "typo"], standalone_mode=False)


def test_dagster_refuses_as_well(typo: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TidemarkError, match="database typo"):
        Warehouse().connect()
    monkeypatch.setattr("sys.argv", ["tidemark-dbt", "build"])
    with pytest.raises(SystemExit, match="database typo"):
        guard.main()


def test_where_no_server_was_ever_made_there_is_nothing(
    new_home: Callable[[], Settings],
) -> None:
    settings = new_home()
    with pytest.raises(TidemarkError, match="nobody has made a warehouse in") as refused:
        servers.ready(settings)
    assert "tidemark up" in refused.value.remedy
    assert list(settings.home.iterdir()) == []


def test_up_takes_over_an_empty_database_that_sql_made(server: Settings) -> None:
    settings = replace(server, database="taken_over")
    with administrator(settings) as admin:
        admin.execute("create database taken_over owner tidemark_owner")
    assert servers.ensure_up(settings).migrations
    servers.ready(settings)
    assert value(settings, b"select count(*) from raw.events") == 0


def test_up_leaves_a_schema_of_somebody_else_alone(server: Settings) -> None:
    settings = replace(server, database="of_others")
    with administrator(settings) as admin:
        admin.execute("create database of_others owner tidemark_owner")
    with servers.connect(settings) as connection:
        connection.execute("create schema marts")
    with pytest.raises(TidemarkError, match="which Tidemark did not make: marts"):
        servers.ensure_up(settings, thorough=True)
    assert value(settings, b"select count(*) from pg_namespace where nspname = 'ops'") == 0


# Plain dbt -------------------------------------------------------------------------------------


def dbt(settings: Settings, folder: Path, *arguments: str, schema: str = "marts") -> str:
    """Run dbt as a person would, with a profile that has a target `dev`; return why it failed."""
    profile = (PROJECT_ROOT / "profiles.yml.example").read_text(encoding="utf-8")
    own = profile.replace("  outputs:\n    embedded:", "  outputs:\n    dev:")
    (folder / "profiles.yml").write_text(own.replace("schema: marts", f"schema: {schema}"))
    with pytest.MonkeyPatch.context() as patch:
        for name, text in servers.dbt_environment(settings).items():
            patch.setenv(name, text)
        result = dbtRunner().invoke(
            [
                *arguments,
                *("--project-dir", str(PROJECT_ROOT), "--profiles-dir", str(folder)),
                *("--target", "dev", "--target-path", str(folder), "--no-use-colors"),
            ]
        )
    assert not result.success
    return str(result.exception or [r.message for r in getattr(result.result, "results", [])])


def test_plain_dbt_makes_nothing_where_nobody_made_a_warehouse(
    server: Settings, tmp_path: Path
) -> None:
    settings = replace(server, database="not_made")
    with administrator(settings) as admin:
        admin.execute("create database not_made owner tidemark_owner")
    for command in (("build",), ("seed",), ("test", "--select", "event_counts_daily")):
        said = dbt(settings, tmp_path, *command)
        assert "nobody has made a warehouse in the database not_made" in said, command
        assert TEMPLATE in said
    schemas = b"select count(*) from pg_namespace where nspname !~ '^pg_|^information_schema$'"
    assert value(settings, schemas) == 1  # public


@pytest.mark.parametrize("command", ["run", "clone"])
def test_a_developers_target_does_not_overwrite_the_marts(
    database: Settings, tmp_path: Path, command: str
) -> None:
    said = dbt(database, tmp_path, command, schema="dbt_alice")
    assert "this dbt target has the schema dbt_alice" in said
    assert "TIDEMARK_DATABASE=my_copy tidemark up" in said
