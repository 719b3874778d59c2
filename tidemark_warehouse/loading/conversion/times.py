"""One time, date or length of time of a source, as the text that PostgreSQL reads."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from tidemark_warehouse.errors import TidemarkError, did_you_mean
from tidemark_warehouse.loading.conversion.values import (
    Reading,
    decimal,
    kind_of,
    shown,
    trimmed,
    with_point,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_TEXT = re.compile(r"\d+(?:\.\d+)?(?:[eE]\+?\d{1,2})?", re.ASCII)
_EPOCH_LIMITS = ((11, 1), (14, 1_000), (17, 1_000_000), (20, 1_000_000_000))
_COMPACT = {8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
COMPACT_FROM = 1990  # the first year that digits such as 19901231 may mean
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_CLOCK = re.compile(
    r"(?P<sign>-?)(?P<h>\d+):(?P<m>[0-5]?\d)(?::(?P<s>[0-5]?\d(?:\.\d+)?))?", re.ASCII
)
_ISO_DURATION = re.compile(
    r"(?P<sign>-?)P(?:(?P<d>\d+(?:\.\d+)?)D)?(?:T(?:(?P<h>\d+(?:\.\d+)?)H)?"
    r"(?:(?P<m>\d+(?:\.\d+)?)M)?(?:(?P<s>\d+(?:\.\d+)?)S)?)?",
    re.ASCII,
)
_UNIT = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*([a-z]+)\.?,?", re.ASCII)
_UNITS = {
    unit: seconds
    for units, seconds in (
        ("d day days", Decimal(86_400)),
        ("h hr hrs hour hours", Decimal(3_600)),
        ("m min mins minute minutes", Decimal(60)),
        ("s sec secs second seconds", Decimal(1)),
        ("ms msec millisecond milliseconds", Decimal("0.001")),
    )
    for unit in units.split()
}
MAX_DURATION = 366 * 86_400  # seconds; a longer piece of work is a mistake


def zone(name: str) -> ZoneInfo:
    """Find a time zone by its name.

    Raises:
        TidemarkError: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise TidemarkError(
            f"there is no time zone {name!r}",
            f"{did_you_mean(name, available_timezones())}use a name such as Europe/Berlin or UTC",
        ) from error


def to_duration(value: object, reading: Reading, unit_seconds: int) -> str | None:
    """Read a length of time: a number in the column's unit, 1:30:00, 1.5 h, 1h 30m, PT1H30M.

    A negative one is unknown: a running timer, or two clocks that disagree.
    """
    text = trimmed(value)
    if text is None:
        return None
    seconds = _seconds(text, reading)
    if seconds is None:
        number = decimal(value, reading)
        seconds = None if number is None else number * unit_seconds
    if seconds is None:
        return None
    if seconds < 0:
        reading.found["negative"] += 1
        return None
    if seconds > MAX_DURATION:
        raise ValueError(f"{shown(value)} is longer than 366 days")
    if seconds > reading.long_seconds:
        reading.found["long"] += 1
    return format(seconds / unit_seconds, "f")


def to_time(value: object, reading: Reading) -> str | None:
    """Read ISO 8601 with a zone, a form that was named, or an epoch (s, ms, µs, ns)."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        if not _EPOCH_TEXT.fullmatch(text):
            return _utc(_parse_time(text, reading), value, reading)
        named = _named_time(text, reading)
        return _utc(named, value, reading) if named else _epoch(text, value, reading)
    if value is None:
        return None
    if isinstance(value, datetime):
        return _utc(value, value, reading)
    if isinstance(value, date):
        return _utc(datetime(value.year, value.month, value.day), value, reading)
    raise ValueError(f"{kind_of(value)} is no time: {shown(value)}")


def to_date(value: object, reading: Reading) -> str | None:
    """Read a date; of a time, the date as it is written, whatever its zone."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    text = trimmed(value)
    if text is None:
        return None
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text).isoformat()
        return _parse_time(text, reading).date().isoformat()
    except ValueError as error:
        raise ValueError(f"{shown(value)} is no date (YYYY-MM-DD)") from error


