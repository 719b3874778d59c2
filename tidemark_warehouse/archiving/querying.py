"""SQL over archived rows where they lie: DuckDB reads the files, and may do nothing else."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from tidemark_warehouse.archiving import files, manifest, marts
from tidemark_warehouse.archiving.dialect import TIMES, literal, quoted, time_of
from tidemark_warehouse.archiving.manifest import Manifest, StoredColumn
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import Settings

SCHEMA = "raw"
# An answer that has to be sorted or grouped beyond the memory goes to a folder of its own.
_LOCKED = (
    "set enable_external_access = false",
    "set lock_configuration = true",
)


def archived(folder: Path, known: Collection[str] | None = None) -> list[Manifest]:
    """Read the manifests of an archive, by table and period.

    Args:
        folder: the archive.
        known: the files that the database remembers; None for all that have a manifest.

    Raises:
        TidemarkError: a manifest cannot be understood, or its file is not there: an answer
            without it would be wrong.
    """
    if known is None:
        with files.explained(folder, "its files"):
            found = [
                f"{path.parent.name}/{path.name.removesuffix(files.MANIFEST)}{files.DATA}"
                for path in files.listed(folder, f"*{files.MANIFEST}")
            ]
    else:
        found = sorted(known)
    described = [manifest.read(folder, relative_path) for relative_path in found]
    for each in described:
        path = files.data_path(folder, each.file)
        if not path.is_file():
            raise TidemarkError(
                f"{path} is missing, though its manifest is there",
                f"bring it back from a backup of {folder}, or move the manifest away",
            )
    return sorted(described, key=lambda each: (each.table_name, each.period, each.file))


@contextmanager
def opened(
    folder: Path,
    manifests: Collection[Manifest],
    beside: Collection[str] = (),
    settings: Settings | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory with a view for each table, as `raw.events` and as `events`.

    What runs in it can read the archived files and no other, writes none, and fetches nothing.

    Args:
        folder: the archive.
        manifests: of its files.
        beside: marts that are copied into it as they stand, as `marts.NAME`.
        settings: where these are.
    """
    with tempfile.TemporaryDirectory(prefix="tidemark-query-") as spill:
        connection = duckdb.connect(
            ":memory:",
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "python_enable_replacements": "false",  # our own variables are no tables
                "temp_directory": spill,
            },
        )
        try:
            paths = [str(files.data_path(folder, each.file)) for each in manifests]
            connection.execute("set TimeZone = 'UTC'")
            connection.execute(f"set allowed_paths = [{', '.join(map(literal, paths))}]")
            connection.execute(f"create schema {SCHEMA}")
            for table in sorted({each.table_name for each in manifests}):
                view = _view(folder, [each for each in manifests if each.table_name == table])
                connection.execute(f"create view {SCHEMA}.{quoted(table)} as {view}")
                connection.execute(f"create view {quoted(table)} as from {SCHEMA}.{quoted(table)}")
            if beside and settings is not None:
                with explained(connection):
                    marts.add(connection, settings, set(beside), Path(spill))
            for statement in _LOCKED:
                connection.execute(statement)
            yield connection
        finally:
            connection.close()


def ask(connection: duckdb.DuckDBPyConnection, query: str) -> duckdb.DuckDBPyRelation:
    """Prepare a query, which is run when its answer is fetched (within `explained`).

    Raises:
        TidemarkError: it is none that only reads, or DuckDB does not understand it.
    """
    with explained(connection):
        statements = duckdb.extract_statements(query)
        kinds = [statement.type for statement in statements]
        if kinds != [duckdb.StatementType.SELECT]:
            found = ", ".join(kind.name for kind in kinds) or "nothing"
            raise TidemarkError(
                f"the archive is only read: this is {found}, not one query",
                "write one statement that begins with select, with, from or describe",
            )
        relation = connection.sql(statements[0].query)
        if relation is None:
            raise TidemarkError("this statement has no rows", "write a select")
        return relation


@contextmanager
def explained(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Turn what DuckDB says into a line that a person can act on."""
    try:
        yield
    except duckdb.Error as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        if isinstance(error, duckdb.PermissionException):
            raise TidemarkError(
                f"the archive is only read: {said}", "query its tables: " + _tables(connection)
            ) from error
        raise TidemarkError(said, "the tables are " + _tables(connection)) from error


def _tables(connection: duckdb.DuckDBPyConnection) -> str:
    rows = connection.execute(
        "select table_schema, table_name from information_schema.tables"
        " where table_schema in (?, ?) order by table_schema desc, table_name",
        [SCHEMA, marts.SCHEMA],
    ).fetchall()
    return ", ".join(f"{schema}.{name}" for schema, name in rows)


def _view(folder: Path, manifests: list[Manifest]) -> str:
    """Write the query over the files of one table, whose columns may have grown in number."""
    columns: dict[str, list[StoredColumn]] = {}
    for each in manifests:
        for column in each.columns:
            columns.setdefault(column.name, []).append(column)
    selected = ", ".join(_selected(name, stored) for name, stored in columns.items())
    paths = ", ".join(literal(str(files.data_path(folder, each.file))) for each in manifests)
    source = f"read_parquet([{paths}], union_by_name = true)"
    return f"select {selected} from {source}"  # noqa: S608  # names and paths are quoted


def _selected(name: str, stored: list[StoredColumn]) -> str:
    """Give a column that is kept as text the form that one computes with."""
    column, kind = quoted(name), stored[-1].type
    if kind.startswith("numeric"):
        return f"try_cast({column} as double) as {column}"
    if kind in TIMES and any(each.stored == "text" for each in stored):
        return f"{time_of(column, kind)} as {column}"
    return column
