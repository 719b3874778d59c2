"""The funnel and retention marts in plain Python, over a small world that fits into memory."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from tests.integration.exactness.warehouse import AS_OF
from tests.integration.funnels.attempts import Attempt, Happening, attempt_of

Properties = Mapping[str, Any]
Filters = Sequence[Mapping[str, Any]]
# (name, is_total, breakdown_value, ...): what a row of a mart is of.
Row = tuple[Any, ...]
MISSING = object()
NOW = datetime.fromisoformat(AS_OF)


@dataclass(frozen=True)
class Event:
    """A row of raw.events."""

    event_id: str
    event_name: str
    event_at: datetime
    distinct_id: str
    environment: str
    session_id: str | None
    properties: Properties


@dataclass(frozen=True)
class Rule:
    """An event that a definition asks for."""

    event_name: str
    filters: Filters = ()

    def fits(self, event: Event) -> bool:
        """Say whether an event is one of these."""
        return self.event_name in ("*", event.event_name) and passes(event.properties, self.filters)


@dataclass(frozen=True)
class Funnel:
    """A funnel as analysts define it."""

    name: str
    steps: Sequence[Rule]
    step_order: str = "ordered"
    window_seconds: int | None = None
    environment: str = "production"
    breakdown: str | None = None
    exclusions: Sequence[Rule] = ()


@dataclass(frozen=True)
class Retention:
    """A retention as analysts define it."""

    name: str
    start: Rule
    back: Rule
    period: str
    periods: int
    cohort_type: str = "recurring"
    environment: str = "production"
    return_mode: str = "on"
    breakdown: str | None = None


@dataclass
class Facts:
    """What is in raw, by user, as docs/spec.md (product) says who is one."""

    events: list[Event] = field(default_factory=list)
    identities: dict[str, str] = field(default_factory=dict)
    zone: str = "UTC"
    as_of: datetime = NOW

    def who_is(self, distinct_id: str) -> str:
        """Return where the chain of an id ends; a loop ends at its smallest id."""
        passed = [distinct_id]
        while (further := self.identities.get(passed[-1])) is not None:
            if further in passed:
                return min(passed[passed.index(further) :])
            passed.append(further)
        return passed[-1]

    def users(self, environment: str) -> dict[str, list[Event]]:
        """Return each user's events in an environment, by time."""
        found: dict[str, list[Event]] = defaultdict(list)
        for event in sorted(self.events, key=lambda e: (e.event_at, e.event_id)):
            user = self.who_is(event.distinct_id)
            excluded = any("sim-internal-" in who for who in (user, event.distinct_id))
            if environment in ("*", event.environment) and not excluded:
                found[user].append(event)
        return found


def passes(properties: Properties, filters: Filters) -> bool:
    """Say whether all filters hold."""
    return all(_holds(properties, rule) for rule in filters)


def _holds(properties: Properties, rule: Mapping[str, Any]) -> bool:
    value = properties.get(rule["property"], MISSING)
    wanted = rule.get("value")
    several = wanted if isinstance(wanted, list) else [wanted]
    match rule["operator"]:
        case "eq":
            return any(_same(value, one) for one in several)
        case "neq":
            return not any(_same(value, one) for one in several)
        case "contains":
            text = "" if value is MISSING or value is None else str(value).lower()
            return bool(text) and any(str(one).lower() in text for one in several)
        case "is_set":
            return value is not MISSING and value is not None
        case "is_not_set":
            return value is MISSING or value is None
    if not _is_number(value) or not _is_number(wanted):
        return False
    compared: dict[str, bool] = {
        "gt": value > wanted,
        "gte": value >= wanted,
        "lt": value < wanted,
        "lte": value <= wanted,
    }
    return compared[rule["operator"]]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(left: object, right: object) -> bool:
    """Compare as JSON does: true is not 1, and 10 is not "10"."""
    if _is_number(left) and _is_number(right):
        return left == right
    return type(left) is type(right) and left == right


def conversions(facts: Facts, funnel: Funnel) -> dict[str, tuple[Event, Attempt]]:
    """Return for each user who enters the entry event and the attempt that counts."""
    found = {}
    for user, own in facts.users(funnel.environment).items():
        happenings = [
            Happening(
                int(event.event_at.timestamp() * 1_000_000),
                frozenset(n for n, rule in enumerate(funnel.steps, 1) if rule.fits(event)),
                any(rule.fits(event) for rule in funnel.exclusions),
            )
            for event in own
        ]
        window = None if funnel.window_seconds is None else funnel.window_seconds * 1_000_000
        attempt = attempt_of(happenings, len(funnel.steps), funnel.step_order, window)
        if attempt is not None:
            found[user] = (own[attempt.entry], attempt)
    return found


