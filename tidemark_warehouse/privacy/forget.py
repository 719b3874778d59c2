"""Erasure of a person: pseudonyms in place of ids, in raw, in what is kept, and in the archive.

Rows stay, so that every count stays; what could say who it was goes. Files of the archive are
rewritten first, each under a new name that is noted as stale; one transaction then rewrites the
database and exchanges the files. A build lets the models follow. Killed at any point, the next
call goes on: what did not commit is as if it had never been, and an erasure that did is finished by
the next build, whoever starts it.

No id goes into a log, into ops, or into an exception.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from tidemark_warehouse.archiving import files, manifest, rewriting
from tidemark_warehouse.archiving.apply import delete_stale_files, only_run
from tidemark_warehouse.archiving.manifest import Manifest
from tidemark_warehouse.database import guards, server
from tidemark_warehouse.database.server import Connection
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import Settings

NO_PSEUDONYM = "TM001"  # raised by ops.pseudonym
JSON_KINDS = ("json", "properties", "context")


@dataclass(frozen=True)
class Found:
    """What there is of a person.

    Attributes:
        rows: by table, those that an erasure rewrites or deletes.
        archived: by file of the archive, the rows that name the person.
        remaining: by table, rows that it leaves as they are: the audit log's, and seeds'.
        is_unfinished: an erasure has committed, and models have not all followed.
    """

    rows: dict[str, int]
    archived: dict[str, int]
    remaining: dict[str, int]
    is_unfinished: bool

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to erase."""
        return not self.rows and not self.archived


@dataclass(frozen=True)
class _Column:
    """Where a raw table names a person (ops.person_columns)."""

    table_name: str
    name: str
    kind: str


@dataclass(frozen=True)
class _File:
    """A file of the archive that names the person."""

    period_id: int
    described: Manifest
    rows: int


def look(settings: Settings, given: str) -> Found:
    """Count what there is of a person; changes nothing.

    Args:
        settings: which database and archive.
        given: a user, a distinct id or an employee.

    Raises:
        TidemarkError: a file of the archive is damaged, or the database refuses.
    """
    with _explained(), server.connect(settings, autocommit=True) as connection:
        return _found(connection, files.archive_folder(settings), _ids(connection, given))


def erase(settings: Settings, given: str, begun: Callable[[str], object] | None = None) -> Found:
    """Erase a person from all that no build makes anew. The models follow by a build.

    Args:
        settings: which database and archive.
        given: a user, a distinct id or an employee.
        begun: is told of each file of the archive before it is rewritten.

    Returns:
        What was erased.

    Raises:
        TidemarkError: a file of the archive is damaged, another run is under way, or the disk or
            the database refuses. Nothing is changed then.
    """
    folder = files.archive_folder(settings)
    with (
        _explained(),
        server.connect(settings, autocommit=True) as connection,
        only_run(connection),
    ):
        delete_stale_files(connection, folder)
        guards.settle(connection)
        ids = _ids(connection, given)
        columns = _columns(connection)
        named = _archived(connection, folder, columns, ids)
        found = _found(connection, folder, ids, named)
        if found.is_nothing:
            return found
        pseudonyms = {one: _value(connection, "select ops.pseudonym(%s)", one) for one in ids}
        renewed = {}
        for file in named:
            if begun is not None:
                begun(file.described.file)
            renewed[file.period_id] = _renew(connection, folder, file, columns, pseudonyms)
        with connection.transaction():
            connection.execute(
                "select ops.replace_person(%s, %s, %s)",
                [list(pseudonyms), list(pseudonyms.values()), len(renewed)],
            )
            for file in named:
                _exchange(connection, file, renewed[file.period_id])
        delete_stale_files(connection, folder)
        return found


def is_unfinished(settings: Settings) -> bool:
    """Return whether an erasure has committed, and models have not all followed."""
    with server.connect(settings, autocommit=True) as connection:
        return _is_unfinished(connection)


def _found(
    connection: Connection, folder: Path, ids: list[str], named: list[_File] | None = None
) -> Found:
    if named is None:
        named = _archived(connection, folder, _columns(connection), ids)
    counts = [
        connection.execute(query, [ids]).fetchall()
        for query in (
            "select relation, row_count from ops.person_rows(%s)",
            "select relation, row_count from ops.person_remains(%s)",
        )
    ]
    return Found(
        rows=dict(counts[0]),
        archived={file.described.file: file.rows for file in named},
        remaining=dict(counts[1]),
        is_unfinished=_is_unfinished(connection),
    )


def _ids(connection: Connection, given: str) -> list[str]:
    if not given.strip():
        raise TidemarkError("there is no person without an id", "name a user or an employee")
    found: list[str] = _value(connection, "select ops.person_ids(%s)", given)
    return found


