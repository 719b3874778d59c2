"""What visitors do: sessions on the web and in the app, the way to a mission, who they are."""

from __future__ import annotations

import bisect
import random
from collections.abc import Iterator

from tidemark_warehouse.simulation.rows import Event, Identity, Note, Session, Version
from tidemark_warehouse.simulation.visitors import (
    COUNTRIES,
    HOUR_EDGES,
    Device,
    Visitor,
    visitors_by_day,
)
from tidemark_warehouse.simulation.world import (
    DAY,
    HOUR,
    LATE,
    MINUTE,
    SECOND,
    Choice,
    World,
    moment,
    time_uuid,
)

SITE = "https://app.simulated.example"
PAGES = ("/", "/pricing", "/docs", "/missions", "/specs", "/forge", "/team", "/settings")
LANDINGS = Choice({"/": 45, "/docs": 20, "/pricing": 15, "/missions": 20})
REFERRERS = Choice(
    {
        None: 45,
        "https://search.example/": 30,
        "https://news.example/": 12,
        "https://partner.example/tools": 8,
        "https://mail.example/": 5,
    }
)
SECOND_DEVICE = Device("mobile", "Chrome", "Android")
TEST_DEVICE = Device("desktop", "Firefox", "Linux")
MISSION_KINDS = ("survey", "mapping", "inspection", "delivery")

SEARCHES = 0.45  # how often a step follows the one before it, times the visitor's appetite
SPECIFIES = 0.42
CREATES = 0.5
COMPLETES = 0.7
FORGES = 0.15

OFFLINE = 0.2  # of the app's visits: their events arrive hours or days later
RESENT = 0.015
WITH_SESSION_ROW = 0.75
DROPPED_IN_INCIDENT = 0.75
DROPPED_IN_RELEASE = 0.5


def versions(world: World, first_day: int, last_day: int) -> Iterator[Version]:
    """Yield the visits of the given days, and what follows from them."""
    for day, visitors in visitors_by_day(world, first_day, last_day).items():
        rng = world.chance("visits", day)
        for visitor in visitors:
            for number, begin in enumerate(_begins(world, visitor, day, rng)):
                yield from Visit(world, visitor, day, number, begin, rng).versions()
        yield from _tests(world, day)


def _begins(world: World, visitor: Visitor, day: int, rng: random.Random) -> list[int]:
    """Return when a visitor's visits of a day begin: far apart, and not in a bad time."""
    count = 1 + (rng.random() < 0.25) + (rng.random() < 0.06)
    begins: list[int] = []
    for begin in sorted(_moment_of_day(world, visitor, day, rng) for _ in range(count)):
        if (not begins or begin - begins[-1] > 2 * HOUR) and _gets_through(
            world, visitor, day, begin, rng
        ):
            begins.append(begin)
    return begins


def _moment_of_day(world: World, visitor: Visitor, day: int, rng: random.Random) -> int:
    hour = bisect.bisect(HOUR_EDGES, rng.random() * HOUR_EDGES[-1])
    return world.begin(day) + (hour - visitor.country.offset) % 24 * HOUR + rng.randrange(HOUR)


def _gets_through(world: World, visitor: Visitor, day: int, begin: int, rng: random.Random) -> bool:
    """Say whether the service answers. Who is about to say who they are is always let in."""
    if day == visitor.known_from or day in visitor.second_days[:1]:
        return True
    incident, release = world.incident(day), world.release(day)
    if incident and incident[0] <= begin < incident[1]:
        return rng.random() > DROPPED_IN_INCIDENT
    if release and release[0] <= begin < release[1]:
        return rng.random() > DROPPED_IN_RELEASE
    return True


