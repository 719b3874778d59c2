"""What a file may look like, and what its values may be: each row taken rightly or refused."""

from __future__ import annotations

import bz2
import io
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from tests.loading.reading import Mapped, write
from tests.loading.tables import EVENTS, METRIC_POINTS, TIME_SESSIONS
from tidemark_warehouse.errors import TidemarkError

EVENT = "event_name,event_at,distinct_id\n"
ROW = "a,2025-01-01T00:00:00Z,u1\n"


def events(tmp_path: Path, text: str | bytes, name: str = "a.csv", **options: Any) -> Mapped:
    return Mapped(write(tmp_path, name, text), EVENTS, **options)


# Files ----------------------------------------------------------------------------------------


def test_packed_files_are_unpacked(tmp_path: Path) -> None:
    text = (EVENT + ROW).encode()
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("x.csv", text)
        archive.writestr("__MACOSX/._x.csv", b"junk")
        archive.writestr("y/z.csv", text)
    zst = pa.compress(text, "zstd", asbytes=True)
    for name, data, count in (
        ("a.csv.bz2", bz2.compress(text), 1),
        ("a.csv.zst", zst, 1),
        ("a.zip", zipped.getvalue(), 2),
    ):
        assert len(events(tmp_path, data, name).rows) == count


def test_an_office_document_is_no_archive_of_data(tmp_path: Path) -> None:
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
    with pytest.raises(TidemarkError, match="is an office document"):
        events(tmp_path, zipped.getvalue(), "a.xlsx")
    with pytest.raises(TidemarkError, match="is broken"):
        events(tmp_path, zipped.getvalue()[:20], "a.zip")


def test_tsv_is_separated_by_tabs_whatever_its_header_holds(tmp_path: Path) -> None:
    text = "name\tvalue\trecorded_at\tnote, long\ncpu\t1\t2025-01-01T00:00:00Z\tx\n"
    (row,) = Mapped(write(tmp_path, "a.tsv", text), METRIC_POINTS).rows
    assert (row["name"], row["value"]) == ("cpu", "1")


@pytest.mark.parametrize("encoding", ["windows-1252", "utf-16", "utf-8-sig"])
def test_other_encodings(tmp_path: Path, encoding: str) -> None:
    data = (EVENT + "caf\u00e9,2025-01-01T00:00:00Z,u\n").encode(encoding)
    named = {"encoding": encoding} if encoding == "windows-1252" else {}
    assert events(tmp_path, data, **named).rows[0]["event_name"] == "caf\u00e9"


def test_spreadsheets_say_their_separator_and_write_decimal_commas(tmp_path: Path) -> None:
    text = "sep=;\r\nname;value;recorded_at\r\na,b;1.234,5;2025-01-01T00:00:00Z\r\n"
    path = write(tmp_path, "a.csv", text)
    (row,) = Mapped(path, METRIC_POINTS, decimal_comma=True).rows
    assert (row["name"], row["value"]) == ("a,b", "1234.5")
    assert Mapped(path, METRIC_POINTS).rejects == [
        (3, "value: '1.234,5' is no number (--decimal-comma reads 1.234,5)")
    ]


def test_a_file_without_a_header_is_given_its_names(tmp_path: Path) -> None:
    mapped = events(tmp_path, ROW + ROW, columns="event_name,event_at,distinct_id")
    assert len(mapped.rows) == 2


@pytest.mark.parametrize(
    "text",
    [
        '[{"event_name":"a","event_at":"2025-04-02T00:00:00Z","distinct_id":"x"},\n'
        '{"event_name":"b","event_at":"2025-04-02T00:00:00Z","distinct_id":"x"}]',
        '{\n "event_name":"a","event_at":"2025-04-02T00:00:00Z",\n"distinct_id":"x"}\n'
        '{\n "event_name":"b","event_at":"2025-04-02T00:00:00Z",\n"distinct_id":"x"}\n',
    ],
)
def test_arrays_and_objects_over_several_lines_are_rows(tmp_path: Path, text: str) -> None:
    assert [row["event_name"] for row in events(tmp_path, text, "a.json").rows] == ["a", "b"]


def test_one_object_over_several_lines_is_a_row(tmp_path: Path) -> None:
    mapped = events(tmp_path, '{\n  "key": "P-1"\n}\n', "a.json")
    assert mapped.rejects == [(1, "event_name is missing")]


def test_a_path_leads_to_the_rows_and_what_they_lie_in(tmp_path: Path) -> None:
    inner = {
        "event_at": "2025-04-02T00:00:00Z",
        "names": [{"event_name": "a"}, {"event_name": "b"}],
    }
    path = write(tmp_path, "a.json", {"who": "x", "data": {"days": [inner]}})
    options: dict[str, Any] = {"rows": ["data.days[].names[]"], "maps": ["distinct_id=who"]}
    rows = Mapped(path, EVENTS, **options).rows
    assert [(row["event_name"], row["distinct_id"]) for row in rows] == [("a", "x"), ("b", "x")]
    wrong = Mapped(path, EVENTS, rows=["data.issues[]"])
    assert wrong.rejects == [(1, "it has no rows at data.issues[]")]


def test_a_map_of_parquet_is_an_object(tmp_path: Path) -> None:
    kind = pa.map_(pa.string(), pa.string())
    path = tmp_path / "a.parquet"
    columns = {
        "event_name": ["a"],
        "event_at": ["2025-01-01T00:00:00Z"],
        "distinct_id": ["u"],
        "properties": pa.array([[("plan", "pro")]], kind),
    }
    pq.write_table(pa.table(columns), path)
    assert Mapped(path, EVENTS).rows[0]["properties"] == {"plan": "pro"}


# Times ----------------------------------------------------------------------------------------


