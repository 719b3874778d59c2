"""Archived rows back into a table of the database."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.csv  # type: ignore[import-untyped]
import pyarrow.parquet  # type: ignore[import-untyped]
from psycopg import sql

from tidemark_warehouse.archiving import files
from tidemark_warehouse.archiving.content_hash import ContentHash
from tidemark_warehouse.archiving.drafts import BATCH_ROWS
from tidemark_warehouse.archiving.manifest import Manifest
from tidemark_warehouse.archiving.verifying import content_differs, damaged

_AS_CSV = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")


def copy_into(
    cursor: psycopg.Cursor[Any],
    folder: Path,
    manifest: Manifest,
    target: sql.Composable,
) -> int:
    """Copy the rows of a file into a table that has columns of the same names and types.

    The file is verified first, and its rows while they pass: after an exception the caller's
    transaction must roll back, which the caller's `with` does.

    Args:
        cursor: of the transaction in which the rows shall stand.
        folder: the archive.
        manifest: of the file.
        target: the table's name.

    Returns:
        How many rows there were.

    Raises:
        TidemarkError: the file is damaged, or cannot be read.
    """
    damage = damaged(folder, manifest)
    if damage is not None:
        raise damage.error
    copying = sql.SQL("copy {} ({}) from stdin (format csv, encoding 'UTF8')").format(
        target, sql.SQL(", ").join(sql.Identifier(column.name) for column in manifest.columns)
    )
    path = files.data_path(folder, manifest.file)
    try:
        with pa.parquet.ParquetFile(path) as file, cursor.copy(copying) as copy:
            found = ContentHash(file.schema_arrow)
            for batch in file.iter_batches(batch_size=BATCH_ROWS):
                found.update(batch)
                copy.write(_csv(batch))
    except (pa.ArrowException, OSError) as error:  # a broken page is either
        raise content_differs(folder, manifest).error from error
    if (found.rows, found.hexdigest()) != (manifest.row_count, manifest.content_hash):
        raise content_differs(folder, manifest).error
    return found.rows


def _csv(batch: pa.RecordBatch) -> memoryview:
    """Write rows as PostgreSQL reads them: a null is nothing, an empty text is two quotes."""
    plain = pa.RecordBatch.from_arrays(
        [_plain(column) for column in batch.columns], names=batch.schema.names
    )
    sink = pa.BufferOutputStream()
    pyarrow.csv.write_csv(plain, sink, _AS_CSV)
    return memoryview(sink.getvalue())


def _plain(column: pa.Array) -> pa.Array:
    """Return a column of a type that Arrow can write as CSV."""
    if not isinstance(column, pa.ExtensionArray):
        return column
    if not isinstance(column.type, pa.UuidType):
        return column.storage
    ids = column.storage.fill_null(bytes(16))
    start = ids.offset * 16
    digits = bytes(memoryview(ids.buffers()[1])[start : start + len(ids) * 16]).hex().encode()
    texts = pa.StringArray.from_buffers(len(ids), _ends(len(ids)), pa.py_buffer(digits))
    if not column.null_count:
        return texts
    return pc.if_else(column.is_valid(), texts, pa.scalar(None, pa.string()))


@lru_cache(maxsize=4)  # batches of a file have one length, but for the last of a group
def _ends(count: int) -> pa.Buffer:
    return pa.array(range(0, 32 * count + 1, 32), pa.int32()).buffers()[1]
