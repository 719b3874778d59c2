"""Questions to archived files: what they answer, and what they may not do."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]
import pytest

from tests.archiving.samples import archived
from tidemark_warehouse.archiving import files, manifest, querying, stored_types
from tidemark_warehouse.archiving.drafts import Draft
from tidemark_warehouse.archiving.manifest import Manifest
from tidemark_warehouse.archiving.tables import Column
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import PROJECT_ROOT


def ask(folder: Path, query: str) -> list[tuple[object, ...]]:
    with querying.opened(folder, querying.archived(folder)) as connection:
        answer = querying.ask(connection, query)
        with querying.explained(connection):
            return answer.fetchall()


def tidemark(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Run `tidemark archive` as a process of its own, which reaches no server."""
    ran = subprocess.run(
        [sys.executable, "-m", "tidemark_warehouse.cli.main", "archive", *arguments],
        cwd=PROJECT_ROOT,
        env={"TIDEMARK_HOME": str(folder / "home"), "TIDEMARK_ARCHIVE": str(folder), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in ran.stderr
    return ran.returncode, ran.stdout, ran.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an archive of two periods, in a folder whose name has a quote."""
    folder = tmp_path_factory.mktemp("it's")
    archived(folder / "tidemark", count=1_000)
    archived(folder / "tidemark", count=10, period="2026-09")
    return folder


def test_all_files_of_a_table_are_one(folder: Path) -> None:
    here = folder / "tidemark"
    assert ask(here, "select count(*) from raw.events") == [(1_010,)]
    seen = [n + 0.5 for n in (*range(1_000), *range(10)) if n % 3 != 0 and n % 2 == 0]
    assert ask(here, "select count(*), sum(amount) from events where seen") == [
        (len(seen), sum(seen))
    ]
    assert ask(here, "select properties->>'user' from events order by event_at desc limit 1") == [
        ("u999",)
    ]
    assert ask(here, "select typeof(event_at), typeof(event_id) from events limit 1") == [
        ("TIMESTAMP WITH TIME ZONE", "UUID")
    ]
    with querying.opened(here, querying.archived(here, {"events/2026-09.parquet"})) as connection:
        assert querying.ask(connection, "select count(*) from events").fetchall() == [(10,)]


def test_a_file_without_a_manifest_is_not_read(tmp_path: Path) -> None:
    made = archived(tmp_path)
    again = archived(tmp_path)
    files.manifest_path(tmp_path, again.file).unlink()
    assert ask(tmp_path, "select count(*) from events") == [(1_000,)]
    files.data_path(tmp_path, made.file).unlink()
    with pytest.raises(TidemarkError, match=r"2026-08\.parquet is missing"):
        querying.archived(tmp_path)


def test_times_that_lie_as_text_are_times_again(tmp_path: Path) -> None:
    """And a column that came later is null in the files before it."""
    write(tmp_path, "2026-07", {"moment": "timestamp with time zone"}, ["2026-07-01T00:00:00Z"])
    hard = ["infinity", "0044-03-15 12:00:00+00 BC", "2026-08-01 00:00:00+00"]
    columns = {"moment": "timestamp with time zone", "day": "date"}
    write(tmp_path, "2026-08", columns, hard, ["-infinity", "0044-03-15 BC", "2026-08-01"])
    assert ask(tmp_path, "select moment::varchar, day::varchar from samples order by moment") == [
        ("0044-03-15 (BC) 12:00:00+00", "0044-03-15 (BC)"),
        ("2026-07-01 00:00:00+00", None),
        ("2026-08-01 00:00:00+00", "2026-08-01"),
        ("infinity", "-infinity"),
    ]


def write(folder: Path, period: str, columns: dict[str, str], *values: list[str]) -> None:
    """Write a file of times; as text, where one of them needs it."""
    described = [Column(name, kind) for name, kind in columns.items()]
    hard = {name for name, texts in zip(columns, values, strict=True) if len(texts) > 1}
    stored = stored_types.chosen(described, hard)
    schema = pa.schema([each.field for each in stored])
    arrays = [pa.array(texts).cast(each.kind) for texts, each in zip(values, stored, strict=True)]
    name = files.free_name(folder, "samples", period)
    with Draft(folder, name, schema, "moment", len(values[0])) as draft:
        draft.write(pa.RecordBatch.from_arrays(arrays, schema=schema))
        written = draft.finish()
    made = Manifest(
        version=manifest.VERSION,
        table_name="samples",
        period=period,
        file=name,
        row_count=written.rows,
        first_key=None,
        last_key=None,
        first_at=None,
        last_at=None,
        columns=tuple(each.described for each in stored),
        key=("moment",),
        time_column="moment",
        bytes=written.bytes,
        file_sha256=written.file_sha256,
        content_hash=written.content_hash,
        snapshot="1:1:",
        created_at="2026-11-20T00:00:00+00:00",
    )
    manifest.write(made, folder)


@pytest.mark.parametrize(
    "query",
    [
        "copy (select 1) to '{here}/x.csv'",
        "copy (select 1) to '{file}' (use_tmp_file false)",
        "explain analyze copy (select 1) to '{file}'",
        "export database '{here}/x'",
        "attach '{here}/x.db'",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "set allowed_paths = ['/etc/passwd']",
        "reset lock_configuration",
        "create table x as select 1",
        "drop view raw.events",
        "select 1; copy (select 1) to '{here}/x.csv'",
        "pragma enable_profiling",
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('{here}/events/2026-08.manifest.json')",
        "select * from glob('/etc/*')",
        "select * from '/etc/passwd'",
        "select * from read_parquet('{here}/events/../../other.parquet')",
        "select * from 'https://example.invalid/x.parquet'",
        "select * from sqlite_scan('/tmp/x', 'y')",
        "select * from folder",
    ],
)
def test_a_query_reads_the_archive_and_nothing_else(folder: Path, query: str) -> None:
    here = folder / "tidemark"
    escaped = str(here).replace("'", "''")
    file = here / "events" / "2026-08.parquet"
    before = (sorted(folder.rglob("*")), file.read_bytes())
    text = query.format(here=escaped, file=f"{escaped}/events/2026-08.parquet")
    with pytest.raises(TidemarkError) as caught:
        ask(here, text)
    assert "\n" not in caught.value.problem
    assert caught.value.remedy
    assert (sorted(folder.rglob("*")), file.read_bytes()) == before


def test_the_settings_refuse_what_the_kind_of_statement_lets_pass(folder: Path) -> None:
    """The second wall by itself: nobody has looked at these statements before."""
    here = folder / "tidemark"
    with querying.opened(here, querying.archived(here)) as connection:
        for statement in (
            "copy (select 1) to '/tmp/x.csv'",
            "attach '/tmp/x.db'",
            "install httpfs",
            "set enable_external_access = true",
            "select * from read_csv('/etc/passwd')",
        ):
            with pytest.raises(TidemarkError), querying.explained(connection):
                connection.execute(statement)


def test_what_the_command_writes(folder: Path) -> None:
    query = "select event_name, weight, amount, properties, '' as nothing from events limit 2"
    status, out, _ = tidemark(folder, "query", query)
    assert status == 0
    assert out.splitlines()[0].split() == [
        *("event_name", "weight", "amount", "properties", "nothing")
    ]
    status, out, _ = tidemark(folder, "query", query, "--format", "csv")
    assert list(csv.reader(io.StringIO(out)))[1] == ["", "nan", "0.5", '{"user": "u0"}', ""]
    assert out.splitlines()[1].startswith(',"nan"')
    assert out.splitlines()[1].endswith(',""')  # no null
    status, out, _ = tidemark(folder, "query", query, "--format", "json")
    assert json.loads(out)[0] == {
        **{"event_name": None, "weight": None, "amount": 0.5},
        **{"properties": {"user": "u0"}, "nothing": ""},
    }


def test_how_many_rows_the_command_writes(folder: Path) -> None:
    _, out, _ = tidemark(folder, "query", "from events")
    assert len(out.splitlines()) == 1 + 100 + 1
    assert "--limit shows more" in out.splitlines()[-1]
    for arguments, rows in ((("--limit", "3"), 3), ((), 1_010)):
        _, out, _ = tidemark(folder, "query", "from events", "--format", "json", *arguments)
        assert len(json.loads(out)) == rows
        _, out, _ = tidemark(folder, "query", "from events", "--format", "csv", *arguments)
        assert len(out.splitlines()) == rows + 1
    _, out, _ = tidemark(folder, "query", "from events where false", "--format", "json")
    assert json.loads(out) == []


def test_a_wrong_query_is_one_line(folder: Path) -> None:
    status, out, err = tidemark(folder, "query", "select nothing from raw.events")
    assert (status, out) == (1, "")
    assert err.splitlines()[0].startswith("tidemark: Binder Error: ")
    assert err.splitlines()[1:] == ["  -> the tables are raw.events"]
    status, _, err = tidemark(folder, "query", "select properties::integer from events")
    assert (status, len(err.splitlines())) == (1, 2)


def test_the_files_are_listed(folder: Path, tmp_path: Path) -> None:
    _, out, _ = tidemark(folder, "list")
    assert out.splitlines()[1].split()[:3] == ["events", "2026-08", "1,000"]
    assert out.splitlines()[3].startswith("2 files, 1,010 rows, ")
    status, out, _ = tidemark(tmp_path, "list")
    assert status == 0
    assert out.startswith(f"nothing is archived yet in {tmp_path / 'tidemark'}")
    status, _, err = tidemark(tmp_path, "query", "select 1")
    assert status == 1
    assert "nothing is archived yet" in err
