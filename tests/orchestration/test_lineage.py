"""Column lineage is read from compiled SQL, once for a text, and never fails a build."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from orchestration import lineage
from orchestration.lineage import Lineage

SQL = """
with visits as (select * from staging.stg_visits),
final as (
    select v.user_id, count(*) as visits, max(v.left_at - v.came_at) as longest
    from visits as v group by v.user_id
)
select * from final
"""


def node(name: str, schema: str, columns: list[str], reads: list[str]) -> dict[str, Any]:
    """Make a model of a manifest."""
    return {
        "resource_type": "model",
        "package_name": "p",
        "schema": schema,
        "alias": name,
        "path": f"{name}.sql",
        "original_file_path": f"models/{name}.sql",
        "columns": {column: {"data_type": "text"} for column in columns},
        "depends_on": {"nodes": reads},
    }


VISITS = node("stg_visits", "staging", ["user_id", "came_at", "left_at"], [])
MART = node("stays", "marts", ["user_id", "visits", "longest"], ["model.p.stg_visits"])
MANIFEST = {"nodes": {"model.p.stg_visits": VISITS, "model.p.stays": MART}, "sources": {}}


def compiled(folder: Path, text: str) -> None:
    """Leave the mart's text where dbt does."""
    path = folder / "compiled" / "p" / "models" / "stays.sql"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_columns_are_traced_through_ctes(tmp_path: Path) -> None:
    compiled(tmp_path, SQL)
    found = Lineage(tmp_path, MANIFEST).of(MART)["dagster/column_lineage"]
    key = dg.AssetKey(["staging", "stg_visits"])
    assert found.deps_by_column["user_id"] == [dg.TableColumnDep(key, "user_id")]
    assert {dep.column_name for dep in found.deps_by_column["longest"]} == {"came_at", "left_at"}


@pytest.mark.parametrize(
    "text",
    [
        "select user_id, count(*) as visits, null as longest from staging.stg_visits group by 1",
        "with all_rows as (select * from staging.stg_unknown) select count(*) as visits,"
        " min(user_id) as user_id, null as longest from all_rows",
    ],
)
def test_a_count_of_rows_is_made_of_no_column(tmp_path: Path, text: str) -> None:
    compiled(tmp_path, text)
    found = Lineage(tmp_path, MANIFEST).of(MART)
    deps = found["dagster/column_lineage"].deps_by_column if found else {}
    assert all(dep.column_name != "*" for column in deps.values() for dep in column)


def test_a_text_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled(tmp_path, SQL)
    first = Lineage(tmp_path, MANIFEST).of(MART)
    monkeypatch.setattr(lineage, "SECONDS_A_BUILD", 0.0)
    assert Lineage(tmp_path, MANIFEST).of(MART) == first
    compiled(tmp_path, SQL + "where true")
    assert Lineage(tmp_path, MANIFEST).of(MART) == {}


def test_what_cannot_be_read_has_none(tmp_path: Path) -> None:
    assert Lineage(tmp_path, MANIFEST).of(MART) == {}
    compiled(tmp_path, "select from from where (")
    assert Lineage(tmp_path, MANIFEST).of(MART) == {}
