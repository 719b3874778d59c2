"""Small archives for the tests, made without a server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pyarrow as pa  # type: ignore[import-untyped]

from tidemark_warehouse.archiving import files, manifest, stored_types
from tidemark_warehouse.archiving.drafts import Draft
from tidemark_warehouse.archiving.manifest import Manifest
from tidemark_warehouse.archiving.tables import ArchivedTable, Column

EVENTS = ArchivedTable(
    "events",
    (
        Column("event_id", "uuid"),
        Column("event_at", "timestamp with time zone"),
        Column("event_name", "text"),
        Column("properties", "jsonb"),
        Column("amount", "numeric"),
        Column("weight", "double precision"),
        Column("seen", "boolean"),
    ),
    ("event_id", "event_at"),
    "event_at",
)
FIRST_AT = datetime(2026, 8, 1, tzinfo=UTC)


def rows(count: int, first: int = 0) -> pa.Table:
    """Return events, a minute apart; every third has nulls."""
    numbers = range(first, first + count)
    schema = pa.schema(storage.field for storage in stored_types.chosen(EVENTS.columns, set()))
    columns = [
        pa.array([UUID(int=number).bytes for number in numbers], schema.field(0).type),
        [FIRST_AT + timedelta(minutes=number) for number in numbers],
        [None if number % 3 == 0 else f"event {number % 7}" for number in numbers],
        pa.array([f'{{"user": "u{number}"}}' for number in numbers], schema.field(3).type),
        [f"{number}.50" for number in numbers],
        [float("nan") if number % 3 == 0 else number / 7 for number in numbers],
        [None if number % 3 == 0 else number % 2 == 0 for number in numbers],
    ]
    return pa.Table.from_arrays(
        [
            column if isinstance(column, pa.Array) else pa.array(column, field.type)
            for column, field in zip(columns, schema, strict=True)
        ],
        schema=schema,
    )


def archived(folder: Path, count: int = 1_000, period: str = "2026-08") -> Manifest:
    """Write a file with its manifest."""
    content = rows(count)
    relative_path = files.free_name(folder, EVENTS.name, period)
    with Draft(folder, relative_path, content.schema, "event_at", count) as draft:
        for batch in content.to_batches(max_chunksize=300):
            draft.write(batch)
        written = draft.finish()
    made = Manifest(
        version=manifest.VERSION,
        table_name=EVENTS.name,
        period=period,
        file=relative_path,
        row_count=written.rows,
        first_key="[]" if count else None,
        last_key="[]" if count else None,
        first_at=FIRST_AT.isoformat(),
        last_at=(FIRST_AT + timedelta(minutes=count - 1)).isoformat(),
        columns=tuple(storage.described for storage in stored_types.chosen(EVENTS.columns, set())),
        key=EVENTS.key,
        time_column=EVENTS.time_column,
        bytes=written.bytes,
        file_sha256=written.file_sha256,
        content_hash=written.content_hash,
        snapshot="1:1:",
        created_at="2026-11-20T00:00:00+00:00",
    )
    manifest.write(made, folder)
    return made
