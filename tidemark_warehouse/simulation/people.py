"""The staff: teams, hirings, moves; how they are; what is done for those who are not well."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from tidemark_warehouse.simulation.rows import (
    AuditEntry,
    Employee,
    EmployeeMetrics,
    Intervention,
    Note,
    Version,
)
from tidemark_warehouse.simulation.world import DAY, HOUR, LATE, MINUTE, World, moment, time_uuid

TEAMS = (
    "Platform",
    "Product",
    "Growth",
    "Data",
    "Support",
    "Design",
    "Mobile",
    "Billing",
    "Research",
    "Security",
)
FIRST_NAMES = (
    "Ada Amir Anouk Bela Carla Chidi Dalia Emeka Erik Fatima Felix Gita Hana Ines Ivo Jun "
    "Kaya Lars Leila Mara Milan Nadia Noor Olga Omar Pia Quinn Rafael Rosa Samir Selma Tariq "
    "Tomas Uma Vera Wanda Xenia Yara Yusuf Zoe"
)
LAST_NAMES = (
    "Abel Baran Castro Dumont Eklund Farkas Gruber Haddad Ito Jansen Kovac Lindqvist Moreau "
    "Nakata Okoye Petrov Quispe Rossi Sato Tanaka Ueda Vidal Weiss Yilmaz Zeman"
)

SAMPLES_EVERY = 4 * HOUR
STRAIN_DAYS = 90  # from calm to strained to calm again
STRAIN_RISES = 0.6  # for this part of them
HELP_AT = 0.45
INTERVENTIONS = ("workload_rebalance", "one_on_one", "time_off", "mentoring", "training")
STEPS = ("proposed", "approved", "active", "completed")


@dataclass(frozen=True)
class Person:
    """An employee.

    Attributes:
        number: position in the staff.
        employee_id: id, also as a user of the applications.
        name: full name.
        team: first team.
        hired: day of the simulation, negative for those who were there before.
        moves: day on which they go to another team and that team, for a few.
        pace: how long they take against the estimates.
        calm: burnout score of a quiet day.
        strain: how far it climbs in a bad time, 0 for most.
        phase: where in the cycle of strain they are on day 0.
        centre: how much of the company's talk passes through them, 0 to 1.
    """

    number: int
    employee_id: str
    name: str
    team: str
    hired: int
    moves: tuple[int, str] | None
    pace: float
    calm: float
    strain: float
    phase: int
    centre: float


def team_sizes(people: int) -> list[int]:
    """Divide the staff into teams, of which the last two are small."""
    count = 3 if people < 20 else 6 if people < 100 else 10
    small = [4, 2]
    large = count - len(small)
    shares = [large + 2 - number for number in range(large)]
    rest = people - sum(small)
    sizes = [rest * share // sum(shares) for share in shares]
    sizes[0] += rest - sum(sizes)
    return sizes + small


@lru_cache(maxsize=8)
def staff(world: World) -> tuple[Person, ...]:
    """Return everybody who ever works here, in the order of their ids."""
    rng = world.chance("staff")
    teams = [TEAMS[team] for team, size in enumerate(team_sizes(world.people)) for _ in range(size)]
    names = rng.sample(
        [(f, s) for f in FIRST_NAMES.split() for s in LAST_NAMES.split()], len(teams)
    )
    found = []
    for number, (team, (first, last)) in enumerate(zip(teams, names, strict=True)):
        founder = rng.random() < 0.7
        hired = -1 if founder else 1 + rng.randrange(max(1, world.days * 4 // 5))
        other = rng.choice([name for name in sorted(set(teams)) if name != team])
        moves = (max(hired, 0) + 7 + rng.randrange(world.days), other)
        person = Person(
            number=number,
            employee_id=f"sim-e{number + 1:03d}",
            name=f"{first} {last}",
            team=team,
            hired=hired,
            moves=moves if rng.random() < 0.05 else None,
            pace=rng.uniform(0.8, 1.3),
            calm=rng.uniform(22, 50),
            strain=rng.uniform(35, 55) if number % 6 == 4 else 0.0,
            phase=rng.randrange(STRAIN_DAYS),
            centre=rng.betavariate(2, 4),
        )
        found.append(person)
    return tuple(found)


def present(world: World, day: int) -> list[Person]:
    """Return who is on the staff on a day."""
    return [person for person in staff(world) if person.hired <= day]


def versions(world: World, first_day: int, last_day: int) -> Iterator[Version]:
    """Yield what becomes known about people, from samples and steps of the given days."""
    for person in staff(world):
        yield from _employee(world, person)
        yield from _interventions(world, person, last_day)
    for day in range(first_day, last_day + 1):
        yield from _samples(world, day)


def _employee(world: World, person: Person) -> Iterator[Version]:
    since = world.begin(max(person.hired, 0))
    if person.hired > 0:
        since += 8 * HOUR
    row = Employee(person.employee_id, person.name, person.team, moment(since))
    yield Version(since, "new", row)
    if person.moves:
        moved = world.begin(person.moves[0]) + 8 * HOUR
        row = row._replace(team_name=person.moves[1], updated_at=moment(moved))
        yield Version(moved, "changed", row)


def _strain(person: Person, at: float) -> float:
    """Return what bad times add to the score, `at` in days of the simulation."""
    part = (at + person.phase) % STRAIN_DAYS / STRAIN_DAYS
    rising = part / STRAIN_RISES
    return person.strain * min(rising, (1 - part) / (1 - STRAIN_RISES))


def _samples(world: World, day: int) -> Iterator[Version]:
    """Yield the measurements of a day: one each four hours of everybody on the staff."""
    rng = world.chance("wellbeing", day)
    weekday = world.date(day).weekday()
    load = 1.6 * weekday if world.works(day) else -4.0
    if any(world.incident(other) for other in range(day - 2, day + 1)):
        load += 6.0
    for person in present(world, day):
        offline = rng.random() < 0.02  # their samples of the day arrive the next morning
        for at in range(world.begin(day), world.begin(day + 1), SAMPLES_EVERY):
            at += person.number % 50 * MINUTE
            burnout = person.calm + load + rng.gauss(0, 2.5)
            burnout += _strain(person, (at - world.begin(0)) / DAY)
            row = EmployeeMetrics(
                person.employee_id,
                moment(at),
                round(_unit(0.15 + 0.6 * person.centre + rng.gauss(0, 0.03)), 4),
                round(_unit(0.4 * person.centre**2 + rng.gauss(0, 0.01)), 4),
                round(_unit(0.7 - 0.5 * person.centre + rng.gauss(0, 0.04)), 4)
                if rng.random() > 0.02
                else None,
                round(min(max(burnout, 0.0), 100.0), 2) if rng.random() > 0.01 else None,
            )
            if offline:
                known = world.begin(day + 1) + 8 * HOUR + rng.randrange(HOUR)
                yield Version(known, "late", row)
            else:
                yield Version(at + rng.randrange(MINUTE), "new", row)


def _unit(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _interventions(world: World, person: Person, last_day: int) -> Iterator[Version]:
    """Yield help for the strained in each of their cycles, and now and then for anyone."""
    for cycle in range((last_day + person.phase) // STRAIN_DAYS + 1):
        rng = world.chance("intervention", person.number, cycle)
        begin = cycle * STRAIN_DAYS - person.phase
        day = begin + int(HELP_AT * STRAIN_DAYS) + rng.randrange(5)
        wanted = rng.random() < (1.0 if person.strain else 0.35)
        if wanted and day >= max(person.hired, 1):
            number = f"sim-i{person.number + 1:03d}-{cycle}"
            yield from _intervention(world, person, number, world.begin(day) + 10 * HOUR, rng)


def _intervention(
    world: World, person: Person, number: str, at: int, rng: random.Random
) -> Iterator[Version]:
    """Yield the steps of one, each with its entry in the audit log."""
    leader = staff(world)[rng.randrange(len(staff(world)) // 3 + 1)].employee_id
    at = world.working_moment(at, rng)
    created = moment(at)
    kind = rng.choice(INTERVENTIONS)
    steps = list(STEPS)
    if rng.random() < 0.12:
        steps[rng.randrange(1, 3) :] = ["cancelled"]
    days = {"proposed": 0.0, "approved": 2.0, "active": 3.0, "completed": 24.0, "cancelled": 6.0}
    before = None
    for step in steps:
        at = world.working_moment(at + int(days[step] * rng.uniform(0.5, 1.5) * DAY), rng)
        row = Intervention(number, person.employee_id, kind, step, created, moment(at))
        yield Version(at, "changed" if before else "new", row)
        details = json.dumps({"from": before, "to": step})
        entry = AuditEntry(time_uuid(rng, at), number, step, leader, details, moment(at))
        delay = rng.randrange(2 * HOUR, 30 * HOUR) if rng.random() < 0.05 else 0
        note: Note = "late" if delay > LATE else "new"
        yield Version(at + delay, note, entry)
        if step == "active":
            at += rng.randrange(DAY, 3 * DAY)
            details = json.dumps({"note": "first talk held"})
            entry = AuditEntry(
                time_uuid(rng, at), number, "note_added", leader, details, moment(at)
            )
            yield Version(at, "new", entry)
        before = step
