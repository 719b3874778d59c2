"""Starting the embedded server: real processes, real kills, as root and as an ordinary user."""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.integration.running import begin, environment, pid_of, run, value
from tidemark_warehouse.database.server import connect, ensure_up, start, stop
from tidemark_warehouse.database.server.accounts import for_data
from tidemark_warehouse.database.server.binaries import find
from tidemark_warehouse.database.server.embedded import Cluster, postmaster
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import LOOPBACK, PROJECT_ROOT, Settings

ENDLESS = b"select count(*) from generate_series(1, 4000000000)"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="is about root's server")


@pytest.fixture
def stopped(server: Settings) -> Iterator[Settings]:
    """Stop the common server; it runs again afterwards."""
    stop(server)
    yield server
    ensure_up(server)


# Starting and stopping ------------------------------------------------------------------------


def test_two_ups_at_once_start_one_server(new_home: Callable[[], Settings]) -> None:
    settings = new_home()
    racers = [begin(settings, "up") for _ in range(2)]
    outputs = [racer.communicate() for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0], outputs
    assert sorted("started" in out for out, _ in outputs) == [False, True]
    assert stop(settings)
    assert not stop(settings)


def test_the_server_is_not_tied_to_the_terminal(server: Settings) -> None:
    pid = pid_of(server)
    assert os.getsid(pid) == pid != os.getsid(0)


def test_a_ready_server_costs_less_than_300_ms(server: Settings) -> None:
    begun = time.perf_counter()
    arrival = ensure_up(server)
    assert time.perf_counter() - begun < 0.3
    assert not arrival.started
    assert arrival.migrations == []


def test_kill_9_loses_nothing_even_with_an_orphan_at_work(database: Settings) -> None:
    with connect(database) as connection:
        connection.execute("create table kept as select 42 as answer")
    orphan = connect(database)
    orphan.pgconn.send_query(ENDLESS)
    with connect(database, "postgres", autocommit=True) as watcher:
        while not watcher.execute(
            "select from pg_stat_activity where pid = %s and state = 'active'",
            [orphan.info.backend_pid],
        ).fetchall():
            pass
    os.kill(pid_of(database), signal.SIGKILL)
    assert ensure_up(database).started
    assert value(database, b"select answer from kept") == 42
    orphan.close()


@pytest.mark.skipif(sys.platform != "linux", reason="adopts orphans as Linux can")
def test_a_zombie_is_no_server(new_home: Callable[[], Settings]) -> None:
    adopt_orphans = 36  # PR_SET_CHILD_SUBREAPER: as in a container whose first process reaps nobody
    libc = ctypes.CDLL(None)
    settings = new_home()
    libc.prctl(adopt_orphans, 1, 0, 0, 0)
    try:
        start(settings)
        pid = pid_of(settings)
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is not reaped
        assert "(zombie)" in Path(f"/proc/{pid}/status").read_text()
        assert start(settings)
        assert pid_of(settings) != pid
        os.waitpid(pid, 0)
    finally:
        libc.prctl(adopt_orphans, 0, 0, 0, 0)


def test_a_stale_pid_that_now_is_another_process_is_no_server(stopped: Settings) -> None:
    cluster = Cluster.of(stopped)
    account = for_data(cluster.data)
    switch = os.geteuid() != account.uid
    bystander = subprocess.Popen(
        ["/bin/cat"], stdin=subprocess.PIPE, user=account.uid if switch else None
    )
    (cluster.data / "postmaster.pid").write_text(
        f"{bystander.pid}\n{cluster.data}\n1700000000\n{stopped.port}\n\n{LOOPBACK}\n1 1\nready\n"
    )
    assert postmaster(cluster) is None
    assert ensure_up(stopped).started
    assert bystander.poll() is None
    bystander.communicate()


def test_a_port_that_is_taken_is_named(new_home: Callable[[], Settings]) -> None:
    settings = new_home()
    with socket.create_server((LOOPBACK, settings.port)):
        code, out, err = run(settings, "up")
    assert (code, out) == (1, "")
    assert err.splitlines() == [
        f"tidemark: port {settings.port} on {LOOPBACK} is in use by another program",
        "  -> set TIDEMARK_PORT to a free port, or stop what uses this one",
    ]


def test_the_port_of_another_home_is_named(
    server: Settings, new_home: Callable[[], Settings]
) -> None:
    settings = replace(new_home(), port=server.port)
    with pytest.raises(TidemarkError, match=f"the Tidemark server of {server.home}"):
        ensure_up(settings)


def test_another_port_for_a_running_server_is_refused(server: Settings) -> None:
    with pytest.raises(TidemarkError, match="already listens on port") as caught:
        ensure_up(replace(server, port=server.port + 1))
    assert f"TIDEMARK_PORT={server.port}" in caught.value.remedy


def test_a_failed_start_shows_the_reason_and_the_log(stopped: Settings) -> None:
    cluster = Cluster.of(stopped)
    settings_file = cluster.data / "postgresql.auto.conf"
    text = settings_file.read_text()
    settings_file.write_text(text + "port = 'nonsense'\n")
    with pytest.raises(TidemarkError, match=r"FATAL: .*postgresql\.auto\.conf") as caught:
        ensure_up(stopped)
    assert str(cluster.log) in caught.value.remedy
    settings_file.write_text(text)