def epoch_unit(low: int | None, high: int | None) -> int | None:
    """Return by what epochs between these two become microseconds; None if they must be looked at.

    That is where they are of several units, and where some can be read as a date.
    """
    if low is None or high is None:
        return None
    for digits in _COMPACT:
        first = COMPACT_FROM * 10 ** (digits - 4)
        last = (datetime.now(UTC).year + 2) * 10 ** (digits - 4)
        if low < last and high >= first:
            return None
    start = 10**8
    for digits, per_second in _EPOCH_LIMITS[:3]:
        if start <= low and high < 10**digits:
            return 1_000_000 // per_second
        start = int(10**digits)
    return None


def _named_time(text: str, reading: Reading) -> datetime | None:
    """Read a time in one of the forms that were named."""
    for form in reading.time_formats:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None


def _parse_time(text: str, reading: Reading) -> datetime:
    named = _named_time(text, reading)
    if named is not None:
        return named
    for suffix in (" UTC", " GMT"):
        if text.endswith(suffix):
            text = text.removesuffix(suffix) + "Z"
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{shown(text)} is no time (ISO 8601, or epoch seconds or milliseconds; "
            "name another form with --time-format)"
        ) from None


def _utc(moment: datetime, value: object, reading: Reading) -> str:
    if moment.tzinfo is None:
        if reading.timezone is None:
            raise ValueError(f"{_said(value)} has no time zone (say which with --timezone)")
        first = moment.replace(tzinfo=reading.timezone, fold=0)
        before, after = first.utcoffset(), first.replace(fold=1).utcoffset()
        if before is not None and after is not None and before != after:
            if before < after:
                raise ValueError(f"{_said(value)} does not exist in {reading.timezone.key}")
            reading.found["ambiguous"] += 1
        moment = first
    try:
        return _bounded(moment.astimezone(UTC), value, reading)
    except OverflowError as error:
        raise ValueError(f"{_said(value)} is out of the range of times") from error


def _bounded(moment: datetime, value: object, reading: Reading) -> str:
    """Refuse times before history begins or after the next few days: sentinels and slips."""
    if reading.earliest is not None and moment < reading.earliest:
        raise ValueError(
            f"{_said(value)} is before {reading.earliest:%Y-%m-%d}, when history begins "
            "(--any-date takes it)"
        )
    if reading.latest is not None and moment > reading.latest:
        raise ValueError(f"{_said(value)} lies more than 7 days ahead (--any-date takes it)")
    return moment.isoformat()


def _epoch(text: str, value: object, reading: Reading) -> str:
    compact = _COMPACT.get(len(text)) if text.isdecimal() else None
    if compact:
        try:
            day = datetime.strptime(text, compact)
        except ValueError:
            pass
        else:
            if COMPACT_FROM <= day.year <= datetime.now(UTC).year + 1:
                raise ValueError(
                    f"{shown(value)} is no time without a format: it can be read as {day} or as "
                    f"an epoch (say --time-format {compact})"
                )
    number = Decimal(text)
    for digits, per_second in _EPOCH_LIMITS:
        if 10**8 <= number < 10**digits:
            moment = _EPOCH + timedelta(microseconds=int(number * 1_000_000 / per_second))
            return _bounded(moment, value, reading)
    raise ValueError(
        f"{shown(value)} is no time (as epoch seconds it is not between 1973 and 5138)"
    )


def _seconds(text: str, reading: Reading) -> Decimal | None:
    """Read a length of time that is written with its units; None if it has none."""
    found = _CLOCK.fullmatch(text) or _ISO_DURATION.fullmatch(text)
    if found and len(text) > 1 and any(found.groups()[1:]):
        parts = found.groupdict(default="0")
        total = sum(
            (Decimal(parts.get(unit, "0")) * _UNITS[unit] for unit in ("d", "h", "m", "s")),
            Decimal(0),
        )
        return -total if parts["sign"] == "-" else total
    text = text.lower()
    if reading.decimal_comma:
        text = with_point(text)
    if not text[-1].isalpha():
        return None
    total, at = Decimal(0), 0
    while at < len(text):
        part = _UNIT.match(text, at)
        if part is None or part[2] not in _UNITS:
            raise ValueError(f"{shown(text)} is no length of time (such as 1:30:00, 1.5 h, PT90M)")
        total += Decimal(part[1]) * _UNITS[part[2]]
        at = part.end()
    return total


def _said(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else shown(value)