def _columns(connection: Connection) -> list[_Column]:
    """Where archived tables name a person.

    Of those that retention can archive; what has a condition on its row is in none of them.
    """
    rows = connection.execute(
        "select split_part(relation, '.', 2), column_name, kind from ops.person_columns()"
        " where relation like 'raw.%' and only_where is null order by place"
    ).fetchall()
    return [_Column(*row) for row in rows]


def _archived(
    connection: Connection, folder: Path, columns: list[_Column], ids: list[str]
) -> list[_File]:
    """Look for the ids in every file; a damaged one ends it."""
    found = []
    for period_id, name, digest in connection.execute(
        "select period_id, archive_file, manifest_digest from ops.sealed_periods"
        " where archive_file is not null order by period_id"
    ).fetchall():
        described = manifest.read(folder, name, digest)
        own = [c.name for c in columns if c.table_name == described.table_name and _names(c)]
        rows = rewriting.mentions(folder, described, own, ids)
        if rows:
            found.append(_File(period_id, described, rows))
    return found


def _names(column: _Column) -> bool:
    return column.kind in ("whose", "names", *JSON_KINDS)


def _renew(
    connection: Connection,
    folder: Path,
    file: _File,
    columns: list[_Column],
    pseudonyms: Mapping[str, str],
) -> Manifest:
    """Write a file anew, with its name noted as stale before it is there."""
    described = file.described
    own = [c for c in columns if c.table_name == described.table_name]
    taken = [
        name
        for (name,) in connection.execute(
            "select archive_file from ops.sealed_periods where archive_file is not null"
        ).fetchall()
    ]
    name = files.free_name(folder, described.table_name, described.period, taken)
    connection.execute(
        "insert into ops.stale_archives (archive_file) values (%s) on conflict do nothing", [name]
    )
    replacements = [
        (column.name, old, new)
        for column in own
        if _names(column)
        for old, new in pseudonyms.items()
    ]
    scrub = _scrub(connection, own, list(pseudonyms.values()))
    return rewriting.replace_values(folder, described, replacements, scrub, taken)


def _scrub(connection: Connection, own: list[_Column], new: list[str]) -> rewriting.Scrub:
    """Return what takes the attributes out of the person's own rows, after the replacement."""
    blank = rewriting.blank({column.name: None for column in own if column.kind == "blank"})
    kept = {
        column.name: _value(connection, "select ops.kept_keys(%s)", column.kind)
        for column in own
        if column.kind in ("properties", "context")
    }

    def scrub(batch: pa.RecordBatch, _: pa.BooleanArray) -> pa.RecordBatch:
        theirs = pa.array([False] * batch.num_rows, pa.bool_())
        for column in own:
            if column.kind == "whose" and column.name in batch.schema.names:
                values = batch.column(column.name)
                theirs = pc.or_(theirs, pc.is_in(values, pa.array(new, values.type)))
        for name, keys in kept.items():
            batch = rewriting.reduce_json(batch, name, theirs, keys)
        return blank(batch, theirs)

    return scrub


def _exchange(connection: Connection, file: _File, renewed: Manifest) -> None:
    """Remember the new file and note the old one as stale, in the erasure's transaction."""
    connection.execute(
        "update ops.sealed_periods set archive_file = %s, manifest_digest = %s"
        " where period_id = %s",
        [renewed.file, manifest.digest(renewed), file.period_id],
    )
    connection.execute("delete from ops.stale_archives where archive_file = %s", [renewed.file])
    connection.execute(
        "insert into ops.stale_archives (archive_file) values (%s) on conflict do nothing",
        [file.described.file],
    )


def _is_unfinished(connection: Connection) -> bool:
    return bool(
        _value(connection, "select exists (select from ops.erasures where finished_at is null)")
    )


@contextmanager
def _explained() -> Iterator[None]:
    """Say what the database refuses without its details, which may hold a row."""
    try:
        yield
    except psycopg.OperationalError:
        raise
    except psycopg.Error as error:
        if error.sqlstate == NO_PSEUDONYM:
            raise TidemarkError(
                "seeds/excluded_users.csv excludes whom it does not name: a pseudonym would count "
                "otherwise than the person did",
                "write the rule by whom it excludes, run tidemark build, then try again",
            ) from None
        raise TidemarkError(
            f"the database refuses the erasure ({type(error).__name__}, {error.sqlstate}); "
            "nothing was changed",
            "see `tidemark doctor`, then try again",
        ) from None


def _value(connection: Connection, query: LiteralString, *parameters: object) -> Any:
    row = connection.execute(query, parameters).fetchone()
    return row[0] if row else None