def test_lost_passwords_are_made_anew_and_the_data_kept(database: Settings) -> None:
    with connect(database) as connection:
        connection.execute("create table kept as select 1 as one")
    (database.home / "credentials.json").unlink()
    with pytest.raises(TidemarkError, match="its passwords are gone"):
        ensure_up(database, thorough=True)
    stop(database)
    ensure_up(database)
    assert value(database, b"select one from kept") == 1


def test_a_home_inside_the_checkout_is_refused(server: Settings) -> None:
    with pytest.raises(TidemarkError, match="inside the checkout"):
        ensure_up(replace(server, home=PROJECT_ROOT / "data"))


def test_a_server_that_does_not_run_says_tidemark_up(new_home: Callable[[], Settings]) -> None:
    with pytest.raises(TidemarkError, match="no server answers") as caught:
        connect(new_home())
    assert "tidemark up" in caught.value.remedy


# Who runs it ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ordinary_user() -> tuple[int, str]:
    """Find an unprivileged user, and a Python that this user can run the project with."""
    if os.geteuid() != 0:
        return os.geteuid(), sys.executable
    nobody = pwd.getpwnam("nobody").pw_uid
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            trial = subprocess.run(
                [python, "-c", "import tidemark_warehouse.cli.main"],
                env=ordinary_environment(),
                cwd="/",
                user=nobody,
                extra_groups=[],
                capture_output=True,
                check=False,
            )
        except PermissionError:
            continue
        if trial.returncode == 0:
            return nobody, python
    pytest.skip("no Python that the user nobody may run can import the project")


def ordinary_environment() -> dict[str, str]:
    packages = Path(psycopg.__file__).parent.parent
    return {"PYTHONPATH": f"{PROJECT_ROOT}:{packages}", "PYTHONDONTWRITEBYTECODE": "1"}


def test_an_ordinary_user_has_a_server_of_their_own(
    new_home: Callable[[], Settings], ordinary_user: tuple[int, str]
) -> None:
    uid, python = ordinary_user
    settings = new_home()
    os.chown(settings.home, uid, -1)
    settings.home.chmod(0o700)

    def run_as(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [python, "-m", "tidemark_warehouse.cli.main", *arguments],
            env=environment(settings)
            | ordinary_environment()
            | {"PGPASSFILE": str(settings.home / "pgpass")},
            cwd="/",
            user=uid if os.geteuid() == 0 else None,
            extra_groups=[] if os.geteuid() == 0 else None,
            capture_output=True,
            text=True,
            check=False,
        )

    up = run_as("up")
    assert up.returncode == 0, up.stderr
    assert Cluster.of(settings).data.stat().st_uid == uid
    assert Path(f"/proc/{pid_of(settings)}").stat().st_uid == uid
    assert value(settings, b"select 1") == 1
    assert "stopped" in run_as("down").stdout


def test_a_home_that_cannot_be_written_is_named(
    new_home: Callable[[], Settings], ordinary_user: tuple[int, str]
) -> None:
    uid, python = ordinary_user
    settings = new_home()
    settings.home.chmod(0o555)
    result = subprocess.run(
        [python, "-m", "tidemark_warehouse.cli.main", "up"],
        env=environment(settings) | ordinary_environment(),
        cwd="/",
        user=uid if os.geteuid() == 0 else None,
        capture_output=True,
        text=True,
        check=False,
    )
    settings.home.chmod(0o711)
    assert result.returncode == 1
    assert f"the home {settings.home} cannot be used" in result.stderr
    assert "TIDEMARK_HOME" in result.stderr


@needs_root
def test_roots_server_runs_as_another_user(server: Settings) -> None:
    owner = Cluster.of(server).data.stat().st_uid
    assert owner != 0
    assert Path(f"/proc/{pid_of(server)}").stat().st_uid == owner


@needs_root
def test_root_is_told_of_a_folder_that_its_server_may_not_pass(
    new_home: Callable[[], Settings],
) -> None:
    settings = new_home()
    settings.home.chmod(0o700)
    with pytest.raises(TidemarkError, match=f"may not pass {settings.home}") as caught:
        start(replace(settings, home=settings.home / "inside"))
    assert "/var/lib/tidemark" in caught.value.remedy
    assert settings.home.stat().st_mode & 0o777 == 0o700


@needs_root
def test_programs_below_a_private_folder_are_copied(
    new_home: Callable[[], Settings], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = find().folder.parent.parent
    for name in (package.name, f"{package.name}.libs"):
        (tmp_path / name).symlink_to(package.with_name(name))
    tmp_path.chmod(0o700)
    monkeypatch.syspath_prepend(tmp_path)
    assert find().folder.is_relative_to(tmp_path)
    settings = new_home()
    assert start(settings)
    assert list(settings.home.glob("programs-*"))
    assert tmp_path.stat().st_mode & 0o777 == 0o700
