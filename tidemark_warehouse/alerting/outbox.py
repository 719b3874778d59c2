"""What channels are to be told: noted in the database, sent, and marked when it was confirmed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from tidemark_warehouse.alerting.channels import UndeliveredError, send, target_of
from tidemark_warehouse.database.server.connection import Connection
from tidemark_warehouse.errors import TidemarkError

MOST = 100  # messages in one piece
PAUSE_SECONDS = 15.0

STATE: LiteralString = """
    select
        ops.is_quiet(c.quiet_from::integer, c.quiet_to::integer, clock_timestamp()),
        coalesce(f.retry_at > clock_timestamp(), false),
        (
            select count(*)
            from ops.alert_deliveries as d
            where d.channel = c.channel and d.delivered_at is null
        )
    from seeds.alert_channels as c
    left join ops.channel_failures as f on c.channel = f.channel
    where c.channel = %s
"""
# The first pause is a minute, the longest an hour.
FAILED: LiteralString = """
    insert into ops.channel_failures as f (channel, failures, retry_at, message)
    values (%(channel)s, 1, clock_timestamp() + interval '1 minute', %(message)s)
    on conflict (channel) do update set
        failures = f.failures + 1,
        retry_at = clock_timestamp()
        + least(interval '1 minute' * 2 ^ least(f.failures, 10), interval '1 hour'),
        message = excluded.message
"""
CONFIRMED: LiteralString = (
    "update ops.alert_deliveries set delivered_at = clock_timestamp() where place = any(%s)"
)


@dataclass(frozen=True)
class Outcome:
    """What came of one channel.

    Attributes:
        channel: its name.
        sent: how many messages were confirmed.
        waiting: how many still wait.
        remark: why they wait; None where none does.
        failed: the receiver did not confirm.
    """

    channel: str
    sent: int
    waiting: int
    remark: str | None = None
    failed: bool = False

    def __str__(self) -> str:
        """Return it as a person reads it."""
        words = f"{self.channel}: {self.sent:,} message{'' if self.sent == 1 else 's'} sent"
        return words + (f", {self.waiting:,} waiting ({self.remark})" if self.waiting else "")


def deliver(connection: Connection, at_once: bool = False) -> Iterator[Outcome]:
    """Send what is due, once, in order; what is not confirmed waits for the next time.

    A receiver may get a message twice (it confirmed, and nobody heard it): by its delivery_id it
    knows it again. A channel whose environment variable is not set is off: nothing is noted for it.

    Args:
        connection: the owner's, one transaction a statement.
        at_once: try channels that rest after a failure, too.

    Raises:
        TidemarkError: there are no alerts or channels yet.
    """
    try:
        with connection.cursor(row_factory=dict_row) as cursor:
            listed = cursor.execute(
                "select channel, kind, target_variable from seeds.alert_channels order by channel"
            ).fetchall()
        channels = [channel for channel in listed if target_of(channel["target_variable"])]
        names = [channel["channel"] for channel in channels]
        if names:
            connection.execute("select ops.note_deliveries(%s, clock_timestamp())", [names])
    except (
        psycopg.errors.UndefinedTable,
        psycopg.errors.ObjectNotInPrerequisiteState,
    ) as error:
        raise TidemarkError(
            "there are no alerts to deliver yet", "run tidemark build first"
        ) from error
    for channel in channels:
        outcome = _deliver_to(connection, channel["channel"], channel, at_once)
        if outcome:
            yield outcome


def keep_delivering(
    connect: Callable[[], Connection], tell: Callable[[str], None], stop: threading.Event
) -> None:
    """Send what is due again and again until the end; for a thread of its own.

    A warehouse without alerts, or one that does not answer, is asked again later.

    Args:
        connect: opens a connection of the owner, one transaction a statement.
        tell: says to a person what was sent, and once what was not.
        stop: ends it.
    """
    said: dict[str, str | None] = {}
    while not stop.wait(PAUSE_SECONDS):
        try:
            with connect() as connection:
                for outcome in deliver(connection):
                    if outcome.sent or (outcome.failed and said.get(outcome.channel) is None):
                        tell(str(outcome))
                    said[outcome.channel] = outcome.remark
        except (psycopg.Error, TidemarkError):
            continue


def _deliver_to(
    connection: Connection, name: str, channel: dict[str, Any], at_once: bool
) -> Outcome | None:
    """Send what waits for one channel; None if nothing does."""
    row = connection.execute(STATE, [name]).fetchone()
    is_quiet, rests, waiting = row or (False, False, 0)
    if not waiting:
        return None
    if is_quiet:
        return Outcome(name, 0, waiting, "quiet hours")
    if rests and not at_once:
        return Outcome(name, 0, waiting, "rests after a failure; --now tries it at once")
    lock = "alerts to " + name
    if not _holds(connection, "select pg_try_advisory_lock(hashtextextended(%s, 0))", lock):
        return Outcome(name, 0, waiting, "somebody else delivers to it")
    sent = 0
    try:
        while messages := _due(connection, name):
            places = [message.pop("place") for message in messages]
            send(channel["kind"], channel["target_variable"], messages)
            connection.execute(CONFIRMED, [places])
            sent += len(places)
    except UndeliveredError as error:
        connection.execute(FAILED, {"channel": name, "message": str(error)})
        return Outcome(name, sent, max(waiting - sent, 0), str(error), failed=True)
    finally:
        connection.execute("select pg_advisory_unlock(hashtextextended(%s, 0))", [lock])
    connection.execute("delete from ops.channel_failures where channel = %s", [name])
    return Outcome(name, sent, 0)


def _due(connection: Connection, channel: str) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute("select * from ops.due_deliveries(%s, %s)", [channel, MOST])
        return [
            {
                **{name: value for name, value in row.items() if name != "changed_at"},
                "delivery_id": str(row["delivery_id"]),
                "at": row["changed_at"].isoformat(),
            }
            for row in rows
        ]


def _holds(connection: Connection, question: LiteralString, value: str) -> bool:
    row = connection.execute(question, [value]).fetchone()
    return bool(row and row[0])
