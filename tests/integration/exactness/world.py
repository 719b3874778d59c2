"""A world: raw rows that change in every way, builds in between, and the comparison at the end."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from tests.integration.exactness.oracle import inexact
from tests.integration.exactness.proxy import Proxy
from tests.integration.exactness.raw_rows import RawTable, read_table
from tests.integration.exactness.warehouse import AS_OF, Warehouse, differences
from tidemark_warehouse.database import building

LOCK_TIMEOUT = "set lock_timeout = '200ms'"
# What only dbt follows: seeds, dropped tables, edited views, what the engine remembers.
DEFINES = re.compile(r" (seeds|ops)\.|drop table|create ")


@dataclass
class World:
    """An incremental warehouse, and a second one that is built from nothing to compare with.

    Attributes:
        incremental: the warehouse whose history this is.
        from_nothing: makes a warehouse of the same project without any row.
        zone: reporting time zone of the definitions at present.
        walks: builds refresh what is behind without dbt, as long as no definition changes, and the
            comparison asks the stored definitions instead of a second warehouse.
        most_rows: for each model, the most rows that a comparison has seen.
    """

    incremental: Warehouse
    from_nothing: Callable[[], Warehouse]
    zone: str = "UTC"
    walks: bool = False
    most_rows: dict[str, int] = field(default_factory=dict)
    _edits: list[str] = field(default_factory=list)
    _writers: list[psycopg.Connection[Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.connection = self.incremental.connect()
        self.connection.execute(LOCK_TIMEOUT)
        self.tables: dict[str, RawTable] = {
            name: read_table(self.connection, name) for name in self.incremental.sources()
        }

    def execute(self, *statements: str) -> None:
        """Run statements, each in a transaction of its own.

        After one that edits seeds the next build loads them again, as it does for everybody.
        """
        for statement in statements:
            self.connection.execute(statement)
            if " seeds." in statement:
                self.incremental.seeded = False
            if DEFINES.search(statement):
                self.walks = False

    def define(self, *statements: str) -> None:
        """Edit seeds for good, in both warehouses: builds leave the files alone from now on."""
        self.execute(*statements)
        self.incremental.seeded = True
        self._edits += statements

    def try_write(self, write: Callable[..., None], table: str, *arguments: Any) -> None:
        """Do one of raw_rows' changes, unless a constraint or another writer is in the way."""
        with contextlib.suppress(psycopg.errors.IntegrityError, psycopg.errors.LockNotAvailable):
            write(self.connection, self.tables[table], *arguments)

    def open_writer(self) -> psycopg.Connection[Any]:
        """A second writer whose transaction stays open until `end_writers`."""
        writer = self.incremental.connect()
        writer.execute(LOCK_TIMEOUT)
        writer.autocommit = False
        self._writers.append(writer)
        return writer

    def end_writers(self, *, commit: bool) -> None:
        """Commit or roll back every open writer."""
        for writer in self._writers:
            if commit:
                writer.commit()
            else:
                writer.rollback()
            writer.close()
        self._writers.clear()

    def build(self, *options: str, as_of: str = AS_OF) -> None:
        """A build that has to succeed."""
        if self.walks and options[:1] in ((), ("--select",)) and self.zone == "UTC":
            outcomes = building.build(
                self.connection, datetime.fromisoformat(as_of), ("model", "snapshot")
            )
            failures = [f"{o.unique_id}: {o.message}" for o in outcomes if o.has_failed]
            assert not failures, failures
            return
        failures = self.incremental.build(*options, zone=self.zone, as_of=as_of)
        assert not failures, failures

    def build_killed_at(self, query: int, *options: str) -> bool:
        """A build whose connections are cut at a query; False where it needed fewer queries."""
        settings = self.incremental.settings
        with Proxy("127.0.0.1", settings.port, lambda number, _: number < query) as proxy:
            self.incremental.build(*options, zone=self.zone, port=proxy.port)
            return proxy.queries >= query

    def build_with(self, before: Callable[[int, str], bool]) -> list[str]:
        """A build during which something else happens; returns its failures."""
        settings = self.incremental.settings
        with Proxy("127.0.0.1", settings.port, before) as proxy:
            return self.incremental.build(zone=self.zone, port=proxy.port)

    def differences(self) -> list[str]:
        """Build, build the same raw rows from nothing, and compare all models."""
        self.build()
        if self.walks and self.zone == "UTC":
            now = datetime.fromisoformat(AS_OF)
            return [f"{name}: {n} rows" for name, n in inexact(self.connection, now).items()]
        other = self.from_nothing()
        with other.connect() as connection:
            for statement in self._edits:
                connection.execute(statement)
        self._copy_raw(other)
        failures = other.build(zone=self.zone)
        assert not failures, failures
        for table, key, columns in other.tables():
            seen = len(other.rows(table, key, columns))
            self.most_rows[table] = max(seen, self.most_rows.get(table, 0))
        return differences(self.incremental, other)

    def close(self) -> None:
        """End what is open."""
        self.end_writers(commit=False)
        self.connection.close()

    def _copy_raw(self, other: Warehouse) -> None:
        with other.connect() as target:
            for table in self.tables.values():
                columns = sql.SQL(", ").join(sql.Identifier(c.name) for c in table.columns)
                read = sql.SQL("copy (select {} from {}) to stdout (format binary)").format(
                    columns, table.identifier
                )
                write = sql.SQL("copy {} ({}) from stdin (format binary)").format(
                    table.identifier, columns
                )
                with (
                    self.connection.cursor().copy(read) as source,
                    target.cursor().copy(write) as sink,
                ):
                    for block in source:
                        sink.write(block)
