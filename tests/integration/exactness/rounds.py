"""Random changes of the raw rows that programs read."""

from __future__ import annotations

import random
from typing import Any

from tests.integration.exactness import raw_rows
from tests.integration.exactness.world import World

MOST_CHANGES = 4


def changed_at_random(world: World, chance: random.Random) -> list[str]:
    """Change one to four rows of the raw tables that the world's programs read; says what."""
    rows = world.connection.execute(
        "select distinct r.name from ops.programs as p cross join unnest(p.reads) as r (name)"
        " where r.name like 'raw.%' order by 1"
    )
    names = [name for (name,) in rows]
    done = []
    for _ in range(chance.randint(1, MOST_CHANGES)):
        name = chance.choice(names)
        table = world.tables[name]
        kind = "write" if table.only_added_to else chance.choice(("write", "change", "delete"))
        place = chance.randint(0, 7)
        if kind == "write":
            row = {column.name: _value(column, chance) for column in table.columns}
            world.try_write(raw_rows.write_row, name, row)
        elif kind == "change":
            column = chance.choice(table.columns)
            value = _value(column, chance)
            world.try_write(raw_rows.change_column, name, place, column.name, value)
        else:
            world.try_write(raw_rows.delete_row, name, place)
        done.append(f"{kind} {name}")
    return done


def _value(column: raw_rows.Column, chance: random.Random) -> Any:
    if not column.required and chance.random() < 0.2:
        return None
    return chance.choice(raw_rows.WORDS.get(column.name, raw_rows.BY_TYPE[column.type]))
