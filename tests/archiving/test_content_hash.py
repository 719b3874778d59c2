"""The hash of rows: of their values and order, not of how they are cut."""

from __future__ import annotations

from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.archiving.samples import rows
from tidemark_warehouse.archiving.content_hash import ContentHash


def hashed(table: pa.Table) -> str:
    found = ContentHash(table.schema)
    found.update(table)
    return found.hexdigest()


@given(st.lists(st.integers(1, 60), max_size=12), st.integers(0, 20), st.integers(0, 20))
def test_how_rows_are_cut_is_nothing(cuts: list[int], before: int, after: int) -> None:
    content = rows(200)
    found = ContentHash(content.schema)
    first = 0
    for cut in [*cuts, 200]:
        # A slice of something larger, so that its buffers begin elsewhere.
        wide = pa.concat_tables([rows(before, 900), content.slice(first, cut), rows(after, 950)])
        part = wide.combine_chunks().slice(before, len(content.slice(first, cut)))
        found.update(part.combine_chunks() if first % 2 else part)
        first += cut
        if first >= 200:
            break
    assert found.hexdigest() == hashed(content)
    assert found.rows == 200


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (["a", None], ["a", ""]),
        (["ab", "c"], ["a", "bc"]),
        (["a", "b"], ["b", "a"]),
        (["a"], ["a", None]),
        ([0.0], [-0.0]),
        ([None, 0.0], [0.0, None]),
        ([True, None], [True, False]),
        ([0, None], [None, 0]),
        ([b"\0"], [b""]),
    ],
)
def test_other_values_are_another_hash(left: list[Any], right: list[Any]) -> None:
    kind = pa.array(left + right).type
    assert hashed(pa.table({"x": pa.array(left, kind)})) != hashed(
        pa.table({"x": pa.array(right, kind)})
    )


def test_names_and_types_belong_to_it() -> None:
    numbers = pa.array([1, 2], pa.int32())
    assert hashed(pa.table({"x": numbers})) != hashed(pa.table({"y": numbers}))
    assert hashed(pa.table({"x": numbers})) != hashed(pa.table({"x": numbers.cast(pa.date32())}))
    with pytest.raises(ValueError, match="other columns"):
        ContentHash(pa.schema({"x": pa.int64()})).update(pa.table({"x": numbers}))


def test_what_lies_beneath_a_null_is_nothing() -> None:
    valid = pa.py_buffer(b"\x01")  # the first is there, the second is not
    texts = pa.py_buffer(b"aXYZ")
    offsets = pa.array([0, 1, 4], pa.int32()).buffers()[1]
    dirty = pa.StringArray.from_buffers(2, offsets, texts, valid)
    assert hashed(pa.table({"x": dirty})) == hashed(pa.table({"x": ["a", None]}))
    numbers = pa.Array.from_buffers(
        pa.int64(), 2, [valid, pa.array([7, 9], pa.int64()).buffers()[1]]
    )
    assert hashed(pa.table({"x": numbers})) == hashed(pa.table({"x": pa.array([7, None])}))
