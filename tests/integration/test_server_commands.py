"""The commands up, down, status, doctor, url and reset, as a person meets them."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from tests.integration.running import environment, run, value
from tidemark_warehouse.cli import checks, main
from tidemark_warehouse.cli import server as commands
from tidemark_warehouse.database.server import connect, status
from tidemark_warehouse.settings import LOOPBACK, ROLES, Settings

LOADER = ROLES[0]


def test_url_prints_a_url_and_nothing_else(database: Settings) -> None:
    code, out, err = run(database, "url", "--role", LOADER)
    assert (code, err) == (0, "")
    with psycopg.connect(out.removesuffix("\n")) as connection:
        assert connection.info.user == LOADER
    assert run(database, "url", "--role", "nobody")[0] == 1


def test_status_and_doctor_work_without_a_server(new_home: Callable[[], Settings]) -> None:
    settings = new_home()
    code, out, _ = run(settings, "status")
    assert code == 0
    assert f"no server answers on {LOOPBACK}:{settings.port}" in out
    code, out, _ = run(settings, "doctor")
    assert code == 1
    assert f"ok    port: {settings.port} is free" in out
    assert "fail  server: no server answers" in out
    assert run(settings, "down")[:2] == (0, "it was not running\n")


def test_doctor_finds_a_server_in_order(database: Settings) -> None:
    for check in checks.CHECKS:
        if check.subject != "dbt":  # a checkout may have no profiles.yml yet
            result = checks.verdict_of(check, database)
            assert result.verdict is not checks.Verdict.FAIL, (check.subject, result)


def test_doctor_names_what_fails_and_the_remedy(database: Settings) -> None:
    kept = database.home / "credentials.json"
    kept.chmod(0o644)
    with connect(database) as connection:
        connection.execute("delete from ops.migrations where version > 1")
    results = {check.subject: checks.verdict_of(check, database) for check in checks.CHECKS}
    kept.chmod(0o600)
    assert results["passwords"].remedy == f"chmod 600 {kept}"
    assert results["migrations"].remedy == "tidemark up"


def test_status_names_what_failed_and_has_not_succeeded_since(
    database: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with connect(database) as connection:
        connection.execute("create table marts.a_mart as select generate_series(1, 1234)")
        connection.execute("create table marts.b_mart ()")
        connection.execute(
            "insert into ops.watermarks (relation, model, seen, fingerprint, shape, settings,"
            " reads, as_of, built_at) values ('marts.a_mart', 'model.tidemark.a_mart',"
            " ops.current_snapshot(), '', '', '', '{}', now(), '2026-01-02 04:05:06+01')"
        )
        for relation, kind, at, message in (
            ("marts.a_mart", "model", "2026-01-02 03:05:05Z", "mended since"),
            ("marts.b_mart", "model", "2026-01-01 00:00:00Z", "an older story"),
            ("marts.b_mart", "model", "2026-01-02 00:00:00Z", "Database Error\n[x]"),
            ("seeds.funnels", "seed", "2026-01-02 00:00:00Z", "no such column"),
            ("unique_bad_id", "test", "2026-01-02 00:00:00Z", "Got 3 results"),
        ):
            connection.execute(
                "insert into ops.refreshes (relation, kind, started_at, seconds, message)"
                " values (%s, %s, %s, 1.5, %s)",
                [relation, kind, at, message],
            )
    for name, text in environment(database).items():
        monkeypatch.setenv(name, text)
    commands.status()
    out = capsys.readouterr().out
    assert "marts.a_mart  1,234  2026-01-02 03:05:06" in out
    assert "marts.b_mart      0  never" in out
    assert "failed  model marts.b_mart (2026-01-02 00:00:01 UTC): Database Error" in out
    assert "failed  seed seeds.funnels (2026-01-02 00:00:01 UTC): no such column" in out
    assert "-> tidemark build --select b_mart+ funnels+ unique_bad_id" in out
    assert "mended since" not in out
    assert "older" not in out
    with connect(database) as connection:
        connection.execute("delete from ops.refreshes")
    commands.status()
    assert "last build 2026-01-02 03:05:06 UTC: nothing fails" in capsys.readouterr().out


def test_reset_says_what_it_deletes_and_asks(database: Settings) -> None:
    with connect(database) as connection:
        connection.execute("insert into raw.employees (employee_id) values ('1'), ('2')")
    code, out, _ = run(database, "reset")
    assert code == 1
    assert "raw.employees     2" in out
    assert value(database, b"select count(*) from raw.employees") == 2
    assert run(database, "reset", "--yes")[0] == 0
    assert value(database, b"select count(*) from raw.employees") == 0
    assert status(database).pending == ()


def test_a_connection_that_breaks_ends_in_two_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(words: object) -> None:
        raise psycopg.OperationalError("server closed the connection unexpectedly\n\tThis means")

    monkeypatch.setattr(main, "application", fail)
    with pytest.raises(SystemExit) as caught:
        main.main()
    assert caught.value.code == 1
    assert capsys.readouterr().err.splitlines() == [
        "tidemark: the database does not go on: server closed the connection unexpectedly",
        "  -> see `tidemark doctor`, then try again",
    ]
