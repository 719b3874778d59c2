"""What is written down beside each archived file, so that a damaged one is found."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from tidemark_warehouse.archiving import files
from tidemark_warehouse.errors import TidemarkError

VERSION = 1


@dataclass(frozen=True)
class StoredColumn:
    """How a column lies in the file.

    Attributes:
        name: as in the database.
        type: PostgreSQL's type.
        stored: the type in the file: `uuid`, `json`, `text`, or what Arrow calls it.
        note: why it is stored as text where its type would have a better form; else null.
    """

    name: str
    type: str
    stored: str
    note: str | None = None


@dataclass(frozen=True)
class Manifest:
    """A file of the archive.

    Attributes:
        version: of this description.
        table_name: without the schema.
        period: e.g. `2026-08`.
        file: relative to the archive's folder.
        row_count: how many rows it has.
        first_key: the least key in PostgreSQL's order, as a JSON array of its columns; null if
            there is no row.
        last_key: the greatest.
        first_at: the earliest time of the table's time column, ISO 8601 in UTC.
        last_at: the latest.
        columns: in the file's order.
        key: names of the primary key's columns.
        time_column: what the period is a period of; the rows of a group lie in its order.
        bytes: size of the file.
        file_sha256: of the whole file.
        content_hash: of the rows, whatever the file's layout (see `content_hash`).
        snapshot: `ops.current_snapshot()` of the transaction in which the rows were read.
        created_at: ISO 8601 in UTC.
    """

    version: int
    table_name: str
    period: str
    file: str
    row_count: int
    first_key: str | None
    last_key: str | None
    first_at: str | None
    last_at: str | None
    columns: tuple[StoredColumn, ...]
    key: tuple[str, ...]
    time_column: str
    bytes: int
    file_sha256: str
    content_hash: str
    snapshot: str
    created_at: str


def digest(manifest: Manifest) -> str:
    """Return what the database remembers of a manifest, so that an altered one is found."""
    canonical = json.dumps(
        asdict(manifest), ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


def write(manifest: Manifest, folder: Path) -> None:
    """Write a manifest beside its file, in one step: it is there whole or not at all.

    Raises:
        TidemarkError: the disk refuses.
    """
    path = files.manifest_path(folder, manifest.file)
    text = json.dumps(asdict(manifest), ensure_ascii=False, indent=2) + "\n"
    with files.explained(folder, path.name, files.megabytes(len(text))):
        descriptor = files.open_part(path)
        part = path.with_name(path.name + files.PART)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(text.encode())
                file.flush()
                os.fsync(descriptor)
                part.rename(path)
            files.sync_folder(path.parent)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def read(folder: Path, relative_path: str, expected_digest: str | None = None) -> Manifest:
    """Read the manifest of a file.

    Args:
        folder: the archive.
        relative_path: of the file, e.g. `events/2026-08.parquet`.
        expected_digest: what the database remembers of it.

    Raises:
        TidemarkError: it is missing, cannot be understood, or is not the one remembered.
    """
    path = files.manifest_path(folder, relative_path)
    remedy = f"bring it back from a backup of {folder}; nothing can be restored from it until then"
    try:
        with files.explained(folder, path.name):
            found = json.loads(path.read_bytes())
    except ValueError as error:
        raise TidemarkError(f"the manifest {path} is no JSON", remedy) from error
    except TidemarkError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            raise TidemarkError(f"the manifest {path} is missing", remedy) from error
        raise
    manifest = _understood(found, path, remedy)
    if manifest.file != relative_path:
        raise TidemarkError(f"the manifest {path} is about another file: {manifest.file}", remedy)
    if expected_digest is not None and digest(manifest) != expected_digest:
        raise TidemarkError(
            f"the manifest {path} was altered: it is not what the database remembers", remedy
        )
    return manifest


def _understood(found: Any, path: Path, remedy: str) -> Manifest:
    version = found.get("version") if isinstance(found, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise TidemarkError(
            f"the manifest {path} has version {version}; this Tidemark knows {VERSION}",
            "use the newer Tidemark that wrote it",
        )
    try:
        columns = tuple(StoredColumn(**column) for column in found.pop("columns"))
        manifest = Manifest(columns=columns, key=tuple(found.pop("key")), **found)
    except (AttributeError, KeyError, TypeError) as error:
        raise TidemarkError(f"the manifest {path} does not have its fields", remedy) from error
    for field in fields(Manifest):
        value = getattr(manifest, field.name)
        kinds = {"int": (int,), "str": (str,), "str | None": (str, type(None))}
        if not isinstance(value, kinds.get(str(field.type), (tuple,))):
            raise TidemarkError(f"the manifest {path} has no good {field.name}", remedy)
    return manifest
