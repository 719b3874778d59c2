"""The command simulate: what it writes, what it refuses, how the company lives on."""

from __future__ import annotations

import signal
from collections import Counter

from psycopg import sql

from tests.integration.running import begin, run, value
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.settings import Settings
from tidemark_warehouse.simulation import company, write
from tidemark_warehouse.simulation.rows import TABLES
from tidemark_warehouse.simulation.world import milliseconds

UNTIL = "2025-11-20T07:00:00Z"
ASKED = ("simulate", "--size", "small", "--days", "45", "--until", UNTIL, "--database")


def counts(settings: Settings) -> dict[str, int]:
    """Count the rows of every raw table that the simulation writes."""
    with connect(settings) as connection:
        found = {}
        for table in TABLES.values():
            query = sql.SQL("select count(*) from {}").format(sql.Identifier("raw", table.name))
            row = connection.execute(query).fetchone()
            assert row is not None
            found[table.name] = int(row[0])
        return found


def expected(settings: Settings) -> dict[str, int]:
    """Count the rows of the same company, simulated at once up to the same moment."""
    with connect(settings) as connection:
        mark = write.read_mark(connection)
    assert mark is not None
    versions = company.versions(mark.world, milliseconds(mark.until))
    found = (version for version in versions if version.note != "again")
    rows = company.settled(found, Counter(), Counter())
    return dict(Counter(TABLES[type(row)].name for row in rows))


def test_a_company_is_made_once_and_lives_on(database: Settings) -> None:
    code, out, err = run(database, *ASKED, database.database)
    assert (code, err) == (0, "")
    assert "simulated rows" in out
    assert f"TIDEMARK_DATABASE={database.database} tidemark build" in out
    before = counts(database)
    assert before == expected(database)

    code, out, _ = run(database, *ASKED, database.database)
    assert code == 0
    assert "already there, until 2025-11-20 07:00 UTC" in out
    code, _, err = run(database, *ASKED, database.database, "--seed", "8")
    assert code == 1
    assert "already holds another simulated company" in err
    assert counts(database) == before

    oldest = value(database, b"select max(event_at) from raw.events")
    code, out, _ = run(
        database, "simulate", "--database", database.database, "--continue", "--hours", "30"
    )
    assert code == 0
    assert "simulated until 2025-11-21 13:00 UTC" in out
    lines = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line}
    added, changed, late, _, again = map(int, lines["raw.events"])
    assert min(added, late, again) > 0
    assert changed == 0
    assert int(lines["raw.time_sessions"][3]) > 0  # corrected
    assert counts(database) == expected(database)
    with connect(database) as connection:
        newer = connection.execute(
            "select count(*) from raw.events where event_at > %s", [oldest]
        ).fetchone()
    assert newer is not None
    assert 0 < newer[0] < added  # the late ones are older
    assert value(database, b"select count(*) from ops.changes where relation = 'raw.time_sessions'")
    foreign = b"select count(*) from raw.feature_request_changes where change_id not like 'sim-%'"
    assert value(database, foreign) == 0


def test_a_database_with_rows_of_its_own_is_left_alone(database: Settings) -> None:
    with connect(database) as connection:
        connection.execute("insert into raw.employees (employee_id) values ('one')")
    code, _, err = run(database, *ASKED, database.database)
    assert code == 1
    assert "already holds rows that no simulation made (raw.employees)" in err
    code, _, err = run(database, "simulate", "--database", database.database, "--continue")
    assert code == 1
    assert "holds no simulated company to continue" in err
    assert value(database, b"select count(*) from raw.employees") == 1
    assert value(database, b"select count(*) from raw.events") == 0


def test_the_live_mode_goes_on_until_it_is_interrupted(database: Settings) -> None:
    assert run(database, *ASKED, database.database)[0] == 0
    process = begin(
        database, "simulate", "--database", database.database, "--continue", "--every", "0.1"
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("simulated until 2025-11-20 09:00"):
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    assert "stopped" in out
    assert counts(database) == expected(database)
