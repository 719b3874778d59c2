"""One value of a source, as the text that PostgreSQL reads for a column's type."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.loading.tables import Column, nearest

# Ids that are no uuid become one: uuid5(ID_NAMESPACE, id), which anybody can compute again.
ID_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "tidemark")
MAX_KEY_BYTES = 2000  # an index entry of PostgreSQL holds about 2,700

TRUE = frozenset({"true", "t", "yes", "y", "on", "1"})
FALSE = frozenset({"false", "f", "no", "n", "off", "0"})
INTEGER_BITS = {"smallint": 15, "integer": 31, "bigint": 63}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
_EPOCH_TEXT = re.compile(r"\d+(?:\.\d+)?(?:[eE]\+?\d{1,2})?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NULL_CHARACTER = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,17})(?:\.\d{1,17})?", re.ASCII)
_MARKED_NUMBER = re.compile(r'"\\u0001(-?[\d.E+-]+)\\u0001"', re.ASCII)

Converter = Callable[[object], str | None]


@dataclass
class Reading:
    """What a source leaves open, and what was found while reading it.

    Attributes:
        timezone: of times that have none.
        time_formats: further forms of times, as strptime knows them.
        ambiguous_times: local times that a clock change made happen twice; the first was taken.
    """

    timezone: ZoneInfo | None = None
    time_formats: tuple[str, ...] = ()
    ambiguous_times: int = 0


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
            f"{nearest(name, available_timezones())}use a name such as Europe/Berlin or UTC",
        ) from error


def converter(column: Column, reading: Reading) -> Converter:
    """Return the function that turns a value into text for this column.

    The function returns None for a missing value (null, or an empty text) and raises ValueError
    with the reason why a value does not fit.
    """
    kind = column.type.partition("(")[0]
    if column.allowed:
        return lambda value: to_one_of(value, column.allowed)
    if kind == "timestamp with time zone":
        return lambda value: to_time(value, reading)
    if kind == "date":
        return lambda value: to_date(value, reading)
    if kind in INTEGER_BITS:
        return lambda value: to_integer(value, kind)
    if kind == "text" and column.key:
        return to_key
    simple: dict[str, Converter] = {
        "boolean": to_boolean,
        "numeric": to_numeric,
        "double precision": to_double,
        "jsonb": to_json,
        "uuid": to_uuid,
    }
    return simple.get(kind, to_text)


def shown(value: object) -> str:
    """Show a value in a message: short."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:56]}...{text[0]}"


def to_text(value: object) -> str | None:
    """Take text as it is, numbers and truth values as JSON writes them."""
    if isinstance(value, str):
        _check_characters(value)
        return value or None
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal | uuid.UUID):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    raise ValueError(f"{_kind(value)} is no text: {shown(value)}")


def to_key(value: object) -> str | None:
    """Take text that an index can hold."""
    text = to_text(value)
    if text is not None and len(text) * 4 > MAX_KEY_BYTES and len(text.encode()) > MAX_KEY_BYTES:
        raise ValueError(f"longer than {MAX_KEY_BYTES} bytes, which no key may be: {shown(text)}")
    return text


def to_one_of(value: object, allowed: Sequence[str]) -> str | None:
    """Take one of a few texts."""
    text = to_text(value)
    if text is not None and text not in allowed:
        raise ValueError(f"{shown(text)} is none of {', '.join(allowed)}")
    return text


def to_uuid(value: object) -> str | None:
    """Take a uuid as it is, any other id as the uuid5 of its text."""
    text = to_text(value)
    if text is None:
        return None
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return str(uuid.uuid5(ID_NAMESPACE, text))


def to_boolean(value: object) -> str | None:
    """Read true, t, yes, y, on, 1 and their opposites, whatever the case."""
    text = _trimmed(value)
    if text is None:
        return None
    text = text.lower()
    if text in TRUE:
        return "true"
    if text in FALSE:
        return "false"
    raise ValueError(f"{shown(value)} is neither true nor false")


def to_integer(value: object, kind: str) -> str | None:
    """Read a whole number in the type's range; 3.0 is 3."""
    number = _decimal(value)
    if number is None:
        return None
    if number != number.to_integral_value():
        raise ValueError(f"{shown(value)} is no whole number")
    if not -(2 ** INTEGER_BITS[kind]) <= number < 2 ** INTEGER_BITS[kind]:
        raise ValueError(f"{shown(value)} is out of the range of {kind}")
    return str(int(number))


def to_numeric(value: object) -> str | None:
    """Read a finite decimal number, every digit kept."""
    number = _decimal(value)
    return None if number is None else str(number)


def to_double(value: object) -> str | None:
    """Read a finite double."""
    number = _decimal(value)
    if number is None:
        return None
    if abs(float(number)) == float("inf"):
        raise ValueError(f"{shown(value)} is out of the range of double precision")
    return str(value) if isinstance(value, float) else str(number)


def to_time(value: object, reading: Reading) -> str | None:
    """Read ISO 8601 with a zone, or epoch seconds, milliseconds or microseconds."""
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        if _EPOCH_TEXT.fullmatch(text):
            return _epoch(Decimal(text), value)
        return _utc(_parse_time(text, reading), value, reading)
    if value is None:
        return None
    if isinstance(value, datetime):
        return _utc(value, value, reading)
    if isinstance(value, date):
        return _utc(datetime(value.year, value.month, value.day), value, reading)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _epoch(Decimal(str(value)), value)
    raise ValueError(f"{_kind(value)} is no time: {shown(value)}")


