"""Daily graph centralities of who wrote to whom, as a source of employee metrics."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import networkx as nx  # type: ignore[import-untyped]


@dataclass(frozen=True)
class Measured:
    """One person's place in the graph of one day.

    Attributes:
        person: the node.
        date: ISO date.
        degree: degree centrality.
        betweenness: betweenness centrality; none where it was not asked for.
        clustering: clustering coefficient.
    """

    person: str
    date: str
    degree: float
    betweenness: float | None
    clustering: float


def daily_centralities(
    messages: Iterable[tuple[str, str, str]], with_betweenness: Iterable[str] = ()
) -> list[Measured]:
    """Return the centralities of everybody who wrote or got a message on a day.

    Args:
        messages: sender, receiver and ISO time in UTC.
        with_betweenness: the dates for which it is computed, as it takes longest.
    """
    days: dict[str, nx.Graph] = defaultdict(nx.Graph)
    for sender, receiver, at in messages:
        days[at[:10]].add_edge(sender, receiver)
    found = []
    for date, graph in days.items():
        degree = nx.degree_centrality(graph)
        clustering = nx.clustering(graph)
        between = nx.betweenness_centrality(graph) if date in with_betweenness else {}
        found += [
            Measured(person, date, degree[person], between.get(person), clustering[person])
            for person in graph
        ]
    return found
