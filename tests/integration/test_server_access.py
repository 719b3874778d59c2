"""Roles, passwords and other people's servers."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.integration.running import run, value
from tidemark_warehouse.database.server import (
    bootstrap,
    connect,
    dbt_environment,
    ensure_up,
    ready,
    start,
    stop,
    url,
)
from tidemark_warehouse.database.server.binaries import find
from tidemark_warehouse.database.server.credentials import publish
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import LOOPBACK, OWNER, ROLES, Settings

LOADER, READER, PEOPLE_READER, _ = ROLES


# Roles and passwords --------------------------------------------------------------------------


def test_a_reader_reads_marts_and_no_raw_table(database: Settings) -> None:
    with connect(database) as owner:
        owner.execute("create table marts.a_mart as select 1 as one")
        owner.execute(f"grant select on marts.a_mart to {READER}".encode())
    for role in (READER, PEOPLE_READER):
        assert value(database, b"select one from marts.a_mart", role) == 1
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            value(database, b"select count(*) from raw.employees", role)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        value(database, b"select one from marts.a_mart", LOADER)


def test_each_role_has_its_limits(database: Settings) -> None:
    assert value(database, b"show timezone", LOADER) == "UTC"
    for role in (READER, PEOPLE_READER):
        with connect(database, role, autocommit=True) as connection:
            for setting, expected in {
                "timezone": "UTC",
                "default_transaction_read_only": "on",
                "statement_timeout": "5min",
                "idle_in_transaction_session_timeout": "10min",
            }.items():
                row = connection.execute("select current_setting(%s)", [setting]).fetchone()
                assert row == (expected,)
    powers = b"select rolsuper or rolcreaterole or rolcreatedb from pg_roles where rolname = user"
    assert value(database, powers) is False


def test_who_reads_begins_in_the_reporting_zone_on_the_marts(database: Settings) -> None:
    """A month that a tool truncates to is the mart's, and it finds marts without their schema."""
    with connect(database) as owner:
        owner.execute("create table marts.a_mart as select 1 as one")
        owner.execute(f"grant select on marts.a_mart to {READER}".encode())
        owner.execute("select ops.keep_setting('reporting_timezone', 'Europe/Berlin')")
    ready(database)  # a build has been since: any command settles it
    for role, path in ((READER, "marts, api"), (PEOPLE_READER, "marts, marts_people, api")):
        assert value(database, b"show timezone", role) == "Europe/Berlin"
        assert value(database, b"show search_path", role) == path
        assert value(database, b"select one from a_mart", role) == 1
        assert value(database, b"select time_zone from clock()", role) == "Europe/Berlin"
        months = b"select date_trunc('month', timestamptz '2026-02-28 23:00+00')::text"
        assert value(database, months, role) == "2026-03-01 00:00:00+01"
    assert value(database, b"show timezone", OWNER) == "UTC"
    assert value(database, b"show timezone", LOADER) == "UTC"


def test_what_the_owner_may_not_set_is_told(outside: Settings, tmp_path: Path) -> None:
    maker = at(outside, tmp_path, "postgresql://maker:maker@{}/zone_of_maker")
    arrival = ensure_up(maker)
    assert not arrival.advice
    assert value(maker, b"show search_path", READER) == "marts, api"
    with bootstrap.administrator(outside) as admin:
        for role in (READER, PEOPLE_READER):
            admin.execute(f"revoke {role} from maker cascade".encode())
        admin.execute(f"grant {READER} to {PEOPLE_READER}, tidemark_operator".encode())
    with connect(maker) as owner:
        owner.execute("select ops.keep_setting('reporting_timezone', 'Asia/Tokyo')")
    told = ensure_up(maker, thorough=True).advice
    assert [READER in told[0][0], PEOPLE_READER in told[1][0]] == [True, True]
    assert """alter role "tidemark_reader" in database "zone_of_maker" set""" in told[0][1]
    assert "'Asia/Tokyo'" in told[0][1]


def test_a_role_made_weak_is_mended_by_up(database: Settings) -> None:
    with connect(database, "postgres") as admin:
        admin.execute(f"alter role {READER} reset all".encode())
        admin.execute(f"alter role {READER} password 'stolen'".encode())
    ensure_up(database, thorough=True)
    assert value(database, b"show statement_timeout", READER) == "5min"


def test_every_password_is_asked_for(server: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSFILE", os.devnull)
    for user in (OWNER, "postgres", *ROLES):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host=LOOPBACK, port=server.port, user=user, dbname="postgres")


def test_passwords_are_private(server: Settings) -> None:
    kept = server.home / "credentials.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    published = Path(os.environ["PGPASSFILE"])
    assert published.stat().st_mode & 0o777 == 0o600
    words = json.loads(kept.read_text())["embedded"]
    assert set(words) == {"postgres", OWNER, *ROLES}
    assert min(map(len, words.values())) >= 32


