"""What `tidemark bi export` has a tool compute: right on one row, right or null on all of them.

Asked of a simulated company, by the roles as which tools connect.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import psycopg
import pytest
import yaml  # type: ignore[import-untyped]
from psycopg import sql

from tests.integration.exactness.warehouse import Warehouse
from tests.integration.running import run
from tidemark_warehouse.bi import superset
from tidemark_warehouse.bi.marts import PEOPLE, Mart, read
from tidemark_warehouse.bi.metrics import Metric, metrics
from tidemark_warehouse.database import server

READERS = {"marts": "tidemark_reader", PEOPLE: "tidemark_people_reader"}
# Percentages of the marts have two decimals.
SAME = """
    select count(*), count(*) filter (where
        num_nulls(said, stands) = 1
        or abs(said::numeric - stands::numeric) > %(rounded)s + 1e-9 * abs(stands::numeric)
    )
    from (
        select {expression} as said, max({column}) as stands
        from {mart}
        group by {grain}
    ) as rows_of_the_mart
"""


@pytest.fixture(scope="module")
def measured(company: Warehouse) -> list[tuple[Mart, Metric]]:
    marts = read(company.manifest.writable_manifest().to_dict(omit_none=False))
    return [(mart, m) for mart in marts for m in metrics(mart) if m.name in mart.columns]


@pytest.fixture
def readers(company: Warehouse) -> Iterator[dict[str, psycopg.Connection[Any]]]:
    found = {
        schema: server.connect(company.settings, role=role, autocommit=True)
        for schema, role in READERS.items()
    }
    yield found
    for connection in found.values():
        connection.close()


def expression(metric: Metric) -> sql.SQL:
    return sql.SQL(superset.expression(metric).replace("{", "{{"))


def test_a_metric_of_one_row_is_its_column(
    measured: list[tuple[Mart, Metric]], readers: dict[str, psycopg.Connection[Any]]
) -> None:
    problems = []
    for mart, metric in measured:
        query = sql.SQL(SAME).format(
            expression=expression(metric),
            column=sql.Identifier(metric.name),
            mart=sql.Identifier(mart.schema, mart.name),
            grain=sql.SQL(", ").join(map(sql.Identifier, mart.grain)),
        )
        rounded = 0.0051 if metric.times == 100 else 0
        row = readers[mart.schema].execute(query, {"rounded": rounded}).fetchone()
        assert row is not None
        if row[1]:
            problems.append(f"{mart}.{metric.name}: {row[1]} of {row[0]} rows")
    assert not problems


def test_a_metric_of_all_rows_is_null_where_they_must_not_be_mixed(
    measured: list[tuple[Mart, Metric]], readers: dict[str, psycopg.Connection[Any]]
) -> None:
    asked = 0
    for mart, metric in measured:
        one: list[sql.Composable] = [sql.SQL("count(*)")] if metric.kind == "single" else []
        one += [sql.SQL("count(distinct {})").format(sql.Identifier(c.name)) for c in metric.apart]
        query = sql.SQL("select {}, greatest({}) from {}").format(
            expression(metric),
            sql.SQL(", ").join(one) if one else sql.SQL("0"),
            sql.Identifier(mart.schema, mart.name),
        )
        row = readers[mart.schema].execute(query).fetchone()
        assert row is not None
        value, most = row
        if most > 1:
            asked += 1
            assert value is None, f"{mart}.{metric.name}: {value}"
    assert asked > 50


def test_the_export_names_the_role_and_asks_for_its_password(
    company: Warehouse, tmp_path: Path
) -> None:
    for option, role in (([], "tidemark_reader"), (["--people"], "tidemark_people_reader")):
        path = tmp_path / f"{role}.zip"
        words = ("bi", "export", "superset", "--output", str(path), *option)
        code, out, err = run(company.settings, *words)
        assert (code, err) == (0, ""), out
        assert f"tidemark url --role {role}" in out
        with ZipFile(path) as archive:
            (database,) = (n for n in archive.namelist() if n.startswith(f"{role}/databases/"))
            content = yaml.safe_load(archive.read(database))
            schemas = {n.split("/")[3] for n in archive.namelist() if "/datasets/" in n}
        assert schemas == {"marts_people" if option else "marts"}
        uri = content["sqlalchemy_uri"]
        assert uri.startswith(f"postgresql+psycopg2://{role}:{superset.PASSWORD}@127.0.0.1:")
        assert uri.endswith(f"/{company.settings.database}")


def test_the_export_for_metabase_is_a_folder_of_measures(
    company: Warehouse, tmp_path: Path
) -> None:
    words = ("bi", "export", "metabase", "--name", "Warehouse", "--output", str(tmp_path / "m"))
    code, out, err = run(company.settings, *words)
    assert (code, err) == (0, ""), out
    folder = tmp_path / "m" / "databases" / "warehouse" / "schemas" / "marts" / "tables"
    content = yaml.safe_load((folder / "session_stats/measures/bounce_rate.yaml").read_text())
    assert content["definition"]["database"] == "Warehouse"
    code, _, err = run(company.settings, *words)
    assert code == 1
    assert "is left as it is" in err
