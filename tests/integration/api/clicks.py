"""A small world of events with everything that makes counting hard, and their count without SQL."""

from __future__ import annotations

import random
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg.types.json import Jsonb

# Here 2 November 2025 begins an hour before its midnight: clocks went from 01:00 back to 00:00.
ZONE = ZoneInfo("America/Havana")
FIRST_AT = datetime(2025, 10, 24, tzinfo=UTC)
DAYS = 16
NOW_AT = datetime(2025, 11, 7, 15, 20, tzinfo=UTC)
NAMES = ("view", "buy", "help")
ENVIRONMENTS = ("production", "production", "production", "staging")
BOT = "bot"
PEOPLE = [f"d{number}" for number in range(9)] + [BOT]
# Two ids of one person; one whose user is another's id; one who turns out to be the bot.
IDENTITIES = {"d1": "ann", "d2": "ann", "d3": "d4", "d5": BOT}
COUNTRIES = ("DE", "US", "FR", "JP")


@dataclass(frozen=True)
class Click:
    """An event: the user is the one that it counts for."""

    name: str
    at: datetime
    environment: str
    distinct_id: str
    properties: dict[str, Any]

    @property
    def user(self) -> str:
        """Who it was."""
        return IDENTITIES.get(self.distinct_id, self.distinct_id)


@dataclass(frozen=True)
class Question:
    """Arguments of api.event_series and api.event_totals."""

    events: list[str]
    start_at: datetime
    end_at: datetime
    environment: str | None = None
    breakdown_by: str | None = None
    user_id: str | None = None


def clicks() -> list[Click]:
    """Make events of two weeks, many of them on the edges of hours and dates."""
    rng = random.Random(11)
    made = []
    for _ in range(900):
        at = FIRST_AT + timedelta(seconds=rng.randrange(DAYS * 86400))
        if rng.random() < 0.2:
            at = at.replace(minute=0, second=0)
        properties: dict[str, Any] = {"plan": rng.choice(("free", "team"))}
        if rng.random() < 0.8:
            properties["country"] = rng.choice((*COUNTRIES, "DE", None))
        made.append(
            Click(rng.choice(NAMES), at, rng.choice(ENVIRONMENTS), rng.choice(PEOPLE), properties)
        )
    return made


CLICKS = clicks()


def load(connection: psycopg.Connection[Any]) -> None:
    """Write them, and who is who."""
    connection.execute(
        "select ops.ensure_partitions_for('raw.events', %s, %s)",
        (FIRST_AT, FIRST_AT + timedelta(days=DAYS)),
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into raw.events"
            " (event_id, event_name, event_at, environment, distinct_id, properties)"
            " values (%s, %s, %s, %s, %s, %s)",
            [
                (uuid.UUID(int=n), c.name, c.at, c.environment, c.distinct_id, Jsonb(c.properties))
                for n, c in enumerate(CLICKS)
            ],
        )
        cursor.executemany(
            "insert into raw.identities (distinct_id, user_id) values (%s, %s)",
            list(IDENTITIES.items()),
        )


def matching(question: Question) -> Iterable[tuple[Click, str | None]]:
    """Yield the events that a question is about, each with its value of the breakdown."""
    for click in CLICKS:
        if (
            click.user != BOT
            and (click.name in question.events or "*" in question.events)
            and question.start_at <= click.at < question.end_at
            and question.environment in (None, click.environment)
            and question.user_id in (None, click.user)
        ):
            value = click.properties.get(question.breakdown_by) if question.breakdown_by else None
            yield click, value


def bucket_of(at: datetime, granularity: str) -> datetime:
    """Return the name of the bucket of a time; of two midnights it is the second."""
    if granularity == "minute":
        return at.replace(second=0)
    if granularity == "hour":
        return at.replace(minute=0, second=0)  # the zone's offsets are whole hours
    return midnight(first_of(at.astimezone(ZONE).date(), granularity))


def first_of(day: date, granularity: str) -> date:
    """Return the first date of a date's day, week or month."""
    if granularity == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if granularity == "month" else day


def midnight(day: date) -> datetime:
    """Return the midnight of a date, the second of two."""
    return datetime.combine(day, time(), ZONE).replace(fold=1).astimezone(UTC)


def moments(start_at: datetime, end_at: datetime, granularity: str) -> Iterable[datetime]:
    """Yield a moment of each minute or hour that a range touches; no bucket begins within one."""
    step = timedelta(minutes=1) if granularity == "minute" else timedelta(hours=1)
    at = bucket_of(start_at, "minute" if granularity == "minute" else "hour")
    while at < end_at:
        yield at
        at += step


@cache
def bounds(bucket: datetime, granularity: str) -> tuple[datetime, datetime]:
    """Return when a bucket begins and ends, by looking at which moments are in it."""
    reach = timedelta(days={"minute": 0, "hour": 0, "day": 2, "week": 8}.get(granularity, 33))
    around = moments(bucket - timedelta(hours=2), bucket + reach + timedelta(hours=2), granularity)
    own = [at for at in around if bucket_of(at, granularity) == bucket]
    step = timedelta(minutes=1) if granularity == "minute" else timedelta(hours=1)
    return own[0], own[-1] + step


def series(question: Question, granularity: str) -> dict[tuple[datetime, str | None], Any]:
    """Return what api.event_series has to answer: (count, users, is_complete) by bucket, value."""
    counts: Counter[tuple[datetime, str | None]] = Counter()
    users: dict[tuple[datetime, str | None], set[str]] = defaultdict(set)
    for click, value in matching(question):
        key = bucket_of(click.at, granularity), value
        counts[key] += 1
        users[key].add(click.user)
    spanned = moments(question.start_at, question.end_at, granularity)
    touched = {bucket_of(at, granularity) for at in spanned}
    answer = {}
    for bucket in touched:
        keys = [key for key in counts if key[0] == bucket]
        if question.breakdown_by is None:
            keys = [(bucket, None)]
        for key in keys:
            answer[key] = (counts[key], len(users[key]), is_complete(question, bucket, granularity))
    return answer


def is_complete(question: Question, bucket: datetime, granularity: str) -> bool:
    """Whether a bucket lies in the range and is over."""
    begins_at, ends_at = bounds(bucket, granularity)
    return begins_at >= question.start_at and ends_at <= min(question.end_at, NOW_AT)


def totals(question: Question) -> dict[str | None, Any]:
    """Return what api.event_totals has to answer: (count, users, is_complete) by value."""
    counts: Counter[str | None] = Counter()
    users: dict[str | None, set[str]] = defaultdict(set)
    for click, value in matching(question):
        counts[value] += 1
        users[value].add(click.user)
    if question.breakdown_by is None and not counts:
        counts[None] = 0
    complete = question.end_at <= NOW_AT
    return {value: (counts[value], len(users[value]), complete) for value in counts}
