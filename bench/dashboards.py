"""What dashboards read of the marts, timed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, LiteralString

from bench.arena import Arena
from bench.figures import Figure
from bench.world import FIRST_AT, people

READS = 200


def reading(
    arena: Arena,
    area: str,
    queries: Mapping[str, LiteralString],
    asked: Sequence[Mapping[str, Any]],
) -> Iterator[Figure]:
    """Yield how long each mart takes to answer.

    Args:
        arena: the database.
        area: the heading of the figures.
        queries: of each mart what a dashboard asks.
        asked: the arguments of each reading.
    """
    arena.say("reads")
    arena.connection.execute("vacuum analyze")
    for model, query in queries.items():
        yield Figure(
            area,
            f"{model}, p95",
            arena.reads(query, asked),
            "ms",
            5,
            beside="as a dashboard asks",
        )


def product_questions(arena: Arena) -> list[dict[str, Any]]:
    """Return the arguments `name`, `at` and `user` of readings of the product marts, by chance."""
    chance = random.Random(20260101)
    return [
        {
            "name": f"event_{chance.randrange(40):02}",
            "at": FIRST_AT + timedelta(days=chance.randrange(max(1, arena.days - 30))),
            "user": f"d{int(people(arena) * chance.random() ** 2.5) // 5 * 5 + 1}",
        }
        for _ in range(READS)
    ]
