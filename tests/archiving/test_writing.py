"""What `write_rows` reads, says, and leaves behind when it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from psycopg import sql

from tidemark_warehouse.archiving import drafts, files, manifest, verifying
from tidemark_warehouse.archiving.reading import copy_into
from tidemark_warehouse.archiving.tables import ArchivedTable
from tidemark_warehouse.archiving.writing import write_rows
from tidemark_warehouse.database import server
from tidemark_warehouse.database.catalog import read_table
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import PROJECT_ROOT, Settings

ROWS = "select * from raw.events_2026_08"
COUNT = 30_000

# Writes as the parent would, and dies where it is told to.
DYING = """
import os, signal, sys
from pathlib import Path
from tidemark_warehouse.database import server
from tidemark_warehouse.archiving import manifest, writing
from tidemark_warehouse.archiving.tables import ArchivedTable
from tidemark_warehouse.database.catalog import read_table
from tidemark_warehouse.settings import Settings

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

home, database, port, folder, where = sys.argv[1:]
settings = Settings(Path(home), database, int(port), None)
with server.connect(settings) as connection:
    table = ArchivedTable.of(read_table(connection, "events"))
if where == "before the manifest":
    manifest.write = die
progress = die if where == "while rows come" else None
writing.write_rows(
    server.url(settings), "select * from raw.events_2026_08", table, "2026-08", Path(folder),
    progress=progress,
)
"""


@pytest.fixture(scope="module")
def connection(module_database: Settings) -> Iterator[server.Connection]:
    with server.connect(module_database, autocommit=True) as connection:
        connection.execute(
            "select ops.ensure_partitions_for('raw.events', '2026-08-01', '2026-08-02')"
        )
        connection.execute(
            "insert into raw.events (event_id, event_name, event_at, distinct_id) "
            "select gen_random_uuid(), 'view', timestamptz '2026-08-01 00:00:00+00' "
            "+ (n * 7919 %% %(count)s) * interval '1 minute', 'd' || n %% 50 "
            "from generate_series(0, %(count)s - 1) as n",
            {"count": COUNT},
        )
        yield connection


@pytest.fixture(scope="module")
def events(connection: server.Connection) -> ArchivedTable:
    return ArchivedTable.of(read_table(connection, "events"))


def test_a_manifest_says_what_is_in_the_file(
    module_database: Settings, connection: server.Connection, events: ArchivedTable, tmp_path: Path
) -> None:
    told: list[int] = []
    url = server.url(module_database)
    made = write_rows(url, ROWS, events, "2026-08", tmp_path, progress=told.append)
    assert manifest.read(tmp_path, made.file) == made
    row = connection.execute(
        "select count(*), to_json(min(event_at)) #>> '{}', to_json(max(event_at)) #>> '{}', "
        "(select json_build_array(event_at, event_id)::text from raw.events_2026_08 "
        " order by event_at, event_id limit 1) from raw.events_2026_08"
    ).fetchone()
    assert row == (made.row_count, made.first_at, made.last_at, made.first_key)
    assert told[-1] == made.row_count == COUNT
    assert [column.name for column in made.columns] == list(
        read_table(connection, "events").columns
    )
    assert made.last_key is not None
    assert made.first_key is not None
    assert made.last_key > made.first_key
    connection.execute("select pg_visible_in_snapshot('3', %s::pg_snapshot)", [made.snapshot])
    assert (tmp_path / made.file).stat().st_size == made.bytes
    times = pq.read_table(tmp_path / made.file).column("event_at").to_pylist()
    assert times == sorted(times)


def test_rows_are_read_in_the_snapshot_that_is_given(
    module_database: Settings, connection: server.Connection, events: ArchivedTable, tmp_path: Path
) -> None:
    url = server.url(module_database)
    with server.connect(module_database) as other:
        other.execute("set transaction isolation level repeatable read")
        row = other.execute("select pg_export_snapshot(), pg_current_snapshot()::text").fetchone()
        assert row is not None
        connection.execute(
            "insert into raw.events (event_id, event_name, event_at, distinct_id) "
            "values (gen_random_uuid(), 'late', '2026-08-02', 'd')"
        )
        seen = write_rows(url, sql.SQL(ROWS), events, "2026-08", tmp_path, snapshot_id=row[0])
    assert (seen.row_count, seen.snapshot) == (COUNT, row[1])
    assert write_rows(url, ROWS, events, "2026-08", tmp_path).row_count == COUNT + 1
    connection.execute("delete from raw.events where event_name = 'late'")
    with pytest.raises(TidemarkError, match="does not give the rows of events 2026-08"):
        write_rows(url, ROWS, events, "2026-08", tmp_path, snapshot_id="no'ne")


def test_what_the_database_refuses_leaves_nothing(
    module_database: Settings, events: ArchivedTable, tmp_path: Path
) -> None:
    failing = f"{ROWS} where 1 / (extract(day from event_at) - 15) < 9 or distinct_id = 'd7'"
    with pytest.raises(TidemarkError, match=r"2026-08: division by zero$") as caught:
        write_rows(server.url(module_database), failing, events, "2026-08", tmp_path)
    assert "nothing was removed" in caught.value.remedy
    assert not (tmp_path / "events").exists()


@pytest.mark.parametrize("interrupted", [True, False])
def test_rows_that_stop_coming_leave_nothing(
    module_database: Settings,
    connection: server.Connection,
    events: ArchivedTable,
    tmp_path: Path,
    interrupted: bool,
) -> None:
    """By a server that ends the connection, and by Ctrl-C here."""
    columns = [column.name for column in events.columns]
    columns[-1] = "repeat('x', 5000) as referrer"  # more than is read ahead
    wide = f"select {', '.join(columns)} from raw.events_2026_08"

    def end(_: int) -> None:
        if interrupted:
            raise KeyboardInterrupt
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where query like 'COPY%' and datname = current_database()"
        )

    expected = KeyboardInterrupt if interrupted else TidemarkError
    with pytest.raises(expected) as caught:
        write_rows(server.url(module_database), wide, events, "2026-08", tmp_path, progress=end)
    if isinstance(caught.value, TidemarkError):
        said = caught.value.problem  # which of two lines depends on how much had come
        assert said.startswith("the database does not give the rows of events 2026-08: ")
        assert said.endswith(("administrator command", "closed the connection unexpectedly"))
    assert list((tmp_path / "events").iterdir()) == []


@pytest.mark.parametrize("place", [lambda _: 0, lambda size: size // 3, lambda size: size - 64])
def test_what_does_not_read_back_is_no_archive(
    module_database: Settings,
    events: ArchivedTable,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: Callable[[int], int],
) -> None:
    """A disk that loses a page: what is read is not what was written."""
    flush = os.fsync

    def lose(descriptor: int) -> None:
        flush(descriptor)
        part = tmp_path / "events" / "2026-08.parquet.part"
        if part.exists():
            with part.open("r+b") as file:
                file.seek(place(part.stat().st_size))
                file.write(b"\0" * 64)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lose)
        with pytest.raises(TidemarkError, match="does not read back"):
            write_rows(server.url(module_database), ROWS, events, "2026-08", tmp_path)
    assert list((tmp_path / "events").iterdir()) == []


@pytest.mark.parametrize(
    ("where", "left"),
    [
        ("while rows come", ["events/2026-08.parquet.part"]),
        ("before the manifest", ["events/2026-08.parquet"]),
    ],
)
def test_a_killed_run_leaves_a_stray_that_the_next_one_passes(
    module_database: Settings, events: ArchivedTable, tmp_path: Path, where: str, left: list[str]
) -> None:
    of = module_database
    killed = subprocess.run(
        [sys.executable, "-c", DYING, str(of.home), of.database, str(of.port), tmp_path, where],
        cwd=PROJECT_ROOT,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert verifying.strays(tmp_path, set()) == left
    parts = [name for name in left if name.endswith(files.PART)]
    assert verifying.clear_parts(tmp_path) == parts
    made = write_rows(server.url(of), ROWS, events, "2026-08", tmp_path)
    assert verifying.verify(tmp_path, made.file, manifest.digest(made)) == []
    assert verifying.strays(tmp_path, {made.file}) == [name for name in left if name not in parts]


def test_a_damaged_file_brings_no_row_back(
    module_database: Settings, connection: server.Connection, events: ArchivedTable, tmp_path: Path
) -> None:
    made = write_rows(server.url(module_database), ROWS, events, "2026-08", tmp_path)
    path = tmp_path / made.file
    whole = path.read_bytes()
    columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in events.columns)
    connection.execute(
        sql.SQL("create temporary table returned as select {} from raw.events limit 0").format(
            columns
        )
    )

    def restore() -> int:
        with connection.transaction(), connection.cursor() as cursor:
            return copy_into(cursor, tmp_path, made, sql.Identifier("returned"))

    path.write_bytes(whole[:-1])
    with pytest.raises(TidemarkError, match="is cut off"):
        restore()
    path.write_bytes(whole[:99] + bytes([whole[99] ^ 1]) + whole[100:])
    with pytest.raises(TidemarkError, match="was changed"):
        restore()
    path.write_bytes(whole)
    pq.write_table(pq.read_table(path).slice(1), path)  # a row less
    forged = replace(made, bytes=path.stat().st_size, file_sha256=drafts.file_sha256(path))
    with (
        pytest.raises(TidemarkError, match="holds other rows"),
        connection.transaction(),
        connection.cursor() as cursor,
    ):
        copy_into(cursor, tmp_path, forged, sql.Identifier("returned"))
    path.unlink()
    with pytest.raises(TidemarkError, match="is missing"):
        restore()
    assert connection.execute("select count(*) from returned").fetchone() == (0,)
    path.write_bytes(whole)
    assert restore() == COUNT
    with pytest.raises(psycopg.errors.UndefinedTable):
        copy_into(connection.cursor(), tmp_path, made, sql.Identifier("nowhere"))
