"""What the policy means today: which periods have expired, and what keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg import sql

from tidemark_warehouse.archiving.policy import SESSIONS, Rule
from tidemark_warehouse.database.server import Connection

# After so many days without a build nothing is removed: who reads it may be broken.
STILL_DAYS = 7
# So long a restored period stays, for whoever wanted to see it.
HOLD_DAYS = 7


@dataclass(frozen=True)
class Candidate:
    """A period of a table whose rows have expired.

    Attributes:
        rule: the row of the policy.
        period: its name: a month as 2026-08, or "before" a date.
        from_at, to_at: half-open; of a mart and of a default partition None where it has no bound.
        partition: the table to drop, where the period is one.
        rows, bytes: what would go.
        expires_at: since when (or when) the policy removes it.
        objections: why it stays; none = it would go.
    """

    rule: Rule
    period: str
    from_at: datetime | None
    to_at: datetime
    partition: str | None
    rows: int
    bytes: int
    expires_at: datetime
    objections: tuple[str, ...]

    @property
    def action(self) -> str:
        """What becomes of it."""
        if self.objections:
            return "stays"
        return "archive, then remove" if self.rule.archive else "remove"


def make(connection: Connection, rules: list[Rule], as_of: datetime) -> list[Candidate]:
    """List what has expired by a time, oldest first within a table; reads only.

    Args:
        connection: an autocommit connection of the owner.
        rules: the policy.
        as_of: what stands for now.
    """
    found: list[Candidate] = []
    for rule in rules:
        expired_before = as_of - timedelta(days=rule.keep_days)
        if not rule.is_raw:
            found.extend(_mart(connection, rule, expired_before))
        elif rule.table_name == SESSIONS:
            found.extend(_sessions(connection, rule, expired_before))
        else:
            found.extend(_partitions(connection, rule, expired_before))
    return found


def _partitions(connection: Connection, rule: Rule, before: datetime) -> Iterator[Candidate]:
    """List the partitions of a raw table that end before a time and have rows."""
    partitions = connection.execute(
        """
        with bounds as (
            select
                c.oid::regclass::text as name,
                regexp_match(
                    pg_get_expr(c.relpartbound, c.oid),
                    'FROM \\(''([^'']+)''\\) TO \\(''([^'']+)''\\)'
                ) as ends,
                pg_total_relation_size(c.oid) as bytes
            from pg_inherits as i
            inner join pg_class as c on i.inhrelid = c.oid
            where i.inhparent = %s::regclass
        )

        select name, ends[1]::timestamptz, ends[2]::timestamptz, bytes
        from bounds
        where ends is not null and ends[2]::timestamptz <= %s
        order by 2
        """,
        [rule.relation, before],
    ).fetchall()
    for name, from_at, to_at, size in partitions:
        rows = _one(connection, sql.SQL("select count(*) from {}").format(_identifier(name)))
        if rows:
            yield Candidate(
                rule, f"{from_at:%Y-%m}", from_at, to_at, name, rows, size,
                to_at + timedelta(days=rule.keep_days),
                _objections(connection, rule.relation, from_at, to_at),
            )  # fmt: skip


def _sessions(connection: Connection, rule: Rule, before: datetime) -> Iterator[Candidate]:
    """List sessions of workflows that are over, by the month in which they ended."""
    months = connection.execute(
        """
        select
            months.month_start at time zone 'UTC',
            months.month_start at time zone 'UTC' + interval '1 month',
            count(e.session_id),
            coalesce(sum(pg_column_size(s.*)), 0)
        from (
            select distinct date_trunc('month', ended_at at time zone 'UTC') as month_start
            from raw.time_sessions
            where ended_at < %(before)s and isfinite(ended_at)
        ) as months
        cross join lateral ops.expired_sessions(
            %(before)s, months.month_start at time zone 'UTC'
        ) as e
        inner join raw.time_sessions as s on e.session_id = s.session_id
        group by months.month_start
        order by 1
        """,
        {"before": before},
    ).fetchall()
    for from_at, to_at, rows, size in months:
        yield Candidate(
            rule, f"{from_at:%Y-%m}", from_at, to_at, None, rows, size, before,
            _objections(connection, rule.relation, from_at, to_at),
        )  # fmt: skip
    staying = connection.execute(
        "select row_count, bytes, first_ended_at, last_ended_at from ops.staying_sessions(%s)",
        [before],
    ).fetchone()
    if staying and staying[0]:
        rows, size, first_at, last_at = staying
        yield Candidate(
            rule, f"{first_at:%Y-%m} to {last_at:%Y-%m}", first_at, last_at, None, rows, size,
            before, ("they are active, or their workflows not over for so long",),
        )  # fmt: skip


def _mart(connection: Connection, rule: Rule, before: datetime) -> Iterator[Candidate]:
    """Look at the rows of a mart before a time: of whole days, so that none is cut."""
    midnight = before.replace(hour=0, minute=0, second=0, microsecond=0)
    rows, size = connection.execute(
        "select row_count, bytes from ops.expired_rows(%s, %s)", [rule.relation, midnight]
    ).fetchone() or (0, 0)
    if rows:
        yield Candidate(
            rule, f"before {midnight:%Y-%m-%d}", None, midnight, None, rows, size, before,
            _objections(connection, rule.relation, None, midnight),
        )  # fmt: skip


def _objections(
    connection: Connection, relation: str, from_at: datetime | None, to_at: datetime
) -> tuple[str, ...]:
    row = connection.execute(
        "select ops.retention_objections(%s, coalesce(%s, '-infinity'::timestamptz), %s, %s, %s)",
        [relation, from_at, to_at, STILL_DAYS, HOLD_DAYS],
    ).fetchone()
    return tuple(row[0]) if row else ()


def _one(connection: Connection, query: sql.Composed) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _identifier(relation: str) -> sql.Identifier:
    return sql.Identifier(*relation.split("."))
