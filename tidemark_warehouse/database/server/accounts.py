"""The operating system's user whom the server runs as: PostgreSQL refuses root."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tidemark_warehouse.errors import TidemarkError

UNPRIVILEGED = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """A user of the operating system.

    Attributes:
        name: the login name, or the number where it has none.
        uid: the user's number.
        gid: the number of the user's own group.
    """

    name: str
    uid: int
    gid: int

    def run(
        self, command: Sequence[str | Path], text: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end as this user, with nothing of our own environment.

        Args:
            command: the program and its arguments.
            text: what it reads from its standard input.

        Raises:
            OSError: this user cannot start the program.
        """
        switch = os.geteuid() != self.uid
        return subprocess.run(
            [str(word) for word in command],
            input=text if text is not None else "",
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C"},
            user=self.uid if switch else None,
            group=self.gid if switch else None,
            extra_groups=[] if switch else None,
        )

    def can_enter(self, folder: Path) -> bool:
        """Whether this user may pass through the folder and all above it."""
        return self.run(["/bin/sh", "-c", 'test -x "$1"', "sh", folder]).returncode == 0


def current() -> Account:
    """Return the user we run as."""
    return _of(os.geteuid())


def for_data(data: Path) -> Account:
    """Return who runs the server of this data folder: its owner, if it exists.

    Raises:
        TidemarkError: it belongs to somebody else, or root has no unprivileged user to run it.
    """
    me = os.geteuid()
    try:
        owner = data.stat().st_uid
    except FileNotFoundError:
        return current() if me else _unprivileged()
    except OSError as error:
        raise TidemarkError(
            f"{data} cannot be read: {error.strerror}",
            "run as the user who owns it, or set TIDEMARK_HOME to a folder of your own",
        ) from error
    if me not in (0, owner):
        raise TidemarkError(
            f"{data} belongs to the user {_of(owner).name}",
            "run as that user, or set TIDEMARK_HOME to a folder of your own",
        )
    if owner == 0:
        raise TidemarkError(
            f"{data} belongs to root, whom PostgreSQL refuses",
            f"chown -R {_unprivileged().name} {data}",
        )
    return _of(owner)


def _of(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return Account(str(uid), uid, os.getegid())
    return Account(entry.pw_name, uid, entry.pw_gid)


def _unprivileged() -> Account:
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise TidemarkError(
        "PostgreSQL refuses to run as root, and there is no user postgres or nobody",
        "create one (useradd --system postgres), or run as an ordinary user",
    )
