"""Raw written by hand stays exact: foreign transaction ids are renewed, absent guards noticed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from tidemark_warehouse.cli.checks import CHECKS, Result, Verdict, verdict_of
from tidemark_warehouse.database import guards, server
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import Settings

EVENT = (
    "insert into raw.events (event_id, event_name, event_at, distinct_id{column}) values"
    " (gen_random_uuid(), 'x', '2026-02-05', 'd'{value})"
)
NEW_EVENT = EVENT.format(column="", value="")
FOREIGN_EVENT = EVENT.format(column=", _xid", value=", 17")
SESSION = (
    "insert into raw.time_sessions (session_id, instance_id, step_index, started_at{column})"
    " values ('s', 'i', 1, '2026-02-05'{value})"
)
Do = Callable[[str], None]


@pytest.fixture
def owner(database: Settings) -> Iterator[psycopg.Connection[Any]]:
    with server.connect(database, autocommit=True) as connection:
        connection.execute(
            "select ops.ensure_partitions_for('raw.events', '2026-02-01', '2026-03-01')"
        )
        yield connection


@pytest.fixture
def admin(database: Settings) -> Iterator[psycopg.Connection[Any]]:
    with server.connect(database, "postgres", autocommit=True) as connection:
        yield connection


def value(connection: psycopg.Connection[Any], query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def resets(connection: psycopg.Connection[Any]) -> list[str]:
    """The tables whose readers are computed whole at the next build."""
    query = "select distinct relation from ops.changes where kind = 'reset' order by 1"
    return [relation for (relation,) in connection.execute(query.encode()).fetchall()]


def unseen_since(connection: psycopg.Connection[Any], snapshot: str, table: str) -> int:
    """How many rows of a table a build with this watermark would find new."""
    return int(
        value(
            connection,
            f"select count(*) from {table}"
            f" where not pg_visible_in_snapshot(_xid::text::xid8, '{snapshot}')",
        )
    )


WRITINGS = {
    "an insert": (FOREIGN_EVENT,),
    "an insert by a replica": ("set session_replication_role = replica", FOREIGN_EVENT),
    "an insert into a partition": (FOREIGN_EVENT.replace("raw.events", "raw.events_2026_02"),),
    "an insert into the default partition": (
        FOREIGN_EVENT.replace("raw.events", "raw.events_default").replace("2026-", "1999-"),
    ),
    "an id that is yet to come": (FOREIGN_EVENT.replace("17)", "9000000000)"),),
    "a mutable table": (SESSION.format(column=", _xid", value=", 17"),),
    "put back from a backup": (
        NEW_EVENT,
        "create table public.backup as select * from raw.events",
        "delete from raw.events",
        "insert into raw.events select * from public.backup",
    ),
    "an update of the id": (NEW_EVENT, "update raw.events set _xid = 17"),
    "an update of the id by a replica": (
        NEW_EVENT,
        "set session_replication_role = replica",
        "update raw.events set _xid = 17",
    ),
}


@pytest.mark.parametrize("statements", WRITINGS.values(), ids=WRITINGS)
def test_a_row_with_the_id_of_another_transaction_is_new(
    admin: psycopg.Connection[Any],
    owner: psycopg.Connection[Any],
    statements: tuple[str, ...],
) -> None:
    *before, last = statements
    for statement in before:
        admin.execute(statement.encode())
    watermark = value(owner, "select ops.current_snapshot()::text")
    admin.execute(last.encode())
    table = "raw.time_sessions" if "time_sessions" in last else "raw.events"
    assert unseen_since(owner, watermark, table) == 1
    after = value(owner, "select ops.current_snapshot()::text")
    assert unseen_since(owner, after, table) == 0, "and once only"
    assert guards.settle(owner) == []


def test_copied_rows_with_the_ids_of_another_server_are_new(
    owner: psycopg.Connection[Any],
) -> None:
    watermark = value(owner, "select ops.current_snapshot()::text")
    columns = "event_id, event_name, event_at, distinct_id, _xid"
    copying = f"copy raw.events ({columns}) from stdin".encode()
    with owner.cursor().copy(copying) as copy:
        for number in range(50):
            copy.write_row((f"{number:032x}", "x", "2026-02-05", "d", 1_000_000 + number))
    assert unseen_since(owner, watermark, "raw.events") == 50
    after = value(owner, "select ops.current_snapshot()::text")
    assert unseen_since(owner, after, "raw.events") == 0


def test_the_audit_log_takes_rows_of_a_backup(
    owner: psycopg.Connection[Any],
) -> None:
    owner.execute(
        "insert into raw.intervention_audit_log"
        " (audit_id, intervention_id, action, logged_at, _xid)"
        " values (gen_random_uuid(), 'i', 'created', '2026-02-05', 17)"
    )
    assert value(owner, "select _xid > 17 from raw.intervention_audit_log")


def test_a_deletion_by_a_replica_is_logged(
    owner: psycopg.Connection[Any], admin: psycopg.Connection[Any]
) -> None:
    owner.execute(NEW_EVENT.encode())
    admin.execute("set session_replication_role = replica")
    admin.execute("delete from raw.events")
    assert value(owner, "select count(*) from ops.changes where relation = 'raw.events'") == 1


def test_an_application_needs_the_right_to_insert_alone(
    owner: psycopg.Connection[Any], admin: psycopg.Connection[Any]
) -> None:
    name = f"application_{owner.info.backend_pid}"
    admin.execute(f"create role {name}".encode())
    try:
        admin.execute(f"grant usage on schema raw to {name}".encode())
        admin.execute(f"grant insert on raw.events to {name}".encode())
        admin.execute(f"set role {name}".encode())
        admin.execute(NEW_EVENT.encode())
        admin.execute(FOREIGN_EVENT.encode())
    finally:
        admin.execute("reset role")
        admin.execute(f"drop owned by {name}".encode())
        admin.execute(f"drop role {name}".encode())
    assert value(owner, "select count(*) from raw.events where _xid > 17") == 2


TAMPERINGS = {
    "a trigger off": ("alter table raw.events disable trigger log_deleted",),
    "all triggers off and on": (
        "alter table raw.events disable trigger all",
        "alter table raw.events enable trigger all",
    ),
    "a trigger of a partition off and on": (
        "alter table raw.events_2026_02 disable trigger log_deleted",
        "alter table raw.events_2026_02 enable trigger log_deleted",
    ),
    "a trigger dropped": ("drop trigger log_updated on raw.events",),
    "a trigger of a partition dropped": ("drop trigger log_deleted on raw.events_2026_02",),
    "a trigger for origins alone": ("alter table raw.events enable trigger restamp",),
    "an index dropped": ("drop index raw.events_distinct_id_event_at",),
    "the key dropped": ("alter table raw.events drop constraint events_pkey",),
    "a partition dropped": ("drop table raw.events_2026_02",),
    "a partition detached": ("alter table raw.events detach partition raw.events_2026_02",),
    "a partition attached": (
        "create table public.made (like raw.events including all)",
        NEW_EVENT.replace("raw.events", "public.made").replace("2026-", "2031-"),
        "alter table raw.events attach partition public.made"
        " for values from ('2031-02-01') to ('2031-03-01')",
    ),
    "a partition not logged": ("alter table raw.events_2026_02 set unlogged",),
    "a partition emptied": (
        "alter table raw.events_2026_02 disable trigger refuse_truncate",
        "truncate raw.events_2026_02",
        "alter table raw.events_2026_02 enable always trigger refuse_truncate",
    ),
}


@pytest.mark.parametrize("statements", TAMPERINGS.values(), ids=TAMPERINGS)
def test_what_guards_raw_is_put_back_and_its_readers_are_reset(
    owner: psycopg.Connection[Any], admin: psycopg.Connection[Any], statements: tuple[str, ...]
) -> None:
    assert guards.settle(owner) == []
    for statement in statements:
        owner.execute(statement.encode())
    assert guards.look(owner) != []
    assert guards.settle(owner) != []
    assert "raw.events" in resets(owner)
    assert guards.look(owner) == []
    assert guards.settle(owner) == [], "once"


REFUSED = {
    "another type": ("alter table raw.events alter column page_url type varchar", "page_url"),
    "another default": ("alter table raw.events alter column _xid set default 5", "_xid"),
    "nulls": ("alter table raw.events alter column event_name drop not null", "event_name"),
}


@pytest.mark.parametrize(("statement", "named"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_mended_is_refused_by_name(
    owner: psycopg.Connection[Any], statement: str, named: str
) -> None:
    owner.execute(statement.encode())
    with pytest.raises(TidemarkError, match=f"column {named} is another") as refused:
        guards.settle(owner)
    assert named in refused.value.remedy


def test_an_audit_log_that_could_be_changed_is_guarded_again(
    owner: psycopg.Connection[Any],
) -> None:
    owner.execute("alter table raw.intervention_audit_log disable trigger user")
    assert guards.settle(owner) != []
    owner.execute(
        "insert into raw.intervention_audit_log (audit_id, intervention_id, action, logged_at)"
        " values (gen_random_uuid(), 'i', 'created', '2026-02-05')"
    )
    for statement in ("update {} set action = 'x'", "delete from {}", "truncate {}"):
        with pytest.raises(psycopg.errors.RaiseException):
            owner.execute(statement.format("raw.intervention_audit_log").encode())


def test_partitions_of_our_own_are_no_tampering(owner: psycopg.Connection[Any]) -> None:
    owner.execute(NEW_EVENT.replace("2026-02", "2021-02").encode())
    assert value(owner, "select ops.ensure_partitions()") == 1
    owner.execute("select ops.ensure_partitions_for('raw.events', '2020-01-01', '2020-03-01')")
    assert guards.look(owner) == []
    assert value(owner, "select count(*) from ops.changes") == 0


def test_rows_whose_ids_are_yet_to_come_are_renewed(
    owner: psycopg.Connection[Any], admin: psycopg.Connection[Any]
) -> None:
    admin.execute("alter table raw.events disable trigger all")
    admin.execute(FOREIGN_EVENT.replace("17)", "9000000000)").encode())
    admin.execute("alter table raw.events enable trigger all")
    assert any("yet to come" in fault for fault in guards.settle(owner))
    assert value(owner, "select _xid < 9000000000 from raw.events")


def test_history_of_many_months_gets_its_partitions_piece_by_piece(
    owner: psycopg.Connection[Any],
) -> None:
    owner.execute(
        "insert into raw.feature_comments (comment_id, feature_request_id, created_at)"
        " select n::text, 'f', timestamptz '1900-01-05' + n * interval '1 month'"
        " from generate_series(1, 7) as n"
    )
    assert [value(owner, "select ops.ensure_partitions(3)") for _ in range(4)] == [3, 3, 1, 0]
    assert value(owner, "select count(*) from raw.feature_comments_default") == 0


def test_a_table_that_citus_distributes_is_refused(
    admin: psycopg.Connection[Any], owner: psycopg.Connection[Any], database: Settings
) -> None:
    # Citus' own catalog, as far as the question goes: tables by hash, and one left where it is.
    admin.execute("set allow_system_table_mods = on")
    admin.execute(
        "create table pg_catalog.pg_dist_partition"
        ' (logicalrelid regclass, partmethod "char", repmodel "char")'
    )
    admin.execute("grant select on pg_catalog.pg_dist_partition to public")
    admin.execute("insert into pg_catalog.pg_dist_partition values ('raw.projects', 'n', 's')")
    assert guards.settle(owner) == []
    assert regime(database).finding.endswith("Citus beside it distributes none of its tables")
    admin.execute("insert into pg_catalog.pg_dist_partition values ('raw.events', 'h', 's')")
    with pytest.raises(TidemarkError, match=r"raw\.events: Citus distributes it") as refused:
        guards.settle(owner)
    assert "undistribute_table('raw.events')" in refused.value.remedy
    found = regime(database)
    assert found.verdict is Verdict.FAIL
    assert found.remedy == "select undistribute_table('raw.events')"


def regime(database: Settings) -> Result:
    """What `tidemark doctor` says of the kind of server."""
    (check,) = (check for check in CHECKS if check.subject == "regime")
    return verdict_of(check, database)
