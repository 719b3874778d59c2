"""A database and the dbt project, built in process: parsed once, then a second a build."""

from __future__ import annotations

import math
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import psycopg
from dbt.artifacts.resources.types import NodeType
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest
from psycopg import sql
from psycopg.abc import Buffer
from psycopg.adapt import Loader

from tests.conftest import TEMPLATE
from tidemark_warehouse.database import server
from tidemark_warehouse.database.server.bootstrap import administrator, create_database
from tidemark_warehouse.settings import PROJECT_ROOT, Settings

PROJECT_PARTS = (
    *("dbt_project.yml", "profiles.yml.example", "selectors.yml"),
    *("macros", "models", "seeds", "snapshots"),
)
REFERENCE = re.compile(r"ref\('(\w+)'")
AS_OF = "2026-03-10T12:00:00+00:00"
Rows = dict[tuple[Any, ...], tuple[Any, ...]]


@dataclass
class Warehouse:
    """One database that dbt builds, from one copy of the project.

    Attributes:
        settings: server and database.
        scratch: folder for dbt's artifacts and profile.
        project: the dbt project; a mutated copy in the tests of the engine's guards.
        area: only the models of this area, and what they read, are built and compared.
        seeded: the database has the project's seeds already, so that builds leave them out.
    """

    settings: Settings
    scratch: Path
    project: Path = PROJECT_ROOT
    area: str | None = None
    seeded: bool = False
    _manifest: Manifest | None = field(default=None, init=False)

    def connect(self) -> psycopg.Connection[Any]:
        """The owner's connection, one transaction a statement."""
        return server.connect(self.settings, autocommit=True)

    @property
    def manifest(self) -> Manifest:
        """The parsed project."""
        if self._manifest is None:
            with self._environment(self.settings.port):
                result = dbtRunner().invoke(["parse", *self._options()])
            if not isinstance(result.result, Manifest):
                raise AssertionError(f"dbt parse failed: {result.exception}")
            self._manifest = result.result
        return self._manifest

    @manifest.setter
    def manifest(self, manifest: Manifest) -> None:
        self._manifest = manifest

    def forget_manifest(self) -> None:
        """Parse again at the next use: the project's files were edited."""
        self._manifest = None

    def renew(self, template: str = TEMPLATE) -> None:
        """Make the database anew, without any row or as a copy of another one."""
        with administrator(self.settings) as admin:
            admin.execute(
                sql.SQL("drop database if exists {} with (force)").format(
                    sql.Identifier(self.settings.database)
                )
            )
            create_database(admin, self.settings, template=template)

    def build(
        self, *options: str, zone: str = "UTC", as_of: str = AS_OF, port: int | None = None
    ) -> list[str]:
        """Run `dbt build`; returns what failed, by name, with the message (empty = all well)."""
        manifest = self.manifest
        # Worlds are small: new rows are added to a count that has as many, and read with it where
        # they are more; averages of two people already show what averages of five would.
        variables = (
            f"{{reporting_timezone: '{zone}', as_of: '{as_of}', rows_per_addition: 2,"
            " rows_per_stretch: 0, min_team_size: 2}"
        )
        with self._environment(port or self.settings.port):
            result = dbtRunner(manifest=manifest).invoke(
                [
                    *("build", *self._options(), "--vars", variables),
                    *(self.selection if "--select" not in options else ()),
                    *("--exclude-resource-type", "unit_test"),
                    *("--exclude-resource-type", "test", *options),
                    *(("--exclude-resource-type", "seed") if self.seeded else ()),
                ]
            )
        return _failures(result)

    def audit(self) -> list[str]:
        """Run the audit, which compares marts with all of raw; returns what failed."""
        with self._environment(self.settings.port):
            return _failures(
                dbtRunner().invoke(
                    [
                        *("test", *self._options(), "--select", "tag:audit"),
                        *("--vars", "{audit: true}"),
                    ]
                )
            )

    def warnings(self, as_of: str = AS_OF) -> list[tuple[str, ...]]:
        """What the tests of raw values warn of: table, reason, number of rows, an example."""
        with self._environment(self.settings.port):
            result = dbtRunner(manifest=self.manifest).invoke(
                [
                    *("test", *self._options(), "--select", "test_name:values_are_possible"),
                    *("--vars", f"{{as_of: '{as_of}'}}"),
                ]
            )
        assert isinstance(result.result, RunExecutionResult), result.exception
        found: list[tuple[str, ...]] = []
        with self.connect() as owner:
            for test in result.result.results:
                if test.node.resource_type != NodeType.Test:
                    continue
                assert test.status in ("pass", "warn"), f"{test.node.name}: {test.message}"
                if test.status == "warn":
                    query = str(getattr(test.node, "compiled_code", "")).encode()
                    rows = owner.execute(query).fetchall()
                    found += [tuple(map(str, row)) for row in rows]
        return sorted(found)

    @property
    def selection(self) -> list[str]:
        """What selects the area's models, and what they read, on dbt's command line."""
        return ["--select", f"+tag:{self.area}"] if self.area else []

    def tables(self) -> Iterator[tuple[str, list[str], list[str]]]:
        """Every incremental model as (schema.table, key columns, columns), not marts alone."""
        for node in self._selected():
            # Not snapshots: they keep what raw no longer says; no build from nothing can know it.
            if (
                node.resource_type == NodeType.Model
                and node.config.materialized == "tidemark_incremental"
            ):
                key = node.config.unique_key
                assert isinstance(key, list), node.name
                yield f"{node.schema}.{node.alias}", key, list(node.columns)

    def records(self) -> set[str]:
        """The tables that keep what was once written, and those made of them, as schema.table."""

        def keeps(unique_id: str) -> bool:
            node = self.manifest.nodes.get(unique_id)
            return node is not None and (
                bool(node.config.meta.get("depends_on_its_past"))
                or any(keeps(parent) for parent in node.depends_on_nodes)
            )

        return {
            f"{node.schema}.{node.alias}"
            for unique_id, node in self.manifest.nodes.items()
            if node.resource_type == NodeType.Model and keeps(unique_id)
        }

    def sources(self) -> list[str]:
        """The raw tables that the project's models read, as schema.table."""
        sources = self.manifest.sources.values()
        return sorted(f"{s.schema}.{s.identifier}" for s in sources if s.schema == "raw")

    def rows(self, table: str, key: list[str], columns: list[str]) -> Rows:
        """A table's rows by key."""
        schema, name = table.split(".")
        query = sql.SQL("select {}, {} from {}").format(
            sql.SQL(", ").join(map(sql.Identifier, key)),
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.Identifier(schema, name),
        )
        with self.connect() as connection:
            for kind in ("date", "timestamptz"):
                connection.adapters.register_loader(kind, _TimeOrText)
            found = connection.execute(query).fetchall()
        keyed = {tuple(map(str, row[: len(key)])): row[len(key) :] for row in found}
        assert len(keyed) == len(found), f"{table} has a key twice"
        return keyed

    def _selected(self) -> list[Any]:
        nodes = self.manifest.nodes
        names = [name for name in nodes if self.area in (None, *nodes[name].tags)]
        for name in names:  # grows while it is read: what a node reads comes after it
            names += [n for n in nodes[name].depends_on_nodes if n in nodes and n not in names]
        return [nodes[name] for name in names]

    def _options(self) -> list[str]:
        return [
            *("--project-dir", str(self.project), "--profiles-dir", str(self.scratch)),
            *("--target-path", str(self.scratch / "target"), "--log-path", str(self.scratch)),
            *("--quiet", "--log-level", "none", "--log-level-file", "none", "--no-write-json"),
        ]

    @contextmanager
    def _environment(self, port: int) -> Iterator[None]:
        self.scratch.mkdir(parents=True, exist_ok=True)
        profile = (self.project / "profiles.yml.example").read_text()
        (self.scratch / "profiles.yml").write_text(profile)
        variables = server.dbt_environment(self.settings) | {"TIDEMARK_PORT": str(port)}
        with mock.patch.dict(os.environ, variables):
            os.environ.pop("TIDEMARK_DATABASE_URL", None)
            yield


