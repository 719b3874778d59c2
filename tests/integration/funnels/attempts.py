"""What one user's events make of a funnel, by trying every attempt there is.

Slow and plain on purpose: the rules of docs/spec.md (Funnels), one a line, to compare the
database with.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Happening:
    """An event as a funnel sees it.

    Attributes:
        at: when, in any unit.
        steps: the steps that it can serve, from 1.
        excluded: whether it is an exclusion.
    """

    at: int
    steps: frozenset[int]
    excluded: bool = False


@dataclass(frozen=True)
class Attempt:
    """The attempt that counts.

    Attributes:
        entry: the place of its first event.
        step_at: when each step was done.
    """

    entry: int
    step_at: tuple[int, ...]


def attempt_of(
    happenings: Sequence[Happening], step_count: int, step_order: str, window: int | None
) -> Attempt | None:
    """Return the deepest attempt, of these the earliest, its steps as early as they can be.

    Args:
        happenings: all of one user's events, by time; the first of an instant is the earlier entry.
        step_count: how many steps the funnel has.
        step_order: ordered, strict or unordered.
        window: how long an attempt may take; None = for ever.
    """
    best: Attempt | None = None
    for entry in range(len(happenings)):
        for chain in chains(happenings, entry, step_count, step_order, window):
            found = Attempt(entry, tuple(happenings[place].at for place in chain))
            if best is None or _is_better(found, best):
                best = found
    return best


def _is_better(found: Attempt, best: Attempt) -> bool:
    """Say whether an attempt counts more than the best one of the entries up to its own."""
    deeper = len(found.step_at) - len(best.step_at)
    earlier = found.entry == best.entry and found.step_at < best.step_at
    return deeper > 0 or (deeper == 0 and earlier)


def chains(
    happenings: Sequence[Happening],
    entry: int,
    step_count: int,
    step_order: str,
    window: int | None,
) -> Iterator[tuple[int, ...]]:
    """Yield every allowed attempt from an entry, as the places of its events in their order."""
    first_steps = {1} if step_order != "unordered" else set(range(1, step_count + 1))
    begin = happenings[entry].at

    def longer(chain: tuple[int, ...], served: frozenset[int]) -> Iterator[tuple[int, ...]]:
        if allowed(happenings, chain, step_order):
            yield chain
        wanted = {len(chain) + 1} if step_order != "unordered" else set(range(1, step_count + 1))
        for place, happening in enumerate(happenings):
            if (
                place in chain
                or happening.at < happenings[chain[-1]].at
                or (window is not None and happening.at > begin + window)
            ):
                continue
            for step in happening.steps & wanted - served:
                if step <= step_count:
                    yield from longer((*chain, place), served | {step})

    for step in happenings[entry].steps & first_steps:
        yield from longer((entry,), frozenset({step}))


def allowed(happenings: Sequence[Happening], chain: tuple[int, ...], step_order: str) -> bool:
    """Say whether nothing stands between the steps of an attempt that must not."""
    times = [happenings[place].at for place in chain]
    if step_order == "strict":
        others = (h for place, h in enumerate(happenings) if place not in chain)
        return not any(times[0] < other.at < times[-1] for other in others)
    exclusions = [happening.at for happening in happenings if happening.excluded]
    return not any(
        before < at < after for before, after in itertools.pairwise(times) for at in exclusions
    )
