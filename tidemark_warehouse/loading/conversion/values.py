"""One value of a source, as the text that PostgreSQL reads: texts, numbers, JSON."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from tidemark_warehouse.database.catalog import Column

# Ids that are no uuid become one: uuid5(ID_NAMESPACE, id), which anybody can compute again.
ID_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "tidemark")
_UUID_LENGTHS = (32, 36, 38, 41, 45)  # bare, with dashes, in braces, as a URN
_NAMESPACE_BYTES = ID_NAMESPACE.bytes
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
MAX_KEY_BYTES = 2000  # an index entry of PostgreSQL holds about 2,700

NULL_WORDS = frozenset({"null", "\\n", "nan", "none", "undefined", "(none)"})
TRUE = frozenset({"true", "t", "yes", "y", "on", "1"})
FALSE = frozenset({"false", "f", "no", "n", "off", "0"})
INTEGER_BITS = {"smallint": 15, "integer": 31, "bigint": 63}

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
_NULL_CHARACTER = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_MARKED_NUMBER = re.compile(r'"\\u0001(-?[\d.E+-]+)\\u0001"', re.ASCII)

Converter = Callable[[object], str | None]


@dataclass
class Reading:
    """How values are read, and what was found while reading them.

    Attributes:
        timezone: of times that have none.
        time_formats: further forms of times, as strptime knows them; they win over an epoch.
        earliest: times before it are rejected.
        latest: times after it are rejected.
        decimal_comma: whether 1.234,5 is a number.
        null_words: what counts as missing in a column of ids, in small letters.
        nulls_everywhere: whether it does in every column.
        long_seconds: a longer piece of work is worth a warning.
        found: how often something was found that a person should know of.
    """

    timezone: ZoneInfo | None = None
    time_formats: tuple[str, ...] = ()
    earliest: datetime | None = None
    latest: datetime | None = None
    decimal_comma: bool = False
    null_words: frozenset[str] = NULL_WORDS
    nulls_everywhere: bool = False
    long_seconds: float = 86_400
    found: Counter[str] = field(default_factory=Counter)

    def nulls_of(self, column: Column) -> frozenset[str]:
        """Return the words that are null in this column."""
        text_id = column.type in ("text", "uuid") and column.name.endswith("_id")
        return self.null_words if text_id or self.nulls_everywhere else frozenset()


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
    raise ValueError(f"{kind_of(value)} is no text: {shown(value)}")


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
        return str(uuid.UUID(text)) if len(text) in _UUID_LENGTHS else uuid5_of(text)
    except ValueError:
        return uuid5_of(text)


def uuid5_of(text: str) -> str:
    """Return the uuid5 of a text, in a third of the time of the standard library."""
    digest = hashlib.sha1(_NAMESPACE_BYTES + text.encode(), usedforsecurity=False).hexdigest()
    third, fourth = f"5{digest[13:16]}", f"{_VARIANT[digest[16]]}{digest[17:20]}"
    return f"{digest[:8]}-{digest[8:12]}-{third}-{fourth}-{digest[20:32]}"


def to_boolean(value: object) -> str | None:
    """Read true, t, yes, y, on, 1 and their opposites, whatever the case."""
    text = trimmed(value)
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
    number = decimal(value)
    if number is None:
        return None
    if number != number.to_integral_value():
        raise ValueError(f"{shown(value)} is no whole number")
    if not -(2 ** INTEGER_BITS[kind]) <= number < 2 ** INTEGER_BITS[kind]:
        raise ValueError(f"{shown(value)} is out of the range of {kind}")
    return str(int(number))


def to_numeric(value: object, reading: Reading | None = None) -> str | None:
    """Read a finite decimal number, every digit kept."""
    number = decimal(value, reading)
    return None if number is None else str(number)


def to_double(value: object, reading: Reading | None = None) -> str | None:
    """Read a finite double."""
    number = decimal(value, reading)
    if number is None:
        return None
    if abs(float(number)) == float("inf"):
        raise ValueError(f"{shown(value)} is out of the range of double precision")
    return str(value) if isinstance(value, float) else str(number)


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


def parse_documents(text: str) -> list[object]:
    """Parse JSON values that follow each other.

    Raises:
        ValueError: some of it is no JSON; the message says where and why.
    """
    found: list[object] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        try:
            value, at = _DECODER.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise ValueError(f"no valid JSON at line {error.lineno}: {error.msg}") from error
        except RecursionError as error:
            raise ValueError("JSON that is nested too deeply") from error
        found.append(value)
    return found


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
    raise TypeError(f"{kind_of(value)}: {shown(value)}")


_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_float=_exact)
_ENCODER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_jsonable
)


def with_point(text: str) -> str:
    """Bring 1.234,5 into the form of other numbers."""
    return text.replace(".", "").replace(" ", "").replace(",", ".")


def decimal(value: object, reading: Reading | None = None) -> Decimal | None:
    """Read a finite number."""
    if isinstance(value, bool):
        raise ValueError(f"{shown(value)} is no number")
    if isinstance(value, int | float | Decimal):
        number = Decimal(str(value))
    else:
        text = trimmed(value)
        if text is None:
            return None
        if reading is not None and reading.decimal_comma:
            text = with_point(text)
        if not _NUMBER.fullmatch(text):
            comma = " (--decimal-comma reads 1.234,5)" if "," in text else ""
            raise ValueError(f"{shown(value)} is no number{comma}")
        try:
            number = Decimal(text)
        except InvalidOperation as error:
            raise ValueError(f"{shown(value)} is no number") from error
    if not number.is_finite():
        raise ValueError(f"{value} is no number that can be summed")
    return number


def trimmed(value: object) -> str | None:
    """Return a value as text without blanks around it."""
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


def kind_of(value: object) -> str:
    """Say what a value is."""
    names = {dict: "an object", list: "a list", bool: "a truth value", bytes: "binary data"}
    return names.get(type(value), f"a {type(value).__name__}")
