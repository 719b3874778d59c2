"""Archived periods back into raw, whole; the next build folds in what waited for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from psycopg import sql

from tidemark_warehouse.archiving import files, manifest, reading, verifying
from tidemark_warehouse.archiving.apply import delete_stale_files, only_run
from tidemark_warehouse.archiving.verifying import Problem
from tidemark_warehouse.database import catalog, guards, server
from tidemark_warehouse.database.server import Connection
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import Settings

STAGE = sql.Identifier("pg_temp", "tide_restored")


@dataclass(frozen=True)
class Period:
    """A sealed period, as the database remembers it."""

    period_id: int
    relation: str
    from_at: datetime
    to_at: datetime
    rows: int
    archive_file: str | None
    manifest_digest: str | None


def run(
    settings: Settings,
    table_name: str,
    from_at: datetime,
    to_at: datetime,
    begun: Callable[[Period], object] | None = None,
) -> list[Period]:
    """Bring back every sealed period of a raw table that has part in a stretch of time.

    All files are verified before the first row is written; each period is one transaction.

    Args:
        settings: which database and archive.
        table_name: without its schema.
        from_at: where it begins.
        to_at: where it ends; not part of it.
        begun: is told of each period before it is brought back.

    Returns:
        What came back; nothing where no sealed period has part in it.

    Raises:
        TidemarkError: there is no such table, a file is damaged or was never written, or the disk
            or the database refuses.
    """
    with server.connect(settings, autocommit=True) as connection, only_run(connection):
        guards.settle(connection)
        table = catalog.read_table(connection, table_name)
        folder = files.archive_folder(settings)
        delete_stale_files(connection, folder)
        periods = sealed(connection, f"raw.{table_name}", from_at, to_at)
        for period in periods:
            if period.archive_file is None:
                raise TidemarkError(
                    f"{table_name} {period.from_at:%Y-%m} was removed without an archive",
                    "only another copy of its rows can bring it back: `tidemark load` them",
                )
            problems = verifying.verify(folder, period.archive_file, period.manifest_digest)
            if problems:
                raise problems[0].error
        for period in periods:
            if begun is not None:
                begun(period)
            _bring_back(connection, folder, table, period)
        return periods


def sealed(
    connection: Connection, relation: str | None, from_at: datetime, to_at: datetime
) -> list[Period]:
    """List the sealed periods that have part in a stretch of time, oldest first.

    Args:
        connection: to the database.
        relation: of which table; None for all.
        from_at: where the stretch begins.
        to_at: where it ends; not part of it.
    """
    rows = connection.execute(
        """
        select period_id, relation, from_at, to_at, row_count, archive_file, manifest_digest
        from ops.sealed_periods
        where
            reopened_at is null
            and coalesce(relation = %s, true)
            and from_at < %s
            and to_at > %s
        order by relation, from_at, period_id
        """,
        [relation, to_at, from_at],
    ).fetchall()
    return [Period(*row) for row in rows]


def verify(settings: Settings) -> tuple[int, list[Problem], list[str]]:
    """Look at every archived file.

    Returns:
        How many there are, what is wrong with them, and the files that nothing remembers.
    """
    folder = files.archive_folder(settings)
    with server.connect(settings, autocommit=True) as connection:
        known = connection.execute(
            "select archive_file, manifest_digest from ops.sealed_periods"
            " where archive_file is not null order by 1"
        ).fetchall()
    problems = [
        problem for file, digest in known for problem in verifying.verify(folder, file, digest)
    ]
    unknown = verifying.strays(folder, {file for file, _ in known}) if folder.is_dir() else []
    return len(known), problems, unknown


def _bring_back(connection: Connection, folder: Path, table: catalog.Table, period: Period) -> None:
    """One period, in one transaction: rows, the end of the seal, and what waited for it."""
    assert period.archive_file is not None  # noqa: S101  run() has refused it
    described = manifest.read(folder, period.archive_file, period.manifest_digest)
    columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
    connection.execute(
        "select ops.ensure_partitions_for(%s::regclass, %s, %s - interval '1 microsecond')",
        [period.relation, period.from_at, period.to_at],
    )
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "create temporary table tide_restored on commit drop as select {} from {} limit 0"
            ).format(columns, table.identifier)
        )
        reading.copy_into(cursor, folder, described, STAGE)
        cursor.execute(_deleting(table))
        cursor.execute(
            sql.SQL(
                "insert into {} ({columns}) select {columns} from {} on conflict do nothing"
            ).format(table.identifier, STAGE, columns=columns)
        )
        cursor.execute("select ops.reopen_period(%s)", [period.period_id])


def _deleting(table: catalog.Table) -> sql.Composed:
    """Let a row that came again while its first delivery was archived give way to it.

    In a mutable table it does so only if it is no newer, as `tidemark load` decides.
    """
    same = sql.SQL(" and ").join(
        sql.SQL("r.{0} = k.{0}").format(sql.Identifier(column)) for column in table.key
    )
    if table.version_column:
        same += sql.SQL(" and (r.{0} is null or r.{0} <= k.{0})").format(
            sql.Identifier(table.version_column)
        )
    return sql.SQL("delete from {} as r using {} as k where {}").format(
        table.identifier, STAGE, same
    )
