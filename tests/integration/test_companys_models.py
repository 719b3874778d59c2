"""Models of a company beside Tidemark's, and Tidemark in a company's project."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.exactness.warehouse import Warehouse, copy_project
from tidemark_warehouse.database.server import dbt_environment
from tidemark_warehouse.dbt import guard
from tidemark_warehouse.settings import PROJECT_ROOT, Settings

PLAIN = """
{{ config(materialized='incremental', unique_key='employee_id') }}
select employee_id, {{ 2 if is_incremental() else 1 }} as built
from {{ source('people', 'employees') }}
{% if is_incremental() %}
where employee_id > (select max(employee_id) from {{ this }})
{% endif %}
"""
TABLE = "{{ config(materialized='table') }} select count(*) as n from {{ ref('plain') }}"
OF_A_COMPANY = ("--select", "plain", "counted", "int_now__known")


@pytest.fixture
def warehouse(server: Settings, tmp_path: Path) -> Warehouse:
    """A database with one employee, in a project to which models can be added."""
    project = copy_project(tmp_path / "project")
    made = Warehouse(replace(server, database="companys_models"), tmp_path / "scratch", project)
    made.renew()
    return made


def hire(warehouse: Warehouse, name: str) -> None:
    with warehouse.connect() as connection:
        connection.execute("insert into raw.employees (employee_id) values (%s)", [name])


def left_for_builds_without_dbt(warehouse: Warehouse) -> int:
    with warehouse.connect() as connection:
        row = connection.execute(
            "delete from ops.settings where name = 'last_dbt_build' returning name"
        ).fetchall()
    return len(row)


def test_a_plain_incremental_model_is_dbts_and_keeps_every_build_with_dbt(
    warehouse: Warehouse,
) -> None:
    assert warehouse.build("--select", "int_now__known") == []
    assert left_for_builds_without_dbt(warehouse) == 1
    folder = warehouse.project / "models" / "company"
    folder.mkdir()
    (folder / "plain.sql").write_text(PLAIN)
    (folder / "counted.sql").write_text(TABLE)
    warehouse.forget_manifest()
    hire(warehouse, "a")
    assert warehouse.build(*OF_A_COMPANY) == []
    hire(warehouse, "b")
    assert warehouse.build(*OF_A_COMPANY) == []
    with warehouse.connect() as connection:
        schema = connection.execute(
            "select min(schemaname) from pg_tables where tablename = 'plain'"
        ).fetchone()
        assert schema is not None
        rows = f"select employee_id, built from {schema[0]}.plain order by 1"
        assert connection.execute(rows.encode()).fetchall() == [("a", 1), ("b", 2)]
        counted = f"select n from {schema[0]}.counted"
        assert connection.execute(counted.encode()).fetchall() == [(2,)]
    assert left_for_builds_without_dbt(warehouse) == 0, "dbt alone can build them"


def test_in_another_project_it_is_refused(database: Settings, tmp_path: Path) -> None:
    """There dbt would take its own macros for those that Tidemark replaces."""
    (tmp_path / "packages.yml").write_text(f"packages: [{{local: '{PROJECT_ROOT}'}}]\n")
    (tmp_path / "dbt_project.yml").write_text("name: acme\nversion: 1.0.0\nprofile: tidemark\n")
    variables = os.environ | dbt_environment(database)

    def dbt(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                *(str(Path(sys.executable).parent / "dbt"), *words),
                *("--profiles-dir", str(guard.profiles_folder(database))),
            ],
            cwd=tmp_path,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    assert dbt("deps").returncode == 0
    ran = dbt("run", "--select", "int_now__known")
    assert ran.returncode == 1, ran.stdout
    assert "it is built from the project acme" in ran.stdout, ran.stdout
    assert "Build it from Tidemark's own project" in " ".join(ran.stdout.split())
