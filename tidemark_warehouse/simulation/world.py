"""What a simulated company is made of: its size, its calendar, its one source of chance."""

from __future__ import annotations

import bisect
import itertools
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Generic, TypeVar

T = TypeVar("T")

SECOND = 1_000  # times within the simulation are milliseconds since 1970, UTC
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_ORDINAL = EPOCH.toordinal()

LATE = HOUR  # what arrives later than this after its own time is called late
HOLIDAYS = {(1, 1), (1, 6), (5, 1), (10, 3), (12, 24), (12, 25), (12, 26), (12, 31)}
RELEASE_WEEKDAY = 1  # Tuesday
RELEASE_AT = 14 * HOUR
RELEASE_TAKES = 45 * MINUTE
INCIDENT_AT = 9 * HOUR + 30 * MINUTE
INCIDENT_TAKES = 3 * HOUR + 30 * MINUTE
INCIDENT_EVERY_DAYS = 61


@dataclass(frozen=True)
class Size:
    """How large a company is.

    Attributes:
        people: employees at the end of the first `days`.
        events_per_day: product events on an average day.
        metric_minutes: a metric series has a point each so many minutes.
        regions: regions that the metrics come from.
    """

    people: int
    events_per_day: int
    metric_minutes: int
    regions: tuple[str, ...]


SIZES = {
    "small": Size(12, 170, 60, ("eu", "us")),
    "medium": Size(40, 1_700, 15, ("eu", "us")),
    "large": Size(150, 17_000, 5, ("eu", "us", "ap")),
}
FEWEST_PEOPLE = 8


@dataclass(frozen=True)
class World:
    """A company, from which every row follows.

    Attributes:
        seed: another seed is another company of the same size.
        size: name in `SIZES`.
        people: number of employees; what else the size says grows with them.
        start: the first day of the data.
        days: over how many days it grows from a half to one and a half of its average traffic.
    """

    seed: int
    size: str
    people: int
    start: date
    days: int

    @property
    def events_per_day(self) -> float:
        """Product events on an average day."""
        return SIZES[self.size].events_per_day * self.people / SIZES[self.size].people

    @property
    def metric_minutes(self) -> int:
        """Minutes between the points of a metric series."""
        return SIZES[self.size].metric_minutes

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions that the metrics come from."""
        return SIZES[self.size].regions

    def chance(self, *name: object) -> random.Random:
        """Return the source of chance of one thing, the same whatever was drawn before it."""
        text = "/".join(str(part) for part in (self.seed, *name))
        return random.Random(text)  # noqa: S311 (a simulation, no secret)

    def begin(self, day: int) -> int:
        """Return the midnight at which a day of the simulation (from 0) begins."""
        return (self.start.toordinal() - EPOCH_ORDINAL + day) * DAY

    def day(self, at: int) -> int:
        """Return the day of the simulation on which a moment lies."""
        return (at - self.begin(0)) // DAY

    def date(self, day: int) -> date:
        """Return the date of a day of the simulation."""
        return self.start + timedelta(days=day)

    def works(self, day: int) -> bool:
        """Say whether people work on a day."""
        return is_workday(self.date(day))

    def growth(self, day: int) -> float:
        """Return the traffic of a day against the average one, without the week's rhythm."""
        return 0.5 + min(day / self.days, 1.5)

    def incident(self, day: int) -> tuple[int, int] | None:
        """Return when the service was in trouble on a day, if it was."""
        first = max(1, self.days * 3 // 4)
        for planned in (day, day - 1, day - 2, day - 3, day - 4):
            if planned < first or (planned - first) % INCIDENT_EVERY_DAYS:
                continue
            if self.works(day) and not any(self.works(other) for other in range(planned, day)):
                begin = self.begin(day) + INCIDENT_AT
                return begin, begin + INCIDENT_TAKES
        return None

    def release(self, day: int) -> tuple[int, int] | None:
        """Return when the weekly release took traffic away on a day, if there was one."""
        if not self.works(day) or self.date(day).weekday() != RELEASE_WEEKDAY:
            return None
        begin = self.begin(day) + RELEASE_AT
        return begin, begin + RELEASE_TAKES

    def working_moment(self, at: int, rng: random.Random) -> int:
        """Return the moment itself if people work then, else one in the next working morning."""
        day = self.day(at)
        hour = at - self.begin(day)
        if self.works(day) and 8 * HOUR <= hour < 18 * HOUR:
            return at
        if not self.works(day) or hour >= 18 * HOUR:
            day += 1
            while not self.works(day):
                day += 1
        return self.begin(day) + 8 * HOUR + rng.randrange(3 * HOUR)


@lru_cache(maxsize=4096)
def is_workday(day: date) -> bool:
    """Say whether people work on a date: no weekend, no holiday."""
    return day.weekday() < 5 and (day.month, day.day) not in HOLIDAYS


def moment(at: int) -> datetime:
    """Return a moment of the simulation as the time that a row has."""
    return EPOCH + timedelta(milliseconds=at)


def milliseconds(at: datetime) -> int:
    """Return a time with a zone as a moment of the simulation."""
    return (at - EPOCH) // timedelta(milliseconds=1)


def time_uuid(rng: random.Random, at: int) -> str:
    """Return a UUID of version 7: it begins with its time, so that an index grows at one end."""
    bits = rng.getrandbits(74)
    number = at << 80 | 7 << 76 | bits >> 62 << 64 | 1 << 63 | bits & (1 << 62) - 1
    return f"{number:032x}"


def around(rng: random.Random, mean: float) -> int:
    """Return a whole number that is `mean` on average: one of its two neighbours."""
    return int(mean + rng.random())


class Choice(Generic[T]):
    """Things of which some come up more often than others."""

    def __init__(self, weights: Mapping[T, float]) -> None:
        self.items = list(weights)
        self.edges = list(itertools.accumulate(weights.values()))

    def pick(self, rng: random.Random) -> T:
        """Return one of them."""
        return self.items[bisect.bisect(self.edges, rng.random() * self.edges[-1])]
