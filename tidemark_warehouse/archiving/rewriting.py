"""Archived rows without a person: a new file in place of one that names somebody."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.parquet  # type: ignore[import-untyped]

from tidemark_warehouse.archiving import files, manifest
from tidemark_warehouse.archiving.content_hash import ContentHash
from tidemark_warehouse.archiving.drafts import BATCH_ROWS, Draft
from tidemark_warehouse.archiving.manifest import Manifest
from tidemark_warehouse.archiving.verifying import content_differs, damaged

# Column, its old text, its new one or None for null. In a JSON column every string, wherever it
# stands, is compared; in others the whole value.
Replacement = tuple[str, str, str | None]
# Is given a batch, after the replacements, and which of its rows had one of the old values.
Scrub = Callable[[pa.RecordBatch, pa.BooleanArray], pa.RecordBatch]

_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*"(\s*:)?')


def mentions(
    folder: Path, described: Manifest, columns: Collection[str], values: Collection[str]
) -> int:
    """Count the rows of a file that have one of some values in one of some columns.

    Args:
        folder: the archive.
        described: the file; columns that it does not have are passed over.
        columns: where to look; in a JSON column at every string.
        values: what to look for.

    Raises:
        TidemarkError: the file is damaged.
    """
    _refuse_damaged(folder, described)
    wanted = [(column, value, None) for column in columns for value in values]
    found = (_touched(batch, wanted) for batch in _rows(folder, described))
    return sum(touched.true_count for touched in found)


def replace_values(
    folder: Path,
    described: Manifest,
    replacements: Sequence[Replacement],
    scrub: Scrub | None = None,
    taken: Collection[str] = (),
) -> Manifest:
    """Write a file with other values, under the period's next name, and its manifest.

    It is read back and compared like the first. The old file stays: the caller removes it
    (`files.remove`) once the transaction that remembers the new one has committed.

    Args:
        folder: the archive.
        described: the file.
        replacements: what to put in place of what; columns that it does not have are passed over.
        scrub: what else to change, as `blank` makes it.
        taken: names that the database remembers, whether or not their files are still there.

    Returns:
        The new manifest.

    Raises:
        TidemarkError: the file is damaged, or the disk refuses. Nothing is left behind then.
    """
    _refuse_damaged(folder, described)
    relative_path = files.free_name(folder, described.table_name, described.period, taken)
    schema = _schema(folder, described)
    ends, other_key = _Ends(described.key), False
    with Draft(folder, relative_path, schema, described.time_column, described.row_count) as draft:
        for batch in _rows(folder, described):
            touched, key = _touched(batch, replacements), batch.select(described.key)
            for one in replacements:
                batch = _replaced(batch, one)
            if scrub is not None:
                batch = scrub(batch, touched)
            draft.write(pa.RecordBatch.from_arrays(batch.columns, schema=schema))
            ends.add(batch)
            other_key = other_key or not key.equals(batch.select(described.key))
        written = draft.finish()
    # Values that were replaced must not stay behind in what the manifest says of the least key.
    first_key, last_key = described.first_key, described.last_key
    if other_key:
        first_key, last_key = ends.texts
    made = replace(
        described,
        file=relative_path,
        row_count=written.rows,
        first_key=first_key,
        last_key=last_key,
        bytes=written.bytes,
        file_sha256=written.file_sha256,
        content_hash=written.content_hash,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    manifest.write(made, folder)
    return made


def blank(values: dict[str, str | None]) -> Scrub:
    """Return what puts one value into columns of the rows that had an old value.

    Args:
        values: by column, e.g. `{"properties": "{}", "page_url": None}`.
    """

    def scrub(batch: pa.RecordBatch, touched: pa.BooleanArray) -> pa.RecordBatch:
        for column, value in values.items():
            if column in batch.schema.names:
                batch = _with(batch, column, touched, value)
        return batch

    return scrub


def reduce_json(
    batch: pa.RecordBatch, column: str, rows: pa.BooleanArray, keys: Collection[str]
) -> pa.RecordBatch:
    """Leave only some keys of the JSON objects in some rows; any other JSON becomes `{}`.

    Args:
        batch: of which table.
        column: of JSON; one that the batch does not have is passed over.
        rows: which of them.
        keys: what stays, just as it is written.
    """
    if column not in batch.schema.names or not pc.any(rows).as_py():
        return batch
    stored = batch.column(column).storage
    texts = [
        _reduced(value.as_py(), keys) if hit else value.as_py()
        for hit, value in zip(rows.to_pylist(), stored, strict=True)
    ]
    return _set(batch, column, pa.array(texts, pa.string()))


def _reduced(text: str | None, keys: Collection[str]) -> str | None:
    """Cut entries out of an object's text; as values, numbers would lose digits (1.10)."""
    if text is None:
        return None
    decoder, kept = json.JSONDecoder(), []
    if not isinstance(decoder.decode(text), dict):
        return "{}"
    place = _after(text, text.index("{") + 1)
    while text[place] != "}":
        key, end = decoder.raw_decode(text, place)
        _, end = decoder.raw_decode(text, _after(text, end))
        if key in keys:
            kept.append(text[place:end])
        place = _after(text, end)
    return "{" + ", ".join(kept) + "}"


def _after(text: str, place: int) -> int:
    """Return where the next part of a JSON object begins."""
    while text[place] in " \t\r\n,:":
        place += 1
    return place


def _refuse_damaged(folder: Path, described: Manifest) -> None:
    damage = damaged(folder, described)
    if damage is not None:
        raise damage.error