def step_rows(facts: Facts, funnel: Funnel) -> dict[Row, Row]:
    """Return marts.funnel_steps of a funnel: users, average and median seconds, by its grain."""
    reached: dict[Row, list[Attempt]] = {(True, None): []}
    for entry, attempt in conversions(facts, funnel).values():
        reached[True, None].append(attempt)
        if funnel.breakdown is not None:
            reached.setdefault((False, as_text(entry.properties.get(funnel.breakdown))), []).append(
                attempt
            )
    rows = {}
    for group, attempts in reached.items():
        for step in range(1, len(funnel.steps) + 1):
            came = [attempt.step_at for attempt in attempts if len(attempt.step_at) >= step]
            took = [at[step - 1] - at[step - 2] for at in came] if step > 1 else []
            rows[(funnel.name, *group, step)] = (
                len(came),
                round(sum(took) / len(took) / 1e6, 6) if took else None,
                round(median(took) / 1e6, 6) if took else None,
            )
    return rows


def cohort_rows(facts: Facts, retention: Retention) -> dict[Row, Row]:
    """Return marts.retention_cohorts of a retention: size and returned users, by its grain."""
    users = facts.users(retention.environment)
    begun = [e.event_at for own in users.values() for e in own if e.event_at <= facts.as_of]
    if not begun:
        return {}
    latest = _bucket(max(begun), retention.period, facts.zone)
    sizes: Counter[Row] = Counter()
    returned: Counter[Row] = Counter()
    for own in users.values():
        starts: dict[int, Event] = {}
        for event in own:
            if retention.start.fits(event):
                starts.setdefault(_bucket(event.event_at, retention.period, facts.zone), event)
        backs = {
            _bucket(event.event_at, retention.period, facts.zone)
            for event in own
            if retention.back.fits(event)
        }
        cohorts = sorted(starts) if retention.cohort_type == "recurring" else sorted(starts)[:1]
        for cohort in cohorts:
            groups: list[Row] = [(True, None)]
            if retention.breakdown is not None:
                groups.append((False, as_text(starts[cohort].properties.get(retention.breakdown))))
            for group in groups:
                sizes[*group, cohort] += 1
                for index in range(retention.periods):
                    # Period 0 is the cohort itself.
                    came = index == 0 or (
                        cohort + index in backs
                        if retention.return_mode == "on"
                        else any(back >= cohort + index for back in backs)
                    )
                    returned[*group, cohort, index] += came
    return {
        (retention.name, *key[:2], _start(key[2], retention.period, facts.zone), index): (
            size,
            returned[*key, index],
        )
        for key, size in sizes.items()
        for index in range(retention.periods)
        if key[2] + index <= latest
    }


def curve_rows(cohorts: Mapping[Row, Row]) -> dict[Row, Row]:
    """Return marts.retention_curve from the rows of the cohorts."""
    sums: dict[Row, list[int]] = defaultdict(lambda: [0, 0])
    for (name, is_total, breakdown, _, index), (size, returned) in cohorts.items():
        sums[name, is_total, breakdown, index][0] += size
        sums[name, is_total, breakdown, index][1] += returned
    return {key: tuple(value) for key, value in sums.items()}


def _bucket(at: datetime, period: str, zone: str) -> int:
    """Return the number of a time's bucket: buckets that follow each other differ by one."""
    local = at.astimezone(ZoneInfo(zone)).date()
    match period:
        case "hour":
            return int(at.timestamp()) // 3600
        case "day":
            return local.toordinal()
        case "week":
            return (local.toordinal() - 1) // 7
        case "month":
            return local.year * 12 + local.month - 1
        case _:
            return local.year * 4 + (local.month - 1) // 3


def _start(bucket: int, period: str, zone: str) -> datetime:
    """Return when a bucket begins."""
    match period:
        case "hour":
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=bucket)
        case "day":
            first = date.fromordinal(bucket)
        case "week":
            first = date.fromordinal(bucket * 7 + 1)
        case "month":
            first = date(bucket // 12, bucket % 12 + 1, 1)
        case _:
            first = date(bucket // 4, bucket % 4 * 3 + 1, 1)
    return datetime(first.year, first.month, first.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def as_text(value: object) -> str | None:
    """Return a JSON value as a breakdown shows it."""
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)
