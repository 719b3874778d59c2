"""Files, folders, globs, archives and standard input as streams of UTF-8 bytes, unpacked."""

from __future__ import annotations

import bz2
import codecs
import glob
import gzip
import shutil
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import pyarrow as pa  # type: ignore[import-untyped]

from tidemark_warehouse.errors import TidemarkError

STANDARD_INPUT = Path("-")
PARQUET_MAGIC = b"PAR1"
BLOCK_BYTES = 4 << 20
MAX_RECORD_BYTES = 64 << 20

_ZIP_MAGIC = b"PK\x03\x04"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_GZIP_MAGIC, _BZIP2_MAGIC = b"\x1f\x8b", b"BZh"
PACKED_SUFFIXES = (".gz", ".zst", ".bz2", ".zip")

_UTF8_MARK = b"\xef\xbb\xbf"
_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_BROKEN = (OSError, EOFError, zlib.error, zipfile.BadZipFile, pa.ArrowException)


class Stream:
    """An open file, or a member of an archive.

    Attributes:
        name: what a person knows it by.
        size: bytes on disk of the file.
    """

    def __init__(self, name: str, raw: IO[bytes], size: int, plain: IO[bytes] | None = None):
        self.name = name
        self.size = size
        self.raw = raw
        self.plain = plain or raw
        self._decoder: codecs.IncrementalDecoder | None = None
        self._pushed = b""

    @property
    def stem(self) -> str:
        """The name without folder and endings."""
        return Path(self.name.rpartition(":")[2]).name.partition(".")[0]

    @property
    def position(self) -> int:
        """Bytes of the file on disk that have been read."""
        return self.raw.tell()

    def peek(self) -> bytes:
        """Return the first block without taking it.

        Raises:
            TidemarkError: the file is broken or cut off.
        """
        if not self._pushed:
            self._pushed = self._block(0)
        return self._pushed

    def decode(self, encoding: str | None) -> None:
        """Take the content as text of this encoding, or of the one its first bytes show.

        Raises:
            TidemarkError: it is no text.
        """
        start = self.peek()
        if start.startswith(_UTF8_MARK):
            self._pushed = start[len(_UTF8_MARK) :]
        found = encoding or next((e for mark, e in _MARKS.items() if start.startswith(mark)), None)
        if found is not None and codecs.lookup(found).name != "utf-8":
            self._decoder = codecs.getincrementaldecoder(found)("strict")
            self._pushed = self._decoded(start, 0).removeprefix(_UTF8_MARK)
        elif b"\x00" in start[:200]:
            raise TidemarkError(
                f"{self.name} is no UTF-8 text (it looks like UTF-16, or binary data)",
                "say which encoding it has: --encoding utf-16-le",
            )

    def read(self, line: int) -> bytes:
        """Read the next block; empty at the end.

        Args:
            line: how many lines have been read, for the message.

        Raises:
            TidemarkError: the file is broken or cut off.
        """
        if self._pushed:
            block, self._pushed = self._pushed, b""
            return block
        while True:
            block = self._block(line)
            if self._decoder is None:
                return block
            text = self._decoded(block, line)
            if text or not block:
                return text

    def whole(self, line: int = 0) -> bytes:
        """Read all that is left."""
        return b"".join(iter(lambda: self.read(line), b""))

    def _block(self, line: int) -> bytes:
        try:
            return self.plain.read(BLOCK_BYTES)
        except _BROKEN as error:
            raise _broken(self.name, f"after line {line}", error) from error

    def _decoded(self, block: bytes, line: int) -> bytes:
        assert self._decoder is not None  # noqa: S101
        try:
            return self._decoder.decode(block, not block).encode()
        except UnicodeDecodeError as error:
            raise TidemarkError(
                f"{self.name} is no text in {error.encoding} (after line {line}: {error.reason})",
                "name the right --encoding, such as windows-1252 or utf-16",
            ) from error


def expand(paths: Sequence[Path]) -> list[Path]:
    """List the files that are meant, and look at each before the first is loaded.

    A folder means the files in it and below; a pattern that the shell has left alone is matched.

    Raises:
        TidemarkError: one is missing or not readable, or nothing matches.
    """
    found: list[Path] = []
    for path in paths:
        if path == STANDARD_INPUT:
            found.append(path)
        elif path.is_dir():
            inside = (each for each in path.rglob("*") if each.is_file())
            hidden = (each for each in inside if not each.name.startswith((".", "_")))
            files = sorted(hidden)
            if not files:
                raise TidemarkError(f"the folder {path} has no files", "check the path")
            found += files
        elif not path.exists() and glob.has_magic(str(path)):
            names = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207 (absolute too)
            if not names:
                raise TidemarkError(f"no file matches {path}", "check the pattern")
            found += [Path(name) for name in names if Path(name).is_file()]
        else:
            found.append(path)
    for path in found:
        if path != STANDARD_INPUT:
            _check(path)
    return found


