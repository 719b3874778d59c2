"""How the tests of `tidemark load` write files, load them, and look at what came of it."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tidemark_warehouse.database.catalog import Connection, read_table
from tidemark_warehouse.loading.load import load_file
from tidemark_warehouse.loading.options import Request, Summary

EVENT = "event_id,event_name,event_at,user_id\n"
PROJECT = "project_id,title,updated_at\n"
IDS = [f"00000000-0000-4000-8000-{number:012d}" for number in range(100)]

Write = Callable[[str, str], Path]


def writer(folder: Path) -> Write:
    """Return what writes a file into a folder, packed if its name says so."""

    def write(name: str, text: str) -> Path:
        path = folder / name
        data = text.encode()
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return write


def load(
    connection: Connection,
    table: str,
    path: Path,
    *maps: str,
    sets: tuple[str, ...] = (),
    preset: str | None = None,
    **options: Any,
) -> Summary:
    """Load a file as the command would."""
    request = Request.of(maps=maps, sets=sets, preset=preset, **options)
    return load_file(connection, read_table(connection, table), path, request)


def counts(summary: Summary) -> tuple[int, int, int, int]:
    """Return how many rows were inserted, updated, left as they are, and rejected."""
    return summary.inserted, summary.updated, summary.unchanged, summary.rejected


def rows(connection: Connection, query: bytes) -> list[tuple[object, ...]]:
    """Return the rows of a query."""
    return connection.execute(query).fetchall()


def events(count: int, start: int = 0, month: int = 1) -> str:
    """Return lines of events, each of another user."""
    return "".join(
        f"{IDS[number]},view,2024-{month:02d}-{number % 28 + 1:02d}T10:00:00Z,u{number}\n"
        for number in range(start, start + count)
    )
