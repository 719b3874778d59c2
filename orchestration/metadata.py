"""What Dagster shows of a table: rows, columns, and what the last build recomputed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, LiteralString

import dagster as dg
from psycopg import sql
from psycopg.rows import dict_row

from tidemark_warehouse.database.server import Connection

# Tables up to this size are counted; of larger ones the planner's estimate is shown. Counting
# 109 MB took 0.04 to 0.08 s; a build's cost shall follow the change, not the history.
COUNTED_BYTES = 100 * 1024 * 1024

RELATION: LiteralString = """
    select
        c.relkind in ('r', 'p') as is_table,
        coalesce(size.bytes, 0)::bigint as bytes,
        coalesce(size.rows, 0)::bigint as estimated_rows,
        w.rows_scoped, w.rows_written, w.rows_deleted, w.built_at,
        (
            select jsonb_agg(
                jsonb_build_object(
                    'name', a.attname,
                    'type', format_type(a.atttypid, a.atttypmod),
                    'nullable', not a.attnotnull,
                    'description', col_description(a.attrelid, a.attnum)
                )
                order by a.attnum
            )
            from pg_attribute as a
            where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attname <> '_xid'
        ) as columns
    from pg_class as c
    left join ops.watermarks as w on w.relation = %(schema)s || '.' || %(name)s
    cross join lateral (
        -- As the planner does: rows a page at the last ANALYZE, times the pages of now.
        select
            sum(pg_total_relation_size(leaf.oid)) as bytes,
            sum(
                case when leaf.reltuples > 0
                    then leaf.reltuples / greatest(leaf.relpages, 1)
                        * pg_relation_size(leaf.oid) / current_setting('block_size')::int
                end
            ) as rows
        from pg_class as leaf
        where
            leaf.relkind = 'r'
            and (
                leaf.oid = c.oid
                or leaf.oid in (select relid from pg_partition_tree(c.oid) where isleaf)
            )
    ) as size
    where c.oid = to_regclass(format('%%I.%%I', %(schema)s::text, %(name)s::text))
"""


def of_built(connection: Connection, schema: str, name: str) -> dict[str, Any]:
    """Describe what dbt has just built.

    Args:
        connection: any to the database, in autocommit.
        schema: of the table or view.
        name: of the table or view.
    """
    found = _relation(connection, schema, name)
    if found is None:
        return {}
    described = _columns(found["columns"])
    if found["is_table"]:
        described |= _rows(connection, schema, name, found)
        described["bytes"] = found["bytes"]
    if found["built_at"] is not None:
        written = {"rows written": found["rows_written"], "rows deleted": found["rows_deleted"]}
        described |= written
        if found["rows_scoped"] or not any(written.values()):
            described["keys recomputed"] = found["rows_scoped"]  # from nothing: all, uncounted
    return described


def size_of(connection: Connection, schema: str, name: str, counted_bytes: int) -> dict[str, Any]:
    """Say how many rows and bytes a table has.

    Args:
        connection: any to the database, in autocommit.
        schema: of the table.
        name: of the table.
        counted_bytes: up to this size rows are counted, beyond it estimated.
    """
    found = _relation(connection, schema, name)
    if found is None:
        return {}
    rows = _rows(connection, schema, name, found, counted_bytes)
    return {**rows, "bytes": found["bytes"]}


def of_raw(connection: Connection, schema: str, name: str) -> dict[str, Any]:
    """Describe a raw table without reading it: rows are the planner's estimate.

    Args:
        connection: any to the database, in autocommit.
        schema: of the table.
        name: of the table.
    """
    found = _relation(connection, schema, name)
    if found is None:
        return {}
    return {
        "dagster/row_count": found["estimated_rows"],
        "row count is exact": False,
        "bytes": found["bytes"],
    }


def _relation(connection: Connection, schema: str, name: str) -> dict[str, Any] | None:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(RELATION, {"schema": schema, "name": name}).fetchone()


def _rows(
    connection: Connection,
    schema: str,
    name: str,
    found: Mapping[str, Any],
    counted_bytes: int = COUNTED_BYTES,
) -> dict[str, Any]:
    if found["bytes"] > counted_bytes:
        return {"dagster/row_count": found["estimated_rows"], "row count is exact": False}
    query = sql.SQL("select count(*) from {}").format(sql.Identifier(schema, name))
    row = connection.execute(query).fetchone()
    return {"dagster/row_count": row[0] if row else 0, "row count is exact": True}


def _columns(listed: list[Mapping[str, Any]] | None) -> dict[str, Any]:
    columns = list(_table_columns(listed or []))
    return {"dagster/column_schema": dg.TableSchema(columns=columns)} if columns else {}


def _table_columns(listed: list[Mapping[str, Any]]) -> Iterator[dg.TableColumn]:
    for column in listed:
        yield dg.TableColumn(
            name=column["name"],
            type=column["type"],
            description=column["description"],
            constraints=dg.TableColumnConstraints(nullable=column["nullable"]),
        )
