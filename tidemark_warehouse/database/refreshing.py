"""Refreshing what is behind without dbt: the programs of models, each after what it reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import sql

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
    """

    relation: str
    seconds: float
    whole: bool
    keys: int | None
    written: int
    deleted: int
    message: str | None = None


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


def walk(connection: Connection, as_of: datetime | None = None) -> Iterator[Refresh]:
    """Refresh what is behind, and what reads that, until nothing is.

    A relation whose refresh fails stays behind, and so does what reads it.

    Args:
        connection: the owner's, one transaction a statement.
        as_of: what stands for now; one instant for the whole walk.
    """
    reads = _reads(connection)
    waiting = behind(connection, as_of)
    failed: set[str] = set()
    for relation in _in_order(reads):
        if relation not in waiting or not failed.isdisjoint(reads[relation]):
            if relation in waiting:
                failed.add(relation)
            continue
        done = refresh(connection, relation, as_of)
        if done.message:
            failed.add(relation)
        elif done.written or done.deleted:
            waiting |= {reader for reader, read in reads.items() if relation in read}
        yield done


def refresh(connection: Connection, relation: str, as_of: datetime | None = None) -> Refresh:
    """Refresh one relation in a transaction of its own.

    What fails is told in ops.refreshes as well, in another transaction.

    Args:
        connection: the owner's, one transaction a statement.
        relation: schema.table.
        as_of: what stands for now.

    Raises:
        TidemarkError: it has no program.
    """
    found = connection.execute(
        "select opening, clock_timestamp() from ops.programs where relation = %s", [relation]
    ).fetchone()
    if found is None:
        raise TidemarkError(f"{relation} has no program", "run tidemark build")
    opening, began = found
    call = sql.SQL("select * from ops.refresh({}, coalesce({}::timestamptz, now()))").format(
        sql.Literal(relation), sql.Literal(as_of)
    )
    try:
        # One string, so that locks are taken before the first query takes the snapshot.
        cursor = connection.execute(sql.SQL("{}; {}; commit").format(sql.SQL(opening), call))
        while cursor.description is None:
            cursor.nextset()
        row = cursor.fetchone()
        assert row is not None  # noqa: S101  # a function call gives a row
        _, _, _, seconds, whole, keys, written, deleted, _ = row
        return Refresh(relation, float(seconds), whole, keys, written, deleted)
    except psycopg.Error as error:
        connection.execute("rollback")
        message = str(error.diag.message_primary or error)
        row = connection.execute(
            "insert into ops.refreshes (relation, kind, started_at, seconds, message)"
            " values (%s, 'model', %s, extract(epoch from clock_timestamp() - %s), %s)"
            " returning seconds",
            [relation, began, began, message],
        ).fetchone()
        return Refresh(relation, float(row[0]) if row else 0.0, False, 0, 0, 0, message)


def _reads(connection: Connection) -> dict[str, frozenset[str]]:
    rows = connection.execute("select relation, reads from ops.programs").fetchall()
    return {relation: frozenset(reads) for relation, reads in rows}


def _in_order(reads: Mapping[str, frozenset[str]]) -> Sequence[str]:
    """Return the relations, each after those that it reads."""
    order: dict[str, None] = {}

    def place(relation: str) -> None:
        for read in sorted(reads[relation]):
            if read in reads and read not in order:
                place(read)
        order[relation] = None

    for relation in sorted(reads):
        if relation not in order:
            place(relation)
    return list(order)
