"""`tidemark load`: bad input, formats, presets, roles and the command, on a real database."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from tests.integration.loads import EVENT, IDS, PROJECT, Write, counts, events, load, rows, writer
from tests.integration.running import begin, environment, run, value
from tidemark_warehouse.database.catalog import Connection, read_table, table_names
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.loading import inputs
from tidemark_warehouse.loading.load import load_file
from tidemark_warehouse.loading.options import Request
from tidemark_warehouse.settings import ROLES, Settings


@pytest.fixture
def connection(database: Settings) -> Iterator[Connection]:
    with connect(database, autocommit=True) as opened:
        yield opened


@pytest.fixture
def write(tmp_path: Path) -> Write:
    return writer(tmp_path)


# Bad input ------------------------------------------------------------------------------------


def test_a_row_that_does_not_fit_is_kept_with_line_and_reason_and_the_rest_is_loaded(
    connection: Connection, write: Write
) -> None:
    text = (
        EVENT
        + f"{IDS[0]},ok,2024-01-01T10:00:00Z,u\n"
        + f"{IDS[1]},no zone,2024-01-01 10:00:00,u\n"
        + f"{IDS[2]},,2024-01-01T10:00:00Z,u\n"
        + f"{IDS[3]},too few\n"
        + f"{IDS[4]},ok,2024-01-01T10:00:00Z,u\n"
    )
    path = write("bad.csv", text)
    for attempt in ((2, 0, 0, 3), (0, 0, 2, 3)):
        assert counts(load(connection, "events", path)) == attempt
        assert rows(
            connection,
            b"select table_name, source, line, reason, payload from raw.rejected_rows order by 3",
        ) == [
            ("events", str(path), line, reason, text.splitlines()[line - 1])
            for line, reason in (
                (
                    3,
                    "event_at: '2024-01-01 10:00:00' has no time zone (say which with --timezone)",
                ),
                (4, "event_name is missing"),
                (5, "2 fields, but the header has 4"),
            )
        ]
    assert counts(load(connection, "events", path, timezone="UTC"))[0] == 1


@pytest.mark.parametrize("loaded_before", [False, True])
def test_what_only_the_database_refuses_is_singled_out(
    connection: Connection, write: Write, loaded_before: bool
) -> None:
    header = "name,metric_type,value,recorded_at,tags\n"
    if loaded_before:
        load(connection, "metric_points", write("0.csv", header + "x,gauge,1,1704067200,{}\n"))
    lines = [f"m{number},gauge,{number},{1704067200 + number},{{}}\n" for number in range(50)]
    lines[7] = "m7,unheard of,7,1704067207,{}\n"
    lines[30] = 'm30,gauge,30,1704067230,"{""a"": ""\\ud800""}"\n'
    path = write("a.csv", header + "".join(lines))
    assert counts(load(connection, "metric_points", path)) == (48, 0, 0, 2)
    refused = rows(connection, b"select line, reason from raw.rejected_rows order by line")
    assert [line for line, _ in refused] == [9, 32]
    assert refused[0][1] == (
        "metric_type: 'unheard of' is none of counter, gauge, histogram, timer"
    )
    assert "Unicode" in str(refused[1][1])
    assert counts(load(connection, "metric_points", path)) == (0, 0, 48, 2)


def test_a_file_that_breaks_in_the_middle_leaves_nothing(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "BLOCK_BYTES", 300)
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(gzip.compress((EVENT + events(60) + "bad\n").encode())[:-30])
    with pytest.raises(TidemarkError, match=r"cut\.csv\.gz is cut off after line \d+; nothing"):
        load(connection, "events", path)
    assert rows(connection, b"select count(*) from raw.events") == [(0,)]
    assert rows(connection, b"select count(*) from raw.rejected_rows") == [(0,)]


def test_a_path_that_no_row_has_is_pointed_out(connection: Connection, write: Write) -> None:
    record = {"event_name": "a", "event_at": 1704067200, "user_id": "u", "page": {}, "plan": "x"}
    path = write("a.jsonl", json.dumps(record))
    summary = load(connection, "events", path, "page_url=page.ulr")
    assert summary.notes == [
        "fields that no column takes: plan",
        "no row has a value for page_url (page.ulr)",
    ]


def test_a_wrong_table_names_those_there_are(connection: Connection) -> None:
    with pytest.raises(TidemarkError, match=r"no table raw\.evnts") as caught:
        read_table(connection, "evnts")
    assert "did you mean events?" in caught.value.remedy
    assert "rejected_rows" not in table_names(connection)


def test_a_failure_that_is_no_rows_fault_is_one_line(connection: Connection, write: Write) -> None:
    table = read_table(connection, "events")
    connection.execute("drop table raw.events cascade")
    with pytest.raises(TidemarkError, match=r"the database refuses a\.csv: relation"):
        load_file(connection, table, write("a.csv", EVENT + events(1)), Request())


# Formats, presets, roles ----------------------------------------------------------------------


def test_parquet_with_typed_columns_and_nested_ones(connection: Connection, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(
        pa.table(
            {
                "event_id": IDS[:2],
                "event_name": pa.array(["a", "b"]).dictionary_encode(),
                "event_at": pa.array([1704067200123, 1704067200456], pa.timestamp("ms", "UTC")),
                "user_id": [1, 2],
                "properties": [{"price": 1.5, "tags": ["x"]}, None],
            }
        ),
        path,
    )
    assert counts(load(connection, "events", path)) == (2, 0, 0, 0)
    assert rows(
        connection, b"select distinct_id, properties, event_at::text from raw.events order by 1"
    ) == [
        ("1", {"price": 1.5, "tags": ["x"]}, "2024-01-01 00:00:00.123+00"),
        ("2", {}, "2024-01-01 00:00:00.456+00"),
    ]
    assert counts(load(connection, "events", path)) == (0, 0, 2, 0)


PRESET_RECORDS: dict[str, tuple[dict[str, object], tuple[object, ...]]] = {
    "posthog": (
        {
            "uuid": IDS[1],
            "event": "$identify",
            "timestamp": "2024-05-01T10:00:00.5Z",
            "distinct_id": "u1",
            "properties": {"$anon_distinct_id": "anon", "$session_id": "s", "$os": "Linux"},
        },
        ("identify", "$identify", "anon", "u1", "s", "Linux"),
    ),
    "mixpanel": (
        {
            "event": "Signed Up",
            "properties": {
                "time": 1714557600,
                "$insert_id": "abc",
                "distinct_id": "anon",
                "$user_id": "u1",
                "$os": "iOS",
            },
        },
        ("track", "Signed Up", "anon", "u1", None, "iOS"),
    ),
    "segment": (
        {
            "messageId": "ajs-1",
            "type": "page",
            "timestamp": "2024-05-01T10:00:00Z",
            "anonymousId": "anon",
            "userId": None,
            "properties": {"url": "https://x/y"},
            "context": {"os": {"name": "macOS", "version": "14"}, "page": {"url": "https://x/y"}},
        },
        ("page", "page_view", "anon", None, None, "macOS"),
    ),
}


@pytest.mark.parametrize("preset", PRESET_RECORDS)
def test_presets_read_an_export_as_it_is(connection: Connection, write: Write, preset: str) -> None:
    record, expected = PRESET_RECORDS[preset]
    path = write("export.jsonl.gz", json.dumps(record) + "\n")
    assert counts(load(connection, "events", path, preset=preset)) == (1, 0, 0, 0)
    assert rows(
        connection,
        b"select event_type, event_name, distinct_id, user_id, session_id, context ->> 'os' "
        b"from raw.events",
    ) == [expected]
    assert counts(load(connection, "events", path, preset=preset)) == (0, 0, 1, 0)


def test_the_loader_role_is_enough(database: Settings, write: Write) -> None:
    with connect(database, ROLES[0], autocommit=True) as connection:
        path = write("a.csv", EVENT + events(5, month=7) + "bad\n")
        assert counts(load(connection, "events", path)) == (5, 0, 0, 1)
        assert counts(load(connection, "events", path)) == (0, 0, 5, 1)
        projects = write("b.csv", PROJECT + "a,A,2024-01-01T00:00:00Z\na,B,\n")
        assert counts(load(connection, "projects", projects)) == (1, 0, 1, 0)
        assert counts(load(connection, "projects", projects)) == (0, 0, 2, 0)
    assert value(database, b"select count(*) from raw.events_2024_07") == 5


def test_a_dry_run_shows_five_rows_and_writes_nothing(connection: Connection, write: Write) -> None:
    text = "event_name,event_at,user_id,price\n" + "view,2024-01-01T10:00:00Z,u,5\n" * 9
    text += "x,y,z,\n"
    path = write("a.csv", text)
    request = Request.of(maps=["properties.price={price:number}"])
    shown = load_file(connection, read_table(connection, "events"), path, request, dry_run=True)
    assert len(shown.sample) == 5
    row = dict(zip(shown.sources, shown.sample[0], strict=True))
    assert row["distinct_id"] == "u"
    assert row["properties"] == '{"price": 5}'
    assert shown.sources["event_id"] == "made from the row's content"
    assert (shown.read, shown.rejected) == (10, 1)
    assert shown.first_reject is not None
    assert (shown.first_reject.line, shown.first_reject.reason[:8]) == (11, "event_at")
    for name in (b"raw.events", b"raw.rejected_rows"):
        assert rows(connection, b"select count(*) from " + name) == [(0,)]


# The command ----------------------------------------------------------------------------------


def test_the_command_reports_in_lines_and_status(database: Settings, write: Write) -> None:
    good = write("good.csv", EVENT + events(3))
    bad = write("bad.csv", EVENT + "x,,2024-01-01T00:00:00Z,u\n")
    code, out, err = run(database, "load", "events", str(good))
    assert (code, err) == (0, "")
    assert out.startswith("good.csv into raw.events: 3 rows: 3 loaded, 0 already there, 0 rejected")
    code, out, err = run(database, "load", "events", str(good), str(bad))
    assert (code, err) == (2, "")
    assert "1 row is in raw.rejected_rows; first line 2: event_name is missing" in out
    assert "2 files: 0 rows written, 1 rejected" in out
    code, out, err = run(database, "load", "events", str(good), "--dry-run")
    assert code == 0
    assert "of 3 rows, 0 would be rejected" in out
    code, out, err = run(database, "load", "events", str(good.parent / "none.csv"))
    assert (code, out) == (1, "")
    assert "there is no file" in err
    assert "Traceback" not in err


def test_two_loads_of_one_file_at_the_same_time_load_it_once(
    database: Settings, write: Write
) -> None:
    path = str(write("a.csv", EVENT + events(90)))
    with connect(database) as other:  # holds the same key, uncommitted
        other.execute(
            "insert into raw.events (event_id, event_name, event_at, distinct_id) "
            "values (%s, 'mine', '2024-01-01T10:00:00Z', 'u')",
            [IDS[0]],
        )
        process = begin(database, "load", "events", path)
        with pytest.raises(psycopg.errors.QueryCanceled):
            other.execute("set local statement_timeout = '1s'; select pg_sleep(5)")
        other.rollback()
    assert process.wait() == 0
    assert value(database, b"select count(*) from raw.events where event_name = 'view'") == 90


def test_a_load_leaves_pandas_where_it_is(database: Settings, write: Write) -> None:
    path = write("a.csv", EVENT + events(3))
    code = (
        "import sys\n"
        "from tidemark_warehouse.cli.main import application\n"
        f"words = ['load', 'events', {str(path)!r}]\n"
        "try: application(words)(words)\n"
        "except SystemExit as end: assert not end.code\n"
        "assert 'pyarrow' in sys.modules and 'pandas' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], env=environment(database), check=True)
