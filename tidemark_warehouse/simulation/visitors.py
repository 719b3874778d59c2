"""Who visits the product: where from, with what, on which days, and when they say who they are."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import NamedTuple

from tidemark_warehouse.simulation.world import Choice, World, around

EVENTS_PER_VISITOR = 13.9  # measured over 120 days of several seeds; sets how many come
LONGEST_LIFE_DAYS = 240
HOURS = (1, 1, 1, 1, 1, 2, 4, 8, 14, 18, 19, 17, 14, 16, 18, 17, 15, 12, 9, 8, 7, 6, 4, 2)
HOUR_EDGES = list(itertools.accumulate(HOURS))


class Country(NamedTuple):
    """A country that visitors come from.

    Attributes:
        code: ISO code.
        cities: cities that addresses are found in.
        weight: its share of the visitors.
        offset: hours by which its clocks are ahead of UTC.
        appetite: how readily its visitors go on to the next step of a funnel.
    """

    code: str
    cities: tuple[str, ...]
    weight: float
    offset: int
    appetite: float


class Device(NamedTuple):
    """What a visitor visits with.

    Attributes:
        kind: type of device.
        browser: browser, or the app.
        system: operating system.
        app: whether it is the app, which knows no sessions and may be offline.
    """

    kind: str
    browser: str
    system: str
    app: bool = False


COUNTRIES = (
    Country("US", ("New York", "Chicago", "Seattle", "Austin"), 30, -5, 1.0),
    Country("DE", ("Berlin", "Hamburg", "Leipzig"), 24, 1, 1.15),
    Country("GB", ("London", "Leeds", "Bristol"), 14, 0, 1.0),
    Country("IN", ("Pune", "Bengaluru", "Delhi"), 14, 5, 0.75),
    Country("BR", ("Recife", "Curitiba"), 10, -3, 0.6),
    Country("JP", ("Osaka", "Sapporo"), 8, 9, 0.85),
)
DEVICES = {
    Device("desktop", "Chrome", "Windows"): 26,
    Device("desktop", "Chrome", "macOS"): 16,
    Device("desktop", "Firefox", "Linux"): 9,
    Device("desktop", "Edge", "Windows"): 8,
    Device("desktop", "Safari", "macOS"): 8,
    Device("mobile", "Safari", "iOS"): 8,
    Device("mobile", "Chrome", "Android"): 6,
    Device("tablet", "Safari", "iPadOS"): 3,
    Device("mobile", "App", "iOS", app=True): 8,
    Device("mobile", "App", "Android", app=True): 8,
}
COUNTRY = Choice({country: country.weight for country in COUNTRIES})
DEVICE = Choice(DEVICES)
PLAN = Choice({"free": 60, "team": 30, "business": 10})


class Visitor(NamedTuple):
    """A person who uses the product, or a robot test of it.

    Attributes:
        anonymous: the distinct_id of the first device.
        second: the distinct_id of another device, used on `second_days`.
        user: the user's id from the day `known_from` on; None for who never says it.
        known_from: the day.
        tells: whether the application sends an identify event on that day; else only the
            table of identities says it, later.
        country: where from.
        city: the city.
        device: what with, on the first device.
        plan: what they pay for, once known.
        appetite: how readily they go on to the next step.
        days: the days on which they come.
        second_days: those with the second device, all of them after `known_from`.
    """

    anonymous: str
    second: str
    user: str | None
    known_from: int
    tells: bool
    country: Country
    city: str
    device: Device
    plan: str
    appetite: float
    days: tuple[int, ...]
    second_days: tuple[int, ...]


def visitors_by_day(world: World, first_day: int, last_day: int) -> dict[int, list[Visitor]]:
    """Return who comes on each of the given days."""
    coming: dict[int, list[Visitor]] = {day: [] for day in range(first_day, last_day + 1)}
    for first in range(max(0, first_day - LONGEST_LIFE_DAYS), last_day + 1):
        for visitor in cohort(world, first):
            for day in visitor.days:
                if first_day <= day <= last_day:
                    coming[day].append(visitor)
    return coming


def cohort(world: World, day: int) -> Iterator[Visitor]:
    """Yield who comes for the first time on a day, with all of their days."""
    rng = world.chance("visitors", day)
    mean = world.events_per_day / EVENTS_PER_VISITOR * world.growth(day) * rng.uniform(0.85, 1.15)
    count = around(rng, mean * (1.13 if world.works(day) else 0.7))
    for number in range(count):
        name = f"{day:04d}-{number:04d}"
        country = COUNTRY.pick(rng)
        device = DEVICE.pick(rng)
        stays = rng.random() < 0.42
        days = tuple(_days(world, day, rng)) if stays else (day,)
        knows = rng.random() < (0.75 if stays else 0.15)
        known_from = days[min(len(days) - 1, int(rng.expovariate(1.2)))]
        second_days: tuple[int, ...] = ()
        if knows and rng.random() < 0.15:
            second_days = tuple(d for d in days if d > known_from and rng.random() < 0.4)
        yield Visitor(
            anonymous=f"sim-a{name}",
            second=f"sim-b{name}",
            user=f"sim-u{name}" if knows else None,
            known_from=known_from,
            tells=rng.random() < 0.7,
            country=country,
            city=rng.choice(country.cities),
            device=device,
            plan=PLAN.pick(rng) if knows else "free",
            appetite=country.appetite * rng.uniform(0.7, 1.3) * (1.0 if stays else 0.6),
            days=days,
            second_days=second_days,
        )


def _days(world: World, first: int, rng: random.Random) -> Iterator[int]:
    """Yield the days of somebody who stays: the longer, the rarer."""
    yield first
    day, fading = first, rng.uniform(0.05, 0.35)
    while rng.random() > 0.09:
        day += 1 + int(rng.expovariate(1 / (0.6 + fading * (day - first))))
        if rng.random() < 0.65:
            while not world.works(day):
                day += rng.randrange(1, 5)
        if day > first + LONGEST_LIFE_DAYS:
            return
        yield day
