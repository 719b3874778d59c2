"""`tidemark load`: the spec's rules about keys (section 1), on a real database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.loads import EVENT, IDS, PROJECT, Write, counts, events, load, rows, writer
from tidemark_warehouse.database.catalog import Connection
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.loading import inputs, writers
from tidemark_warehouse.settings import Settings


@pytest.fixture
def connection(database: Settings) -> Iterator[Connection]:
    with connect(database, autocommit=True) as opened:
        yield opened


@pytest.fixture
def write(tmp_path: Path) -> Write:
    return writer(tmp_path)


# Append-only tables ---------------------------------------------------------------------------


def test_the_same_file_again_changes_nothing(connection: Connection, write: Write) -> None:
    path = write("a.csv", EVENT + events(20))
    assert counts(load(connection, "events", path)) == (20, 0, 0, 0)
    before = rows(connection, b"select xmin, ctid, * from raw.events order by event_id")
    assert counts(load(connection, "raw.events", path)) == (0, 0, 20, 0)
    assert rows(connection, b"select xmin, ctid, * from raw.events order by event_id") == before


def test_the_first_row_of_a_key_wins_in_the_table_and_in_the_file(
    connection: Connection, write: Write
) -> None:
    load(connection, "events", write("a.csv", EVENT + f"{IDS[0]},old,2024-01-01T00:00:00Z,u\n"))
    text = (
        EVENT
        + f"{IDS[0]},new,2024-01-01T00:00:00Z,u\n"
        + f"{IDS[1]},first,2024-01-01T00:00:00Z,u\n"
        + f"{IDS[1]},second,2024-01-01T00:00:00Z,u\n"
        + f"{IDS[1]},another time,2024-01-02T00:00:00Z,u\n"
    )
    assert counts(load(connection, "events", write("b.csv", text))) == (2, 0, 2, 0)
    assert rows(connection, b"select event_name from raw.events order by event_id, event_at") == [
        ("old",),
        ("first",),
        ("another time",),
    ]


def test_chunks_that_collide_do_not_hold_up_those_that_do_not(
    connection: Connection, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "BLOCK_BYTES", 400)  # a few rows each
    monkeypatch.setattr(writers, "MAX_PAUSE", 1)
    load(connection, "events", write("a.csv", EVENT + events(3, 40)))
    again = write("b.csv", EVENT + events(90))
    assert counts(load(connection, "events", again)) == (87, 0, 3, 0)
    assert counts(load(connection, "events", again)) == (0, 0, 90, 0)


def test_history_goes_straight_into_partitions_of_its_own(
    connection: Connection, write: Write
) -> None:
    text = EVENT + events(5, month=3) + events(5, 5, month=11)
    text += f"{IDS[50]},typing error,3024-01-01T00:00:00Z,u\n"
    load(connection, "events", write("a.csv", text), any_date=True)
    partitions = rows(connection, b"select distinct tableoid::regclass::text from raw.events")
    assert {name for (name,) in partitions} == {
        "raw.events_2024_03",
        "raw.events_2024_11",
        # A load makes no partition of a month more than ten years ahead: the next build does.
        "raw.events_default",
    }


def test_months_that_come_up_while_a_file_is_read_get_partitions_too(
    connection: Connection, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "BLOCK_BYTES", 300)
    text = EVENT + "".join(events(8, 8 * month - 8, month) for month in range(1, 13))
    assert counts(load(connection, "events", write("a.csv", text))) == (96, 0, 0, 0)
    assert rows(connection, b"select count(distinct tableoid) from raw.events") == [(12,)]
    assert rows(connection, b"select count(*) from raw.events_default") == [(0,)]


def test_an_event_without_an_id_gets_one_from_its_content(
    connection: Connection, write: Write
) -> None:
    twice = "view,2024-01-01T10:00:00Z,u1\n" * 2
    path = write(
        "a.csv", "event_name,event_at,user_id\n" + twice + "view,2024-01-01T10:00:00Z,u2\n"
    )
    assert counts(load(connection, "events", path)) == (3, 0, 0, 0)
    assert counts(load(connection, "events", path)) == (0, 0, 3, 0)
    # The same content in another order, of other columns and in another format is the same event.
    record = {"user_id": "u1", "event_at": 1704103200, "event_name": "view", "referrer": None}
    other = write("b.jsonl", json.dumps(record) + "\n" + json.dumps(record | {"user_id": "u3"}))
    assert counts(load(connection, "events", other)) == (1, 0, 1, 0)
    versions = rows(connection, b"select distinct substr(event_id::text, 15, 1) from raw.events")
    assert versions == [("8",)]


def test_rows_with_and_without_an_id_may_stand_in_one_file(
    connection: Connection, write: Write
) -> None:
    text = EVENT + events(2) + ",view,2024-01-01T10:00:00Z,u1\n"
    path = write("a.csv", text)
    assert counts(load(connection, "events", path)) == (3, 0, 0, 0)
    assert counts(load(connection, "events", path)) == (0, 0, 3, 0)


def test_missing_values_take_defaults_and_the_distinct_id_that_of_the_user(
    connection: Connection, write: Write
) -> None:
    text = (
        "event_id,event_name,event_at,user_id,session_id,environment,properties\n"
        f'{IDS[0]},a,2024-01-01T10:00:00Z,u1,s1,,\n{IDS[1]},a,2024-01-01T10:00:00Z,"",s2,"","{{}}"\n'
        f"{IDS[2]},a,2024-01-01T10:00:00Z,,,,\n"
    )
    summary = load(connection, "events", write("a.csv", text))
    assert counts(summary) == (2, 0, 0, 1)
    assert summary.first_reject is not None
    assert summary.first_reject.reason == (
        "distinct_id is missing, and so are user_id and session_id"
    )
    assert rows(
        connection,
        b"select distinct_id, user_id, environment, properties from raw.events order by event_id",
    ) == [("u1", "u1", "production", {}), ("s2", None, "production", {})]


# Mutable tables -------------------------------------------------------------------------------


@pytest.mark.parametrize("first_loaded", [False, True])
def test_the_larger_updated_at_stays_else_the_later_line(
    connection: Connection, write: Write, first_loaded: bool
) -> None:
    if first_loaded:  # else the table is empty, and filled straight as long as no key comes twice
        load(connection, "projects", write("0.csv", PROJECT + "z,Z,2024-01-01T00:00:00Z\n"))
    text = (
        PROJECT
        + "a,new,2024-01-02T00:00:00Z\na,old,2024-01-01T00:00:00Z\n"
        + "b,earlier,2024-01-01T00:00:00Z\nb,later,2024-01-01T00:00:00Z\n"
        + "c,first,2024-01-05T00:00:00Z\nc,unknown,\nc,last,2024-01-01T00:00:00Z\n"
    )
    path = write("a.csv", text)
    assert counts(load(connection, "projects", path)) == (3, 0, 4, 0)
    assert rows(
        connection, b"select title from raw.projects where project_id < 'd' order by project_id"
    ) == [("new",), ("later",), ("last",)]
    before = rows(connection, b"select xmin, ctid, * from raw.projects order by project_id")
    assert counts(load(connection, "projects", path)) == (0, 0, 7, 0)
    assert rows(connection, b"select xmin, ctid, * from raw.projects order by project_id") == before


def test_an_older_row_never_replaces_a_newer_one(connection: Connection, write: Write) -> None:
    load(connection, "projects", write("a.csv", PROJECT + "a,new,2024-01-02T00:00:00Z\n"))
    old = write("b.csv", PROJECT + "a,old,2024-01-01T00:00:00Z\n")
    assert counts(load(connection, "projects", old)) == (0, 0, 1, 0)
    same = write("c.csv", PROJECT + "a,same time,2024-01-02T00:00:00Z\nb,B,\n")
    assert counts(load(connection, "projects", same)) == (1, 1, 0, 0)
    part = write("d.jsonl", '{"project_id": "a", "status": "open"}\n{"project_id": "b"}')
    assert counts(load(connection, "projects", part)) == (0, 1, 1, 0)
    assert rows(connection, b"select title, status from raw.projects order by 1") == [
        ("B", None),
        ("same time", "open"),
    ]


def test_every_version_records_each_change_once(connection: Connection, write: Write) -> None:
    header = "feature_request_id,project_id,created_at,status,updated_at,n\n"
    body = "".join(
        f"f1,p,2024-01-01T00:00:00Z,{status},{at}:00Z,{n}\n"
        for status, at, n in (
            ("new", "2024-01-01T10:00", 0),
            ("done", "2024-01-01T11:00", 3),  # in the file before its predecessor
            ("open", "2024-01-01T11:00", 2),
            ("new", "2024-01-01T12:00", 10),
        )
    )
    path = write("a.csv", header + body)

    def in_turn(each: Path) -> tuple[int, int, int, int]:
        return counts(load(connection, "feature_requests", each, every_version=True, order_by="n"))

    assert in_turn(path) == (1, 3, 0, 0)
    changes = b"""
        select old_value, new_value, to_char(changed_at, 'HH24:MI:SS.US')
        from raw.feature_request_changes order by changed_at
    """
    recorded: list[tuple[object, ...]] = [
        ("new", "open", "11:00:00.000000"),
        ("open", "done", "11:00:00.000001"),
        ("done", "new", "12:00:00.000000"),
    ]
    assert rows(connection, changes) == recorded
    assert in_turn(path) == (0, 0, 4, 0)
    assert counts(load(connection, "feature_requests", path)) == (0, 0, 4, 0)
    longer = write("b.csv", header + body + "f1,p,2024-01-01T00:00:00Z,x,2024-01-02T00:00:00Z,11\n")
    assert in_turn(longer) == (0, 1, 4, 0)
    assert rows(connection, changes)[:3] == recorded
    with pytest.raises(TidemarkError, match="is not loaded by versions"):
        load(connection, "events", path, every_version=True)


# Event logs -----------------------------------------------------------------------------------

LOG = "case:concept:name,concept:name,org:resource,start_timestamp,time:timestamp\n"


def log(connection: Connection, path: Path, template: str = "t") -> tuple[int, int, int, int]:
    sets = (f"template_id={template}",)
    return counts(load(connection, "time_sessions", path, preset="event-log", sets=sets))


def day(number: int) -> str:
    return f"2024-01-{number:02d}T00:00:00Z"


def test_more_of_an_event_log_is_merged_with_what_is_there(
    connection: Connection, write: Write
) -> None:
    first = write("a.csv", LOG + f"c1,weld,ann,{day(5)},{day(6)}\nc1,weld,ann,{day(5)},{day(6)}\n")
    assert log(connection, first) == (2, 0, 0, 0)
    more = f"c1,cut,bob,{day(2)},{day(3)}\nc2,weld,,{day(9)},{day(9)}\nc2,,x,{day(9)},{day(9)}\n"
    assert log(connection, write("b.csv", LOG + more)) == (2, 0, 0, 1)
    for _ in range(2):
        assert rows(
            connection,
            b"select instance_id, user_id, status, extract(day from started_at)::int, "
            b"extract(day from completed_at)::int from raw.workflow_instances order by 1",
        ) == [("c1", "bob", "completed", 2, 6), ("c2", "(unknown)", "completed", 9, 9)]
        assert rows(
            connection, b"select step_index, name from raw.workflow_template_steps order by 1"
        ) == [(1, "weld"), (2, "cut")]
        assert log(connection, first) == (0, 0, 2, 0)


PIECES = b"""
    select s.instance_id, t.name, extract(epoch from s.ended_at - s.started_at)::float8
    from raw.time_sessions as s
    inner join raw.workflow_template_steps as t using (step_index)
    order by s.instance_id, s.started_at, s.updated_at
