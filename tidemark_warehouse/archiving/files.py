"""Where archived files lie, how they are named, and what a person reads when the disk refuses."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from tidemark_warehouse.database.server.files import open_private
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import Settings

DATA = ".parquet"
MANIFEST = ".manifest.json"
PART = ".part"  # after the name of what is being written

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def archive_folder(settings: Settings) -> Path:
    """Return the folder of a database's archive, which need not exist yet.

    Each database has its own: two must not take each other's files for strays.
    """
    return (settings.archive or settings.home / "archive") / settings.database


def data_path(folder: Path, relative_path: str) -> Path:
    """Return where a file lies.

    Args:
        folder: the archive.
        relative_path: what the database remembers, e.g. `events/2026-08.parquet`.

    Raises:
        TidemarkError: it points out of the folder, or is no such name.
    """
    parts = PurePosixPath(relative_path).parts
    if len(parts) != 2 or ".." in parts or not relative_path.endswith(DATA):
        raise TidemarkError(
            f"{relative_path!r} is no name of an archived file",
            "names are like events/2026-08.parquet, below the archive's folder",
        )
    return folder.joinpath(*parts)


def manifest_path(folder: Path, relative_path: str) -> Path:
    """Return where the manifest of a file lies."""
    path = data_path(folder, relative_path)
    return path.with_name(path.name.removesuffix(DATA) + MANIFEST)


def free_name(folder: Path, table: str, period: str, taken: Collection[str] = ()) -> str:
    """Return a name that no file has yet: the period's, then `.2`, `.3` and so on.

    Args:
        folder: the archive.
        table: the table's name.
        period: the period's, e.g. `2026-08`.
        taken: names that must not be given again, whether or not their files are still there.
    """
    for name in (table, period):
        if not _PLAIN.fullmatch(name):
            raise ValueError(f"{name!r} cannot be part of a file name")
    number = 1
    while True:
        suffix = "" if number == 1 else f".{number}"
        relative_path = f"{table}/{period}{suffix}{DATA}"
        paths = (data_path(folder, relative_path), manifest_path(folder, relative_path))
        if relative_path not in taken and not any(os.path.lexists(path) for path in paths):
            return relative_path
        number += 1


def prepare_folder(folder: Path) -> None:
    """Create a folder, and those above it, closed to others. One that exists is left as it is."""
    if folder.is_dir():
        return
    prepare_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0:  # what root creates belongs to the owner of the place
        owner = folder.parent.stat()
        os.chown(folder, owner.st_uid, owner.st_gid)
    sync_folder(folder.parent)


def open_part(path: Path, refuse_existing: bool = False) -> int:
    """Open the temporary file beside a file that is to be, and hold its lock.

    Args:
        path: the file that is to be.
        refuse_existing: whether it must not be there yet.

    Raises:
        TidemarkError: another process is writing it.
    """
    part = path.with_name(path.name + PART)
    descriptor = open_private(part, os.O_RDWR | os.O_CREAT)
    try:
        if not holds(descriptor, part) or (refuse_existing and path.exists()):
            raise TidemarkError(
                f"another process is writing {path}", "wait until it has ended, then try again"
            )
        os.ftruncate(descriptor, 0)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def holds(descriptor: int, path: Path) -> bool:
    """Take the lock of an open temporary file, unless another process has it or has named it.

    Whoever had the lock may have given the file its name before letting go: what is locked then is
    no longer a temporary file, and must be left alone.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except (BlockingIOError, FileNotFoundError):
        return False


def listed(folder: Path, pattern: str) -> list[Path]:
    """List the files below the folders of tables; no folder is an empty one.

    Raises:
        OSError: a folder may not be read, which `glob` would pass over.
    """
    if not folder.exists():
        return []
    return sorted(
        path
        for table in folder.iterdir()
        if table.is_dir()
        for path in table.iterdir()
        if path.match(pattern) and not path.is_dir()
    )


def sync_folder(folder: Path) -> None:
    """Bring a folder's names onto the disk: a new name is safe only then."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(folder: Path, relative_path: str) -> None:
    """Delete a file and its manifest. The manifest goes last: without it a file is a stray."""
    for path in (data_path(folder, relative_path), manifest_path(folder, relative_path)):
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            sync_folder(path.parent)


@contextmanager
def explained(folder: Path, what: str, needed: str = "") -> Iterator[None]:
    """Turn what the file system refuses into a line that a person can act on.

    Args:
        folder: the archive.
        what: what was being written or read, e.g. a file's name.
        needed: how much space it takes, in words, where that can be said.
    """
    try:
        yield
    except OSError as error:
        raise refusal(error, folder, what, needed) from error


def refusal(error: OSError, folder: Path, what: str, needed: str = "") -> TidemarkError:
    """Say what an error of the file system means for a person."""
    if error.errno in _FULL:
        wants = f"it needs {needed}, " if needed else ""
        return TidemarkError(
            f"no space for {what} in the archive {folder}: {wants}{_free(folder)}",
            "free some, or set TIDEMARK_ARCHIVE to a folder on another disk (with the files that "
            "are there); no row was lost, the next run goes on",
        )
    reason = error.strerror or str(error)
    if isinstance(error, PermissionError):
        return TidemarkError(
            f"the archive {folder} may not be used: {error.filename or what}: {reason}",
            "let yourself read and write that folder, or run the command as its owner",
        )
    return TidemarkError(
        f"the archive {folder} cannot be used: {error.filename or what}: {reason}",
        "see whether the disk is there and whole, then try again",
    )


def megabytes(count: float) -> str:
    """Write a number of bytes."""
    return f"{count / 1e6:,.1f} MB"


def _free(folder: Path) -> str:
    for place in (folder, *folder.parents):
        if place.is_dir():
            return f"{megabytes(shutil.disk_usage(place).free)} are free"
    return "nothing is free"
