"""A load is listed, noticed when it comes again, and taken back; its rejects go with it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.loads import EVENT, IDS, PROJECT, Write, counts, events, load, rows, writer
from tests.integration.running import begin, run, value
from tidemark_warehouse.database.catalog import Connection
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.loading.ledger import AlreadyLoadedError
from tidemark_warehouse.loading.unloading import Unloaded, loads, unload
from tidemark_warehouse.settings import Settings


@pytest.fixture
def connection(database: Settings) -> Iterator[Connection]:
    with connect(database, autocommit=True) as opened:
        yield opened


@pytest.fixture
def write(tmp_path: Path) -> Write:
    return writer(tmp_path)


def taken_back(connection: Connection, load_id: int | None) -> Unloaded:
    assert load_id is not None
    with connection.transaction():
        return unload(connection, load_id)


ROWS = b"select event_name, properties from raw.events order by event_name"
PLAN = (
    "event_name,event_at,distinct_id,plan\n"
    "a,2025-03-01T00:00:00Z,u1,pro\nb,2025-03-01T00:00:01Z,u2,free\n"
)


def test_a_load_can_be_taken_back_and_only_its_rows_go(
    connection: Connection, write: Write
) -> None:
    load(connection, "events", write("a.csv", EVENT + events(5)))
    second = load(connection, "events", write("b.csv", EVENT + events(9, month=2)))
    assert taken_back(connection, second.load_id) == Unloaded(removed=9)
    assert rows(connection, b"select count(*) from raw.events") == [(5,)]
    deleted = b"select count(*) from ops.changes where relation = 'raw.events' and kind = 'old'"
    assert rows(connection, deleted) == [(9,)]  # so that the next build follows
    with pytest.raises(TidemarkError, match="was taken back on"):
        taken_back(connection, second.load_id)
    with pytest.raises(TidemarkError, match="there is no load 999"):
        taken_back(connection, 999)


def test_what_an_upsert_replaced_comes_back_and_what_was_changed_since_stays(
    connection: Connection, write: Write
) -> None:
    load(connection, "projects", write("a.csv", PROJECT + "a,A,\nb,B,\nc,C,\n"))
    second = load(connection, "projects", write("b.csv", PROJECT + "a,A2,\nb,B2,\nd,D,\ne,E,\n"))
    connection.execute("update raw.projects set title = 'mine' where project_id in ('b', 'e')")
    assert taken_back(connection, second.load_id) == Unloaded(removed=1, restored=1, changed=2)
    assert rows(connection, b"select project_id, title from raw.projects order by 1") == [
        ("a", "A"),
        ("b", "mine"),
        ("c", "C"),
        ("e", "mine"),
    ]


def test_an_upsert_whose_change_log_is_gone_is_refused_with_the_count(
    connection: Connection, write: Write
) -> None:
    load(connection, "projects", write("a.csv", PROJECT + "a,A,\n"))
    second = load(connection, "projects", write("b.csv", PROJECT + "a,A2,\nd,D,\n"))
    connection.execute("delete from ops.changes")
    assert taken_back(connection, second.load_id) == Unloaded(refused=2)
    assert rows(connection, b"select title from raw.projects order by 1") == [("A2",), ("D",)]


def test_a_feature_load_takes_its_recorded_changes_with_it(
    connection: Connection, write: Write
) -> None:
    head = "feature_request_id,project_id,created_at,status,updated_at\n"
    load(connection, "feature_requests", write("a.csv", head + "f,p,2024-01-01T00:00Z,new,\n"))
    after = write("b.csv", head + "f,p,2024-01-01T00:00Z,done,2024-01-02T00:00Z\n")
    second = load(connection, "feature_requests", after)
    assert rows(connection, b"select count(*) from raw.feature_request_changes") == [(1,)]
    assert taken_back(connection, second.load_id).restored == 1
    assert rows(connection, b"select status from raw.feature_requests") == [("new",)]
    assert rows(connection, b"select count(*) from raw.feature_request_changes") == [(0,)]


def test_archived_rows_are_refused(connection: Connection, write: Write) -> None:
    summary = load(connection, "events", write("a.csv", EVENT + events(3)))
    connection.execute(
        "insert into ops.sealed_periods (relation, from_at, to_at, row_count) "
        "values ('raw.events', '2024-01-01Z', '2024-02-01Z', 3)"
    )
    with pytest.raises(TidemarkError, match=r"1 are archived \(3 rows\)"):
        taken_back(connection, summary.load_id)


# The same file again --------------------------------------------------------------------------


def test_the_same_rows_in_more_detail_replace_those_of_before(
    connection: Connection, write: Write
) -> None:
    path = write("a.csv", PLAN)
    load(connection, "events", path)
    assert load(connection, "events", path, "properties=*").removed == 2
    assert rows(connection, ROWS) == [("a", {"plan": "pro"}), ("b", {"plan": "free"})]
    assert counts(load(connection, "events", path, "properties=*")) == (0, 0, 2, 0)
    assert [load.unloaded_at is None for load in loads(connection)] == [True, False]


def test_a_file_that_was_loaded_otherwise_is_asked_about_and_never_doubled(
    connection: Connection, write: Write
) -> None:
    path = write("wide.csv", "at,cpu,memory\n2025-03-01T00:00:00Z,1,2\n")
    point = ("metric_points", path, "recorded_at=at")
    load(connection, *point, "value=cpu", sets=("name=cpu",))
    memory: dict[str, Any] = {"sets": ("name=memory",)}
    with pytest.raises(AlreadyLoadedError, match=r"as load \d+, read in another way \(name, value"):
        load(connection, *point, "value=memory", **memory)
    load(connection, *point, "value=memory", again=True, **memory)
    query = b"select name, value from raw.metric_points order by 1"
    assert rows(connection, query) == [("cpu", 1.0), ("memory", 2.0)]
    load(connection, *point, "value=memory", replace=True, sets=("name=both",))
    assert rows(connection, query) == [("both", 2.0)]


def test_replace_takes_back_a_file_of_the_same_name_in_the_same_transaction(
    connection: Connection, write: Write
) -> None:
    load(connection, "events", write("a.csv", PLAN))
    path = write("a.csv", PLAN.replace("pro", "team").replace("u2", "u3"))
    with pytest.raises(TidemarkError):
        load(connection, "events", path, "properties.plan=plan", "event_id=plam", replace=True)
    assert rows(connection, b"select count(*) from raw.events") == [(2,)]
    load(connection, "events", path, "properties.plan=plan", replace=True)
    assert rows(connection, ROWS) == [("a", {"plan": "team"}), ("b", {"plan": "free"})]


# Rejects --------------------------------------------------------------------------------------


def test_the_right_load_takes_the_rejects_of_the_wrong_one_away(
    connection: Connection, write: Write
) -> None:
    path = write("a.csv", "event_name,event_at,distinct_id\na,31/12/2025 10:11,u\n")
    assert counts(load(connection, "events", path)) == (0, 0, 0, 1)
    right: dict[str, Any] = {"time_format": "%d/%m/%Y %H:%M", "timezone": "UTC"}
    assert counts(load(connection, "events", path, **right)) == (1, 0, 0, 0)
    assert rows(connection, b"select count(*) from raw.rejected_rows") == [(0,)]


def test_rejects_are_listed_retried_and_cleared(database: Settings, write: Write) -> None:
    path = write("a.csv", EVENT + f"{IDS[0]},x,2024-01-01 10:00,u\n{IDS[1]},,2024-01-01T10:00Z,u\n")
    assert run(database, "load", "events", str(path))[0] == 2
    _, out, _ = run(database, "rejects")
    assert "event_name is missing" in out
    assert "has no time zone" in out
    path.write_text(path.read_text().replace(",,", ",now,"))
    _, out, _ = run(database, "rejects", "--retry")
    assert "a.csv: 1 loaded, 0 updated, 1 still rejected" in out
    assert run(database, "rejects", "--clear")[1] == "1 rejected row forgotten\n"
    assert run(database, "rejects")[1] == "no row was rejected\n"


def test_a_hopeless_file_is_given_up_and_leaves_nothing(
    connection: Connection, write: Write
) -> None:
    path = write("a.csv", EVENT + "bad\n" * 50 + events(3))
    with pytest.raises(TidemarkError, match=r"more than 10 rows do not fit .* line 2: 1 field"):
        load(connection, "events", path, max_rejects=10)
    assert rows(connection, b"select count(*) from raw.rejected_rows") == [(0,)]


def test_a_dry_run_has_the_status_of_the_load(database: Settings, write: Write) -> None:
    path = str(
        write("a.csv", EVENT + events(90) + "bad\n" * 2 + f"{IDS[0]},,2024-01-01T10:00Z,u\n")
    )
    code, out, _ = run(database, "load", "events", path, "--dry-run")
    assert code == 2
    assert "of 93 rows, 3 would be rejected" in out
    assert "2  … field, but the header has …" in out
    assert "event_name <- event_name" in out
    assert value(database, b"select count(*) from raw.events") == 0


def test_many_bad_rows_are_all_kept_in_little_time(connection: Connection, write: Write) -> None:
    bad = "".join(f"{IDS[n % 100]},x,no time {n},u\n" for n in range(20_000))
    summary = load(connection, "events", write("a.csv", EVENT + bad))
    assert (summary.rejected, len(summary.reasons)) == (20_000, 1)
    assert rows(connection, b"select count(*), max(line) from raw.rejected_rows") == [
        (20_000, 20_001)
    ]
    assert summary.seconds < 30


# Jira -----------------------------------------------------------------------------------------


def test_jiras_changelog_and_the_trigger_record_a_transition_once(
    connection: Connection, write: Write
) -> None:
    def issue(status: str, updated: str) -> str:
        return (
            '{"key":"P-1","fields":{"project":{"key":"P"},"summary":"x","status":{"name":"'
            f'{status}"}},"created":"2024-03-01T10:00:00.000+0000","updated":"{updated}"}}}}'
        )

    def change(at: str, old: str, new: str) -> str:
        return (
            f'{{"key":"P-1","author":{{"accountId":"a"}},"created":"{at}","field":"status",'
            f'"from":"1","fromString":"{old}","to":"2","toString":"{new}"}}\n'
        )

    first = write("day1.jsonl", issue("To Do", "2024-03-01T10:00:00.000+0000"))
    second = write("day2.jsonl", issue("Done", "2024-03-05T09:30:00.500+0000"))
    changes = write(
        "changes.jsonl",
        change("2024-03-03T08:00:00.000+0000", "To Do", "In Progress")
        + change("2024-03-05T09:30:00.300+0000", "In Progress", "Done"),
    )
    recorded = b"""
        select old_value, new_value from raw.feature_request_changes
        where field = 'status' order by changed_at
    """
    load(connection, "feature_requests", first, preset="jira")
    load(connection, "feature_requests", second, preset="jira")
    assert rows(connection, recorded) == [("To Do", "Done")]
    load(connection, "feature_request_changes", changes, preset="jira")
    assert rows(connection, recorded) == [("To Do", "In Progress"), ("In Progress", "Done")]
    third = write("day3.jsonl", issue("Closed", "2024-03-09T09:30:00.500+0000"))
    load(connection, "feature_requests", third, preset="jira")
    assert rows(connection, recorded)[-1] == ("Done", "Closed")


# Processes ------------------------------------------------------------------------------------


def test_two_loads_of_one_file_at_once_load_it_once(database: Settings, write: Write) -> None:
    text = "event_name,event_at,user_id\n" + "".join(
        f"view,2024-01-01T10:00:{n % 60:02d}Z,u{n}\n" for n in range(2000)
    )
    path = str(write("a.csv", text))
    processes = [begin(database, "load", "events", path) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    assert value(database, b"select count(*) from raw.events") == 2000
    assert value(database, b"select count(*) from ops.loads") == 1


def test_a_load_that_is_killed_leaves_nothing(database: Settings, write: Write) -> None:
    path = str(write("a.csv", EVENT + events(90)))
    with connect(database) as other:  # holds a key, so that the load waits within its COPY
        other.execute(
            "insert into raw.events (event_id, event_name, event_at, distinct_id) "
            "values (%s, 'mine', '2024-01-01T10:00:00Z', 'u')",
            [IDS[0]],
        )
        process = begin(database, "load", "events", path)
        waiting = b"select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
        for _ in range(300):
            if value(database, waiting):
                break
            time.sleep(0.1)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        other.rollback()
    for _ in range(100):
        if not value(database, waiting):
            break
        time.sleep(0.1)
    assert value(database, b"select count(*) from raw.events") == 0
    assert run(database, "load", "events", path)[0] == 0
    assert value(database, b"select count(*) from raw.events") == 90


def test_the_command_lists_and_takes_back(database: Settings, write: Write) -> None:
    path = write("a.csv", PLAN)
    _, out, _ = run(database, "load", "events", str(path), "--map", "properties.plan=plan")
    number = out.rstrip().rpartition(" ")[2]
    _, out, _ = run(database, "loads")
    assert f"{path}" in out
    assert "--map properties.plan=plan" in out
    code, out, _ = run(database, "unload", number)
    assert (code, out.splitlines()[0]) == (
        0,
        f"load {number} is taken back: 2 rows removed, 0 as before",
    )
    assert value(database, b"select count(*) from raw.events") == 0
