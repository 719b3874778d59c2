"""A file mapped to a table without a database, for tests of formats, presets and bounds."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

from tidemark_warehouse.database.catalog import Connection, Table
from tidemark_warehouse.loading import inputs
from tidemark_warehouse.loading.conversion.batches import prepare
from tidemark_warehouse.loading.load import Job
from tidemark_warehouse.loading.options import Request

NOBODY: Connection = None  # type: ignore[assignment]  # no database is asked for anything

Row = dict[str, Any]


class Mapped:
    """What became of a file.

    Attributes:
        rows: those that fit: texts as PostgreSQL reads them, JSON parsed.
        rejects: for each other its line and the reason.
        skipped: how many the preset leaves out.
        found: what a person is told of.
    """

    def __init__(self, path: Path, table: Table, **options: Any) -> None:
        request = Request.of(**options)
        job = Job(NOBODY, table, path, request, str(path))
        target, asked = request.mapped(table)
        reading = request.reading()
        self.rows: list[Row] = []
        self.rejects: list[tuple[int, str]] = []
        self.skipped = 0
        self.found = reading.found
        with inputs.opened(path) as streams:
            for stream in streams:
                file = job.opened(stream)
                mappings = job.mappings(target, asked, file)
                for block in file.blocks():
                    batch = prepare(block, mappings, reading)
                    self.rejects += [(reject.line, reject.reason) for reject in batch.rejects]
                    self.skipped += batch.skipped
                    if batch.count:
                        self.rows += _rows(batch.columns, batch.data(), batch.delimiter, target)


def write(folder: Path, name: str, content: Any) -> Path:
    """Write text, bytes, or records as lines of JSON; packed if the name says so."""
    if isinstance(content, list):
        content = "\n".join(map(json.dumps, content))
    elif isinstance(content, dict):
        content = json.dumps(content)
    data = content.encode() if isinstance(content, str) else content
    path = folder / name
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def _rows(columns: tuple[str, ...], data: bytes, delimiter: str, table: Table) -> list[Row]:
    cells = csv.reader(io.StringIO(data.decode(), newline=""), delimiter=delimiter)
    return [
        {name: _value(cell, table, name) for name, cell in zip(columns, row, strict=True)}
        for row in cells
    ]


def _value(cell: str, table: Table, name: str) -> Any:
    if cell == "":
        return None
    return json.loads(cell) if table.columns[name].type == "jsonb" else cell
