"""`tidemark dev`: Dagster's web page and daemon on this machine."""

from __future__ import annotations

import fcntl
import http.client
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tidemark_warehouse import supervision
from tidemark_warehouse.cli import console
from tidemark_warehouse.cli.databases import shown_database
from tidemark_warehouse.cli.ports import address, check_port
from tidemark_warehouse.database import server
from tidemark_warehouse.database.server import files
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.reporting import about
from tidemark_warehouse.settings import LOOPBACK, PROJECT_ROOT, Settings

DEFAULT_PORT = 3000
READY_SECONDS = 180.0  # it takes 8 to 12 on 2 cores; a first start on a slow disk far longer
LOOK_SECONDS = 0.2
HELPER_SECONDS = 12.0  # the watcher cancels what it does, which takes up to 10 s
LIVE = "live: `tidemark watch` refreshes what is behind, at once; builds test it every hour"
HOURLY = "hourly: builds every hour, and soon after raw rows have come; --live refreshes at once"
STRANGER = "elsewhere.invalid"
PRIVATE = 0o077  # logs and configurations of runs are nobody else's
WORKSPACE = PROJECT_ROOT / "orchestration" / "workspace.yaml"
# A run in progress is cancelled: its dbt has up to 22 s (see tidemark_warehouse.dbt.guard) to end.
STAGES = ((signal.SIGINT, 30.0), (signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))


def dev(
    port: Annotated[int, typer.Option(help="Port of the web page, on loopback.")] = DEFAULT_PORT,
    log_level: Annotated[str, typer.Option(help="What Dagster says: info says more.")] = "warning",
    database: Annotated[
        str | None, typer.Option(help="The database to build, in place of the usual one.")
    ] = None,
    live: Annotated[
        bool,
        typer.Option("--live/--hourly", help="Refresh marts at once, or by builds alone."),
    ] = False,
) -> None:
    """Open the Dagster UI, with schedules and sensors on, until Ctrl-C.

    With --live `tidemark watch` runs beside: marts follow raw at once, and builds test them.
    """
    settings = shown_database(database)
    home = dagster_home(settings)
    variables = {
        **os.environ,
        "DAGSTER_HOME": str(home),
        "TIDEMARK_HOME": str(settings.home),
        "TIDEMARK_DATABASE": settings.database,
    }
    check_port(port, "tidemark dev")
    out = console.out()
    # A shell script starts what it sends to the background with SIGINT ignored, and its children
    # after it: `tidemark dev &` could not be stopped then. What is caught here is not inherited.
    with only_one(home), supervision.signals(even_ignored=True) as received:
        supervision.adopt_orphans()
        began, began_at = time.monotonic(), time.time()
        helpers = [beside(variables, "tidemark_warehouse.dbt.manifest")]
        server.ready(settings)
        leader = start(port, log_level, variables)
        try:
            if wait_until_ready(leader, port, received):
                # Not sooner: two programs that find no storage both make it, and spoil it.
                helpers.append(beside(variables, "orchestration.dead_runs", str(began_at)))
                seconds = time.monotonic() - began
                with server.connect(settings) as connection:
                    shown = about.read(connection)
                out.print(
                    f"[green]Dagster is ready[/] after {seconds:.0f} s, for the database "
                    f"{escape(shown.sentence)}: {address(port)}"
                )
                if live:
                    helpers.append(beside(variables, "tidemark_warehouse.cli.main", "watch"))
                out.print(LIVE if live else HOURLY)
                if shown.as_of is None:
                    console.print_offer(shown.offer("tidemark dev"))
                out.print("schedules and sensors are on; Ctrl-C stops everything")
                told_to_stop(leader, received)
            ended = leader.poll()
        finally:
            supervision.stop_group(leader, STAGES)
            for helper in helpers:
                helper.terminate()
            for helper in helpers:
                with suppress(subprocess.TimeoutExpired):
                    helper.wait(HELPER_SECONDS)
    if ended is not None:
        raise TidemarkError(
            f"Dagster ended by itself with status {ended}; what it said stands above",
            "mend it, or try `tidemark dev --log-level info` to see more",
        )
    out.print("Dagster has stopped; the database is up until `tidemark down`")


