"""What the application measures of itself: points by route, region and query."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from tidemark_warehouse.simulation.rows import MetricPoint, Version
from tidemark_warehouse.simulation.visitors import COUNTRIES, HOURS
from tidemark_warehouse.simulation.world import DAY, HOUR, MINUTE, World, moment, time_uuid

ROUTES = {"/api/missions": 85.0, "/api/specs": 60.0, "/api/search": 140.0, "/api/forge": 220.0}
QUERIES = {"missions_by_team": 12.0, "spec_history": 25.0, "search_index": 40.0}
SHARES = {"eu": 0.5, "us": 0.35, "ap": 0.15}
FLUSHED_LATE = 0.004


def load_of_hours() -> list[float]:
    """Return how busy the product is in each hour of the UTC day, 1 on average."""
    total = sum(country.weight for country in COUNTRIES)
    hours = [sum(c.weight * HOURS[(hour + c.offset) % 24] for c in COUNTRIES) for hour in range(24)]
    return [24 * hour / (sum(HOURS) * total) for hour in hours]


def versions(world: World, first_day: int, last_day: int) -> Iterator[Version]:
    """Yield the points of the given days."""
    hours = load_of_hours()
    for day in range(first_day, last_day + 1):
        rng = world.chance("metrics", day)
        daily = world.growth(day) * (1.0 if world.works(day) else 0.45)
        begin = world.begin(day)
        incident, release = world.incident(day), world.release(day)
        for at in range(begin, begin + DAY, world.metric_minutes * MINUTE):
            here = (at - begin) / HOUR
            hour = int(here)
            between = hours[hour] + (hours[(hour + 1) % 24] - hours[hour]) * (here - hour)
            trouble = incident is not None and incident[0] <= at < incident[1]
            releasing = release is not None and release[0] <= at < release[1]
            state = 2 if trouble else 1 if releasing else 0
            for row in _points(world, at, daily * between, state, rng):
                if rng.random() < FLUSHED_LATE:  # an agent that could not send
                    yield Version(at + rng.randrange(HOUR + 1, 6 * HOUR), "late", row)
                else:
                    yield Version(at + rng.randrange(MINUTE), "new", row)


def _points(
    world: World, at: int, load: float, state: int, rng: random.Random
) -> Iterator[MetricPoint]:
    """Yield one point of each series; `state` 1 is a release, 2 an incident."""
    traffic = load * (1.0, 0.5, 0.3)[state]
    slow = (1.0, 1.4, 3.5)[state] * (0.85 + 0.15 * load)
    tail = (0.03, 0.05, 0.35)[state]  # the share of slow answers
    for region in world.regions:
        for route, base in ROUTES.items():
            value = base * slow * rng.lognormvariate(0, 0.35)
            if rng.random() < tail:
                value *= rng.uniform(4, 9)
            tags = f'{{"region": "{region}", "route": "{route}"}}'
            yield _point(rng, "api.request.duration", "timer", value, at, tags, "ms")
        users = world.events_per_day / 90 * traffic * SHARES[region] * rng.uniform(0.85, 1.15)
        tags = f'{{"region": "{region}"}}'
        yield _point(rng, "users.active", "gauge", round(users), at, tags, "users")
    for query, base in QUERIES.items():
        value = base * slow * rng.lognormvariate(0, 0.3)
        tags = json.dumps({"query": query})
        yield _point(rng, "database.query.duration", "timer", value, at, tags, "ms")
    created = world.events_per_day / 47 * traffic * world.metric_minutes / (24 * 60)
    count = max(0, round(rng.gauss(created, created**0.5)))
    yield _point(rng, "missions.created", "counter", count, at, "{}", "missions")


def _point(
    rng: random.Random, name: str, kind: str, value: float, at: int, tags: str, unit: str
) -> MetricPoint:
    at += rng.randrange(10_000)
    return MetricPoint(time_uuid(rng, at), name, kind, round(value, 3), moment(at), tags, unit)
