"""Private files in Tidemark's home, and the locks that make processes take turns."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import PROJECT_ROOT


def prepare_home(home: Path) -> None:
    """Create the folder if it is missing. A folder that exists is left as it is.

    It is closed to others. Root's own lets them pass, but not look: root's server runs as
    another user, whose data lies inside.

    Raises:
        TidemarkError: it cannot be created, or lies inside the checkout.
    """
    if home.resolve().is_relative_to(PROJECT_ROOT):
        raise TidemarkError(
            f"the home {home} lies inside the checkout {PROJECT_ROOT}, which tools copy and scan",
            "set TIDEMARK_HOME to a folder elsewhere, or unset it",
        )
    if home.is_dir():
        return
    with explained(home):
        home.mkdir(parents=True)
        home.chmod(0o711 if os.geteuid() == 0 else 0o700)


@contextmanager
def explained(home: Path) -> Iterator[None]:
    """Turn what the file system refuses inside the home into a line that a person can act on."""
    try:
        yield
    except OSError as error:
        raise TidemarkError(
            f"the home {home} cannot be used: {error.filename or home}: {error.strerror}",
            "set TIDEMARK_HOME to a folder that you may write, or mend that one",
        ) from error


def open_private(path: Path, flags: int) -> int:
    """Open a file that only its owner may read, and return its descriptor.

    What root creates belongs to the owner of the folder, so that `sudo tidemark up` locks
    nobody out of their own home.
    """
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    if os.geteuid() == 0:
        folder = path.parent.stat()
        os.fchown(descriptor, folder.st_uid, folder.st_gid)
    return descriptor


def write_private(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace a file in one step: a reader sees the old text or the new, never half of one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = open_private(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, mode)
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file; waits for whoever has it. The kernel frees it with the process."""
    descriptor = open_private(path, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
