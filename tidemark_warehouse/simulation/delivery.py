"""Projects, and feature requests on their way from open to completed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from tidemark_warehouse.simulation.people import present
from tidemark_warehouse.simulation.rows import (
    Comment,
    Feature,
    FeatureChange,
    Note,
    Project,
    Version,
)
from tidemark_warehouse.simulation.world import (
    DAY,
    HOUR,
    LATE,
    MINUTE,
    Choice,
    World,
    around,
    moment,
)

PROJECTS = (
    "Mission Control",
    "Spec Editor",
    "Forge",
    "Search",
    "Mobile App",
    "Billing",
    "Onboarding",
    "Public API",
    "Reports",
    "Integrations",
    "Permissions",
    "Notifications",
)
VERBS = ("Add", "Improve", "Rework", "Speed up", "Simplify", "Document", "Automate")
THINGS = (
    "the mission list",
    "spec templates",
    "forge imports",
    "search ranking",
    "invitations",
    "exports",
    "keyboard shortcuts",
    "the audit trail",
    "offline mode",
    "webhooks",
    "saved filters",
    "the mobile editor",
)
PRIORITIES = Choice({"low": 20, "medium": 50, "high": 22, "urgent": 8})
HASTE = {"low": 1.6, "medium": 1.0, "high": 0.6, "urgent": 0.3}
COMPLEXITIES = Choice({1: 20, 2: 25, 3: 25, 5: 17, 8: 9, 13: 4})
LATE_CHANGES = 0.03


@dataclass(frozen=True)
class Undertaking:
    """A project.

    Attributes:
        project_id: its id.
        title: its title.
        begun: first day.
        ended: the day it is closed, if ever.
    """

    project_id: str
    title: str
    begun: int
    ended: int | None


@lru_cache(maxsize=8)
def projects(world: World) -> tuple[Undertaking, ...]:
    """Return every project that there ever is."""
    rng = world.chance("projects")
    count = max(4, world.people // 5)
    found = []
    for number in range(count):
        old = number < 2 or rng.random() < 0.6
        begun = 0 if old else 1 + rng.randrange(max(1, world.days * 2 // 3))
        ends = number > 1 and rng.random() < 0.2
        ended = begun + 30 + rng.randrange(max(1, world.days)) if ends else None
        part = number // len(PROJECTS)
        title = PROJECTS[number % len(PROJECTS)] + (f" {part + 1}" if part else "")
        found.append(Undertaking(f"sim-p{number + 1:02d}", title, begun, ended))
    return tuple(found)


def running(world: World, day: int) -> list[Undertaking]:
    """Return the projects that take new features on a day."""
    return [
        project
        for project in projects(world)
        if project.begun <= day and (project.ended is None or day < project.ended)
    ]


@lru_cache(maxsize=4096)
def features_of(world: World, day: int) -> tuple[str, ...]:
    """Return the ids of the features that are asked for on a day."""
    if day < 0 or (day > 0 and not world.works(day)):
        return ()
    mean = world.people * (0.6 if day == 0 else 0.12)  # a backlog stands there from the start
    count = around(world.chance("features", day), mean)
    return tuple(f"sim-f{day:04d}-{number}" for number in range(count))


@lru_cache(maxsize=4096)
def recent_features(world: World, day: int) -> tuple[str, ...]:
    """Return the ids of the features of a day and the two weeks before."""
    days = range(day - 14, day + 1)
    return tuple(feature for other in days for feature in features_of(world, other))


def versions(world: World, first_day: int, last_day: int) -> Iterator[Version]:
    """Yield what becomes known about projects and features up to the last day.

    A feature may be taken up months after it was asked for, so all of them are looked at,
    whatever the first day.
    """
    for project in projects(world):
        begin = world.begin(project.begun) + 8 * HOUR * (project.begun > 0)
        title, created = project.title, moment(begin)
        row = Project(project.project_id, title, "active", created, created)
        yield Version(begin, "new", row)
        if project.ended is not None:
            end = world.begin(project.ended) + 16 * HOUR
            row = row._replace(status="completed", updated_at=moment(end))
            yield Version(end, "changed", row)
    for day in range(last_day + 1):
        for feature in features_of(world, day):
            yield from Life(world, feature, day).versions()


class Life:
    """The life of a feature: its row as it stands, and when that becomes known."""

    def __init__(self, world: World, feature: str, day: int) -> None:
        self.world = world
        self.rng = rng = world.chance("feature", feature)
        begin = world.begin(day)
        # The backlog of the first midnight is there before anybody comes to work.
        self.at = begin + (rng.randrange(8 * HOUR, 17 * HOUR) if day else 0)
        complexity = COMPLEXITIES.pick(rng)
        self.complexity = complexity
        deadline = world.date(day) + timedelta(days=rng.randrange(7, 50))
        self.row = Feature(
            feature_request_id=feature,
            project_id=rng.choice(running(world, day)).project_id,
            title=f"{rng.choice(VERBS)} {rng.choice(THINGS)}",
            status="open",
            priority=PRIORITIES.pick(rng),
            assigned_to_id=self._somebody() if rng.random() < 0.4 else None,
            complexity_score=complexity if rng.random() > 0.05 else None,
            deadline=deadline if rng.random() < 0.6 else None,
            created_at=moment(self.at),
            completed_at=None,
            updated_at=moment(self.at),
        )
        self.known = self.at
        self.changes = 0

    def versions(self) -> Iterator[Version]:
        """Yield the row, its changes and its comments."""
        rng = self.rng
        created = self.at
        yield Version(self.known, "new", self.row)
        stays = rng.random()
        if stays < 0.15:  # in the backlog for good
            yield from self._reconsider()
        else:
            self._wait(rng.expovariate(1 / 5) * HASTE[self.row.priority])
            yield from self._assign()
            yield from self._work(0.2)
            if stays > 0.2:  # else it is stuck in review
                yield from self._complete()
                if rng.random() < 0.08:
                    self._wait(rng.uniform(0.5, 15))
                    yield from self._set("corrected", status="in_progress", completed_at=None)
                    yield from self._work(0.1)
                    yield from self._complete()
        yield from self._comments(created, self.at)

    def _work(self, again: float) -> Iterator[Version]:
        """Yield the way through work and review, which may send it back."""
        while True:
            if self.row.status != "in_progress":
                yield from self._set("changed", status="in_progress")
            yield from self._reconsider()
            days = 0.6 * self.complexity**0.8 * self.rng.lognormvariate(0, 0.6)
            self._wait(days)
            yield from self._set("changed", status="review")
            self._wait(self.rng.expovariate(1 / 0.9))
            if self.rng.random() > again:
                return

    def _complete(self) -> Iterator[Version]:
        """Yield the completion; of some the tracker forgets the time, or has it wrong at first."""
        fate = self.rng.random()
        done = moment(self.at)
        if fate < 0.05:
            yield from self._set("changed", status="completed")
        elif fate < 0.08:
            wrong = moment(self.at - self.rng.randrange(HOUR))
            yield from self._set("changed", status="completed", completed_at=wrong)
            self._wait(self.rng.uniform(0.2, 2))
            yield from self._set("corrected", completed_at=done)
        else:
            yield from self._set("changed", status="completed", completed_at=done)

    def _assign(self) -> Iterator[Version]:
        if self.row.assigned_to_id is None:
            person = self._somebody()
            yield from self._set("changed", status="in_progress", assigned_to_id=person)

    def _reconsider(self) -> Iterator[Version]:
        """Yield now and then another priority, another assignee, another project."""
        rng = self.rng
        if rng.random() < 0.15:
            self._wait(rng.uniform(0.1, 1))
            yield from self._set("changed", priority=PRIORITIES.pick(rng))
        if rng.random() < 0.12:
            self._wait(rng.uniform(0.1, 1))
            yield from self._set("changed", assigned_to_id=self._somebody())
        if rng.random() < 0.04:
            self._wait(rng.uniform(0.1, 1))
            project = rng.choice(running(self.world, self.world.day(self.at))).project_id
            yield from self._set("changed", project_id=project)

    def _set(self, note: Note, **values: str | datetime | None) -> Iterator[Version]:
        """Yield the changes of these columns, and the row that has them."""
        rng = self.rng
        self.known = max(self.known, self.at)
        if rng.random() < LATE_CHANGES:
            self.known = max(self.known, self.at + rng.randrange(2 * HOUR, 36 * HOUR))
        late = self.known - self.at > LATE
        before = self.row
        self.row = Feature(**(before._asdict() | values | {"updated_at": moment(self.at)}))
        for field, new in values.items():
            old = getattr(before, field)
            if old != new:
                yield Version(self.known, "late" if late else "new", self._change(field, old, new))
        yield Version(self.known, "late" if late else note, self.row)

    def _change(
        self, field: str, old: str | datetime | None, new: str | datetime | None
    ) -> FeatureChange:
        self.changes += 1
        return FeatureChange(
            change_id=f"{self.row.feature_request_id}-c{self.changes}",
            feature_request_id=self.row.feature_request_id,
            field=field,
            old_value=_text(old),
            new_value=_text(new),
            changed_by_id=self.row.assigned_to_id if self.rng.random() < 0.7 else None,
            changed_at=moment(self.at),
        )

    def _comments(self, begin: int, end: int) -> Iterator[Version]:
        rng = self.rng
        feature = self.row.feature_request_id
        for number in range(rng.choice((0, 0, 1, 1, 2, 3, 4, 7))):
            at = self.world.working_moment(begin + rng.randrange(end - begin + 2 * DAY), rng)
            row = Comment(f"{feature}-k{number}", feature, self._somebody(), moment(at))
            if rng.random() < 0.02:
                yield Version(at + rng.randrange(2 * HOUR, 2 * DAY), "late", row)
            else:
                yield Version(at, "new", row)

    def _wait(self, days: float) -> None:
        self.at = self.world.working_moment(self.at + MINUTE + int(days * DAY), self.rng)

    def _somebody(self) -> str:
        """Return the id of anyone who is on the staff by now."""
        everybody = present(self.world, self.world.day(self.at))
        return self.rng.choice(everybody).employee_id


def _text(value: str | datetime | None) -> str | None:
    """Return a value as the record of changes writes it."""
    return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if isinstance(value, datetime) else value
