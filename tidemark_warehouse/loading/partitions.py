"""Partitions for the months of a file, before its rows go into them."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime

import psycopg
from psycopg import errors

from tidemark_warehouse.loading.tables import SCHEMA, Connection, Table

# Without partitions of their own, rows go to the default partition, and a later build moves them.
_HARMLESS = (
    errors.UndefinedFunction,
    errors.InvalidSchemaName,
    errors.InsufficientPrivilege,
    errors.LockNotAvailable,
    errors.DeadlockDetected,
)


class Partitions:
    """Makes partitions on a connection of its own, so that their locks end at once."""

    def __init__(self, connection: Connection, table: Table, opened: ExitStack) -> None:
        self._connection = connection
        self._table = table
        self._opened = opened
        self._own: Connection | None = None
        self._done: set[str] = set()
        self._given_up = table.time_column is None

    def ensure(self, months: set[str]) -> None:
        """Make the partitions of these months (YYYY-MM), unless others hold them up."""
        missing = sorted(months - self._done)
        if self._given_up or not missing:
            return
        self._done.update(missing)
        for first, last in _runs([_Month(text) for text in missing]):
            if self._given_up:
                return
            try:
                self._connected().execute(
                    "select ops.ensure_partitions_for(%s::regclass, %s, %s)",
                    [f"{SCHEMA}.{self._table.name}", first.start, last.start],
                )
            except _HARMLESS:
                self._given_up = True

    def _connected(self) -> Connection:
        if self._own is None:
            info = self._connection.info
            self._own = self._opened.enter_context(
                psycopg.connect(info.dsn, password=info.password, autocommit=True)
            )
            self._own.add_notice_handler(self._heed)
        return self._own

    def _heed(self, notice: errors.Diagnostic) -> None:
        """Stop after the first warning that a lock could not be had: each costs seconds."""
        if notice.severity_nonlocalized == "WARNING":
            self._given_up = True


class _Month:
    def __init__(self, text: str) -> None:
        self.start = datetime(int(text[:4]), int(text[5:]), 1, tzinfo=UTC)
        self.number = self.start.year * 12 + self.start.month


def _runs(months: list[_Month]) -> list[tuple[_Month, _Month]]:
    """First and last of each run of months without a gap."""
    runs: list[tuple[_Month, _Month]] = []
    for month in months:
        if runs and runs[-1][1].number + 1 == month.number:
            runs[-1] = (runs[-1][0], month)
        else:
            runs.append((month, month))
    return runs
