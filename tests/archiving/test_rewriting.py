"""A person's values leave an archived file; everything else stays as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.archiving.samples import archived
from tidemark_warehouse.archiving import files, manifest, rewriting, verifying
from tidemark_warehouse.archiving.manifest import Manifest
from tidemark_warehouse.archiving.rewriting import blank, mentions, reduce_json, replace_values
from tidemark_warehouse.errors import TidemarkError

COLUMNS = ("event_id", "event_name", "properties", "amount", "seen", "no_such_column")


def read(folder: Path, made: Manifest) -> list[dict[str, object]]:
    return list(pq.read_table(folder / made.file).to_pylist())


def test_what_is_mentioned_is_counted(tmp_path: Path) -> None:
    made = archived(tmp_path)
    assert mentions(tmp_path, made, COLUMNS, ["u7"]) == 1
    assert mentions(tmp_path, made, COLUMNS, ["u"]) == 0  # no part of a value
    assert mentions(tmp_path, made, COLUMNS, ["user"]) == 1_000  # a key
    named = sum(number % 3 != 0 and number % 7 == 1 for number in range(1_000))
    assert mentions(tmp_path, made, ["event_name"], ["event 1"]) == named
    assert mentions(tmp_path, made, COLUMNS, [str(UUID(int=9))]) == 1
    assert mentions(tmp_path, made, [], ["u7"]) == 0


def test_values_are_replaced_and_all_else_stays(tmp_path: Path) -> None:
    made = archived(tmp_path)
    before = read(tmp_path, made)
    renewed = replace_values(
        tmp_path,
        made,
        [
            ("event_name", "event 1", "nobody"),
            ("event_name", "event 2", None),
            ("properties", "u8", "nobody"),
            ("properties", "u10", None),
            ("event_id", str(UUID(int=0)), str(UUID(int=5_000))),
            ("no_such_column", "u7", None),
        ],
    )
    names: dict[object, object] = {"event 1": "nobody", "event 2": None}
    expected = [
        row | {"event_name": names.get(row["event_name"], row["event_name"])} for row in before
    ]
    expected[8]["properties"] = '{"user": "nobody"}'
    expected[10]["properties"] = '{"user": null}'
    expected[0]["event_id"] = UUID(int=5_000)
    assert repr(read(tmp_path, renewed)) == repr(expected)  # as text: NaN is not itself
    assert renewed.file == "events/2026-08.2.parquet"
    assert renewed.row_count == made.row_count
    assert renewed.snapshot == made.snapshot
    assert renewed.content_hash != made.content_hash
    assert json.loads(renewed.first_key or "")[0] == str(UUID(int=1))
    assert json.loads(renewed.last_key or "")[0] == str(UUID(int=5_000))
    assert verifying.verify(tmp_path, renewed.file, manifest.digest(renewed)) == []
    for value in ("event 1", "event 2", "u8", "u10", str(UUID(int=0))):
        assert mentions(tmp_path, renewed, COLUMNS, [value]) == 0
    files.remove(tmp_path, made.file)
    assert verifying.strays(tmp_path, {renewed.file}) == []


def test_rows_that_had_a_value_are_scrubbed_further(tmp_path: Path) -> None:
    made = archived(tmp_path)
    scrub = blank({"properties": "{}", "amount": None, "weight": "0", "no_such_column": None})
    renewed = replace_values(tmp_path, made, [("properties", "u8", None)], scrub)
    before, after = read(tmp_path, made), read(tmp_path, renewed)
    assert after[8] == before[8] | {"properties": "{}", "amount": None, "weight": 0.0}
    assert repr(after[:8] + after[9:]) == repr(before[:8] + before[9:])


def test_nothing_to_replace_gives_the_same_rows(tmp_path: Path) -> None:
    made = archived(tmp_path)
    same = replace_values(tmp_path, made, [("event_name", "nowhere", None)])
    assert (same.content_hash, same.first_key) == (made.content_hash, made.first_key)
    empty = archived(tmp_path, count=0, period="2026-07")
    renewed = replace_values(tmp_path, empty, [("event_name", "x", None)])
    assert (renewed.row_count, renewed.first_key) == (0, None)


def test_a_value_that_a_column_cannot_have_is_refused(tmp_path: Path) -> None:
    made = archived(tmp_path)
    with pytest.raises(ValueError, match="'nobody' is no value of the column event_id"):
        replace_values(tmp_path, made, [("event_id", str(UUID(int=0)), "nobody")])
    assert verifying.strays(tmp_path, {made.file}) == []


def test_a_damaged_file_is_not_rewritten(tmp_path: Path) -> None:
    made = archived(tmp_path)
    path = tmp_path / made.file
    lying = replace(made, content_hash="0" * 64)
    with pytest.raises(TidemarkError, match="holds other rows"):
        replace_values(tmp_path, lying, [])
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(TidemarkError, match="is cut off"):
        replace_values(tmp_path, made, [])
    with pytest.raises(TidemarkError, match="is cut off"):
        mentions(tmp_path, made, [], ["x"])
    assert verifying.strays(tmp_path, {made.file}) == []


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('ab"\\: ,{é\n', max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text('ab"\\:', max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(VALUES, st.text('ab"\\: ,{é\n', max_size=2))
def test_strings_of_json_are_replaced_wherever_they_stand(value: object, old: str) -> None:
    def other(part: object) -> object:
        if isinstance(part, list):
            return [other(one) for one in part]
        if isinstance(part, dict):
            return {other(key): other(one) for key, one in part.items()}
        return "new" if part == old and isinstance(part, str) else part

    text = json.dumps(value, ensure_ascii=False)
    column = pa.ExtensionArray.from_storage(pa.json_(), pa.array([text, None, "1.10"]))
    hit = rewriting._equal(column, old).to_pylist()
    assert hit == [other(value) != value, False, False]
    batch = pa.RecordBatch.from_arrays([column], names=["x"])
    after = rewriting._replaced(batch, ("x", old, "new")).column(0).storage.to_pylist()
    assert json.loads(after[0]) == other(value)
    assert after[1:] == [None, "1.10"]
    if not hit[0]:
        assert after[0] == text


def test_of_json_objects_only_some_keys_stay_as_they_are_written() -> None:
    texts = [
        '{"plan": 1.10, "a,b": {"plan": [1, "}"]}, "plan\\u0021" : "x" , "z":null}',
        "{}",
        "[1]",
        None,
        '{"other": 1}',
    ]
    batch = pa.RecordBatch.from_arrays(
        [pa.ExtensionArray.from_storage(pa.json_(), pa.array(texts, pa.string()))], ["properties"]
    )
    rows = pa.array([True, True, True, True, False])
    reduced = reduce_json(batch, "properties", rows, ["plan", "plan!", "z"])
    assert reduced.column("properties").storage.to_pylist() == [
        '{"plan": 1.10, "plan\\u0021" : "x", "z":null}',
        "{}",
        "{}",
        None,
        '{"other": 1}',
    ]
    assert reduce_json(batch, "context", rows, []) is batch