class _TimeOrText(Loader):
    """Reads a time as its text where Python knows no such year."""

    def load(self, data: Buffer) -> object:
        loader = psycopg.adapters.get_loader(self.oid, self.format)
        assert loader is not None
        try:
            return loader(self.oid, self.connection).load(data)
        except psycopg.DataError:
            return bytes(data).decode()


def copy_project(target: Path, area: str | None = None) -> Path:
    """Copy what dbt reads of the project, for tests that edit it; returns the copy's folder.

    Args:
        target: a folder that does not exist yet.
        area: leave the models of the others out, which makes parsing three times as fast.
    """
    target.mkdir()
    for part in PROJECT_PARTS:
        if (PROJECT_ROOT / part).is_dir():
            shutil.copytree(PROJECT_ROOT / part, target / part)
        else:
            shutil.copy(PROJECT_ROOT / part, target / part)
    if area is not None:
        shutil.rmtree(target / "snapshots")
        (target / "models" / "_exposures.yml").unlink()
        (target / "models" / "marts" / "_semantic_models.yml").unlink()
        _leave_out(target / "models", area)
    return target


def _leave_out(models: Path, area: str) -> None:
    """Delete the models of other areas, but for those that the area's read."""
    files = {file.stem: file for file in models.glob("*/*/*.sql")}
    needed = {name for name, file in files.items() if file.parent.name == area}
    waiting = list(needed)
    while waiting:
        read = set(REFERENCE.findall(files[waiting.pop()].read_text())) & files.keys() - needed
        needed |= read
        waiting += read
    for file in models.glob("*/*/*"):
        if file.stem not in needed and file.parent.name != area:
            file.unlink()


