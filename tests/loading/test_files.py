"""Files as rows: every kind of broken input costs its own rows and no others."""

from __future__ import annotations

import csv
import gzip
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.loading import inputs
from tidemark_warehouse.loading.inputs import STANDARD_INPUT, expand, opened, spooled
from tidemark_warehouse.loading.records import open_records
from tidemark_warehouse.loading.records.blocks import DataFile, Records, as_list

Write = Callable[[str, bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return make


@contextmanager
def open_file(path: Path, **options: Any) -> Iterator[DataFile]:
    with opened(path) as streams:
        for stream in streams:
            yield open_records(stream, **options)
            return


Row = tuple[int, list[Any], str, str]


def rows_of(path: Path, **options: Any) -> list[Row]:
    with open_file(path, **options) as file:
        return [row for block in file.blocks() for row in rows_in(block)]


def rows_in(block: Records) -> list[Row]:
    """Return line, values, problem and text of each record; values in the file's order."""
    columns = [as_list(block.values(name)) for name in block.ordered_keys]
    rows = list(zip(*columns, strict=True)) or [()] * block.count
    return [
        (
            block.line(i),
            ["" if value is None else value for value in rows[i]],
            block.problems.get(i, ""),
            block.payload(i),
        )
        for i in range(block.count)
    ]


def good(rows: list[Row]) -> list[tuple[int, object]]:
    return [(line, values) for line, values, problem, _ in rows if not problem]


def bad(rows: list[Row]) -> list[tuple[int, str, str]]:
    return [(line, problem, text) for line, _, problem, text in rows if problem]


def test_csv_with_quotes_line_ends_and_a_mark(write: Write) -> None:
    data = b'\xef\xbb\xbfa,b\r\n1,"x ""q"" y"\r\n"two\r\nlines",2\r\n\r\n3,4'
    rows = rows_of(write("a.csv", data))
    assert good(rows) == [(2, ["1", 'x "q" y']), (3, ["two\r\nlines", "2"]), (6, ["3", "4"])]


def test_a_row_of_another_width_is_singled_out(write: Write) -> None:
    rows = rows_of(write("a.csv", b"a,b\n1,2\n3\n4,5,6\n7,8\n"))
    assert good(rows) == [(2, ["1", "2"]), (5, ["7", "8"])]
    assert bad(rows) == [
        (3, "1 field, but the header has 2", "3"),
        (4, "3 fields, but the header has 2", "4,5,6"),
    ]


def test_a_quote_in_the_middle_of_a_field_is_a_character(write: Write) -> None:
    assert good(rows_of(write("a.csv", b'a,b\n5" pipe,2\n3,4\n'))) == [
        (2, ['5" pipe', "2"]),
        (3, ["3", "4"]),
    ]


def test_a_quote_that_is_never_closed_costs_one_line(write: Write) -> None:
    rows = rows_of(write("a.csv", b'a,b\n1,"open\n2,3\n4,"x"\n5,"y\nz"\n'))
    assert good(rows) == [(3, ["2", "3"]), (4, ["4", "x"]), (5, ["5", "y\nz"])]
    assert bad(rows)[0][0] == 2
    alone = rows_of(write("b.csv", b'a,b\n1,2\n3,"open\n4,5\n'))
    assert bad(alone) == [(3, "a quote is never closed", '3,"open')]
    assert good(alone) == [(2, ["1", "2"]), (4, ["4", "5"])]


def test_bytes_that_are_no_utf_8_cost_one_row_and_are_kept_visibly(write: Write) -> None:
    rows = rows_of(write("a.csv", b"a,b\n1,caf\xe9\n2,caf\xc3\xa9\n"))
    assert bad(rows) == [(2, "no UTF-8 (byte 0xe9; --encoding names another)", "1,caf\\xe9")]
    assert good(rows) == [(3, ["2", "caf\u00e9"])]
    lines = rows_of(write("a.jsonl", b'{"a": "\xe9"}\n{"a": 1}\n'))
    assert bad(lines) == [(1, "no UTF-8 (byte 0xe9)", '{"a": "\\xe9"}')]


def test_the_delimiter_is_taken_from_the_header_where_it_is_obvious(write: Write) -> None:
    for mark in ";\t|,":
        path = write("a.csv", f"a{mark}b\n1{mark}2\n".encode())
        assert good(rows_of(path)) == [(2, ["1", "2"])]
    assert good(rows_of(write("a.csv", b"a;b,c\n1;2,3\n"), delimiter=";")) == [(2, ["1", "2,3"])]


def test_a_name_that_comes_twice_is_numbered(write: Write) -> None:
    with open_file(write("a.csv", b"Sprint, Sprint,key\n1,2,3\n")) as file:
        assert file.fields == ("Sprint", "Sprint#2", "key")


def test_json_lines_cost_only_their_own_line(write: Write) -> None:
    rows = rows_of(write("a.jsonl.gz", b'{"a": 1}\n\n{"a": \n[1]\n{"a": NaN}\n{"b": "x"}'))
    assert good(rows) == [(1, [1]), (6, ["x"])]  # blocks of JSON know the keys of their rows
    assert [(line, reason.partition(" at ")[0]) for line, reason, _ in bad(rows)] == [
        (3, "no valid JSON"),
        (4, "JSON, but no object"),
        (5, "NaN is no JSON"),
    ]


def test_parquet_rows_are_numbered_and_shown_as_json(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"a": [1, 2], "at": pa.array([1714557600123456789, None], pa.timestamp("ns"))})
    pq.write_table(table, path)
    packed = tmp_path / "b.parquet.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    for each in (path, packed):
        with open_file(each) as file:
            assert file.fields == ("a", "at")
            (block,) = file.blocks()
            assert block.payload(0) == '{"a":1,"at":"2024-05-01T10:00:00.123456"}'
            assert (block.line(1), as_list(block.values("at"))[1]) == (2, None)


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("a.csv", b"", "a.csv is empty"),
        ("a.csv", "a,b\n1,2\n".encode("utf-16-le"), "no UTF-8 text"),
        ("a.csv", b"a,b\r1,2\r", "end with CR alone"),
        ("a.csv", b'a,"b\n', "header of a.csv (line 1) cannot be read"),
        ("a.json", b'[{"a": 1},\n{"a": 2', "one JSON document, and broken"),
        ("a.parquet", b"PAR1 and no more", "no Parquet file, or is cut off"),
        ("a.bin", b"\x01\x02\x03", "looks neither like CSV"),
    ],
)
def test_a_file_that_is_something_else_says_so_in_one_line(
    write: Write, name: str, data: bytes, problem: str
) -> None:
    with pytest.raises(TidemarkError) as caught:
        rows_of(write(name, data))
    assert problem in caught.value.problem
    assert "\n" not in caught.value.problem


