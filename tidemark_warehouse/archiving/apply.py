"""Doing what the policy says, in an order in which a crash at any point loses nothing.

For each expired period: the name of its file is noted as stale; the rows are written into the
archive and read back; one transaction checks that they are still the same rows and that nothing
stands against it, removes them, records the sealed time and takes the note away. Files that are
noted as stale are deleted at the beginning of a run: they belong to a transaction that did not
commit, or a newer file replaces them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from psycopg import sql

from tidemark_warehouse.archiving import files, manifest, plan, policy, verifying, writing
from tidemark_warehouse.archiving.plan import HOLD_DAYS, STILL_DAYS, Candidate
from tidemark_warehouse.archiving.tables import ArchivedTable
from tidemark_warehouse.database import catalog, guards, server
from tidemark_warehouse.database.server import Connection
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import Settings

RUN_LOCK = 7_215_080_462  # any number that nothing else in the database locks
SESSION_TIME = "ended_at"


@dataclass(frozen=True)
class Removal:
    """What became of a candidate.

    Attributes:
        candidate: the period.
        rows: how many rows were removed; 0 if it stays.
        archive_file: where they are now, below the archive's folder.
        archive_bytes: the size of that file.
        objections: why it stays.
    """

    candidate: Candidate
    rows: int
    archive_file: str | None
    archive_bytes: int
    objections: tuple[str, ...]


Said = Callable[[Candidate], object]


def run(settings: Settings, as_of: datetime, begun: Said | None = None) -> list[Removal]:
    """Archive and remove everything that has expired.

    Args:
        settings: which database and archive.
        as_of: what stands for now.
        begun: is told of each period before it is begun.

    Raises:
        TidemarkError: the policy is wrong, another run is under way, or the disk or the database
            refuses. What was done before it is done; a next run goes on.
    """
    with server.connect(settings, autocommit=True) as connection, only_run(connection):
        folder = files.archive_folder(settings)
        delete_stale_files(connection, folder)
        rules = policy.read(connection)
        # What is new is known by transaction ids: in a restored dump they first have to go on.
        guards.settle(connection)
        while connection.execute("select ops.ensure_partitions()").fetchone() != (0,):
            pass
        done = []
        for candidate in plan.make(connection, rules, as_of):
            if candidate.objections:
                done.append(_stays(candidate, candidate.objections))
                continue
            if begun is not None:
                begun(candidate)
            done.append(_remove(connection, settings, folder, candidate))
        delete_stale_files(connection, folder)
        return done


@contextmanager
def only_run(connection: Connection) -> Iterator[None]:
    """Keep a second run, or a restore, out while one is under way.

    Raises:
        TidemarkError: another one is.
    """
    row = connection.execute("select pg_try_advisory_lock(%s)", [RUN_LOCK]).fetchone()
    if row != (True,):
        raise TidemarkError("another retention or restore is under way", "wait until it has ended")
    try:
        yield
    finally:
        if not connection.broken:
            connection.execute("select pg_advisory_unlock(%s)", [RUN_LOCK])


def delete_stale_files(connection: Connection, folder: Path) -> None:
    """Delete the files that are noted as stale, and what killed runs left half written."""
    if folder.is_dir():
        verifying.clear_parts(folder)
    for (name,) in connection.execute("select archive_file from ops.stale_archives").fetchall():
        files.remove(folder, name)
        connection.execute("delete from ops.stale_archives where archive_file = %s", [name])


def _remove(
    connection: Connection, settings: Settings, folder: Path, candidate: Candidate
) -> Removal:
    if not candidate.rule.is_raw:
        return _expire(connection, candidate)
    made = _archive(connection, settings, folder, candidate) if candidate.rule.archive else None
    described = (
        (made.row_count, made.snapshot, made.file, manifest.digest(made))
        if made
        else (candidate.rows, None, None, None)
    )
    rows, snapshot, file, digest = described
    if candidate.partition:
        query = (
            "select ops.remove_partition(%s::regclass, %s::regclass, %s, %s,"
            " %s, %s::pg_snapshot, %s, %s, %s, %s)"
        )
        of_what: tuple[object, ...] = (
            candidate.rule.relation, candidate.partition, candidate.from_at, candidate.to_at,
        )  # fmt: skip
    else:
        query = "select ops.remove_sessions(%s, %s, %s, %s::pg_snapshot, %s, %s, %s, %s)"
        of_what = (candidate.expires_at, candidate.from_at)
    row = connection.execute(
        query, [*of_what, rows, snapshot, file, digest, STILL_DAYS, HOLD_DAYS]
    ).fetchone()
    objections = tuple(row[0]) if row else ()
    if objections:
        return _stays(candidate, objections)
    return Removal(candidate, rows, file, made.bytes if made else 0, ())


def _archive(
    connection: Connection, settings: Settings, folder: Path, candidate: Candidate
) -> manifest.Manifest:
    name = candidate.rule.table_name
    table = ArchivedTable.of(
        catalog.read_table(connection, name), None if candidate.partition else SESSION_TIME
    )
    columns = sql.SQL(", ").join(
        sql.SQL("r.") + sql.Identifier(column.name) for column in table.columns
    )
    if candidate.partition:
        query = sql.SQL("select {} from {} as r").format(
            columns, sql.Identifier(*candidate.partition.split("."))
        )
    else:
        query = sql.SQL(
            "select {} from raw.time_sessions as r "
            "inner join ops.expired_sessions({}, {}) as e on r.session_id = e.session_id"
        ).format(columns, sql.Literal(candidate.expires_at), sql.Literal(candidate.from_at))
    taken = [
        file
        for (file,) in connection.execute(
            "select archive_file from ops.sealed_periods where archive_file is not null"
        ).fetchall()
    ]
    file = files.free_name(folder, name, candidate.period, taken)
    connection.execute(
        "insert into ops.stale_archives (archive_file) values (%s) on conflict do nothing", [file]
    )
    return writing.write_rows(
        server.url(settings), query, table, candidate.period, folder, taken=taken
    )


def _expire(connection: Connection, candidate: Candidate) -> Removal:
    rows, objections = connection.execute(
        "select rows_gone, objections from ops.expire_mart(%s, %s, %s)",
        [candidate.rule.relation, candidate.to_at, STILL_DAYS],
    ).fetchone() or (0, [])
    return Removal(candidate, rows, None, 0, tuple(objections))


def _stays(candidate: Candidate, objections: tuple[str, ...]) -> Removal:
    return Removal(candidate, 0, None, 0, objections)