"""


def test_a_log_with_one_time_a_line_counts_from_the_previous_event(
    connection: Connection, write: Write
) -> None:
    head = "case:concept:name,concept:name,org:resource,time:timestamp\n"
    first = write(
        "a.csv",
        head + "c1,register,r1,2024-03-04T09:00:00Z\nc1,check,r2,2024-03-04T10:00:00Z\n",
    )
    assert log(connection, first) == (2, 0, 0, 0)
    expected: list[tuple[object, ...]] = [("c1", "register", None), ("c1", "check", 3600.0)]
    assert rows(connection, PIECES) == expected
    assert log(connection, first) == (0, 0, 2, 0)
    more = write("b.csv", head + "c1,decide,r1,2024-03-04T10:30:00Z\n")
    assert log(connection, more) == (1, 0, 0, 0)
    assert rows(connection, PIECES) == [*expected, ("c1", "decide", 1800.0)]


def test_starts_and_completes_of_a_log_are_paired(connection: Connection, write: Write) -> None:
    def event(step: str, transition: str, at: str) -> str:
        return (
            f'<event><string key="concept:name" value="{step}"/>'
            f'<string key="lifecycle:transition" value="{transition}"/>'
            f'<date key="time:timestamp" value="2024-03-04T{at}:00.000+01:00"/></event>'
        )

    trace = (
        event("weld", "start", "09:00")
        + event("weld", "suspend", "09:10")
        + event("weld", "complete", "09:30")
        + event("weld", "start", "10:00")
        + event("pack", "complete", "10:10")
        + event("weld", "complete", "10:05")
    )
    case = f'<trace><string key="concept:name" value="c1"/>{trace}</trace>'
    path = write("a.xes", f'<?xml version="1.0"?><log xmlns="http://x">{case}</log>')
    assert log(connection, path)[0] == 3
    assert rows(connection, PIECES) == [
        ("c1", "weld", 1800.0),
        ("c1", "weld", 300.0),
        ("c1", "pack", None),
    ]
    assert rows(connection, b"select completed_at::text from raw.workflow_instances") == [
        ("2024-03-04 09:10:00+00",)
    ]


def test_a_case_of_another_template_is_refused(connection: Connection, write: Write) -> None:
    path = write("a.csv", LOG + f"c1,weld,ann,{day(5)},{day(6)}\n")
    log(connection, path)
    with pytest.raises(TidemarkError, match="the case c1 belongs to the template t already"):
        log(connection, path, "other")
    with pytest.raises(TidemarkError, match="nothing fills template_id"):
        load(connection, "time_sessions", path, preset="event-log")
