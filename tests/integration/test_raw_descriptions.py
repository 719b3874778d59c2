"""Columns of raw are described in the database, and in dbt with the same words."""

from __future__ import annotations

import re
from typing import Any, LiteralString

import pytest
import yaml  # type: ignore[import-untyped]

from tidemark_warehouse.database.server import connect
from tidemark_warehouse.settings import PROJECT_ROOT, Settings

COMMENTS: LiteralString = """
    select
        c.relname, a.attname, col_description(c.oid, a.attnum),
        obj_description(c.oid, 'pg_class')
    from pg_class as c
    inner join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where
        c.relnamespace = 'raw'::regnamespace
        and c.relkind in ('r', 'p')
        and not c.relispartition
"""


@pytest.fixture
def in_database(database: Settings) -> list[tuple[str, ...]]:
    with connect(database) as owner:
        return owner.execute(COMMENTS).fetchall()


def in_full(description: str) -> str:
    """Return a description of dbt's, with the text of the doc block that it names."""
    blocks = (PROJECT_ROOT / "models" / "_columns.md").read_text(encoding="utf-8")
    texts = dict(re.findall(r"{% docs (\w+) %}(.*?){% enddocs %}", blocks, re.DOTALL))
    return re.sub(r"{{ doc\('(\w+)'\) }}", lambda found: texts[found[1]].strip(), description)


def sources() -> dict[str, dict[str, Any]]:
    """Return the tables of raw that dbt knows, by name."""
    found: dict[str, dict[str, Any]] = {}
    for path in (PROJECT_ROOT / "models" / "staging").glob("*/_sources.yml"):
        for source in yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]:
            if source["schema"] == "raw":
                found |= {table["name"]: table for table in source["tables"]}
    return found


def test_every_column_of_raw_is_described(in_database: list[tuple[str, ...]]) -> None:
    assert in_database
    missing = [f"{table}.{column}" for table, column, said, _ in in_database if not said]
    assert missing == []
    assert [table for table, _, _, said in in_database if not said] == []


def test_dbt_describes_the_columns_with_the_same_words(in_database: list[tuple[str, ...]]) -> None:
    said: dict[str, dict[str, str]] = {}
    for table, column, words, of_table in in_database:
        said.setdefault(table, {"": of_table})
        if not column.startswith("_"):
            said[table][column] = words
    known = sources()
    assert known.keys() == said.keys() - {"rejected_rows"}
    for name, of_dbt in known.items():
        described = {column["name"]: in_full(column["description"]) for column in of_dbt["columns"]}
        assert {"": in_full(of_dbt["description"]), **described} == said[name], name