def to_date(value: object, reading: Reading) -> str | None:
    """Read a date; of a time, the date as it is written, whatever its zone."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    text = _trimmed(value)
    if text is None:
        return None
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text).isoformat()
        return _parse_time(text, reading).date().isoformat()
    except ValueError as error:
        raise ValueError(f"{shown(value)} is no date (YYYY-MM-DD)") from error


def to_json(value: object) -> str | None:
    """Write an object or list as JSON; a text must be JSON itself."""
    if isinstance(value, str):
        if not value.strip():
            return None
        parsed = parse_json(value)
        if parsed is None:
            return None
        _check_json(value)
        return value
    if value is None:
        return None
    text = dump_json(value)
    _check_json(text)
    return text


def parse_json(text: str) -> object:
    """Parse JSON strictly.

    Raises:
        ValueError: it is no JSON; the message says why.
    """
    text = text.strip()
    try:
        value, end = _DECODER.raw_decode(text)
        if end != len(text):
            raise json.JSONDecodeError("extra data", text, end)
        return value
    except json.JSONDecodeError as error:
        raise ValueError(f"no valid JSON at character {error.pos + 1}: {error.msg}") from error
    except RecursionError as error:
        raise ValueError("JSON that is nested too deeply") from error


def dump_json(value: object) -> str:
    """Write a value as JSON, with times as ISO 8601.

    Raises:
        ValueError: it holds a number or a thing that JSON does not know.
    """
    try:
        text = _ENCODER.encode(value)
    except (TypeError, RecursionError) as error:
        raise ValueError(f"no JSON can hold it: {error}") from error
    return _MARKED_NUMBER.sub(r"\1", text) if "\\u0001" in text else text


def typed_cell(value: object) -> object:
    """Read a cell of a CSV file as a JSON value: plain numbers and truth values are no texts."""
    if not isinstance(value, str):
        return value
    if value in ("true", "false"):
        return value == "true"
    if _JSON_NUMBER.fullmatch(value):
        return Decimal(value) if "." in value else int(value)
    return value


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


def _exact(text: str) -> float | Decimal:
    """Read a float where that keeps every digit, which is the common case."""
    number = float(text)
    return number if repr(number) == text else Decimal(text)


def _jsonable(value: object) -> object:
    if isinstance(value, date | uuid.UUID):
        return str(value) if isinstance(value, uuid.UUID) else value.isoformat()
    if isinstance(value, Decimal) and value.is_finite():
        return f"\x01{value}\x01"  # json cannot write it; dump_json takes the marks away again
    raise TypeError(f"{_kind(value)}: {shown(value)}")


_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_float=_exact)
_ENCODER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_jsonable
)


def _parse_time(text: str, reading: Reading) -> datetime:
    for suffix in (" UTC", " GMT"):
        if text.endswith(suffix):
            text = text.removesuffix(suffix) + "Z"
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for form in reading.time_formats:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    raise ValueError(f"{shown(text)} is no time (ISO 8601, or epoch seconds or milliseconds)")


def _utc(moment: datetime, value: object, reading: Reading) -> str:
    if moment.tzinfo is None:
        if reading.timezone is None:
            raise ValueError(f"{_said(value)} has no time zone (say which with --timezone)")
        first = moment.replace(tzinfo=reading.timezone, fold=0)
        before, after = first.utcoffset(), first.replace(fold=1).utcoffset()
        if before is not None and after is not None and before != after:
            if before < after:
                raise ValueError(f"{_said(value)} does not exist in {reading.timezone.key}")
            reading.ambiguous_times += 1
        moment = first
    try:
        return moment.astimezone(UTC).isoformat()
    except OverflowError as error:
        raise ValueError(f"{_said(value)} is out of the range of times") from error


def _epoch(number: Decimal, value: object) -> str:
    for limit, per_second in ((11, 1), (14, 1_000), (17, 1_000_000)):
        if number < 10**limit:
            if number < 10**8:
                break
            return (
                _EPOCH + timedelta(microseconds=int(number * 1_000_000 / per_second))
            ).isoformat()
    raise ValueError(
        f"{shown(value)} is no time (as epoch seconds it is not between 1973 and 5138)"
    )


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, bool):
        raise ValueError(f"{shown(value)} is no number")
    if isinstance(value, int | float | Decimal):
        number = Decimal(str(value))
    else:
        text = _trimmed(value)
        if text is None:
            return None
        if not _NUMBER.fullmatch(text):
            raise ValueError(f"{shown(value)} is no number")
        try:
            number = Decimal(text)
        except InvalidOperation as error:
            raise ValueError(f"{shown(value)} is no number") from error
    if not number.is_finite():
        raise ValueError(f"{value} is no number that can be summed")
    return number


def _trimmed(value: object) -> str | None:
    text = to_text(value)
    return (text.strip() or None) if text is not None else None


def _check_characters(text: str) -> None:
    if "\x00" in text:
        raise ValueError("a text with a NUL character, which PostgreSQL cannot hold")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValueError("half of a surrogate pair, which is no Unicode text") from error


def _check_json(text: str) -> None:
    _check_characters(text)
    if "\\u0000" in text and _NULL_CHARACTER.search(text):
        raise ValueError("JSON with \\u0000, which PostgreSQL cannot hold")


def _said(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else shown(value)


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", bool: "a truth value", bytes: "binary data"}
    return names.get(type(value), f"a {type(value).__name__}")
