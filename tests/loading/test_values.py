"""Values as PostgreSQL reads them, and one clear reason where they do not fit."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.loading.tables import TIME, column
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.loading.conversion.columns import converter
from tidemark_warehouse.loading.conversion.times import zone
from tidemark_warehouse.loading.conversion.values import (
    ID_NAMESPACE,
    MAX_KEY_BYTES,
    Reading,
    dump_json,
    parse_json,
)

BERLIN = Reading(zone("Europe/Berlin"))


def converted(kind: str, value: object, reading: Reading | None = None) -> str | None:
    return converter(column("x", kind), reading or Reading())(value)


def reason(kind: str, value: object, reading: Reading | None = None) -> str:
    with pytest.raises(ValueError, match=r".") as caught:
        converted(kind, value, reading)
    return str(caught.value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2024-05-01T10:00:00Z", "2024-05-01T10:00:00+00:00"),
        ("2024-05-01 10:00:00.5+02:00", "2024-05-01T08:00:00.500000+00:00"),
        ("2024-05-01T10:00:00.000+0200", "2024-05-01T08:00:00+00:00"),
        ("2024-05-01 10:00:00 UTC", "2024-05-01T10:00:00+00:00"),
        ("1714557600", "2024-05-01T10:00:00+00:00"),
        ("1714557600.25", "2024-05-01T10:00:00.250000+00:00"),
        (1714557600123, "2024-05-01T10:00:00.123000+00:00"),
        ("1714557600123456", "2024-05-01T10:00:00.123456+00:00"),
        ("1.7145576E9", "2024-05-01T10:00:00+00:00"),
        (datetime(2024, 5, 1, 10, tzinfo=UTC), "2024-05-01T10:00:00+00:00"),
    ],
)
def test_a_time_is_iso_8601_with_a_zone_or_an_epoch(value: object, expected: str) -> None:
    assert converted(TIME, value) == expected


@pytest.mark.parametrize("value", ["2024-05-01 10:00:00", "2024-05-01", date(2024, 5, 1)])
def test_a_time_without_a_zone_needs_one(value: object) -> None:
    assert "has no time zone" in reason(TIME, value)
    assert str(converted(TIME, value, BERLIN)).endswith(":00:00+00:00")


def test_a_local_time_that_happened_twice_is_the_first_and_noted() -> None:
    reading = Reading(zone("Europe/Berlin"))
    assert converted(TIME, "2024-10-27 02:30", reading) == "2024-10-27T00:30:00+00:00"
    assert reading.found["ambiguous"] == 1


def test_a_local_time_that_never_happened_is_refused() -> None:
    assert "does not exist in Europe/Berlin" in reason(TIME, "2024-03-31T02:30:00", BERLIN)


@pytest.mark.parametrize(
    "value", ["20240501", "0", "now", "infinity", "2024-02-30T00:00:00Z", True]
)
def test_what_only_looks_like_a_time_is_refused(value: object) -> None:
    assert "no time" in reason(TIME, value)


def test_a_further_form_of_times_can_be_named() -> None:
    reading = Reading(zone("UTC"), ("%d/%b/%y %I:%M %p",))
    assert converted(TIME, "01/Feb/24 3:04 PM", reading) == "2024-02-01T15:04:00+00:00"
    assert converted("date", "01/Feb/24 3:04 PM", reading) == "2024-02-01"


def test_a_date_of_a_time_is_the_date_as_written() -> None:
    assert converted("date", "2024-05-01T23:00:00-08:00") == "2024-05-01"
    assert "no date" in reason("date", "01.05.2024")


@pytest.mark.parametrize("value", ["true", "T", "yes", "1", True, 1])
def test_true(value: object) -> None:
    assert converted("boolean", value) == "true"


def test_booleans_that_are_none() -> None:
    assert converted("boolean", "No") == "false"
    assert "neither true nor false" in reason("boolean", "maybe")


def test_numbers_keep_their_digits_and_their_range() -> None:
    assert converted("numeric", " 12345678901234567890.10 ") == "12345678901234567890.10"
    assert converted("numeric", Decimal("1.50")) == "1.50"
    assert converted("integer", "3.0") == "3"
    assert "no whole number" in reason("integer", "3.5")
    assert "out of the range of integer" in reason("integer", "2147483648")
    assert "out of the range of double" in reason("double precision", "1e400")
    for value in ("NaN", "Infinity", "1,000", "0x10", True, float("nan"), [1]):
        assert reason("numeric", value)


def test_an_id_that_is_no_uuid_becomes_one_that_anybody_can_compute() -> None:
    assert converted("uuid", "ajs-next-0537") == str(uuid.uuid5(ID_NAMESPACE, "ajs-next-0537"))
    assert converted("uuid", "{12345678-1234-5678-1234-567812345678}") == (
        "12345678-1234-5678-1234-567812345678"
    )


def test_text_that_postgresql_cannot_hold_is_refused() -> None:
    assert "NUL" in reason("text", "a\x00b")
    assert "surrogate" in reason("text", "\ud800")
    assert "an object is no text" in reason("text", {"a": 1})
    key = converter(column("x", key=True), Reading())
    with pytest.raises(ValueError, match="longer than"):
        key("x" * (MAX_KEY_BYTES + 1))


@pytest.mark.parametrize("kind", ["text", TIME, "date", "integer", "numeric", "jsonb", "uuid"])
def test_an_empty_value_is_a_missing_one(kind: str) -> None:
    assert converted(kind, "") is None
    assert converted(kind, None) is None


def test_json_must_parse_and_be_storable() -> None:
    assert converted("jsonb", '{"a": 1.50}') == '{"a": 1.50}'
    assert converted("jsonb", {"a": [1, None]}) == '{"a":[1,null]}'
    assert "no valid JSON" in reason("jsonb", "{'a': 1}")
    assert "NaN is no JSON" in reason("jsonb", '{"a": NaN}')
    assert "u0000" in reason("jsonb", '{"a": "\\u0000"}')
    assert converted("jsonb", '{"a": "\\\\u0000"}') == '{"a": "\\\\u0000"}'
    assert reason("jsonb", {"a": "\x00"})
    assert reason("jsonb", "[" * 100_000)


def test_json_keeps_every_digit() -> None:
    text = '{"a":1.50,"b":12345678901234567890123,"c":0.1234567890123456789,"d":[1E+400]}'
    assert dump_json(parse_json(text)) == text


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text()
        | st.floats(allow_nan=False, width=32).filter(lambda number: abs(number) != float("inf")),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    )
)
@settings(max_examples=100, deadline=None)
def test_json_goes_through_unchanged(value: object) -> None:
    assert json.loads(dump_json(parse_json(json.dumps(value)))) == value


def test_a_wrong_zone_is_named_with_its_neighbours() -> None:
    with pytest.raises(TidemarkError, match="Europe/Berlim") as caught:
        zone("Europe/Berlim")
    assert "Europe/Berlin" in caught.value.remedy
