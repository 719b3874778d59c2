"""Whether archived files are what they were, and which files nobody knows."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tidemark_warehouse.archiving import files, manifest
from tidemark_warehouse.archiving.drafts import file_sha256, read_content
from tidemark_warehouse.archiving.manifest import Manifest
from tidemark_warehouse.errors import TidemarkError

Kind = Literal["manifest", "missing", "truncated", "changed", "content"]


@dataclass(frozen=True)
class Problem:
    """What is wrong with an archived file.

    Attributes:
        file: relative to the archive's folder.
        kind: `manifest` (missing, unreadable or altered), `missing`, `truncated` (or of another
            size), `changed` (other bytes), `content` (other rows).
        sentence: names the file and says what is wrong.
        remedy: what to do.
    """

    file: str
    kind: Kind
    sentence: str
    remedy: str

    @property
    def error(self) -> TidemarkError:
        """The same, for whoever cannot go on."""
        return TidemarkError(self.sentence, self.remedy)


def verify(folder: Path, relative_path: str, manifest_digest: str | None = None) -> list[Problem]:
    """Look at a file and its manifest; reads all of it.

    Args:
        folder: the archive.
        relative_path: of the file.
        manifest_digest: what the database remembers of the manifest.

    Returns:
        What is wrong; nothing if all is well.

    Raises:
        TidemarkError: the file system does not let us look.
    """
    try:
        described = manifest.read(folder, relative_path, manifest_digest)
    except TidemarkError as error:
        if isinstance(error.__cause__, OSError):
            raise
        missing = Problem(relative_path, "manifest", error.problem, error.remedy)
        path = files.data_path(folder, relative_path)
        return [missing] if path.exists() else [missing, _missing(folder, relative_path)]
    damage = damaged(folder, described)
    if damage is not None:
        return [damage]
    found = read_content(files.data_path(folder, relative_path))
    if found != (described.row_count, described.content_hash):
        return [content_differs(folder, described)]
    return []


def damaged(folder: Path, described: Manifest) -> Problem | None:
    """Return what is wrong with the bytes of a file, without looking at its rows.

    Raises:
        TidemarkError: the file system does not let us look.
    """
    path = files.data_path(folder, described.file)
    with files.explained(folder, described.file):
        if not path.exists():
            return _missing(folder, described.file)
        size = path.stat().st_size
        if size != described.bytes:
            cut = "is cut off" if size < described.bytes else "has grown"
            return Problem(
                described.file,
                "truncated",
                f"{path} {cut}: {size:,} bytes of {described.bytes:,}",
                _remedy(folder),
            )
        if file_sha256(path) != described.file_sha256:
            return Problem(
                described.file,
                "changed",
                f"{path} was changed: its SHA-256 is not that of its manifest",
                _remedy(folder),
            )
    return None


def content_differs(folder: Path, described: Manifest) -> Problem:
    """Say that the rows of a file are not those of its manifest."""
    return Problem(
        described.file,
        "content",
        f"{files.data_path(folder, described.file)} holds other rows than its manifest says",
        _remedy(folder),
    )


def strays(folder: Path, known: Collection[str]) -> list[str]:
    """List files that nothing remembers, relative to the folder.

    They are what a killed run left (`.part`; a file without a manifest, or one whose transaction
    did not commit), or what somebody put there.

    Args:
        folder: the archive.
        known: the files that the database remembers.
    """
    expected = {files.data_path(folder, name) for name in known}
    expected |= {files.manifest_path(folder, name) for name in known}
    with files.explained(folder, "its files"):
        found = files.listed(folder, "*")
        return [str(path.relative_to(folder)) for path in found if path not in expected]


def clear_parts(folder: Path) -> list[str]:
    """Delete the temporary files of runs that were killed; one that is being written stays.

    Returns:
        The names of those that were deleted, relative to the folder.
    """
    cleared = []
    with files.explained(folder, "its temporary files"):
        for path in files.listed(folder, f"*{files.PART}"):
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            except FileNotFoundError:  # whoever wrote it has given it its name
                continue
            try:
                if files.holds(descriptor, path):
                    path.unlink()
                    cleared.append(str(path.relative_to(folder)))
            finally:
                os.close(descriptor)
    return cleared


def _missing(folder: Path, relative_path: str) -> Problem:
    path = files.data_path(folder, relative_path)
    return Problem(relative_path, "missing", f"{path} is missing", _remedy(folder))


def _remedy(folder: Path) -> str:
    return f"bring it back from a backup of {folder}; nothing can be restored from it until then"
