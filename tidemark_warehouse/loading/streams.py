"""Files as streams of bytes: gzip or not, with the place reached and errors that name the file."""

from __future__ import annotations

import gzip
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tidemark_warehouse.errors import TidemarkError

GZIP_MAGIC = b"\x1f\x8b"
PARQUET_MAGIC = b"PAR1"
BLOCK_BYTES = 4 << 20
MAX_RECORD_BYTES = 64 << 20

_UTF8_MARK = b"\xef\xbb\xbf"
_OTHER_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass
class Stream:
    """An open file.

    Attributes:
        path: of the file.
        raw: the file as it is on disk.
        plain: its content, unpacked.
        size: bytes on disk.
    """

    path: Path
    raw: IO[bytes]
    plain: IO[bytes]
    size: int

    @property
    def position(self) -> int:
        """Bytes of the file on disk that have been read."""
        return self.raw.tell()

    def read(self, line: int) -> bytes:
        """Read the next block; empty at the end.

        Args:
            line: how many lines have been read, for the message.

        Raises:
            TidemarkError: the file is broken or cut off.
        """
        try:
            return self.plain.read(BLOCK_BYTES)
        except (OSError, EOFError, zlib.error) as error:
            raise broken(self.path, f"after line {line}", error) from error


@contextmanager
def opened(path: Path) -> Iterator[Stream]:
    """Open a file for reading, unpacked if it is gzip.

    Raises:
        TidemarkError: it cannot be read.
    """
    try:
        raw = path.open("rb")
    except OSError as error:
        raise unreadable(path, error) from error
    with raw:
        magic = raw.read(2)
        raw.seek(0)
        plain: IO[bytes] = gzip.GzipFile(fileobj=raw) if magic == GZIP_MAGIC else raw  # type: ignore[assignment]
        yield Stream(path, raw, plain, path.stat().st_size)


@contextmanager
def unpacked(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that must be read at any place: gzip goes through a temporary file.

    Raises:
        TidemarkError: it cannot be read, or is broken.
    """
    with opened(path) as stream:
        if stream.plain is stream.raw:
            yield stream.raw
            return
        with tempfile.TemporaryFile() as whole:
            try:
                shutil.copyfileobj(stream.plain, whole, BLOCK_BYTES)
            except (OSError, EOFError, zlib.error) as error:
                raise broken(path, "while unpacking it", error) from error
            whole.seek(0)
            yield whole


def check_files(paths: list[Path]) -> None:
    """Look at every file before the first is loaded.

    Raises:
        TidemarkError: one is missing, a folder, or not readable.
    """
    for path in paths:
        if path.is_dir():
            raise TidemarkError(f"{path} is a folder", f"name its files: {path}/*")
        if path.exists() and not path.is_file():
            raise TidemarkError(
                f"{path} is no file but a pipe or a device",
                "write it to a file first: a load may have to read it twice",
            )
        try:
            path.open("rb").close()
        except OSError as error:
            raise unreadable(path, error) from error


def without_mark(path: Path, start: bytes) -> bytes:
    """Take the mark away that some programs put before UTF-8.

    Raises:
        TidemarkError: the text is in another encoding.
    """
    if start.startswith(_UTF8_MARK):
        return start[len(_UTF8_MARK) :]
    if start.startswith(_OTHER_MARKS) or b"\x00" in start[:200]:
        raise TidemarkError(
            f"{path.name} is no UTF-8 text (it looks like UTF-16, or binary data)",
            f"convert it first: iconv -f UTF-16 -t UTF-8 {path.name}",
        )
    return start


def unreadable(path: Path, error: OSError) -> TidemarkError:
    """Say why a file cannot be opened."""
    if isinstance(error, FileNotFoundError):
        return TidemarkError(f"there is no file {path}", "check the path")
    return TidemarkError(f"{path} cannot be read: {error.strerror or error}")


def broken(path: Path, where: str, error: Exception) -> TidemarkError:
    """Say that a file ended or failed in the middle."""
    cut = isinstance(error, EOFError)
    what = "is cut off" if cut else f"is broken ({error})"
    return TidemarkError(
        f"{path.name} {what} {where}; nothing of it was loaded",
        "fetch or write the file again; rows that are there already will not be loaded twice",
    )
