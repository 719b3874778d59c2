"""What the raw schema refuses, records and keeps, whoever writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tidemark_warehouse.database import server
from tidemark_warehouse.settings import Settings


@pytest.fixture
def owner(database: Settings) -> Iterator[psycopg.Connection[Any]]:
    with server.connect(database, autocommit=True) as connection:
        yield connection


def value(connection: psycopg.Connection[Any], query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize("table", ["raw.events", "raw.time_sessions", "raw.rejected_rows"])
def test_truncate_is_refused_with_a_hint(owner: psycopg.Connection[Any], table: str) -> None:
    with pytest.raises(
        psycopg.errors.RaiseException, match=f"TRUNCATE of {table} is refused"
    ) as refused:
        owner.execute(f"truncate {table}".encode())
    assert refused.value.diag.message_hint is not None


AUDIT_LOG = "raw.intervention_audit_log"


@pytest.mark.parametrize("role", [None, "postgres", "tidemark_loader"])
@pytest.mark.parametrize(
    "statement",
    [
        "update {} set action = 'x'",
        "delete from {}",
        "delete from {} where action = 'nothing has this'",
        "truncate {}",
        "truncate {}_default",
        "truncate {}_1999_02",
        "delete from {}_default",
        "update {}_1999_02 set action = 'x'",
        "delete from {}_1999_02",
        "insert into {} select * from {} on conflict (audit_id, logged_at)"
        " do update set action = 'x'",
        "merge into {} as t using {} as s on t.audit_id = s.audit_id when matched then delete",
    ],
)
def test_the_audit_log_is_only_added_to_whatever_the_role(
    module_database: Settings, statement: str, role: str | None
) -> None:
    """The owner and a superuser are stopped by triggers, the loader by its rights already."""
    entries = f"select count(*) from {AUDIT_LOG}"
    with server.connect(module_database, autocommit=True) as owner:
        if value(owner, entries) == 0:
            owner.execute(
                "select ops.ensure_partitions_for('raw.intervention_audit_log',"
                " '1999-02-01', '1999-02-01')"
            )
            owner.execute(
                f"insert into {AUDIT_LOG} (audit_id, intervention_id, action, logged_at)"
                " values (gen_random_uuid(), 'i', 'created', '1999-01-01'),"
                " (gen_random_uuid(), 'i', 'created', '1999-02-03')".encode()
            )
        refused = (
            psycopg.errors.InsufficientPrivilege
            if role == "tidemark_loader"
            else psycopg.errors.RaiseException
        )
        with (
            server.connect(module_database, role, autocommit=True) as connection,
            pytest.raises(refused),
        ):
            connection.execute(statement.replace("{}", AUDIT_LOG).encode())
        assert value(owner, entries) == 2
        assert value(owner, f"{entries} where action = 'created'") == 2


def test_updates_in_place_of_features_are_recorded(owner: psycopg.Connection[Any]) -> None:
    owner.execute(
        "insert into raw.feature_requests (feature_request_id, project_id, status, created_at)"
        " values ('f', 'p', 'open', '2026-01-01')"
    )
    owner.execute(
        "update raw.feature_requests set status = 'completed', completed_at = '2026-02-01',"
        " updated_at = '2026-02-02'"
    )
    found = owner.execute(
        "select field, old_value, new_value, changed_at::text"
        " from raw.feature_request_changes order by field"
    ).fetchall()
    assert found == [
        ("completed_at", None, "2026-02-01T00:00:00.000000Z", "2026-02-02 00:00:00+00"),
        ("status", "open", "completed", "2026-02-02 00:00:00+00"),
    ]
    owner.execute("set tidemark.record_changes = off")
    owner.execute("update raw.feature_requests set status = 'open'")
    assert value(owner, "select count(*) from raw.feature_request_changes") == 2


def test_a_loader_may_insert_upsert_and_no_more(
    database: Settings, owner: psycopg.Connection[Any]
) -> None:
    session = (
        "insert into raw.time_sessions (session_id, instance_id, step_index, started_at)"
        " values ('s1', 'i1', 1, '2026-01-01')"
    )
    event = (
        "insert into raw.events (event_id, event_name, event_at, distinct_id) values"
        " ('00000000-0000-0000-0000-000000000001', 'x', '2026-01-01', 'd')"
    )
    with server.connect(database, role="tidemark_loader", autocommit=True) as loader:
        for statement in (
            *(
                session,
                session + " on conflict (session_id) do update set is_active = excluded.is_active",
            ),
            *(event, event + " on conflict (event_id, event_at) do nothing"),
            "update raw.time_sessions set total_seconds = 1 where session_id = 's1'",
        ):
            loader.execute(statement.encode())
        for statement in (
            *("select properties from raw.events", "delete from raw.time_sessions"),
            *("update raw.events set event_name = 'y'", "update raw.time_sessions set _xid = 1"),
            *("select * from ops.changes", "create table raw.mine (x int)"),
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                loader.execute(statement.encode())
    assert (
        value(owner, "select count(*) from ops.changes where relation = 'raw.time_sessions'") == 2
    )


def test_a_redelivered_key_fails_or_changes_nothing(owner: psycopg.Connection[Any]) -> None:
    event = (
        "insert into raw.events (event_id, event_name, event_at, distinct_id) values"
        " ('00000000-0000-0000-0000-000000000001', 'x', '2026-01-01', 'd')"
    )
    owner.execute(event.encode())
    with pytest.raises(psycopg.errors.UniqueViolation):
        owner.execute(event.encode())
    before = value(owner, "select _xid from raw.events")
    owner.execute(f"{event} on conflict do nothing".encode())
    assert value(owner, "select _xid from raw.events") == before


def test_an_update_that_changes_nothing_is_no_change(owner: psycopg.Connection[Any]) -> None:
    owner.execute("insert into raw.identities (distinct_id, user_id) values ('d', 'u')")
    before = value(owner, "select _xid from raw.identities")
    owner.execute("update raw.identities set user_id = 'u'")
    assert value(owner, "select _xid from raw.identities") == before
    owner.execute("update raw.identities set user_id = 'v'")
    assert value(owner, "select _xid from raw.identities") > before


def test_a_retimed_event_moves_to_its_partition_and_its_old_version_is_kept(
    owner: psycopg.Connection[Any],
) -> None:
    owner.execute(
        "insert into raw.events (event_id, event_name, event_at, distinct_id)"
        " values (gen_random_uuid(), 'x', '2020-01-31', 'd')"
    )
    owner.execute("select ops.ensure_partitions_for('raw.events', '2020-01-01', '2020-02-01')")
    owner.execute("update raw.events set event_at = '2020-02-01'")
    assert value(owner, "select tableoid::regclass::text from raw.events") == "raw.events_2020_02"
    assert value(owner, "select row_image ->> 'event_at' from ops.changes").startswith("2020-01-31")


def test_chunks_of_time_are_those_of_months_with_rows(owner: psycopg.Connection[Any]) -> None:
    days = (
        "select coalesce(array_agg(from_at::date::text order by from_at), '{}')"
        " from ops.time_chunks(array['raw.events'], 'day', 'UTC')"
    )
    assert value(owner, days) == []
    owner.execute("select ops.ensure_partitions_for('raw.events', '2026-01-01', '2026-06-30')")
    owner.execute(
        "insert into raw.events (event_id, event_name, event_at, distinct_id) values"
        " (gen_random_uuid(), 'x', '2026-02-05', 'u'), (gen_random_uuid(), 'x', '1999-05-05', 'u'),"
        " (gen_random_uuid(), 'x', 'infinity', 'u')"
    )
    found = value(owner, days)
    # A date more on either side, for zones east and west of UTC.
    assert (found[0], found[32]) == ("1999-04-30", "1999-06-01")
    assert (found[33], found[-1]) == ("2026-01-31", "2026-03-01")
    assert len(found) == 33 + 30


def test_new_rows_are_summarized_unless_somebody_has_the_table(
    database: Settings, owner: psycopg.Connection[Any]
) -> None:
    owner.execute("select ops.ensure_partitions_for('raw.events', '2026-01-01', '2026-01-31')")
    owner.execute(
        "insert into raw.events (event_id, event_name, event_at, distinct_id)"
        " select gen_random_uuid(), 'x', '2026-01-05', 'u' from generate_series(1, 5000)"
    )
    owner.execute("select pg_stat_force_next_flush()")
    summarized = "select ops.summarize_new_rows()"
    with server.connect(database) as vacuum:
        vacuum.execute("lock table raw.events_2026_01 in share update exclusive mode")
        assert value(owner, summarized) == 0
    assert value(owner, summarized) >= 1
    assert value(owner, summarized) == 0
