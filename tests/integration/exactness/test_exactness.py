"""After any sequence of loads and builds every model equals a build from nothing."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.integration.conftest import WorldMaker
from tests.integration.exactness import raw_rows
from tests.integration.exactness.delivery_witnesses import DELIVERY_WITNESSES
from tests.integration.exactness.funnel_witnesses import FUNNEL_WITNESSES
from tests.integration.exactness.identity_witnesses import IDENTITY_WITNESSES
from tests.integration.exactness.metrics_witnesses import METRICS_WITNESSES, SELECTING_RULES
from tests.integration.exactness.people_witnesses import PEOPLE_WITNESSES
from tests.integration.exactness.product_witnesses import PRODUCT_WITNESSES
from tests.integration.exactness.warehouse import AS_OF
from tests.integration.exactness.witnesses import ENGINE_WITNESSES
from tests.integration.exactness.world import World

# By the area of the models that they are about: only these, and what they read, are built.
WITNESSES: dict[str, list[Callable[[World], None]]] = {
    "time_tracking": ENGINE_WITNESSES,
    "product": [*PRODUCT_WITNESSES, *IDENTITY_WITNESSES, *FUNNEL_WITNESSES],
    "delivery": DELIVERY_WITNESSES,
    "app_metrics": METRICS_WITNESSES,
    "people": PEOPLE_WITNESSES,
}

ZONES = ["UTC", "Asia/Kolkata", "America/New_York"]
CLOCKS = [AS_OF, "2026-03-10T20:00:00+00:00", "2026-02-01T00:00:00+00:00", "2026-03-23T05:00:00Z"]
# A budget for `make test`, where every machine tries the same examples; `make soak` raises it.
EXAMPLES = int(os.environ.get("TIDEMARK_SOAK_EXAMPLES", "6"))
BUDGET = settings(
    max_examples=EXAMPLES,
    stateful_step_count=25,
    deadline=None,
    derandomize="TIDEMARK_SOAK_EXAMPLES" not in os.environ,
    database=None,
    phases=(Phase.generate, Phase.shrink) if EXAMPLES > 6 else (Phase.generate,),
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)


def machine(
    new_world: Callable[[], World], most_rows: dict[str, int]
) -> type[RuleBasedStateMachine]:
    """The state machine over worlds from `new_world`."""

    class Worlds(RuleBasedStateMachine):
        @initialize(data=st.data())
        def start(self, data: st.DataObject) -> None:
            self.world = new_world()
            self.world.define(SELECTING_RULES)
            self.builds = 0
            self.correctable = sorted(
                name for name, table in self.world.tables.items() if not table.only_added_to
            )
            for _ in range(3):
                self.load(data)
            self.world.build()

        @rule(data=st.data())
        def load(self, data: st.DataObject) -> None:
            """New, late, redelivered and corrected rows: several at once, in any order."""
            for name, table in self.world.tables.items():
                for row in data.draw(st.lists(table.rows(), max_size=3), label=name):
                    self.world.try_write(raw_rows.write_row, name, row)

        @rule(data=st.data())
        def correct(self, data: st.DataObject) -> None:
            """One column of one row: a new time, another user, no longer completed, another key."""
            name = data.draw(st.sampled_from(self.correctable))
            column = data.draw(st.sampled_from(self.world.tables[name].columns))
            place = data.draw(st.integers(0, 7))
            value = data.draw(column.values())
            self.world.try_write(raw_rows.change_column, name, place, column.name, value)

        @rule(data=st.data())
        def delete(self, data: st.DataObject) -> None:
            name = data.draw(st.sampled_from(self.correctable))
            self.world.try_write(raw_rows.delete_row, name, data.draw(st.integers(0, 7)))

        @rule(data=st.data())
        def write_and_stay_open(self, data: st.DataObject) -> None:
            """A writer whose transaction is older than the builds that follow."""
            name = data.draw(st.sampled_from(sorted(self.world.tables)))
            row = data.draw(self.world.tables[name].rows())
            writer = self.world.open_writer()
            try:
                raw_rows.write_row(writer, self.world.tables[name], row)
            except Exception:
                writer.rollback()

        @rule(commit=st.booleans())
        def end_writers(self, commit: bool) -> None:
            self.world.end_writers(commit=commit)

        @precondition(lambda self: self.builds < 4)
        @rule(as_of=st.sampled_from(CLOCKS))
        def build(self, as_of: str) -> None:
            """As of another time than the next one: the clock moves what nobody wrote."""
            self.builds += 1
            self.world.build(as_of=as_of)

        @precondition(lambda self: self.builds < 4)
        @rule(query=st.integers(8, 90))
        def kill_a_build(self, query: int) -> None:
            self.builds += 1
            self.world.build_killed_at(query)

        @rule(zone=st.sampled_from(ZONES))
        def edit_the_definitions(self, zone: str) -> None:
            self.world.zone = zone

        def teardown(self) -> None:
            if hasattr(self, "world"):
                try:
                    self.world.end_writers(commit=True)
                    assert self.world.differences() == []
                finally:
                    for table, rows in self.world.most_rows.items():
                        most_rows[table] = max(rows, most_rows.get(table, 0))
                    self.world.close()

    return Worlds


def test_every_model_equals_a_build_from_nothing(new_world: Callable[[], World]) -> None:
    most_rows: dict[str, int] = {}
    run_state_machine_as_test(machine(new_world, most_rows), settings=BUDGET)
    never_filled = sorted(table for table, rows in most_rows.items() if rows == 0)
    assert not never_filled, (
        f"no world put a row into {never_filled}: give their sources' columns words in"
        " raw_rows.WORDS"
    )


@pytest.mark.parametrize(
    ("area", "witness"),
    [(area, witness) for area, witnesses in WITNESSES.items() for witness in witnesses],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_witness(new_world: WorldMaker, area: str, witness: Callable[[World], None]) -> None:
    """The worlds that the engine's guards were made for; test_guards shows that each is needed."""
    world = new_world.walking(area)
    try:
        witness(world)
        assert world.differences() == []
    finally:
        world.close()
