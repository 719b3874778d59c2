"""A build without dbt: what `dbt build` does, from what it has stored in the database."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import sql

from tidemark_warehouse.database import guards
from tidemark_warehouse.database.outcomes import Outcome, reason
from tidemark_warehouse.database.refreshing import Graph, Refresh, Work, late_readers, refresh
from tidemark_warehouse.database.server import Connection
from tidemark_warehouse.database.testing import Tests

SHOWN_ROWS = 10


def prepare(connection: Connection, variables: Mapping[str, Any]) -> list[str]:
    """Do what a build begins with; macros/setup/prepare_warehouse.sql says what that is.

    Args:
        connection: the owner's, one transaction a statement.
        variables: of the project.

    Returns:
        What was found and mended.

    Raises:
        TidemarkError: something cannot be mended; says what has to be done.
    """
    found = [
        fault
        if fault == guards.MOVED
        else f"{fault} (mended; what reads it is computed whole, once)"
        for fault in guards.settle(connection)
    ]
    while _value(connection, "select ops.ensure_partitions()"):
        pass
    connection.execute("select ops.summarize_new_rows()")
    for name in ("reporting_timezone", "session_timeout_minutes"):
        connection.execute("select ops.keep_setting(%s, %s)", [name, str(variables[name])])
    return found


def build(connection: Connection, as_of: datetime, kinds: Collection[str]) -> Iterator[Outcome]:
    """Refresh what is behind and test what has changed, each after what it depends on.

    A model is skipped if one that it reads has failed, or a test of what it depends on, as dbt
    does it. What was edited in the database itself, a function for example, is behind too.

    Args:
        connection: the owner's, one transaction a statement.
        as_of: what stands for now.
        kinds: which of `model`, `snapshot` and `test`.
    """
    late = late_readers(connection, as_of)
    if "snapshot" in kinds:
        taken = list(_snapshots(connection, as_of, late))
        yield from taken
        if taken:
            late = late_readers(connection, as_of)
    tests = Tests(connection, as_of, late) if "test" in kinds else None
    work = Work(Graph.of(connection), _waiting(connection, late) if "model" in kinds else ())
    for relation in work:
        ancestors = work.graph.ancestors(relation)
        if tests:
            yield from tests.run(work.failed, ancestors)
        unique_id = work.graph.models[relation]
        if work.is_held(relation) or (tests and tests.blocks(ancestors)):
            work.hold(relation)
            yield Outcome(unique_id, "skipped", datetime.now(UTC))
            continue
        began = datetime.now(UTC)
        done = refresh(connection, relation, as_of)
        work.note(done)
        if tests and (done.written or done.deleted):
            tests.touch(relation)
        yield _outcome(unique_id, began, done)
    if tests:
        yield from tests.run(work.failed)
    if "model" in kinds and not work.failed:
        looked(connection, as_of)


def finish(connection: Connection, variables: Mapping[str, Any]) -> None:
    """Do what a build ends with.

    Args:
        connection: the owner's, one transaction a statement.
        variables: of the project.
    """
    connection.execute(
        "select ops.end_of_build(%s * interval '1 day', %s * interval '1 day')",
        [int(variables["changes_kept_days"]), int(variables["refreshes_kept_days"])],
    )


def looked(connection: Connection, as_of: datetime) -> None:
    """Note that every model is up to date.

    Args:
        connection: the owner's.
        as_of: what stands for now.
    """
    connection.execute(
        "insert into ops.looks as l (looked_at, as_of) values (clock_timestamp(), %s)"
        " on conflict (is_only) do update set"
        " looked_at = excluded.looked_at, as_of = excluded.as_of",
        [as_of],
    )


def shown_rows(connection: Connection, text: str, as_of: datetime) -> list[str]:
    """Return the first rows that a test warns of, as dbt's build shows them.

    Args:
        connection: the owner's.
        text: the query of the rows.
        as_of: what stands for now.
    """
    with connection.transaction():
        connection.execute("select set_config('tidemark.as_of', %s, true)", [as_of.isoformat()])
        query = sql.SQL("{} limit {}").format(sql.SQL(text), sql.Literal(SHOWN_ROWS))
        rows = connection.execute(query).fetchall()
    return [" · ".join(str(value) for value in row if value is not None) for row in rows]


def _waiting(connection: Connection, late: set[str]) -> set[str]:
    edited = connection.execute("select * from ops.edited()").fetchall()
    return late | {relation for (relation,) in edited}


def _snapshots(connection: Connection, as_of: datetime, late: set[str]) -> Iterator[Outcome]:
    due = connection.execute(
        "select relation, unique_id from ops.snapshots where relation = any(%s) order by relation",
        [list(late)],
    ).fetchall()
    for relation, unique_id in due:
        began = datetime.now(UTC)
        try:
            row = connection.execute(
                "select rows_begun, rows_ended from ops.take_snapshot(%s, %s)", [relation, as_of]
            ).fetchone()
        except psycopg.Error as error:
            if connection.broken:
                raise
            yield Outcome(unique_id, "error", began, _since(began), reason(error))
            continue
        begun, ended = row or (0, 0)
        message = f"{begun} written, {ended} ended" if begun or ended else "nothing new"
        yield Outcome(unique_id, "success", began, _since(began), message, rows=begun)


def _outcome(unique_id: str, began: datetime, done: Refresh) -> Outcome:
    if done.message:
        return Outcome(unique_id, "error", began, done.seconds, done.message)
    changed = done.written or done.deleted
    message = f"{done.written} written, {done.deleted} deleted" if changed else "nothing new"
    return Outcome(
        unique_id,
        "success",
        began,
        done.seconds,
        message,
        rows=done.written,
        remark=f"{done.relation}: {done.remark}" if done.remark else None,
    )


def _since(began: datetime) -> float:
    return (datetime.now(UTC) - began).total_seconds()


def _value(connection: Connection, query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None