def test_psql_needs_no_typed_password(database: Settings) -> None:
    ensure_up(database, thorough=True)
    result = subprocess.run(
        [
            *(find().psql, "-h", LOOPBACK, "-p", str(database.port), "-U", READER),
            *("--no-password", "-Atc", "select current_user", database.database),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout.strip() == READER, result.stderr


def test_other_lines_of_the_password_file_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "pgpass"
    file.write_text("# mine\ndb.example.org:*:*:me:secret\n127.0.0.1:5:*:reader:old\n*:*:*:*:x\n")
    monkeypatch.setenv("PGPASSFILE", str(file))
    assert publish(LOOPBACK, 5, {"reader": "new", "loader": "first"})
    assert file.read_text().splitlines() == [
        "127.0.0.1:5:*:loader:first",
        "# mine",
        "db.example.org:*:*:me:secret",
        "127.0.0.1:5:*:reader:new",
        "*:*:*:*:x",
    ]
    assert file.stat().st_mode & 0o777 == 0o600


def test_no_password_file_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSFILE", os.devnull)
    assert not publish(LOOPBACK, 5, {"reader": "word"})


# Another PostgreSQL (TIDEMARK_DATABASE_URL) ---------------------------------------------------


@pytest.fixture
def outside(new_home: Callable[[], Settings]) -> Iterator[Settings]:
    """Start a second server without Tidemark's roles, with an ordinary user who owns a database."""
    settings = new_home()
    start(settings)
    with bootstrap.administrator(settings) as admin:
        admin.execute("create role plain login password 'p@ss:word/'")
        admin.execute("create database theirs owner plain template template0")
        admin.execute("create role maker login createdb createrole password 'maker'")
    yield settings
    stop(settings)


def at(outside: Settings, home: Path, database_url: str) -> Settings:
    """Return settings of somebody with another home who knows the server by its URL only."""
    place = f"{LOOPBACK}:{outside.port}"
    return Settings(home, database_url.rpartition("/")[2], 1, database_url.format(place))


def test_an_external_server_is_set_up_as_far_as_its_user_may(
    outside: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = at(outside, tmp_path, "postgresql://plain:p%40ss%3Aword%2F@{}/theirs")
    code, out, err = run(plain, "up")
    assert (code, out) == (1, "")
    assert "the user plain may not create the roles that are missing: tidemark_loader" in err
    assert 'create role "tidemark_reader" login' in err
    assert 'grant "tidemark_reader" to "tidemark_people_reader", "tidemark_operator";' in err
    with pytest.raises(TidemarkError, match="the database none does not exist"):
        ensure_up(at(outside, tmp_path, "postgresql://plain:p%40ss%3Aword%2F@{}/none"))
    with pytest.raises(TidemarkError, match="does not let us in") as caught:
        ensure_up(at(outside, tmp_path, "postgresql://plain:wrong@{}/theirs"))
    assert "wrong" not in str(caught.value)

    maker = at(outside, tmp_path, "postgresql://maker:maker@{}/made")
    with monkeypatch.context() as patch:
        patch.setattr(bootstrap, "OLDEST_VERSION", 99)
        with pytest.raises(TidemarkError, match="is PostgreSQL 18; Tidemark needs 99 or later"):
            ensure_up(maker)
    assert ensure_up(maker).migrations
    assert ensure_up(maker, thorough=True).migrations == []
    assert value(maker, b"select current_user", READER) == READER
    words = (tmp_path / "credentials.json").read_text()
    assert set(json.loads(words)[f"{LOOPBACK}:{outside.port}"]) == set(ROLES)

    assert ensure_up(plain).migrations  # the roles are there now
    assert (tmp_path / "credentials.json").read_text() == words
    assert value(plain, b"select current_user") == "plain"
    assert "p@ss:word/" in dbt_environment(plain).values()
    with psycopg.connect(url(plain)) as connection:
        assert connection.info.dbname == "theirs"
    with pytest.raises(TidemarkError, match="may not drop"):
        bootstrap.drop_database(plain)
    assert "not Tidemark's to stop" in run(plain, "down")[2]


def test_a_superuser_as_owner_is_warned_of(outside: Settings, tmp_path: Path) -> None:
    with bootstrap.administrator(outside) as admin:
        admin.execute("create role mighty superuser login password 'mighty'")
    mighty = at(outside, tmp_path, "postgresql://mighty:mighty@{}/of_mighty")
    code, out, err = run(mighty, "up")
    assert code == 0, err
    assert "the owner mighty is a superuser" in out
    assert "everybody may make functions" not in out
    with bootstrap.administrator(replace(outside, database="of_mighty")) as admin:
        admin.execute(f"alter role {READER} createrole".encode())
    with connect(mighty, autocommit=True) as connection:
        connection.execute("grant create on schema public to public")
    out = run(mighty, "doctor")[1]
    for words in ("the owner mighty is a superuser", "everybody may make functions", READER):
        assert "warn  rights: " in out
        assert words in out

    maker = at(outside, tmp_path, "postgresql://maker:maker@{}/of_maker")
    with bootstrap.administrator(outside) as admin:
        admin.execute(f"alter role {READER} nocreaterole".encode())
    # The roles are mighty's: what maker may not set for them is all that is left to say.
    assert all("reporting time zone" in problem for problem, _ in ensure_up(maker).advice)


@pytest.mark.parametrize(
    ("chosen", "in_url", "expected"),
    [("", "theirs", "theirs"), ("mine", "theirs", "mine"), ("", "", "tidemark")],
)
def test_the_database_is_the_chosen_one_else_that_of_the_url(
    chosen: str, in_url: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDEMARK_DATABASE_URL", f"postgresql://user@host/{in_url}")
    monkeypatch.setenv("TIDEMARK_DATABASE", chosen)
    assert Settings.from_environment().database == expected


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("TIDEMARK_PORT", "80"),
        ("TIDEMARK_PORT", "many"),
        ("TIDEMARK_DATABASE", "Robert'; drop"),
        ("TIDEMARK_DATABASE_URL", "postgresql://secret@[host"),
    ],
)
def test_an_unusable_setting_is_named(
    variable: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, text)
    with pytest.raises(TidemarkError, match=variable) as caught:
        Settings.from_environment()
    assert "secret" not in str(caught.value)
