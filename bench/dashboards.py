"""What dashboards read of the product marts, timed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, LiteralString

from bench.arena import Arena
from bench.figures import Figure
from bench.world import FIRST_AT, people

READS = 200


def reading(arena: Arena, area: str, queries: Mapping[str, LiteralString]) -> Iterator[Figure]:
    """Yield how long each mart takes to answer, for names, times and users by chance.

    Args:
        arena: the database.
        area: the heading of the figures.
        queries: of each mart what a dashboard asks; `name`, `at` and `user` are its arguments.
    """
    arena.say("reads")
    arena.connection.execute("vacuum analyze")
    chance = random.Random(20260101)
    rounds: list[dict[str, Any]] = [
        {
            "name": f"event_{chance.randrange(40):02}",
            "at": FIRST_AT + timedelta(days=chance.randrange(max(1, arena.days - 30))),
            "user": f"d{int(people(arena) * chance.random() ** 2.5) // 5 * 5 + 1}",
        }
        for _ in range(READS)
    ]
    for model, query in queries.items():
        yield Figure(
            area,
            f"{model}, p95",
            arena.reads(query, rounds),
            "ms",
            5,
            beside="as a dashboard asks",
        )
