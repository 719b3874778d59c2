"""Work on tickets: templates with steps, workflows, and the sessions spent on them.

Everybody's work is simulated in blocks of two weeks, begun on different days, so that any block
can be made without those before it.
"""

from __future__ import annotations

import random
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from tidemark_warehouse.simulation.delivery import recent_features
from tidemark_warehouse.simulation.people import Person, staff
from tidemark_warehouse.simulation.rows import (
    Instance,
    Template,
    TemplateStep,
    TimeSession,
    Version,
)
from tidemark_warehouse.simulation.world import DAY, HOUR, MINUTE, SECOND, Choice, World, moment

BLOCK_DAYS = 14
REVISED_EVERY_DAYS = 28

LATE_SESSIONS = 0.04
FORGOTTEN_TIMERS = 0.015
CORRECTED_TOTALS = 0.06
REASSIGNED = 0.03
RETIMED = 0.01
LATE_COMPLETIONS = 0.02


@dataclass(frozen=True)
class Plan:
    """A workflow template.

    Attributes:
        template_id: its id.
        name: its name.
        ticket_type: the type of ticket it is for.
        steps: name and estimated minutes of each step.
        by_others: steps that a colleague usually does.
    """

    template_id: str
    name: str
    ticket_type: str
    steps: tuple[tuple[str, int], ...]
    by_others: tuple[int, ...] = ()


PLANS = {
    Plan("sim-w1", "Small change", "feature", (("Build", 90), ("Review", 20)), (1,)): 28,
    Plan(
        "sim-w2",
        "New feature",
        "feature",
        (("Design", 75), ("Build", 240), ("Review", 45), ("Release", 30)),
        (2,),
    ): 22,
    Plan("sim-w3", "Bug fix", "bug", (("Reproduce", 30), ("Fix", 80), ("Review", 20)), (2,)): 30,
    Plan(
        "sim-w4", "Incident response", "incident", (("Triage", 20), ("Mend", 60), ("Learn", 60))
    ): 7,
    Plan("sim-w5", "Research", "research", (("Question", 30), ("Study", 150), ("Report", 60))): 13,
}
KINDS = Choice(PLANS)
INCIDENT = next(plan for plan in PLANS if plan.ticket_type == "incident")


@dataclass
class Work:
    """A workflow in the making.

    Attributes:
        plan: its template.
        row: the instance as it began.
        step: index of the step at hand.
        remaining: active milliseconds that this step still takes.
        sessions: how many sessions it has had.
        last: when the last one ended.
    """

    plan: Plan
    row: Instance
    step: int
    remaining: int
    sessions: int = 0
    last: int = 0


