"""What runs on this machine, as command lines: a number alone may belong to another process."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

PROC = Path("/proc")
POLL_SECONDS = 0.02


def commands() -> dict[int, str]:
    """Return the command line of every process by its number, words joined by spaces.

    A process that has ended but is not yet reaped (a zombie) has none and is left out.
    """
    if not (PROC / "self").exists():
        return _from_ps()
    numbers = [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]
    found = {number: command(number) for number in numbers}
    return {number: line for number, line in found.items() if line}


def command(pid: int) -> str:
    """Return the command line of one process, or '' if there is no such process any more."""
    if not (PROC / "self").exists():
        return _from_ps().get(pid, "")
    try:
        line = (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return ""
    return line.replace(b"\0", b" ").decode(errors="replace").strip()


def signal(pid: int, number: int) -> None:
    """Send a signal to a process that may already have ended."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for a condition, and say whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _from_ps() -> dict[int, str]:
    """Ask ps for the same, where there is no /proc (macOS)."""
    listing = subprocess.run(
        ["/bin/ps", "-axww", "-o", "pid=,stat=,command="],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = {}
    for line in listing.splitlines():
        pid, state, *rest = line.split(None, 2)
        if rest and not state.startswith("Z"):
            found[int(pid)] = rest[0]
    return found
