"""Takes a load back: its rows go, and what it had replaced comes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import sql

from tidemark_warehouse.database.catalog import Connection, Table, read_table
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.loading.stage import names

LOADS = """
    select
        load_id, table_name, source, loaded_at, rows_read, inserted, updated, rejected,
        options, written, first_at, last_at, xid, unloaded_at
    from ops.loads
"""

_PRIOR = """
    create temporary table tidemark_prior on commit drop as
    select distinct on ({key}) prior.*
    from ops.changes as c
    cross join lateral jsonb_populate_record(null::{table}, c.row_image) as prior
    where
        c.relation = {relation} and c.kind = 'old' and c.xid = {xid} and prior._xid <> {xid}
    order by {key}
"""

_RESTORE = """
    update {table} as present set ({columns}) = row({prior})
    from pg_temp.tidemark_prior as prior
    where {same_key} and present._xid = {xid}
"""

_SEALED = """
    select count(*), coalesce(sum(row_count), 0)
    from ops.sealed_periods
    where relation = %s and reopened_at is null and from_at < %s and to_at > %s
"""


@dataclass(frozen=True)
class Load:
    """A row of the ledger."""

    load_id: int
    table_name: str
    source: str
    loaded_at: datetime
    rows_read: int
    inserted: int
    updated: int
    rejected: int
    options: dict[str, Any]
    written: dict[str, list[int]]
    first_at: datetime | None
    last_at: datetime | None
    xid: int
    unloaded_at: datetime | None


@dataclass
class Unloaded:
    """What came of it.

    Attributes:
        removed: rows that are gone.
        restored: rows that are as they were before.
        changed: rows that somebody changed or deleted since, and that stay as they are.
        refused: rows that stay, because what stood there before is no longer known.
    """

    removed: int = 0
    restored: int = 0
    changed: int = 0
    refused: int = 0


def loads(connection: Connection) -> list[Load]:
    """List all loads, the latest first."""
    rows = connection.execute(f"{LOADS} order by load_id desc".encode()).fetchall()
    return [Load(*row) for row in rows]


def find(connection: Connection, load_id: int) -> Load:
    """Return a load.

    Raises:
        TidemarkError: there is none of that number.
    """
    row = connection.execute(f"{LOADS} where load_id = %s".encode(), [load_id]).fetchone()
    if row is None:
        raise TidemarkError(f"there is no load {load_id}", "`tidemark loads` lists them")
    return Load(*row)


def unload(connection: Connection, load_id: int) -> Unloaded:
    """Take a load back, within a transaction: the next build follows.

    A row that the load inserted is deleted; one that it updated becomes what it was, as long as
    the change log has it. A row that somebody changed since is left alone.

    Raises:
        TidemarkError: it cannot be taken back.
    """
    load = find(connection, load_id)
    if load.unloaded_at is not None:
        raise TidemarkError(f"load {load_id} was taken back on {load.unloaded_at:%Y-%m-%d %H:%M}")
    connection.execute("set local tidemark.record_changes = 'off'")
    done = Unloaded()
    for name, (inserted, updated) in load.written.items():
        table = read_table(connection, name)
        if table.time_column is not None:
            _refuse_archived(connection, load, table)
            gone = _delete(connection, load, table)
            done.removed += gone
            done.changed += max(0, inserted - gone)
        else:
            _take_back(connection, load, table, inserted, updated, done)
    connection.execute("update ops.loads set unloaded_at = now() where load_id = %s", [load_id])
    connection.execute(
        "delete from raw.rejected_rows where table_name = %s"
        " and (source = %s or starts_with(source, %s || ':'))",
        [load.table_name, load.source, load.source],
    )
    return done


def _take_back(
    connection: Connection, load: Load, table: Table, inserted: int, updated: int, done: Unloaded
) -> None:
    """Restore what a load updated in a mutable table, and delete what it inserted."""
    restored = 0
    if updated:
        connection.execute("drop table if exists pg_temp.tidemark_prior")
        parts: dict[str, sql.Composable] = {
            "table": table.identifier,
            "relation": sql.Literal(f"raw.{table.name}"),
            "xid": sql.Literal(load.xid),
            "key": names(table.key, "prior"),
            "columns": names(table.columns),
            "prior": names(table.columns, "prior"),
            "same_key": sql.SQL(" and ").join(
                sql.SQL("{} = {}").format(
                    sql.Identifier("present", key), sql.Identifier("prior", key)
                )
                for key in table.key
            ),
        }
        known = connection.execute(sql.SQL(_PRIOR).format(**parts)).rowcount
        restored = connection.execute(sql.SQL(_RESTORE).format(**parts)).rowcount
        done.restored += restored
        if known < updated:
            left = _count(connection, load, table)
            done.refused += left
            done.changed += max(0, inserted + updated - restored - left)
            return
    gone = _delete(connection, load, table)
    done.removed += gone
    done.changed += max(0, inserted + updated - restored - gone)


def _delete(connection: Connection, load: Load, table: Table) -> int:
    return connection.execute(
        sql.SQL("delete from {} where {}").format(table.identifier, _own(load, table))
    ).rowcount


def _count(connection: Connection, load: Load, table: Table) -> int:
    row = connection.execute(
        sql.SQL("select count(*) from {} where {}").format(table.identifier, _own(load, table))
    ).fetchone()
    return int(row[0]) if row else 0


def _own(load: Load, table: Table) -> sql.Composable:
    """Return the condition of rows that are still as the load wrote them."""
    own: sql.Composable = sql.SQL("_xid = {}").format(sql.Literal(load.xid))
    if table.time_column and load.first_at and load.last_at and table.name == load.table_name:
        own = sql.SQL("{} and {} >= {} and {} < {}").format(
            own,
            sql.Identifier(table.time_column),
            sql.Literal(load.first_at),
            sql.Identifier(table.time_column),
            sql.Literal(load.last_at),
        )
    return own


def _refuse_archived(connection: Connection, load: Load, table: Table) -> None:
    if load.first_at is None:
        return
    query = [f"raw.{table.name}", load.last_at, load.first_at]
    row = connection.execute(_SEALED, query).fetchone()
    if row and row[0]:
        raise TidemarkError(
            f"load {load.load_id} cannot be taken back: of its months {row[0]} are archived "
            f"({row[1]:,} rows), and archived rows do not know their load",
            f"`tidemark restore {table.name}` brings them back; delete them with plain SQL",
        )
