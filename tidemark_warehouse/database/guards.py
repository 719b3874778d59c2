"""What keeps raw exact whoever writes: the clock of its transaction ids, its triggers and keys."""

from __future__ import annotations

from typing import Any

import psycopg

from tidemark_warehouse.errors import TidemarkError

Connection = psycopg.Connection[Any]

MOVED = "the database was restored from a dump: the next build computes every model whole, once"


def settle(connection: Connection) -> list[str]:
    """Put back what is not as it was installed, and go on counting where the ids end.

    Args:
        connection: an autocommit connection of the database's owner.

    Returns:
        What was found. What reads the tables concerned is computed whole by the next build.

    Raises:
        TidemarkError: something cannot be mended; says what has to be done.
    """
    if not _installed(connection):
        return []
    try:
        row = connection.execute("select ops.settle_clock(), ops.mend_guards()").fetchone()
    except psycopg.errors.LockNotAvailable as error:
        raise TidemarkError(
            "a transaction has held raw tables for a minute, and their guards must be mended",
            "end it (see pg_stat_activity), then try again",
        ) from error
    except psycopg.errors.RaiseException as error:
        raise TidemarkError(
            str(error.diag.message_primary), str(error.diag.message_hint)
        ) from error
    state, faults = row or ("here", [])
    return [MOVED] * (state == "moved") + list(faults)


def note(connection: Connection) -> None:
    """Take what guards raw as what was installed: after migrations."""
    connection.execute("select ops.note_guards()")


def look(connection: Connection) -> list[str]:
    """Say what `settle` would find; reads only."""
    if not _installed(connection):
        return []
    state = connection.execute("select ops.clock_state()").fetchone()
    faults = connection.execute(
        "select format('%s: %s', f.relation, f.fault) from ops.guard_faults() as f"
        " order by f.relation, f.place"
    ).fetchall()
    return [MOVED] * (state == ("moved",)) + [fault for (fault,) in faults]


def _installed(connection: Connection) -> bool:
    row = connection.execute(
        "select to_regclass('ops.clock') is not null and to_regclass('ops.guards') is not null"
        " and to_regprocedure('ops.mend_guards()') is not null"
    ).fetchone()
    return row == (True,)
