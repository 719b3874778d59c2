"""What holds for the marts of every area, asked of a simulated company that no test changes."""

from __future__ import annotations

import psycopg
import pytest

from tests.conventions import spec
from tests.integration.exactness.warehouse import Warehouse
from tests.integration.exactness.witnesses import LATE_SESSION
from tests.integration.test_engine import last_build, value
from tidemark_warehouse.database import server


def test_nothing_new_touches_nothing(company: Warehouse) -> None:
    with company.connect() as owner:
        changes = value(owner, "select count(*) from ops.changes")
        views = value(owner, "select array_agg(oid order by oid) from pg_class where relkind = 'v'")
        assert company.build() == []
        written = {name: rows for name, (_, *rows) in last_build(owner).items() if any(rows)}
        assert written == {}
        assert value(owner, "select count(*) from ops.changes") == changes
        assert (
            value(owner, "select array_agg(oid order by oid) from pg_class where relkind = 'v'")
            == views
        )


def test_each_role_sees_what_it_may(company: Warehouse) -> None:
    marts = [table for table, _, _ in company.tables() if table.startswith("marts.")]
    hidden = [table for table, _, _ in company.tables() if table.startswith("intermediate.")]
    with server.connect(company.settings, role="tidemark_reader", autocommit=True) as reader:
        for table in marts:
            reader.execute(f"select * from {table} limit 1".encode())
        for table in [
            *hidden,
            "raw.time_sessions",
            "ops.changes",
            "staging.stg_time_tracking__sessions",
        ]:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(f"select * from {table} limit 1".encode())
    with server.connect(company.settings, role="tidemark_loader", autocommit=True) as loader:
        with loader.transaction(force_rollback=True):
            loader.execute(LATE_SESSION.encode())
        for table in marts:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                loader.execute(f"select * from {table} limit 1".encode())


def test_descriptions_and_indexes_are_in_the_database(company: Warehouse) -> None:
    with company.connect() as owner:
        for table, _, columns in company.tables():
            described = value(owner, f"select obj_description('{table}'::regclass)")
            assert described.startswith("One row"), f"{table}: {described}"
            documented = value(
                owner,
                "select count(*) from pg_attribute as a where attnum > 0 and not attisdropped"
                f" and attrelid = '{table}'::regclass"
                " and col_description(attrelid, attnum) is not null",
            )
            assert documented == len(columns), table
        for relation, indexes in spec.indexes().items():
            schema, table = relation.split(".")
            found = value(
                owner,
                "select lower(string_agg(indexdef, ' ')) from pg_indexes"
                f" where schemaname = '{schema}' and tablename = '{table}'",
            )
            for listed in indexes:
                assert listed.split(" where ")[0] in found, f"{relation} has no index on {listed}"