def dagster_home(settings: Settings) -> Path:
    """Return the folder of Dagster's storage, with a configuration in it.

    Args:
        settings: says where Tidemark's home is. Dagster's is the folder dagster in it, and its
            dagster.yaml ours, unless the environment names another `DAGSTER_HOME`.

    Raises:
        TidemarkError: the folder cannot be used.
    """
    ours = (resources.files("orchestration") / "dagster.yaml").read_text(encoding="utf-8")
    named = os.environ.get("DAGSTER_HOME")
    if named:
        folder = Path(named).expanduser().absolute()
        wanted = not (folder / "dagster.yaml").exists()
    else:
        folder = settings.home / "dagster"
        files.prepare_home(settings.home)
        wanted = True
    with files.explained(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if wanted:
            files.write_private(folder / "dagster.yaml", ours)
        if not named:
            _close(folder)
    return folder


def _close(folder: Path) -> None:
    """Take from others what an earlier version let them read: the storage, down to its files."""
    for path in (folder, *folder.rglob("*")):
        mode = path.lstat().st_mode
        if mode & 0o077 and not stat.S_ISLNK(mode):
            path.chmod(stat.S_IMODE(mode) & 0o700)


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Hold Dagster's home: two daemons on one storage would start each run twice.

    Args:
        home: of Dagster.

    Raises:
        TidemarkError: another `tidemark dev` holds it.
    """
    descriptor = files.open_private(home / "dev.lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise TidemarkError(
            f"another `tidemark dev` works in {home}",
            "use its web page, stop it, or set TIDEMARK_HOME to a home of its own",
        ) from error
    finally:
        os.close(descriptor)


def beside(variables: dict[str, str], module: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Run one of our modules beside Dagster.

    The manifest is parsed while Dagster starts, which takes the result, or waits for it. What goes
    wrong in it is no matter: Dagster then does the same, and shows what is the matter.

    Args:
        variables: its environment.
        module: its full name.
        *arguments: its command line.
    """
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=PROJECT_ROOT,
        env=variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        umask=PRIVATE,
        preexec_fn=_die_with_parent,
    )


def start(port: int, log_level: str, variables: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start web page, daemon and code server, in a process group of their own.

    Args:
        port: of the web page.
        log_level: of Dagster's services.
        variables: their environment.
    """
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "orchestration.services"),
            *(str(WORKSPACE), LOOPBACK, str(port), log_level),
        ],
        cwd=PROJECT_ROOT,
        env=variables,
        process_group=0,
        umask=PRIVATE,
        preexec_fn=_die_with_parent,
    )


def wait_until_ready(
    leader: subprocess.Popen[bytes], port: int, received: supervision.Receiver
) -> bool:
    """Wait until the web page answers. False if Dagster ended, or was told to stop, before.

    Args:
        leader: the program that was started.
        port: of the web page.
        received: see `supervision.signals`.

    Raises:
        TidemarkError: it takes far too long.
    """
    deadline = time.monotonic() + READY_SECONDS
    while leader.poll() is None:
        if received(LOOK_SECONDS) & set(supervision.STOP_SIGNALS):
            return False
        if answers(port):
            if answers(port, STRANGER):
                raise TidemarkError(
                    "Dagster's web page answers requests for any host, so that any web site could "
                    "launch runs",
                    "run `make setup`, which installs the Dagster that this version works with",
                )
            return True
        if time.monotonic() > deadline:
            raise TidemarkError(
                f"Dagster does not answer on {address(port)} after {READY_SECONDS:.0f} s",
                "try `tidemark dev --log-level info` to see what it does",
            )
    return False


def answers(port: int, host: str = LOOPBACK) -> bool:
    """Whether a Dagster web page answers on the port.

    Args:
        port: on loopback.
        host: the name that the request is for.
    """
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=1)
    try:
        connection.request("GET", "/server_info", headers={"Host": f"{host}:{port}"})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def told_to_stop(leader: subprocess.Popen[bytes], received: supervision.Receiver) -> None:
    """Wait for a signal to stop, or for Dagster's own end."""
    while leader.poll() is None:
        if received(supervision.LOOK_SECONDS) & set(supervision.STOP_SIGNALS):
            return


def _die_with_parent() -> None:
    """In the child, before Dagster: should we be killed, it stops all the same."""
    supervision.die_with_parent(signal.SIGINT)
