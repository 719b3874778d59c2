"""Data tests without dbt: their stored queries, for what a build has changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg

from tidemark_warehouse.database.outcomes import Outcome, reason
from tidemark_warehouse.database.server import Connection

_TESTS = "select unique_id, name, path, nodes, reads, rows_text from ops.tests order by unique_id"


@dataclass(frozen=True)
class Test:
    """One stored data test.

    Attributes:
        unique_id: dbt's name for it.
        name: its own.
        path: its file.
        nodes: what it is about: what depends on all of them waits for it.
        reads: the tables that its query reads.
        rows_text: the query of the rows that are to be shown, if any are.
    """

    unique_id: str
    name: str
    path: str
    nodes: frozenset[str]
    reads: frozenset[str]
    rows_text: str | None


class Tests:
    """The data tests of a build: each that is due runs once, before what depends on it."""

    def __init__(self, connection: Connection, as_of: datetime, late: Collection[str]) -> None:
        """Find out which are due already.

        Args:
            connection: the owner's, one transaction a statement.
            as_of: what stands for now.
            late: the tests that have unseen changes are among these, by unique_id.
        """
        self._connection = connection
        self._as_of = as_of
        rows = connection.execute(_TESTS).fetchall()
        self._waiting = {
            row[0]: Test(row[0], row[1], row[2], frozenset(row[3]), frozenset(row[4]), row[5])
            for row in rows
        }
        due = connection.execute("select * from ops.tests_due(%s)", [as_of]).fetchall()
        self._due = {unique_id for (unique_id,) in due} | set(late)
        self._failed: list[Test] = []

    def touch(self, relation: str) -> None:
        """Note that a build has changed a relation."""
        self._due |= {name for name, test in self._waiting.items() if relation in test.reads}

    def blocks(self, ancestors: Collection[str]) -> bool:
        """Whether a test has failed that is about nothing but these: their reader waits."""
        return any(test.nodes <= set(ancestors) for test in self._failed)

    def run(
        self, failed: Collection[str], within: Collection[str] | None = None
    ) -> Iterator[Outcome]:
        """Run those that are due.

        Args:
            failed: relations that are not up to date, whose tests are skipped.
            within: only those that are about nothing but these.
        """
        for name, test in list(self._waiting.items()):
            if name not in self._due or not (within is None or test.nodes <= set(within)):
                continue
            del self._waiting[name]
            if not test.reads.isdisjoint(failed):
                yield Outcome(name, "skipped", datetime.now(UTC))
                continue
            outcome = self._run(test)
            if outcome.has_failed:
                self._failed.append(test)
            yield outcome

    def _run(self, test: Test) -> Outcome:
        began = datetime.now(UTC)
        try:
            row = self._connection.execute(
                "select status, failures, message, clock_timestamp() - %s"
                " from ops.run_test(%s, %s)",
                [began, test.unique_id, self._as_of],
            ).fetchone()
        except psycopg.Error as error:
            if self._connection.broken:
                raise
            return self._broken(test, began, reason(error))
        assert row is not None  # noqa: S101  # a function call gives a row
        status, failures, message, took = row
        return Outcome(
            test.unique_id,
            status,
            began,
            took.total_seconds(),
            message,
            failures,
            text=test.rows_text if status == "warn" else None,
        )

    def _broken(self, test: Test, began: datetime, reason: str) -> Outcome:
        message = f"Database Error in test {test.name} ({test.path})\n  {reason}"
        row = self._connection.execute(
            "with test as ("
            " update ops.tests set status = 'error', failures = null, message = %(message)s,"
            " ran_at = clock_timestamp()"
            " where unique_id = %(id)s)"
            " select ops.note_failure(%(name)s, 'test', %(began)s, %(message)s)",
            {"id": test.unique_id, "name": test.name, "began": began, "message": message},
        ).fetchone()
        return Outcome(test.unique_id, "error", began, float(row[0]) if row else 0.0, message)
