"""Work sessions that name workflows which nobody has loaded: said, and made on request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.loads import Write, load, rows, writer
from tests.integration.running import run
from tidemark_warehouse.database.catalog import Connection
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.loading.workflows import Unknown, make, unknown
from tidemark_warehouse.settings import Settings

SESSIONS = """\
session_id,instance_id,user_id,step_index,begin,ended_at,total_seconds
s1,w1,anna,1,2025-11-03T09:00:00Z,2025-11-03T10:00:00Z,3600
s2,w1,anna,2,2025-11-03T10:00:00Z,2025-11-03T10:30:00Z,1800
s3,w2,ben,1,2025-11-04T09:00:00Z,2025-11-04T11:00:00Z,7200
"""
MADE = b"""
    select instance_id, template_id, user_id, status, completed_at::text
    from raw.workflow_instances order by 1
"""


@pytest.fixture
def connection(database: Settings) -> Iterator[Connection]:
    with connect(database, autocommit=True) as opened:
        yield opened


@pytest.fixture
def write(tmp_path: Path) -> Write:
    return writer(tmp_path)


def test_the_commands_say_what_reaches_no_mart_and_make_the_workflows(
    database: Settings, write: Write
) -> None:
    path = str(write("sessions.csv", SESSIONS))
    code, out, _ = run(database, "load", "time_sessions", path, "--map", "started_at=begin")
    said = "3 sessions of 2 unknown workflows reach no mart"
    assert code == 0
    assert said in out
    assert "`tidemark workflows`" in out
    assert said in run(database, "status")[1]
    code, out, _ = run(database, "workflows")
    assert (code, out.splitlines()[0]) == (0, "2 workflows of template sessions made or updated")
    assert said not in run(database, "status")[1]


def test_a_workflow_completes_with_its_last_session(connection: Connection, write: Write) -> None:
    load(connection, "time_sessions", write("a.csv", SESSIONS), "started_at=begin")
    assert unknown(connection) == Unknown(3, 2)
    assert make(connection) == 2
    assert rows(connection, MADE) == [
        ("w1", "sessions", "anna", "completed", "2025-11-03 10:30:00+00"),
        ("w2", "sessions", "ben", "completed", "2025-11-04 11:00:00+00"),
    ]
    assert make(connection) == 0
    more = "session_id,instance_id,step_index,started_at,total_seconds\n"
    more += "s4,w1,3,2025-11-05T09:00:00Z,60\ns5,w2,2,2025-11-05T09:00:00Z,\n"
    load(connection, "time_sessions", write("b.csv", more))
    assert make(connection) == 2
    assert rows(connection, MADE) == [
        ("w1", "sessions", "anna", "completed", "2025-11-05 09:01:00+00"),
        ("w2", "sessions", "ben", "active", None),
    ]


def test_workflows_that_somebody_loaded_are_left_alone(
    connection: Connection, write: Write
) -> None:
    load(connection, "time_sessions", write("a.csv", SESSIONS), "started_at=begin")
    known = "instance_id,template_id,user_id,status,started_at\nw1,t,boss,open,2025-11-01T00:00Z\n"
    load(connection, "workflow_instances", write("w.csv", known))
    assert make(connection, "tracked") == 1
    assert rows(connection, MADE)[0] == ("w1", "t", "boss", "open", None)
