"""The embedded server: PostgreSQL's own programs, driven so that any state heals at `up`."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shlex
import shutil
import signal
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tidemark_warehouse.database.server import accounts, binaries, configuration, files, processes
from tidemark_warehouse.database.server.accounts import Account
from tidemark_warehouse.database.server.binaries import Binaries
from tidemark_warehouse.database.server.credentials import EMBEDDED, Credentials
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import LOOPBACK, Settings

MAJOR_VERSION = 18
SUPERUSER = "postgres"
START_SECONDS = 300  # crash recovery reads up to max_wal_size
STOP_SECONDS = 120  # the last checkpoint writes shared_buffers
ORPHAN_SECONDS = 1.0  # idle backends see within milliseconds that their postmaster is gone
LOG_KEPT_BYTES = 10 * 1024 * 1024
POSTMASTER = re.compile(
    rf"postgres -D (.+)/postgres-{MAJOR_VERSION} -c config_file=.* -c port=(\d+)"
)
UNQUOTABLE = frozenset('"$`\\\n')
FAILURE = re.compile(r"\b(FATAL|PANIC|ERROR|LOG: +could not)\b")


@dataclass(frozen=True)
class Cluster:
    """The places of one embedded server.

    Attributes:
        home: Tidemark's home, without symbolic links.
        port: the loopback TCP port it shall have.
    """

    home: Path
    port: int

    @classmethod
    def of(cls, settings: Settings) -> Cluster:
        """Return the server that these settings mean."""
        return cls(settings.home.resolve(), settings.port)

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder, owned by the user it runs as."""
        return self.home / f"postgres-{MAJOR_VERSION}"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.home / "postgres.log"

    @property
    def lock(self) -> Path:
        """Held while the server is started or stopped."""
        return self.home / "server.lock"

    @property
    def name(self) -> str:
        """Stands in the title of each of the server's processes, and tells homes apart."""
        return f"tidemark-{hashlib.sha256(os.fsencode(self.data)).hexdigest()[:12]}"


@dataclass(frozen=True)
class Postmaster:
    """A running server, as its postmaster.pid says.

    Attributes:
        pid: its process.
        port: where it listens.
        state: 'starting' (crash recovery included), 'ready' or 'stopping'.
    """

    pid: int
    port: int
    state: str