def _tests(world: World, day: int) -> Iterator[Version]:
    """Yield the staff's own tests: most in staging, some in production, all `sim-internal-`."""
    rng = world.chance("tests", day)
    for number in range(world.people // 4 if world.works(day) else 0):
        name = f"sim-internal-{1 + number % 5}"
        tester = Visitor(
            anonymous=name,
            second=name,
            user=None,
            known_from=-1,
            tells=False,
            country=COUNTRIES[1],
            city="Berlin",
            device=TEST_DEVICE,
            plan="business",
            appetite=1.5,
            days=(day,),
            second_days=(),
        )
        begin = world.begin(day) + 7 * HOUR + rng.randrange(10 * HOUR)
        environment = "production" if rng.random() < 0.2 else "staging"
        yield from Visit(world, tester, day, number, begin, rng, environment).versions()


class Visit:
    """One visit: what happens, and when that becomes known."""

    def __init__(
        self,
        world: World,
        visitor: Visitor,
        day: int,
        number: int,
        begin: int,
        rng: random.Random,
        environment: str = "production",
    ) -> None:
        self.world = world
        self.visitor = visitor
        self.day = day
        self.number = number
        self.rng = rng
        self.environment = environment
        self.begin = self.at = begin
        self.knows = visitor.user is not None and day >= visitor.known_from
        second = day in visitor.second_days
        self.device = device = SECOND_DEVICE if second else visitor.device
        if device.app and visitor.user is not None and day > visitor.known_from:
            self.distinct = visitor.user
        else:
            self.distinct = visitor.second if second else visitor.anonymous
        self.user = visitor.user if self.knows else None
        self.session = None if device.app else f"{self.distinct}-{day}-{number}"
        self.referrer = None if device.app else REFERRERS.pick(rng)
        self.page = SITE + LANDINGS.pick(rng)
        country = visitor.country.code
        self.shared = f'"country": "{country}", "plan": "{visitor.plan if self.knows else "free"}"'
        self.context = (
            f'{{"device_type": "{device.kind}", "browser": "{device.browser}", '
            f'"os": "{device.system}", "country": "{country}", "city": "{visitor.city}"}}'
        )

    def versions(self) -> Iterator[Version]:
        """Yield the events as they arrive, and the rows about the session and the person."""
        rng = self.rng
        landing = self.page
        events = list(self._events())
        offline = self.device.app and rng.random() < OFFLINE
        delivery = self.at + rng.randrange(2 * HOUR, 4 * DAY) if offline else 0
        resent = rng.randrange(5 * MINUTE, 2 * HOUR) if rng.random() < RESENT else 0
        for at, event in events:
            known = max(at, delivery) + rng.randrange(5 * SECOND)
            note: Note = "late" if known - at > LATE else "new"
            yield Version(known, note, event)
            if resent:
                yield Version(known + resent, "again", event)
        if self.session and self.environment == "production" and rng.random() < WITH_SESSION_ROW:
            yield from self._session_row(self.session, landing)
        if self.user is not None and self._first_known():
            yield from self._identity(self.user, self.visitor.tells)
        elif self.user is not None and self._first_on_second():
            yield from self._identity(self.user, False)

    def _first_known(self) -> bool:
        """Say whether this is the visit in which somebody says who they are."""
        return self.knows and self.day == self.visitor.known_from and self.number == 0

    def _first_on_second(self) -> bool:
        """Say whether this is the first visit with another device."""
        return self.day in self.visitor.second_days[:1] and self.number == 0

    def _events(self) -> Iterator[tuple[int, Event]]:
        """Yield the story of the visit: pages, and some way towards a finished mission."""
        rng, appetite = self.rng, self.visitor.appetite
        yield self._event("page_view", f'"path": "{self.page[len(SITE) :]}"')
        if self._first_known() and self.visitor.tells:
            self._think(20)
            method = rng.choice(("email", "sso"))
            yield self._event("user_identified", f'"method": "{method}"', "identify")
        if rng.random() < (0.15 if self.knows else 0.4):
            return
        yield from self._pages(0.62)
        if rng.random() < SEARCHES * appetite:
            self._think(25)
            results = rng.randrange(40) if rng.random() > 0.1 else 0
            yield self._event(
                "search_performed",
                f'"query_length": {rng.randrange(3, 30)}, "results": {results}, '
                f"{self._outcome(results > 0, 140)}",
            )
            yield from self._pages(0.4)
            if rng.random() < SPECIFIES * appetite:
                yield from self._spec()
        if self.knows and rng.random() < FORGES * appetite:
            self._think(60)
            kind = rng.choice(("component", "script", "dataset"))
            outcome = self._outcome(rng.random() > 0.07, 900)
            yield self._event("forge_item_created", f'"item_type": "{kind}", {outcome}')

    def _spec(self) -> Iterator[tuple[int, Event]]:
        """Yield a spec, perhaps a mission from it, perhaps its end, which the server reports."""
        rng, appetite = self.rng, self.visitor.appetite
        self._think(120)
        number = f"{self.distinct[5:]}-{self.day}-{self.number}"
        success = rng.random() > 0.04
        outcome = self._outcome(success, 600)
        yield self._event("spec_created", f'"spec_id": "sim-spec-{number}", {outcome}')
        if rng.random() > CREATES * appetite:
            return
        self._think(90)
        about = f'"mission_id": "sim-m{number}", "mission_type": "{rng.choice(MISSION_KINDS)}"'
        yield self._event("mission_created", about)
        yield from self._pages(0.3)
        if rng.random() > COMPLETES:
            return
        success = rng.random() > 0.1
        took = min(int(5 * HOUR * rng.lognormvariate(0, 1.2)), 6 * DAY) + MINUTE
        yield self._server_event("mission_completed", about, took, success)

    def _pages(self, more: float) -> Iterator[tuple[int, Event]]:
        rng = self.rng
        while rng.random() < more:
            # Once in a while somebody is called away for longer than a session may pause.
            self._think(45 if rng.random() > 0.02 else 3000)
            path = rng.choice(PAGES)
            self.page = SITE + path
            yield self._event("page_view", f'"path": "{path}"')

    def _think(self, seconds: float) -> None:
        self.at += 2 * SECOND + int(self.rng.expovariate(1 / seconds) * SECOND)

    def _outcome(self, success: bool, typical_ms: float) -> str:
        """Return duration and success as properties; the app writes 1 and 0 for the latter."""
        incident = self.world.incident(self.day)
        slow = 4.0 if incident and incident[0] <= self.at < incident[1] else 1.0
        took = round(typical_ms * slow * self.rng.lognormvariate(0, 0.5))
        written = int(success) if self.device.app else "true" if success else "false"
        return f'"duration_ms": {took}, "success": {written}'

    def _event(self, name: str, properties: str, kind: str = "track") -> tuple[int, Event]:
        return self.at, Event(
            time_uuid(self.rng, self.at),
            kind,
            name,
            moment(self.at),
            self.distinct,
            self.user,
            self.session,
            self.environment,
            f"{{{self.shared}, {properties}}}",
            self.context,
            None if self.device.app else self.page,
            self.referrer,
        )

    def _server_event(
        self, name: str, properties: str, later: int, success: bool
    ) -> tuple[int, Event]:
        at = self.at + later
        return at, Event(
            time_uuid(self.rng, at),
            "track",
            name,
            moment(at),
            self.user or self.distinct,
            self.user,
            None,
            self.environment,
            f'{{{self.shared}, {properties}, "duration_ms": {later}, '
            f'"success": {"true" if success else "false"}}}',
            '{"source": "server"}',
            None,
            None,
        )

    def _session_row(self, session: str, landing: str) -> Iterator[Version]:
        """Yield what the web server notes of a session; addresses are found imperfectly."""
        rng, device, country = self.rng, self.device, self.visitor.country
        known = self.at + MINUTE
        placed = rng.random() > 0.1
        row = Session(
            session_id=session,
            environment=self.environment,
            user_id=self.user,
            started_at=moment(self.begin),
            ended_at=moment(self.at),
            device_type=device.kind,
            browser=device.browser if rng.random() > 0.05 else None,
            os=device.system,
            country=country.code if placed else None,
            city=self.visitor.city if placed else None,
            referrer=self.referrer,
            landing_page=landing,
            exit_page=self.page,
            updated_at=moment(known),
        )
        yield Version(known, "new", row)
        if rng.random() < 0.02:
            known += rng.randrange(3 * HOUR, 20 * HOUR)
            row = row._replace(
                country=country.code, city=self.visitor.city, updated_at=moment(known)
            )
            yield Version(known, "corrected", row)

    def _identity(self, user: str, told: bool) -> Iterator[Version]:
        """Yield the row that says who an anonymous id is: at once, or from a nightly export."""
        rng = self.rng
        said = self.begin + MINUTE
        if told:
            if rng.random() < 0.5:
                return  # the identify event is all there is
            known = said
        else:
            days = 1 if rng.random() < 0.7 else rng.randrange(2, 6)
            known = self.world.begin(self.day + days) + 2 * HOUR + rng.randrange(10 * MINUTE)
        row = Identity(self.distinct, user, moment(said))
        note: Note = "late" if known - said > LATE else "new"
        if rng.random() < 0.02:  # somebody else's computer
            yield Version(known, note, row._replace(user_id=f"{user}-guest"))
            known += rng.randrange(5 * HOUR, 3 * DAY)
            yield Version(known, "corrected", row._replace(updated_at=moment(known)))
        else:
            yield Version(known, note, row)
