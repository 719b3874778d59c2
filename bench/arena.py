"""The database of a benchmark: built by dbt in process, timed statement by statement."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString
from unittest import mock

from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from psycopg import sql
from rich.console import Console

from tidemark_warehouse.database import server
from tidemark_warehouse.database.server.bootstrap import administrator
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import PROJECT_ROOT, Settings

DATABASE = "tidemark_bench"


@dataclass
class Arena:
    """A database of its own on the configured server, made anew for each area.

    Attributes:
        settings: server and database.
        scratch: folder for dbt's artifacts and profile.
        events: size of the event history.
        days: how many days it covers.
        console: where progress is told.
    """

    settings: Settings
    scratch: Path
    events: int
    days: int
    console: Console
    _manifest: Manifest | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        server.ensure_up(self.settings)
        server.reset(self.settings)
        self.connection = server.connect(self.settings, autocommit=True)

    def close(self) -> None:
        """Drop the database."""
        self.connection.close()
        with administrator(self.settings) as admin:
            admin.execute(
                sql.SQL("drop database if exists {} with (force)").format(
                    sql.Identifier(self.settings.database)
                )
            )

    def say(self, text: str) -> None:
        """Tell how far it is."""
        self.console.print(text, style="dim", highlight=False)

    def value(self, query: LiteralString, *arguments: Any) -> Any:
        """Return the first column of a query's first row."""
        row = self.connection.execute(query, arguments or None).fetchone()
        if row is None:
            raise LookupError(query)
        return row[0]

    def build(self, *selection: str, threads: int = 1) -> dict[str, float]:
        """Run `dbt run` for some models; returns the seconds that each took in the database.

        Raises:
            TidemarkError: a model failed.
        """
        with self._environment():
            if self._manifest is None:
                parsed = dbtRunner().invoke(["parse", *self._options()]).result
                if not isinstance(parsed, Manifest):
                    raise TidemarkError("dbt cannot parse the project", "run dbt parse")
                self._manifest = parsed
            ran = dbtRunner(manifest=self._manifest).invoke(
                [
                    *("build", *self._options(), "--threads", str(threads)),
                    *("--exclude-resource-types", "test", "unit_test", "--select", *selection),
                ]
            )
        if not isinstance(ran.result, RunExecutionResult) or not ran.success:
            failed = getattr(ran.result, "results", [])
            told = [f"{r.node.name}: {r.message}" for r in failed if r.status == "error"]
            raise TidemarkError(f"a build failed: {told or ran.exception}", "run tidemark build")
        return {r.node.name: r.execution_time for r in ran.result.results}

    def rebuild(self, *selection: str) -> tuple[dict[str, float], int]:
        """Build once more; returns each model's seconds and the bytes of log that all wrote."""
        taken: dict[str, float] = {}
        _, written = self.timed(lambda: taken.update(self.build(*selection)))
        return taken, written

    def timed(self, work: Callable[[], object]) -> tuple[float, int]:
        """Do some work; returns its seconds and the bytes of write-ahead log that it wrote."""
        before = self.value("select pg_current_wal_insert_lsn()::text")
        started = time.perf_counter()
        work()
        taken = time.perf_counter() - started
        written = self.value("select pg_current_wal_insert_lsn() - %s::pg_lsn", before)
        return taken, int(written)

    def reads(
        self,
        query: LiteralString,
        arguments: Sequence[Mapping[str, Any]],
        role: str = "tidemark_reader",
    ) -> float:
        """Read as a dashboard does; returns the 95th percentile in milliseconds.

        Args:
            query: with a placeholder for each argument.
            arguments: a round each; all of them are read once before, for a warm cache.
            role: who reads.
        """
        with server.connect(self.settings, role, autocommit=True) as reader:
            for row in arguments:
                reader.execute(query, row).fetchall()
            taken = []
            for row in arguments:
                started = time.perf_counter()
                reader.execute(query, row).fetchall()
                taken.append((time.perf_counter() - started) * 1000)
        return statistics.quantiles(taken, n=20)[-1]

    def drop_models(self, names: Sequence[str]) -> None:
        """Drop the tables of some models, so that the next build makes them from nothing."""
        assert self._manifest is not None
        for node in self._manifest.nodes.values():
            if node.name in names:
                self.connection.execute(
                    sql.SQL("drop table if exists {} cascade").format(
                        sql.Identifier(node.schema, node.alias)
                    )
                )

    def _options(self) -> list[str]:
        return [
            *("--project-dir", str(PROJECT_ROOT), "--profiles-dir", str(self.scratch)),
            *("--target-path", str(self.scratch / "target"), "--log-path", str(self.scratch)),
            *("--quiet", "--log-level", "none", "--log-level-file", "none", "--no-write-json"),
        ]

    @contextmanager
    def _environment(self) -> Iterator[None]:
        profile = (PROJECT_ROOT / "profiles.yml.example").read_text(encoding="utf-8")
        (self.scratch / "profiles.yml").write_text(profile, encoding="utf-8")
        with mock.patch.dict(os.environ, server.dbt_environment(self.settings)):
            yield
