"""How far one user comes: the database's functions against every attempt there is."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.integration.funnels.attempts import Attempt, Happening, attempt_of
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.settings import Settings

EXAMPLES = int(os.environ.get("TIDEMARK_SOAK_EXAMPLES", "400"))
EXCLUSION = 1 << 62
SLOW = 4  # a machine that does other things besides
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
ATTEMPT = """
    select (a.attempt).entry, (a.attempt).step_at
    from (
        select ops.funnel_attempt(%s, %s, %s, %s, %s::timestamptz[], %s::bigint[]) as attempt
    ) as a
"""
World = tuple[list[Happening], int, str, int | None, bool]


@pytest.fixture(scope="module")
def connection(module_database: Settings) -> Any:
    with connect(module_database, autocommit=True) as connection:
        yield connection


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Few events at few instants, so that they meet: one user and a funnel."""
    step_count = draw(st.integers(1, 4))
    overlapping = draw(st.booleans())
    excludes = draw(st.sampled_from([False, False, True]))
    one_step = st.integers(1, step_count).map(lambda step: frozenset({step}))
    steps = st.frozensets(st.integers(1, step_count)) if overlapping else one_step
    happenings = draw(
        st.lists(
            st.builds(
                Happening,
                st.integers(0, draw(st.sampled_from([1, 3, 8]))),
                steps | st.just(frozenset()),
                st.booleans() if excludes else st.just(False),
            ),
            min_size=1,
            max_size=7,
        )
    )
    window = draw(st.none() | st.integers(0, 8))
    step_order = draw(st.sampled_from(["ordered", "strict", "unordered"]))
    return happenings, step_count, step_order, window, overlapping


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="TIDEMARK_SOAK_EXAMPLES" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(world=worlds())
# An exclusion that is a step itself: passing it takes another way to the same steps.
@example(
    world=(
        [
            Happening(0, frozenset({3})),
            Happening(0, frozenset({1})),
            Happening(1, frozenset({1}), excluded=True),
            Happening(2, frozenset({4})),
        ],
        *(4, "unordered", 2, False),
    )
)
# Strict: what is left of an instant stands before the attempt.
@example(
    world=(
        [
            Happening(3, frozenset({2})),
            Happening(3, frozenset({1, 4})),
            Happening(3, frozenset({4})),
            Happening(11, frozenset({3, 4})),
        ],
        *(4, "strict", 8, True),
    )
)
def test_attempts_are_those_of_the_reference(
    connection: psycopg.Connection[Any], world: World
) -> None:
    happenings, step_count, step_order, window, overlapping = world
    seen = [h for h in happenings if step_order == "strict" or h.steps or h.excluded]
    by_step = step_order == "ordered" and not overlapping
    seen.sort(key=lambda h: (h.at, mask(h) if by_step else 0))
    found = connection.execute(
        ATTEMPT,
        [
            *(step_count, step_order, window, overlapping),
            [BEGIN + timedelta(seconds=h.at) for h in seen],
            [mask(h) for h in seen],
        ],
    ).fetchone()
    assert found is not None
    entry, step_at = found
    assert attempt_of(seen, step_count, step_order, window) == (
        None
        if entry is None
        else Attempt(entry - 1, tuple(round((at - BEGIN).total_seconds()) for at in step_at))
    )


def mask(happening: Happening) -> int:
    """Return what an event is to a funnel, as ops.funnel_events says it."""
    return sum(1 << step - 1 for step in happening.steps) | EXCLUSION * happening.excluded


def test_a_user_with_many_events_costs_what_they_are(connection: psycopg.Connection[Any]) -> None:
    """A robot that enters again and again, and never comes through, in one pass."""
    connection.execute("set statement_timeout = '20s'")
    (depth,) = connection.execute(
        """
        select cardinality((ops.funnel_attempt(
            4, 'ordered', 1e9, false,
            array_agg(timestamptz '2026-01-01' + n * interval '1 second' order by n),
            array_agg((1::bigint << (n % 3)::integer) order by n)
        )).step_at)
        from generate_series(1, 50000) as n
        """
    ).fetchone() or (0,)
    connection.execute("reset statement_timeout")
    assert depth == 3


def cost(connection: psycopg.Connection[Any], definition: str, events: str) -> tuple[int, float]:
    """Depth of one user's attempt, and the milliseconds that it took, the better of three times."""
    took = []
    depth = 0
    for _ in range(3):
        started = time.perf_counter()
        (depth,) = connection.execute(
            f"select cardinality((ops.funnel_attempt({definition}, times, masks)).step_at) "
            f"from (select array_agg(at order by n) as times, array_agg(mask order by n) as masks "
            f"from ({events}) as e) as a".encode()
        ).fetchone() or (0,)
        took.append((time.perf_counter() - started) * 1000)
    return depth, min(took)


# One user's events: n, when, and which steps each can do (bits; 62: an exclusion).
ONE_NAME = """
    select n, timestamptz '2026-01-01' + n * interval '1 minute' as at,
        case when n = 20 then 1::bigint << 62 else (1::bigint << {steps} - 1) - 1 end as mask
    from generate_series(1, {count}) as n
"""
FILTERED = """
    select n, timestamptz '2026-01-01' + n / {together} * interval '1 minute' as at,
        (hashint8(n) & ((1::bigint << {steps} - 1) - 1))
        | case when n % 5 = 0 then 1::bigint << 62 else 0 end as mask
    from generate_series(1, {count}::bigint) as n
"""


@pytest.mark.parametrize("step_order", ["unordered", "ordered", "strict"])
@pytest.mark.parametrize("window", ["null", "600"])
@pytest.mark.parametrize(
    "events",
    [
        ONE_NAME.format(steps=20, count=40),
        FILTERED.format(steps=20, count=40, together=1),
        FILTERED.format(steps=20, count=40, together=3),
        FILTERED.format(steps=20, count=40, together=41),
    ],
    ids=["one name", "filters and exclusions", "equal instants", "one instant"],
)
def test_twenty_steps_that_nobody_comes_through_cost_little(
    connection: psycopg.Connection[Any], events: str, window: str, step_order: str
) -> None:
    depth, took = cost(connection, f"20, '{step_order}', {window}, true", events)
    assert depth < 20
    assert took < 50 * SLOW


@pytest.mark.parametrize("step_order", ["unordered", "ordered", "strict"])
@pytest.mark.parametrize("together", [1, 3])
def test_cost_grows_with_steps_and_events_and_not_with_their_powers(
    connection: psycopg.Connection[Any], step_order: str, together: int
) -> None:
    def took(steps: int, count: int) -> float:
        events = FILTERED.format(steps=steps, count=count, together=together)
        return cost(connection, f"{steps}, '{step_order}', 3600, true", events)[1]

    small = took(15, 500)
    assert took(15, 2000) < 12 * small + 5  # 4 where it is linear, 16 where it is a square
    assert took(60, 500) < 48 * small + 5  # 4, 16 and 64
