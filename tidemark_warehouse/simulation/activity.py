"""What people do in the tracker, and the dashboards they keep there."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tidemark_warehouse.simulation.delivery import recent_features, running
from tidemark_warehouse.simulation.people import Person, present, staff
from tidemark_warehouse.simulation.rows import Activity, Dashboard, Version
from tidemark_warehouse.simulation.world import DAY, HOUR, MINUTE, Choice, World, moment

ACTIONS = Choice({"viewed": 50, "updated": 20, "commented": 14, "created": 8, "exported": 3})
ENTITIES = Choice({"feature_request": 70, "project": 15, "dashboard": 15})
DASHBOARDS = ("My work", "Team velocity", "Release health")
WIDGETS = ("velocity", "open_features", "hours", "sessions", "alerts")
TOUCHED_EVERY_DAYS = 30


def versions(world: World, first_day: int, last_day: int) -> Iterator[Version]:
    """Yield the activity of the given days, and every version of the dashboards so far."""
    for person in staff(world):
        yield from _dashboards(world, person, last_day)
    for day in range(first_day, last_day + 1):
        yield from _day(world, day)


def _day(world: World, day: int) -> Iterator[Version]:
    rng = world.chance("activity", day)
    features = recent_features(world, max(day - 1, 0))
    projects = [project.project_id for project in running(world, day)]
    for person in present(world, day):
        count = rng.randrange(3, 11) if world.works(day) else int(rng.random() < 0.08)
        late = rng.random() < 0.01  # the day's entries arrive with the next day's
        for number in range(count):
            at = world.begin(day) + 7 * HOUR + rng.randrange(11 * HOUR)
            action, entity = ACTIONS.pick(rng), ENTITIES.pick(rng)
            if entity == "feature_request" and features:
                entity_id = rng.choice(features)
            elif entity == "dashboard":
                entity_id = rng.choice(DASHBOARDS)
            else:
                entity, entity_id = "project", rng.choice(projects)
            row = Activity(
                f"{person.employee_id}-a{day:04d}-{number}",
                person.employee_id,
                action,
                entity,
                entity_id,
                '{"source": "mobile"}' if rng.random() < 0.2 else None,
                moment(at),
            )
            if late:
                yield Version(at + DAY, "late", row)
            else:
                yield Version(at + rng.randrange(MINUTE), "new", row)


def _dashboards(world: World, person: Person, last_day: int) -> Iterator[Version]:
    """Yield a person's dashboards, which are rearranged now and then."""
    rng = world.chance("dashboards", person.number)
    hired = max(person.hired, 0)
    for number, name in enumerate(DASHBOARDS[: rng.randrange(1, 4)]):
        shared = rng.random() < 0.3
        for day in range(hired + rng.randrange(10), last_day + 1, TOUCHED_EVERY_DAYS):
            changes = world.chance("dashboard", person.number, number, day)
            at = world.working_moment(world.begin(day) + 9 * HOUR, changes)
            widgets = changes.sample(WIDGETS, 3)
            row = Dashboard(
                person.employee_id,
                name,
                json.dumps({"columns": changes.randrange(1, 4), "widgets": widgets}),
                json.dumps({"theme": "dark"}) if number else None,
                number == 0,
                shared,
                moment(at),
            )
            yield Version(at, "changed" if day > hired + 9 else "new", row)
