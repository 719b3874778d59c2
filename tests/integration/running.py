"""How the tests run `tidemark` as a process of its own, and ask the database one thing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from tidemark_warehouse.database.server import connect
from tidemark_warehouse.database.server.embedded import Cluster, postmaster
from tidemark_warehouse.settings import PROJECT_ROOT, Settings


def environment(settings: Settings) -> dict[str, str]:
    """Return the variables that mean these settings."""
    variables = {
        "TIDEMARK_HOME": str(settings.home),
        "TIDEMARK_PORT": str(settings.port),
        "TIDEMARK_DATABASE": settings.database,
    }
    if settings.archive:
        variables["TIDEMARK_ARCHIVE"] = str(settings.archive)
    if settings.database_url:
        variables["TIDEMARK_DATABASE_URL"] = settings.database_url
    if settings.archive:
        variables["TIDEMARK_ARCHIVE"] = str(settings.archive)
    return os.environ | variables


def begin(settings: Settings, *arguments: str) -> subprocess.Popen[str]:
    """Start a command of `tidemark` as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "tidemark_warehouse.cli.main", *arguments],
        env=environment(settings),
        cwd=PROJECT_ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_hear_ctrl_c,
    )


def _hear_ctrl_c() -> None:
    """Undo what a shell does to its background jobs, and so to all that they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def run(settings: Settings, *arguments: str) -> tuple[int, str, str]:
    """Run a command of `tidemark`; return its status and what it wrote."""
    process = begin(settings, *arguments)
    out, err = process.communicate()
    return process.returncode, out, err


def pid_of(settings: Settings) -> int:
    """Return the process of the server."""
    running = postmaster(Cluster.of(settings))
    assert running is not None
    return running.pid


def value(settings: Settings, query: bytes, role: str | None = None) -> object:
    """Return the only value of a query."""
    with connect(settings, role) as connection:
        row = connection.execute(query).fetchone()
        assert row is not None
        return row[0]