def differences(incremental: Warehouse, from_nothing: Warehouse) -> list[str]:
    """Where two warehouses' models differ; doubles may by 1e-9 of their size.

    What depends on its past is no function of raw; but what fires from nothing has to fire.
    """
    found = []
    records = incremental.records()
    for table, key, columns in incremental.tables():
        if table in records:
            if "state" in columns:
                found += lacking(incremental, from_nothing, table)
            continue
        ours = incremental.rows(table, key, columns)
        theirs = from_nothing.rows(table, key, columns)
        for row_key in ours.keys() | theirs.keys():
            left, right = ours.get(row_key), theirs.get(row_key)
            if left is None or right is None or not all(map(_same, left, right)):
                found.append(f"{table} {row_key}: incremental {left}, from nothing {right}")
    return sorted(found)


def lacking(incremental: Warehouse, from_nothing: Warehouse, table: str) -> list[str]:
    """What fires in a build from nothing, and not in a table that depends on its past."""
    query = sql.SQL("select rule_id, entity_type, entity_id from {} where state = 'firing'").format(
        sql.Identifier(*table.split("."))
    )
    firing = []
    for warehouse in (incremental, from_nothing):
        with warehouse.connect() as connection:
            firing.append(set(connection.execute(query).fetchall()))
    ours, theirs = firing
    return [f"{table} {key}: does not fire, from nothing it does" for key in theirs - ours]


def _failures(result: dbtRunnerResult) -> list[str]:
    if result.exception is not None:
        return [f"dbt: {result.exception}"]
    assert isinstance(result.result, RunExecutionResult)
    return [
        f"{r.node.name}: {r.message}"
        for r in result.result.results
        # An exposure has nothing to do.
        if r.status not in ("success", "pass", "skipped", "warn", "no-op")
    ]


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-9)
    return bool(left == right)