def test_a_gzip_file_that_is_cut_off_or_broken_names_the_place(write: Write) -> None:
    noise = "".join(chr(33 + (i * i * 7919) % 90) for i in range(30_000)).replace('"', "").encode()
    whole = gzip.compress(b"a,b\n" + b"\n".join([noise[i : i + 20] for i in range(0, 9000, 20)]))
    with pytest.raises(TidemarkError, match=r"a\.csv is cut off after line 0; nothing of it"):
        rows_of(write("a.csv", whole[: len(whole) // 2]))
    with pytest.raises(TidemarkError, match="is broken"):
        rows_of(write("a.csv", whole[:-8] + b"\x00" * 8))


def test_missing_files_and_folders_are_seen_before_anything_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(TidemarkError, match="there is no file"):
        expand([tmp_path / "none.csv"])
    with pytest.raises(TidemarkError, match=r"the folder .* has no files"):
        expand([tmp_path])
    with pytest.raises(TidemarkError, match="no file matches"):
        expand([tmp_path / "*.csv"])
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(TidemarkError, match="is no file but a pipe"):
        expand([tmp_path / "pipe.csv"])


def test_a_folder_and_a_pattern_mean_the_files_in_them(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", ".hidden", "deep/c.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    named = [path.name for path in expand([tmp_path])]
    assert named == ["a.csv", "b.csv", "c.csv"]
    assert [path.name for path in expand([tmp_path / "[ab].csv"])] == ["a.csv", "b.csv"]


CELLS = st.text(st.sampled_from('ab",\n\r ;\u00e9'), max_size=6)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=12))
@settings(max_examples=150, deadline=None)
def test_blocks_rows_and_columns_agree_with_pythons_csv(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]]
) -> None:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows([["a", "b"], *table])
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_bytes(written.getvalue().encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inputs, "BLOCK_BYTES", 24)  # so that records lie across blocks
        with open_file(path) as file:
            blocks = list(file.blocks())
    assert [values for block in blocks for _, values, _, _ in rows_in(block)] == table
    for block in blocks:
        assert [block.payload(i) for i in range(block.count)] == [
            ",".join('"' + cell.replace('"', '""') + '"' for cell in row)
            for row in (values for _, values, _, _ in rows_in(block))
        ]


@given(st.lists(st.text(st.sampled_from('a,"\n'), max_size=8), max_size=12))
@settings(max_examples=150, deadline=None)
def test_whatever_a_csv_file_holds_no_line_of_it_is_lost(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    body = "\n".join(lines)
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_bytes(("a,b\n" + body).encode())
    seen = "\n".join(text for *_, text in rows_of(path))
    assert sorted(seen.replace("\n", "")) == sorted(body.replace("\n", ""))


def test_standard_input_is_kept_so_that_it_can_be_read_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a,b\n1,2\n")))
    paths = expand([STANDARD_INPUT])
    with spooled(paths) as found:
        (kept,) = found.values()
        for _ in range(2):
            assert good(rows_of(kept)) == [(2, ["1", "2"])]
    assert not kept.exists()
