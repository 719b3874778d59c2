"""Sealing and reopening months of a world by the database's own steps; a table is the archive."""

from __future__ import annotations

from datetime import date
from typing import Any

from psycopg import sql

from tests.integration.exactness.world import World

STILL_DAYS = 7
NO_HOLD = 0


def seal(world: World, table: str, month: str) -> list[str]:
    """Remove a month of a partitioned raw table; returns what stood against it.

    Args:
        world: whose raw rows go into a table of the schema `kept` instead.
        table: without its schema.
        month: as 2026-01.
    """
    world.execute("create schema if not exists kept", "select ops.ensure_partitions()")
    partition = f"raw.{table}_{month.replace('-', '_')}"
    if _value(world, "select to_regclass(%s)", partition) is None:
        return ["no such partition"]
    kept = _kept(table, month)
    world.connection.execute(sql.SQL("drop table if exists {}").format(kept))
    world.connection.execute(
        sql.SQL("create table {} as select {} from {}").format(
            kept, _columns(world, table), sql.Identifier(*partition.split("."))
        )
    )
    first, last = _bounds(month)
    rows = _value(world, sql.SQL("select count(*) from {}").format(kept))
    objections: list[str] = _value(
        world,
        "select ops.remove_partition(%s::regclass, %s::regclass, %s, %s, %s,"
        " null, null, null, %s, %s)",
        *(f"raw.{table}", partition, first, last, rows, STILL_DAYS, NO_HOLD),
    )
    return objections


def reopen(world: World, table: str, month: str) -> None:
    """Bring a sealed month back, in one transaction, as `tidemark restore` does."""
    first, _ = _bounds(month)
    kept, raw = _kept(table, month), sql.Identifier("raw", table)
    key = world.tables[f"raw.{table}"].key
    world.execute("select ops.ensure_partitions()")
    with world.connection.transaction():
        world.connection.execute(
            sql.SQL("delete from {} as r using {} as k where {}").format(
                raw,
                kept,
                sql.SQL(" and ").join(
                    sql.SQL("r.{0} = k.{0}").format(sql.Identifier(column)) for column in key
                ),
            )
        )
        world.connection.execute(
            sql.SQL("insert into {} ({}) select * from {}").format(
                raw, _columns(world, table), kept
            )
        )
        world.connection.execute(
            "select ops.reopen_period(period_id) from ops.sealed_periods"
            " where relation = %s and from_at = %s and reopened_at is null",
            [f"raw.{table}", first],
        )


def sealed_months(world: World, table: str) -> list[str]:
    """The months of a table that are sealed now."""
    rows = world.connection.execute(
        "select to_char(from_at at time zone 'UTC', 'YYYY-MM') from ops.sealed_periods"
        " where relation = %s and reopened_at is null order by 1",
        [f"raw.{table}"],
    ).fetchall()
    return [row[0] for row in rows]


def late_rows(world: World) -> list[tuple[Any, ...]]:
    """(table, key, mart) of every row that waits."""
    return world.connection.execute(
        "select table_name, key, mart from ops.late_rows order by table_name, key, mart"
    ).fetchall()


def all_rows(world: World) -> dict[str, Any]:
    """Every row of every model."""
    return {
        table: world.incremental.rows(table, key, columns)
        for table, key, columns in world.incremental.tables()
    }


def _value(world: World, query: Any, *parameters: object) -> Any:
    row = world.connection.execute(query, parameters).fetchone()
    assert row is not None
    return row[0]


def _columns(world: World, table: str) -> sql.Composed:
    names = (column.name for column in world.tables[f"raw.{table}"].columns)
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _kept(table: str, month: str) -> sql.Identifier:
    return sql.Identifier("kept", f"{table}_{month.replace('-', '_')}")


def _bounds(month: str) -> tuple[str, str]:
    first = date.fromisoformat(f"{month}-01")
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return f"{first} 00:00+00", f"{following} 00:00+00"
