"""Refreshing what is behind without dbt: the programs of models, each after what it reads."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import sql

from tidemark_warehouse.database.outcomes import reason
from tidemark_warehouse.database.server import Connection
from tidemark_warehouse.errors import TidemarkError


@dataclass(frozen=True)
class Refresh:
    """What one refresh came to.

    Attributes:
        relation: schema.table.
        seconds: how long it took.
        whole: every key was computed.
        keys: how many keys were computed, None for all.
        written: rows that were new or differed.
        deleted: rows that were replaced or went.
        message: why it failed; None where it succeeded.
        remark: what is to be said of a refresh that succeeded.
    """

    relation: str
    seconds: float
    whole: bool
    keys: int | None
    written: int
    deleted: int
    message: str | None = None
    remark: str | None = None


def behind(connection: Connection, as_of: datetime | None = None) -> set[str]:
    """Name the relations that have unseen changes.

    Args:
        connection: the owner's, one transaction a statement.
        as_of: what stands for now.
    """
    rows = connection.execute(
        "select relation from ops.behind(coalesce(%s, now()))", [as_of]
    ).fetchall()
    return {relation for (relation,) in rows}


def late_readers(connection: Connection, as_of: datetime) -> set[str]:
    """Name the relations, snapshots and data tests that have unseen changes, in one look.

    Args:
        connection: the owner's, one transaction a statement.
        as_of: what stands for now.

    Returns:
        Relations as schema.table, tests by their unique_id.
    """
    rows = connection.execute(
        "select relation from ops.behind(%s, ops.other_readers())", [as_of]
    ).fetchall()
    return {name for (name,) in rows}


def walk(connection: Connection, as_of: datetime | None = None) -> Iterator[Refresh]:
    """Refresh what is behind, and what reads that, until nothing is.

    A relation whose refresh fails stays behind, and so does what reads it.

    Args:
        connection: the owner's, one transaction a statement.
        as_of: what stands for now; one instant for the whole walk.
    """
    work = Work(Graph.of(connection), behind(connection, as_of))
    for relation in work:
        if work.is_held(relation):
            work.hold(relation)
            continue
        done = refresh(connection, relation, as_of)
        work.note(done)
        yield done


@dataclass(frozen=True)
class Graph:
    """Which relation reads which.

    Attributes:
        models: dbt's name for each relation.
        reads: the tables that each reads.
        depends: the same, and the views and seeds that it looks through.
    """

    models: Mapping[str, str]
    reads: Mapping[str, frozenset[str]]
    depends: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, connection: Connection) -> Graph:
        """Read it from the stored programs."""
        rows = connection.execute(
            "select relation, model, reads, reads || views || seeds from ops.programs"
        ).fetchall()
        return cls(
            {row[0]: row[1] for row in rows},
            {row[0]: frozenset(row[2]) for row in rows},
            {row[0]: frozenset(row[3]) for row in rows},
        )

    def in_order(self) -> Sequence[str]:
        """Return the relations, each after those that it reads."""
        order: dict[str, None] = {}

        def place(relation: str) -> None:
            for read in sorted(self.reads[relation]):
                if read in self.reads and read not in order:
                    place(read)
            order[relation] = None

        for relation in sorted(self.reads):
            if relation not in order:
                place(relation)
        return list(order)

    def readers(self, relation: str) -> set[str]:
        """Return the relations that read one."""
        return {reader for reader, read in self.reads.items() if relation in read}

    def ancestors(self, relation: str) -> set[str]:
        """Return all that a relation depends on, at any depth."""
        found: set[str] = set()
        waiting = [relation]
        while waiting:
            new = self.depends.get(waiting.pop(), frozenset()) - found
            found |= new
            waiting.extend(new)
        return found


class Work:
    """What is to be refreshed, each after what it reads; it grows by what changes meanwhile."""

    def __init__(self, graph: Graph, waiting: Collection[str]) -> None:
        """Begin with what is behind.

        Args:
            graph: of all relations.
            waiting: those that are behind.
        """
        self.graph = graph
        self.failed: set[str] = set()
        self._waiting = set(waiting)

    def __iter__(self) -> Iterator[str]:
        for relation in self.graph.in_order():
            if relation in self._waiting:
                yield relation

    def is_held(self, relation: str) -> bool:
        """Whether something that it reads has failed, or waits itself for what has."""
        return not self.failed.isdisjoint(self.graph.reads[relation])

    def hold(self, relation: str) -> None:
        """Leave a relation as it is, and what reads it."""
        self.failed.add(relation)

    def note(self, done: Refresh) -> None:
        """Note what a refresh came to: readers of what it changed are behind now."""
        if done.message:
            self.failed.add(done.relation)
        elif done.written or done.deleted:
            self._waiting |= self.graph.readers(done.relation)


def refresh(
    connection: Connection,
    relation: str,
    as_of: datetime | None = None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Refresh:
    """Refresh one relation in a transaction of its own.

    What fails is told in ops.refreshes as well, in another transaction.

    Args:
        connection: the owner's, one transaction a statement.
        relation: schema.table.
        as_of: what stands for now.
        is_stopped: says that whoever refreshes is ending, so that what was cancelled has not
            failed.

    Raises:
        TidemarkError: it has no program.
    """
    found = connection.execute(
        "select opening, clock_timestamp() from ops.programs where relation = %s", [relation]
    ).fetchone()
    if found is None:
        raise TidemarkError(f"{relation} has no program", "run tidemark build")
    opening, began = found
    call = sql.SQL(
        "select seconds, whole, keys, rows_written, rows_deleted, message"
        " from ops.refresh({}, coalesce({}::timestamptz, now()))"
    ).format(sql.Literal(relation), sql.Literal(as_of))
    try:
        # One string, so that locks are taken before the first query takes the snapshot.
        cursor = connection.execute(sql.SQL("{}; {}; commit").format(sql.SQL(opening), call))
        while cursor.description is None:
            cursor.nextset()
        row = cursor.fetchone()
        assert row is not None  # noqa: S101  # a function call gives a row
        seconds, whole, keys, written, deleted, remark = row
        return Refresh(relation, float(seconds), whole, keys, written, deleted, remark=remark)
    except psycopg.Error as error:
        if connection.broken:
            raise
        connection.execute("rollback")
        message = reason(error)
        if is_stopped():
            return Refresh(relation, 0.0, False, 0, 0, 0, message)
        row = connection.execute(
            "select ops.note_failure(%s, 'model', %s, %s)", [relation, began, message]
        ).fetchone()
        return Refresh(relation, float(row[0]) if row else 0.0, False, 0, 0, 0, message)