def test_a_format_that_is_asked_for_wins_over_an_epoch(tmp_path: Path) -> None:
    text = EVENT + "a,20251231101112,u\n"
    (row,) = events(tmp_path, text, time_format="%Y%m%d%H%M%S", timezone="UTC").rows
    assert row["event_at"] == "2025-12-31T10:11:12+00:00"


@pytest.mark.parametrize("digits", ["20251231", "2025123110", "202512311011", "20251231101112"])
def test_digits_that_may_be_a_date_are_refused_with_advice(tmp_path: Path, digits: str) -> None:
    for name, text in (
        ("a.csv", EVENT + f"a,{digits},u\n"),
        ("a.json", f'{{"event_name":"a","event_at":{digits},"distinct_id":"u"}}'),
    ):
        mapped = events(tmp_path, text, name)
        assert not mapped.rows
        assert "say --time-format %Y%m%d" in mapped.rejects[0][1]


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        ("1714557600", "2024-05-01T10:00:00+00:00"),
        ("1714557600123", "2024-05-01T10:00:00.123000+00:00"),
        ("1714557600123456789", "2024-05-01T10:00:00.123456+00:00"),
    ],
)
def test_other_digits_are_an_epoch(tmp_path: Path, digits: str, expected: str) -> None:
    (row,) = events(tmp_path, EVENT + f"a,{digits},u\n").rows
    given = row["event_at"].replace(" ", "T").replace("Z", "+00:00").replace(".000000+", "+")
    assert given == expected


@pytest.mark.parametrize(
    ("year", "reason"),
    [("9999", "more than 7 days ahead"), ("2205", "more than 7 days ahead"), ("0001", "is before")],
)
def test_a_time_out_of_bounds_costs_its_row_unless_any_date_will_do(
    tmp_path: Path, year: str, reason: str
) -> None:
    text = EVENT + ROW + f"a,{year}-01-02T00:00:00Z,u1\n" + ROW
    mapped = events(tmp_path, text)
    assert len(mapped.rows) == 2
    assert [line for line, _ in mapped.rejects] == [3]
    assert reason in mapped.rejects[0][1]
    assert "--any-date" in mapped.rejects[0][1]
    assert len(events(tmp_path, text, any_date=True).rows) == 3


# Lengths of time ------------------------------------------------------------------------------

SESSION = "session_id,instance_id,step_index,started_at,ended_at,spent\n"


def spent(tmp_path: Path, value: str, source: str = "spent", ended: str = "") -> Mapped:
    text = SESSION + f"s,w,1,2025-01-01T10:00:00Z,{ended},{value}\n"
    return Mapped(write(tmp_path, "a.csv", text), TIME_SESSIONS, maps=[f"total_seconds={source}"])


@pytest.mark.parametrize(
    ("value", "source", "seconds"),
    [
        ("90", "spent", 90),
        ("1:30:05", "spent", 5405),
        ("1:30", "spent", 5400),
        ("1.5", "{spent} h", 5400),
        ("90", "{spent} min", 5400),
        ("1h 30m", "spent", 5400),
        ("PT1H30M", "spent", 5400),
        ("1500", "{spent} ms", 1.5),
    ],
)
def test_lengths_of_time_with_their_units(
    tmp_path: Path, value: str, source: str, seconds: float
) -> None:
    (row,) = spent(tmp_path, value, source).rows
    assert float(row["total_seconds"]) == seconds


def test_negative_is_unknown_long_is_told_of_and_a_year_is_refused(tmp_path: Path) -> None:
    negative = spent(tmp_path, "-5")
    assert negative.rows[0]["total_seconds"] is None
    assert negative.found == {"negative": 1}
    assert spent(tmp_path, "25 h").found == {"long": 1}
    assert "longer than 366 days" in spent(tmp_path, "9000 h").rejects[0][1]
    assert "no length of time" in spent(tmp_path, "5 parsecs").rejects[0][1]


def test_an_end_before_the_beginning_is_no_end(tmp_path: Path) -> None:
    mapped = spent(tmp_path, "", ended="2025-01-01T09:00:00Z")
    assert (mapped.rows[0]["ended_at"], mapped.found["negative"]) == (None, 1)
    assert spent(tmp_path, "", ended="2025-01-03T09:00:00Z").found["long"] == 1
    assert "longer than 366 days" in spent(tmp_path, "", ended="2026-06-01T09:00:00Z").rejects[0][1]


# Nulls ----------------------------------------------------------------------------------------


def test_words_for_null_are_null_in_ids_and_nowhere_else(tmp_path: Path) -> None:
    text = (
        "event_name,event_at,distinct_id,user_id,session_id,page_url\n"
        "a,2025-01-01T00:00:00Z,u1,NULL,NULL,\n"
        "b,2025-01-01T00:00:01Z,u2,\\N,nan,null\n"
        "c,2025-01-01T00:00:02Z,u3,None,undefined,(none)\n"
    )
    mapped = events(tmp_path, text)
    assert [(row["user_id"], row["session_id"]) for row in mapped.rows] == [(None, None)] * 3
    assert [row["page_url"] for row in mapped.rows] == [None, "null", "(none)"]
    assert mapped.found["nulls"] == 6
    named = events(tmp_path, text, nulls=("(none)", "null"))
    assert [row["user_id"] for row in named.rows] == [None, "\\N", "None"]
    assert [row["page_url"] for row in named.rows] == [None, None, None]


def test_a_cell_never_depends_on_other_rows(tmp_path: Path) -> None:
    for others in ("", "b,2025-01-01T00:00:00Z,u,x\n"):
        text = "event_name,event_at,distinct_id,n\na,2025-01-01T00:00:00Z,u,12\n" + others
        assert events(tmp_path, text, maps=["properties=*"]).rows[0]["properties"] == {"n": "12"}