def postmaster(cluster: Cluster) -> Postmaster | None:
    """Return the server that runs on this data folder, if one does.

    A postmaster.pid stays behind after a kill -9 or a reboot, and its number may by now be
    another process's: only the command line proves that it is ours.
    """
    try:
        lines = (cluster.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise TidemarkError(
            f"the data folder {cluster.data} cannot be read: {error.strerror}",
            "run as the user who owns it, or set TIDEMARK_HOME to a folder of your own",
        ) from error
    if not lines or not lines[0].isdigit():
        return None
    pid = int(lines[0])
    if not _is_postmaster(processes.command(pid), cluster):
        return None
    port = int(lines[3]) if len(lines) > 3 and lines[3].isdigit() else cluster.port
    state = lines[7].strip() if len(lines) > 7 else "starting"
    return Postmaster(pid, port, state)


def start(cluster: Cluster) -> bool:
    """Start the server unless it runs, and wait until it takes connections.

    Returns:
        Whether this call started it.

    Raises:
        TidemarkError: it cannot run here; says why and what to do.
    """
    if set(str(cluster.home)) & UNQUOTABLE:
        raise TidemarkError(
            f"the path {cluster.home} has a character that pg_ctl hands to the shell",
            'set TIDEMARK_HOME to a path without " $ ` \\ and line breaks',
        )
    files.prepare_home(cluster.home)
    account = accounts.for_data(cluster.data)
    with files.explained(cluster.home), files.locked(cluster.lock):
        running = postmaster(cluster)
        if running and running.state == "stopping":
            _wait_for_end(cluster, running)
            running = None
        if running:
            _check_running(cluster, running)
            _wait_until_ready(cluster)
            return False
        _clear_remains(cluster)
        _check_port(cluster)
        check_way(cluster, account)
        programs = binaries.for_account(account, cluster.home)
        if not (cluster.data / "PG_VERSION").exists():
            _create_data(cluster, account, programs)
        if Credentials(cluster.home).password(EMBEDDED, SUPERUSER) is None:
            _renew_superuser_password(cluster, account, programs)
        _launch(cluster, account, programs)
    return True


def stop(cluster: Cluster) -> bool:
    """Stop the server: running statements are cancelled, what was committed is kept.

    Returns:
        Whether it ran.
    """
    if not cluster.data.exists():
        return False
    accounts.for_data(cluster.data)
    with files.explained(cluster.home), files.locked(cluster.lock):
        running = postmaster(cluster)
        if running is None:
            return False
        processes.signal(running.pid, signal.SIGINT)
        _wait_for_end(cluster, running)
    return True


def port_user(port: int) -> str | None:
    """Say what has the port on loopback; None if it is free."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            return None
    for line in processes.commands().values():
        match = POSTMASTER.search(line)
        if match and int(match[2]) == port:
            return f"the Tidemark server of {match[1]}"
    return "another program"


def last_complaint(log: Path, since: int = 0) -> str:
    """Return the log's last line that tells of a failure, else its last; '' if it is empty.

    Args:
        log: the server's log.
        since: the length in bytes that it had before.
    """
    try:
        with log.open("rb") as file:
            file.seek(since)
            lines = file.read().decode(errors="replace").strip().splitlines()
    except OSError:
        return ""
    complaints = [line for line in lines if FAILURE.search(line)]
    return (complaints or lines or [""])[-1]


def _is_postmaster(command: str, cluster: Cluster) -> bool:
    return f"postgres -D {cluster.data} -c config_file=" in command


def _check_running(cluster: Cluster, running: Postmaster) -> None:
    if running.port != cluster.port:
        raise TidemarkError(
            f"the server of {cluster.home} already listens on port {running.port}, "
            f"not on {cluster.port}",
            f"set TIDEMARK_PORT={running.port}, or stop it first with `tidemark down`",
        )
    if Credentials(cluster.home).password(EMBEDDED, SUPERUSER) is None:
        raise TidemarkError(
            f"the server of {cluster.home} runs, but its passwords are gone "
            f"({Credentials(cluster.home).path})",
            "`tidemark down`, then `tidemark up` makes new ones; the data is kept",
        )


def _wait_until_ready(cluster: Cluster) -> None:
    """Wait for a server that somebody else started, or that still recovers from a crash."""

    def settled() -> bool:
        running = postmaster(cluster)
        return running is None or running.state == "ready"

    if not processes.wait_until(settled, START_SECONDS):
        raise TidemarkError(
            f"the server still recovers after {START_SECONDS} s: {last_complaint(cluster.log)}",
            f"wait, then run `tidemark up` again; its log is {cluster.log}",
        )
    if postmaster(cluster) is None:
        raise _start_failure(cluster, 0)


def _wait_for_end(cluster: Cluster, running: Postmaster) -> None:
    def ended() -> bool:
        return not _is_postmaster(processes.command(running.pid), cluster)

    if not processes.wait_until(ended, STOP_SECONDS):
        raise TidemarkError(
            f"the server (process {running.pid}) has not stopped within {STOP_SECONDS} s",
            f"run the command again; its log is {cluster.log}",
        )


def _clear_remains(cluster: Cluster) -> None:
    """End what a killed server left: backends that still hold the data, and postmaster.pid.

    PostgreSQL itself refuses to start over either of them.
    """

    def remains() -> list[int]:
        return [
            pid
            for pid, line in processes.commands().items()
            if line.startswith(f"postgres: {cluster.name}: ") or _is_postmaster(line, cluster)
        ]

    def gone() -> bool:
        return not remains()

    patience = ORPHAN_SECONDS
    for number in (signal.SIGTERM, signal.SIGQUIT, signal.SIGKILL):
        if processes.wait_until(gone, patience):
            break
        for pid in remains():
            processes.signal(pid, number)
        patience = 5.0
    if not processes.wait_until(gone, patience):
        raise TidemarkError(
            f"processes of a killed server still hold {cluster.data}: {remains()}",
            "end them, then run `tidemark up` again",
        )
    (cluster.data / "postmaster.pid").unlink(missing_ok=True)


def _check_port(cluster: Cluster) -> None:
    user = port_user(cluster.port)
    if user is not None:
        raise TidemarkError(
            f"port {cluster.port} on {LOOPBACK} is in use by {user}",
            "set TIDEMARK_PORT to a free port, or stop what uses this one",
        )


def check_way(cluster: Cluster, account: Account) -> None:
    """Check that the server's user can reach the home, whose parents are not ours to open.

    Raises:
        TidemarkError: names the first folder that is closed.
    """
    if os.geteuid() == account.uid:
        return
    for folder in [*reversed(cluster.home.parents), cluster.home]:
        if folder.exists() and not account.can_enter(folder):
            raise TidemarkError(
                f"root's server runs as the user {account.name}, who may not pass {folder}",
                f"unset TIDEMARK_HOME (root's default is /var/lib/tidemark), or chmod o+x {folder}",
            )


def _create_data(cluster: Cluster, account: Account, programs: Binaries) -> None:
    """Make the data folder aside, and put it in its place when it is whole."""
    # The name is our own: an initdb that outlives a killed `up` tidies up its folder at the end.
    for leftover in cluster.home.glob(f"{cluster.data.name}.new-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    draft = cluster.data.with_name(f"{cluster.data.name}.new-{os.getpid()}")
    draft.mkdir(mode=0o700)
    passwords = Credentials(cluster.home).ensure(EMBEDDED, [SUPERUSER])
    with tempfile.NamedTemporaryFile("w", dir=cluster.home, prefix=".password-") as password:
        password.write(passwords[SUPERUSER])
        password.flush()
        if os.geteuid() != account.uid:
            os.chown(draft, account.uid, account.gid)
            os.fchown(password.fileno(), account.uid, account.gid)
        result = account.run(
            [
                *(programs.initdb, "-D", draft, "-U", SUPERUSER, "-E", "UTF8"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *("--auth=scram-sha-256", f"--pwfile={password.name}", "--no-instructions"),
            ]
        )
    if result.returncode != 0:
        shutil.rmtree(draft, ignore_errors=True)
        lines = (result.stderr or result.stdout).strip().splitlines()
        raise TidemarkError(
            f"initdb cannot make {cluster.data}: {lines[-1] if lines else result.returncode}",
            "see `tidemark doctor`, or set TIDEMARK_HOME to another folder",
        )
    draft.rename(cluster.data)


def _renew_superuser_password(cluster: Cluster, account: Account, programs: Binaries) -> None:
    """Give the superuser a new password without the old: the file with it was lost."""
    password = Credentials(cluster.home).ensure(EMBEDDED, [SUPERUSER])[SUPERUSER]
    result = account.run(
        [programs.postgres, "--single", "-D", cluster.data, SUPERUSER],
        text=f"alter role {SUPERUSER} password '{password}'\n",
    )
    if result.returncode != 0 or "ERROR" in result.stderr:
        raise TidemarkError(
            f"the password of {cluster.data} cannot be renewed: {result.stderr.strip()}",
            "restore credentials.json from a backup",
        )


def _launch(cluster: Cluster, account: Account, programs: Binaries) -> None:
    config, hba = cluster.home / "postgresql.conf", cluster.home / "pg_hba.conf"
    files.write_private(hba, configuration.HBA, mode=0o644)
    text = configuration.render(cluster.port, cluster.name, hba)
    files.write_private(config, text, mode=0o644)
    length = _prepare_log(cluster, account)
    options = shlex.join(["-c", f"config_file={config}", "-c", f"port={cluster.port}"])
    # pg_ctl gives the server a session of its own: Ctrl-C in this terminal does not reach it.
    command: list[str | Path] = [programs.pg_ctl, "start", "--silent", "--wait"]
    command += ["-t", str(START_SECONDS), "-D", cluster.data, "-l", cluster.log, "-o", options]
    if account.run(command).returncode == 0:
        return
    if postmaster(cluster):
        _wait_until_ready(cluster)
        return
    raise _start_failure(cluster, length)


def _start_failure(cluster: Cluster, since: int) -> TidemarkError:
    complaint = last_complaint(cluster.log, since) or "it wrote nothing"
    return TidemarkError(
        f"the server does not start: {complaint}", f"the whole story is in {cluster.log}"
    )


def _prepare_log(cluster: Cluster, account: Account) -> int:
    """Give the server's user a log to write, the older one put aside; returns its length."""
    if cluster.log.exists() and cluster.log.stat().st_size > LOG_KEPT_BYTES:
        cluster.log.replace(cluster.log.with_suffix(".log.1"))
    descriptor = files.open_private(cluster.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        if os.geteuid() != account.uid:
            os.fchown(descriptor, account.uid, account.gid)
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)