def versions(world: World, first_day: int, last_day: int) -> Iterator[Version]:
    """Yield templates, and the work of every block that has one of the given days."""
    yield from _templates(world, last_day)
    for person in staff(world):
        shift = person.number * 3 % BLOCK_DAYS
        for block in range((first_day + shift) // BLOCK_DAYS, (last_day + shift) // BLOCK_DAYS + 1):
            yield from _block(world, person, block, block * BLOCK_DAYS - shift)


def _templates(world: World, last_day: int) -> Iterator[Version]:
    """Yield the templates, with an estimate revised each four weeks."""
    begin = world.begin(0)
    for plan in PLANS:
        row = Template(plan.template_id, plan.name, plan.ticket_type, moment(begin))
        yield Version(begin, "new", row)
        for index, (name, minutes) in enumerate(plan.steps):
            yield Version(begin, "new", TemplateStep(plan.template_id, index, name, minutes))
    plans = list(PLANS)
    for day in range(REVISED_EVERY_DAYS, last_day + 1, REVISED_EVERY_DAYS):
        rng = world.chance("estimates", day)
        plan = plans[day // REVISED_EVERY_DAYS % len(plans)]
        index = rng.randrange(len(plan.steps))
        name, minutes = plan.steps[index]
        revised = max(5, round(minutes * rng.uniform(0.8, 1.3) / 5) * 5)
        at = world.begin(day) + 9 * HOUR
        row = Template(plan.template_id, plan.name, plan.ticket_type, moment(at))
        yield Version(at, "changed", row)
        yield Version(at, "changed", TemplateStep(plan.template_id, index, name, revised))


def _block(world: World, person: Person, block: int, begin: int) -> Iterator[Version]:
    """Yield two weeks of a person's work, one thing after the other, sometimes two in turns."""
    rng = world.chance("work", person.number, block)
    days = [
        day
        for day in range(max(begin, person.hired, 0), begin + BLOCK_DAYS)
        if world.works(day) and rng.random() > 0.06
    ]
    open_works: list[Work] = []
    started = 0
    for position, day in enumerate(days):
        clock = world.begin(day) + 7 * HOUR + rng.randrange(2 * HOUR)
        evening = clock + rng.randrange(7 * HOUR, 9 * HOUR)
        while clock < evening - 20 * MINUTE:
            ends = position > len(days) - 3
            if not open_works or (len(open_works) == 1 and not ends and rng.random() < 0.15):
                plan = INCIDENT if _troubled(world, day, clock) else KINDS.pick(rng)
                work = _begin(world, person, plan, f"{block + 1:02d}{started:02d}", clock, rng)
                started += 1
                open_works.append(work)
                yield Version(clock, "new", work.row)
            work = rng.choice(open_works)
            length = min(work.remaining, rng.randrange(20, 140) * MINUTE, evening - clock)
            clock = yield from _session(world, person, work, clock, max(length, MINUTE), rng)
            if work.remaining <= 0 and not _next_step(person, work, rng):
                open_works.remove(work)
                yield from _completion(world, person, work, rng)
            clock += rng.randrange(3, 35) * MINUTE
    for work in open_works:
        if rng.random() < 0.5:
            at = work.last + rng.randrange(HOUR, DAY)
            row = work.row._replace(status="cancelled", updated_at=moment(at))
            yield Version(at, "changed", row)


def _troubled(world: World, day: int, at: int) -> bool:
    incident = world.incident(day)
    return incident is not None and incident[0] <= at < incident[1]


def _begin(
    world: World, person: Person, plan: Plan, name: str, at: int, rng: random.Random
) -> Work:
    features = recent_features(world, max(world.day(at) - 1, 0))
    ticket = f"SIM-{rng.randrange(1000, 10000)}"
    if plan.ticket_type == "feature" and features:
        ticket = rng.choice(features)
    user = person.employee_id
    row = Instance(
        f"{user}-w{name}",
        plan.template_id,
        user,
        ticket,
        "in_progress",
        moment(at),
        None,
        moment(at),
    )
    return Work(plan, row, 0, _needed(person, plan, 0, rng), last=at)


def _needed(person: Person, plan: Plan, step: int, rng: random.Random) -> int:
    """Return how many milliseconds a person will really work on a step."""
    minutes = plan.steps[step][1] * person.pace * rng.lognormvariate(0, 0.4)
    return max(3, round(minutes)) * MINUTE


def _next_step(person: Person, work: Work, rng: random.Random) -> bool:
    """Go on to the next step, if there is one."""
    work.step += 1
    if work.step == len(work.plan.steps):
        return False
    work.remaining = _needed(person, work.plan, work.step, rng)
    return True


def _session(
    world: World, person: Person, work: Work, begin: int, active: int, rng: random.Random
) -> Generator[Version, None, int]:
    """Yield a session from its start to its last correction; returns when it ended."""
    paused = rng.randrange(2, 25) * MINUTE if rng.random() < 0.35 else 0
    end = begin + active + paused
    seconds = active // SECOND
    user: str | None = person.employee_id
    if work.step in work.plan.by_others and rng.random() < 0.7:
        user = _colleague(world, person, begin, rng).employee_id
    elif rng.random() < 0.1:
        user = None  # the workflow's own
    running = TimeSession(
        session_id=f"{work.row.instance_id}-s{work.sessions}",
        instance_id=work.row.instance_id,
        user_id=user,
        step_index=work.step,
        started_at=moment(begin),
        ended_at=None,
        total_seconds=None,
        total_paused_seconds=0,
        is_active=True,
        updated_at=moment(begin),
    )
    done = running._replace(
        ended_at=moment(end),
        total_seconds=seconds if rng.random() > 0.04 else None,
        total_paused_seconds=paused // SECOND,
        is_active=False,
        updated_at=moment(end),
    )
    work.remaining -= active
    work.last = end
    work.sessions += 1

    fate = rng.random()
    if fate < LATE_SESSIONS:
        yield Version(end + rng.randrange(2 * HOUR, 5 * DAY), "late", done)
        return end
    yield Version(begin, "new", running)
    fate -= LATE_SESSIONS
    if fate >= FORGOTTEN_TIMERS + CORRECTED_TOTALS:
        yield Version(end, "changed", done)
        return end
    mended = done._replace(total_seconds=seconds)
    if fate < FORGOTTEN_TIMERS:
        noticed = world.working_moment(end + rng.randrange(DAY, 3 * DAY), rng)
    else:
        wrong = round(seconds * rng.uniform(1.3, 3.0))
        yield Version(end, "changed", done._replace(total_seconds=wrong))
        noticed = end + rng.randrange(2 * HOUR, 3 * DAY)
    yield Version(noticed, "corrected", mended._replace(updated_at=moment(noticed)))
    return end


def _colleague(world: World, person: Person, at: int, rng: random.Random) -> Person:
    """Return somebody else who is on the staff by then."""
    everybody = staff(world)
    found = everybody[(person.number + rng.randrange(1, len(everybody))) % len(everybody)]
    return found if found.hired <= world.day(at) else person


def _completion(world: World, person: Person, work: Work, rng: random.Random) -> Iterator[Version]:
    """Yield the completion of a workflow, and what is put right about it afterwards."""
    at = work.last + rng.randrange(5 * MINUTE)
    done = work.row._replace(status="completed", completed_at=moment(at), updated_at=moment(at))
    fate = rng.random()
    if fate < LATE_COMPLETIONS:
        at += rng.randrange(2 * HOUR, 2 * DAY)
        yield Version(at, "late", done)
    elif fate < LATE_COMPLETIONS + RETIMED:
        at += rng.randrange(14 * HOUR, 40 * HOUR)  # closed on another day, and put right then
        wrong = done._replace(completed_at=moment(at), updated_at=moment(at))
        yield Version(at, "changed", wrong)
        at += rng.randrange(2 * HOUR, DAY)
        done = done._replace(updated_at=moment(at))
        yield Version(at, "corrected", done)
    else:
        yield Version(at, "changed", done)
    if rng.random() < REASSIGNED:
        at = world.working_moment(at + rng.randrange(3 * HOUR, 3 * DAY), rng)
        owner = _colleague(world, person, at, rng).employee_id
        yield Version(at, "corrected", done._replace(user_id=owner, updated_at=moment(at)))