def _rows(folder: Path, described: Manifest) -> Iterator[pa.RecordBatch]:
    """Read a file; at its end, compare what was read with its manifest."""
    with pa.parquet.ParquetFile(files.data_path(folder, described.file)) as file:
        found = ContentHash(file.schema_arrow)
        for batch in file.iter_batches(batch_size=BATCH_ROWS):
            found.update(batch)
            yield batch
    if (found.rows, found.hexdigest()) != (described.row_count, described.content_hash):
        raise content_differs(folder, described).error


def _schema(folder: Path, described: Manifest) -> pa.Schema:
    """Return a file's columns, without what the reader notes beside them."""
    found = pa.parquet.read_schema(files.data_path(folder, described.file))
    return pa.schema([pa.field(column.name, column.type) for column in found])


def _touched(batch: pa.RecordBatch, replacements: Sequence[Replacement]) -> pa.BooleanArray:
    """Which rows have one of the old values."""
    touched = pa.array([False] * batch.num_rows, pa.bool_())
    for column, old, _ in replacements:
        if column in batch.schema.names:
            touched = pc.or_(touched, _equal(batch.column(column), old))
    return touched


def _equal(values: pa.Array, text: str) -> pa.BooleanArray:
    """Which values are a text; of JSON, which have it among their strings."""
    if isinstance(values.type, pa.JsonType):
        quoted = json.dumps(text, ensure_ascii=False)
        near = pc.match_substring(values.storage, quoted).fill_null(False)
        if pc.any(near).as_py():
            found = [
                bool(is_near) and any(token == text for token in _strings(value.as_py()))
                for is_near, value in zip(near.to_pylist(), values.storage, strict=True)
            ]
            near = pa.array(found, pa.bool_())
        return near
    scalar = _scalar(values.type, text)
    if scalar is None:  # no value of this type reads like that
        return pa.array([False] * len(values), pa.bool_())
    stored = values.storage if isinstance(values, pa.ExtensionArray) else values
    return pc.equal(stored, scalar).fill_null(False)


def _replaced(batch: pa.RecordBatch, replacement: Replacement) -> pa.RecordBatch:
    column, old, new = replacement
    if column not in batch.schema.names:
        return batch
    values = batch.column(column)
    touched = _equal(values, old)
    if not pc.any(touched).as_py():
        return batch
    if not isinstance(values.type, pa.JsonType):
        return _with(batch, column, touched, new)
    texts = [
        _without(value.as_py(), old, new) if hit else value.as_py()
        for hit, value in zip(touched.to_pylist(), values.storage, strict=True)
    ]
    return _set(batch, column, pa.array(texts, pa.string()))


def _with(
    batch: pa.RecordBatch, column: str, rows: pa.BooleanArray, text: str | None
) -> pa.RecordBatch:
    """Put one value into some rows of a column."""
    values = batch.column(column)
    stored = values.storage if isinstance(values, pa.ExtensionArray) else values
    scalar = pa.scalar(None, stored.type) if text is None else _scalar(values.type, text)
    if scalar is None:
        raise ValueError(f"{text!r} is no value of the column {column} ({values.type})")
    return _set(batch, column, pc.if_else(rows, scalar, stored))


def _set(batch: pa.RecordBatch, column: str, stored: pa.Array) -> pa.RecordBatch:
    place = batch.schema.get_field_index(column)
    field = batch.schema.field(place)
    if isinstance(field.type, pa.BaseExtensionType):
        stored = pa.ExtensionArray.from_storage(field.type, stored)
    return batch.set_column(place, field, stored)


def _scalar(kind: pa.DataType, text: str) -> pa.Scalar | None:
    """Read a text as a value of a type; None if it is none."""
    with suppress(ValueError, pa.ArrowInvalid):
        if isinstance(kind, pa.UuidType):
            return pa.scalar(UUID(text).bytes, kind.storage_type)
        if isinstance(kind, pa.JsonType):
            return pa.scalar(text, pa.string())
        return pa.scalar(text, pa.string()).cast(kind)
    return None


def _strings(text: str) -> Iterator[str]:
    for token in _JSON_STRING.finditer(text):
        yield _read(token)


def _without(text: str, old: str, new: str | None) -> str:
    """Replace a string of a JSON text, leaving the rest of it as it is; no key can be null."""

    def other(token: re.Match[str]) -> str:
        if _read(token) != old:
            return token[0]
        key = token[1] or ""
        return json.dumps("" if key and new is None else new, ensure_ascii=False) + key

    return _JSON_STRING.sub(other, text)


def _read(token: re.Match[str]) -> str:
    return str(json.loads(token[0].removesuffix(token[1] or "")))


class _Ends:
    """The least and the greatest key of rows that pass by."""

    def __init__(self, key: Sequence[str]) -> None:
        self._key = list(key)
        self._found: list[tuple[Any, ...]] = []

    def add(self, batch: pa.RecordBatch) -> None:
        """Look at some rows."""
        if not batch.num_rows:
            return
        columns = [batch.column(name) for name in self._key]
        stored = [c.storage if isinstance(c, pa.ExtensionArray) else c for c in columns]
        keys = pa.table(stored, names=self._key)
        order = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in self._key])
        rows = pa.table(columns, names=self._key).take(order.take([0, len(order) - 1]))
        found = zip(*(column.to_pylist() for column in rows.columns), strict=True)
        self._found = sorted([*self._found, *found])
        self._found = [self._found[0], self._found[-1]]

    @property
    def texts(self) -> tuple[str | None, str | None]:
        """Both, as JSON arrays."""
        if not self._found:
            return None, None
        first, last = (
            json.dumps([_plain(value) for value in key], ensure_ascii=False) for key in self._found
        )
        return first, last


def _plain(value: object) -> object:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
