"""What goes over in whole columns is what row by row would have gone over too."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.loading.tables import TIME, column
from tidemark_warehouse.loading.conversion import columns
from tidemark_warehouse.loading.conversion.columns import UnfitError, converter
from tidemark_warehouse.loading.conversion.times import zone
from tidemark_warehouse.loading.conversion.values import Reading

ZONES = (None, "Europe/Berlin")
DIGITS = st.text(st.sampled_from("0123456789.eE+-"), max_size=9)
TIMES = st.builds(
    "{:%Y-%m-%d}{}{:%H:%M:%S}{}{}".format,
    st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)),
    st.sampled_from(["T", " "]),
    st.datetimes(),
    st.sampled_from(["", ".5", ".123456", ".1234567", ",5"]),
    st.sampled_from(["", "Z", "+02:00", "-0330", "+00", " UTC"]),
)
WORDS = st.sampled_from(["true", "f", "T", "", "null", " null", "{}", '{"a": 1}', "x", "0", "-1"])


@pytest.mark.parametrize(
    "kind",
    [TIME, "date", "integer", "bigint", "numeric", "double precision", "boolean", "uuid", "text"],
)
@given(value=st.one_of(DIGITS, TIMES, WORDS, st.text(max_size=5)), name=st.sampled_from(ZONES))
@settings(max_examples=150, deadline=None)
def test_a_column_takes_only_what_a_row_would(kind: str, value: str, name: str | None) -> None:
    reading = Reading(zone(name) if name else None)
    target = column("x", kind)
    cell = value.replace("\x00", "") or None  # as the CSV reader makes them
    try:
        array = pa.chunked_array([pa.array([cell], pa.string())])
        made = columns.convert(array, target, reading)
    except (UnfitError, UnicodeEncodeError):
        return
    expected = converter(target, reading)(cell)
    (taken,) = (made.times or made.values).to_pylist()
    if isinstance(taken, datetime):
        assert taken == datetime.fromisoformat(str(expected))
    elif kind in ("numeric", "double precision", "integer", "bigint") and taken is not None:
        assert float(taken) == float(str(expected))
    elif kind == "boolean" and taken is not None:
        assert str(expected)[0] == taken[0]
    elif kind == "uuid" and taken is not None:
        assert taken.lower() == expected
    else:
        assert taken == expected


@pytest.mark.parametrize(
    ("kind", "array"),
    [
        ("double precision", pa.array([1.0, float("nan")])),
        ("integer", pa.array([2**40])),
        ("text", pa.array([1.5])),
        ("boolean", pa.array([1])),
        (TIME, pa.array([datetime(2024, 5, 1)])),
        (TIME, pa.array([1], pa.timestamp("ns", "UTC"))),
        ("jsonb", pa.array([{"a": 1}])),
    ],
)
def test_what_is_not_plain_is_left_to_the_rows(kind: str, array: pa.Array) -> None:
    with pytest.raises(UnfitError):
        columns.convert(pa.chunked_array([array]), column("x", kind), Reading())


def test_typed_columns_go_over_as_they_are() -> None:
    times = pa.chunked_array([pa.array([datetime(2024, 5, 1)], pa.timestamp("ms", "UTC"))])
    made = columns.convert(times, column("x", TIME), Reading())
    assert columns.months_of(made.times) == {"2024-05"}
    texts = pa.chunked_array([pa.array(["a\nb", None, 'q"']), pa.array(["c"])])
    numbers = pa.chunked_array([pa.array([1, 2, None, 4])])
    data = columns.written(pa.table({"t": texts, "n": numbers}))
    assert data == b'"a\nb",1\n,2\n"q""",\n"c",4\n'


def test_months_of_times_far_apart_are_only_those_that_occur() -> None:
    moments = [datetime(2024, 1, 31, 23), datetime(2024, 2, 1), datetime(2999, 5, 5)]
    times = pa.chunked_array([pa.array(moments, pa.timestamp("us", "UTC"))])
    assert columns.months_of(times) == {"2024-01", "2024-02", "2999-05"}