@contextmanager
def spooled(paths: Sequence[Path]) -> Iterator[dict[Path, Path]]:
    """Keep standard input in a temporary file: a load may have to read it twice.

    Yields:
        For each path the file to read.
    """
    with tempfile.TemporaryDirectory() as folder:
        where = {path: path for path in paths}
        if STANDARD_INPUT in where:
            where[STANDARD_INPUT] = Path(folder) / "standard input"
            with where[STANDARD_INPUT].open("wb") as kept:
                shutil.copyfileobj(sys.stdin.buffer, kept, BLOCK_BYTES)
        yield where


@contextmanager
def opened(path: Path) -> Iterator[Iterator[Stream]]:
    """Open a file for reading: itself, or one after the other what an archive holds.

    Raises:
        TidemarkError: it cannot be read.
    """
    try:
        raw = path.open("rb")
    except OSError as error:
        raise _unreadable(path, error) from error
    with raw, ExitStack() as opened_too:
        yield _streams(path, raw, opened_too)


def seekable(stream: Stream) -> IO[bytes]:
    """Return the content as a file that can be read at any place.

    Raises:
        TidemarkError: it is broken.
    """
    if stream.plain is stream.raw:
        stream.raw.seek(0)
        return stream.raw
    whole = tempfile.TemporaryFile()  # noqa: SIM115 (it ends with whoever reads it)
    for block in iter(lambda: stream.read(0), b""):
        whole.write(block)
    whole.seek(0)
    return whole


def _streams(path: Path, raw: IO[bytes], opened_too: ExitStack) -> Iterator[Stream]:
    size = max(path.stat().st_size, 1)
    start = raw.read(4)
    raw.seek(0)
    if start != _ZIP_MAGIC:
        yield Stream(path.name, raw, size, _unpacked(raw, start))
        return
    try:
        archive = opened_too.enter_context(zipfile.ZipFile(raw))
    except zipfile.BadZipFile as error:
        raise _broken(path.name, "in its list of files", error) from error
    names = [info.filename for info in archive.infolist() if _is_data(info)]
    if "[Content_Types].xml" in names:
        raise TidemarkError(
            f"{path.name} is an office document (a zip of XML)", "save it as CSV and load that"
        )
    if not names:
        raise TidemarkError(f"the zip {path.name} holds no file", "check that it is the right one")
    for name in names:
        try:
            member = opened_too.enter_context(archive.open(name))
            start = member.read(4)
            member.seek(0)
        except (*_BROKEN, RuntimeError, NotImplementedError) as error:
            raise _broken(f"{path.name}:{name}", "where it begins", error) from error
        yield Stream(f"{path.name}:{name}", raw, size, _unpacked(member, start))


def _is_data(info: zipfile.ZipInfo) -> bool:
    hidden = Path(info.filename).name.startswith(".") or info.filename.startswith("__MACOSX/")
    return not info.is_dir() and not hidden


def _unpacked(raw: IO[bytes], start: bytes) -> IO[bytes]:
    if start.startswith(_GZIP_MAGIC):
        return gzip.GzipFile(fileobj=raw)  # type: ignore[return-value]
    if start.startswith(_BZIP2_MAGIC):
        return bz2.BZ2File(raw)
    if start.startswith(_ZSTD_MAGIC):
        return pa.CompressedInputStream(pa.PythonFile(raw, "r"), "zstd")  # type: ignore[no-any-return]
    return raw


def _check(path: Path) -> None:
    if path.exists() and not path.is_file():
        raise TidemarkError(
            f"{path} is no file but a pipe or a device",
            "write it to a file, or give it on standard input: tidemark load TABLE - < pipe",
        )
    try:
        path.open("rb").close()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> TidemarkError:
    if isinstance(error, FileNotFoundError):
        return TidemarkError(f"there is no file {path}", "check the path")
    return TidemarkError(f"{path} cannot be read: {error.strerror or error}")


def _broken(name: str, where: str, error: Exception) -> TidemarkError:
    """Say that a file ended or failed in the middle."""
    cut = isinstance(error, EOFError) or "Truncated" in str(error)
    what = "is cut off" if cut else f"is broken ({error})"
    return TidemarkError(
        f"{name} {what} {where}; nothing of it was loaded",
        "fetch or write the file again; rows that are there already will not be loaded twice",
    )
