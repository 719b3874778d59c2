"""What a load would do: the first rows as the table would have them, and nothing written."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from tidemark_warehouse.loading import presets
from tidemark_warehouse.loading.batches import Prepared, Reject
from tidemark_warehouse.loading.files import open_file
from tidemark_warehouse.loading.load import refused, transaction
from tidemark_warehouse.loading.preparing import Preparer
from tidemark_warehouse.loading.request import Request
from tidemark_warehouse.loading.stage import ORDER, Stage
from tidemark_warehouse.loading.tables import Connection, Table
from tidemark_warehouse.loading.writers import put_row_by_row

SHOWN_ROWS = 5
TRIED_ROWS = 1000


@dataclass
class Preview:
    """The beginning of a file, mapped.

    Attributes:
        columns: for each column, where its values come from.
        rows: the first rows, as PostgreSQL writes them.
        tried: how many rows were looked at.
        rejects: those of them that do not fit.
        skipped: those that the preset leaves out on purpose.
        unused: fields of the file that no column takes.
    """

    columns: dict[str, str] = field(default_factory=dict)
    rows: list[tuple[str | None, ...]] = field(default_factory=list)
    tried: int = 0
    rejects: list[Reject] = field(default_factory=list)
    skipped: int = 0
    unused: list[str] = field(default_factory=list)


def preview(connection: Connection, table: Table, path: Path, request: Request) -> Preview:
    """Map the beginning of a file and let the database check it, in a transaction that is undone.

    Raises:
        TidemarkError: the file or the mapping cannot be used.
    """
    shown = Preview()
    with open_file(path, request.kind, request.delimiter) as file:
        preset = presets.wishes(request.preset, table)
        mapped, asked = request.mapped(table)
        preparer = Preparer(mapped, file, asked, preset, request.reading())
        chunk = next(iter(file.chunks()), None)
        try:
            with transaction(connection):
                if chunk is not None:
                    _fill(connection, preparer, preparer.by_rows(chunk, TRIED_ROWS), shown)
                raise psycopg.Rollback
        except psycopg.Error as error:
            raise refused(path, error) from error
    return shown


def _fill(connection: Connection, preparer: Preparer, prepared: Prepared, shown: Preview) -> None:
    table = preparer.table
    shown.tried = prepared.batch.count + len(prepared.rejects) + prepared.skipped
    shown.skipped = prepared.skipped
    shown.unused = prepared.plan.unused(prepared.plan.fields or sorted(prepared.chunk.keys))
    staged = Stage(connection, table)
    refused_rows = put_row_by_row(prepared, preparer, staged.copy)
    shown.rejects = sorted(prepared.rejects + refused_rows, key=lambda reject: reject.line)
    described = {feed.column.name: prepared.plan.described(feed) for feed in prepared.plan.feeds}
    if table.made_id and prepared.batch.lacks_id:
        described[table.made_id] = "made from the row's content"
    shown.columns = {name: described[name] for name in table.columns if name in described}
    if shown.columns:
        shown.rows = connection.execute(
            sql.SQL("select {} from {} order by {} limit {}").format(
                sql.SQL(", ").join(
                    sql.SQL("{}::text").format(sql.Identifier(name)) for name in shown.columns
                ),
                staged.identifier,
                ORDER,
                sql.Literal(SHOWN_ROWS),
            )
        ).fetchall()
