"""The raw tables in a database are those of docs/spec.md (section 1): types, defaults, keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.conventions import spec
from tidemark_warehouse.database import server
from tidemark_warehouse.settings import Settings

COLUMNS = """
    select
        attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)
    from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
    where attrelid = %s::regclass and attnum > 0 and not attisdropped
"""
KEY = """
    select array_agg(attname::text order by ordinality)
    from pg_index, unnest(indkey) with ordinality as key (attnum, ordinality)
    join pg_attribute using (attnum)
    where indrelid = %s::regclass and indisprimary and attrelid = indrelid
"""
PARTITIONED_BY = """
    select pg_get_partkeydef(%s::regclass)
"""


@pytest.fixture(scope="module")
def owner(module_database: Settings) -> Iterator[psycopg.Connection[Any]]:
    with server.connect(module_database, autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize("table", spec.raw_tables().values(), ids=lambda table: table.name)
def test_raw_table(owner: psycopg.Connection[Any], table: spec.RawTable) -> None:
    name = f"raw.{table.name}"
    rows = owner.execute(COLUMNS, [name]).fetchall()
    found = {row[0]: row[1:] for row in rows}
    for column in table.columns:
        if spec.waits(f"{name}.{column.name}"):
            continue
        data_type, required, default = found[column.name]
        assert data_type.replace("timestamp with time zone", "timestamptz") == column.type
        assert column.required == (required and default is None), f"{column.name} is required"
        if column.default is not None:
            assert column.default == default.replace("'", "").split("::")[0], column.name
    key = owner.execute(KEY, [name]).fetchone()
    # In which order an index holds the columns is not the writers' concern.
    assert set((key and key[0]) or ()) == set(table.key)
    partitioned = owner.execute(PARTITIONED_BY, [name]).fetchone()
    assert partitioned == (f"RANGE ({table.time})" if table.time else None,)
    own = [column for column in found if column.startswith("_")]
    assert all(found[column][2] is not None or not found[column][1] for column in own)
