"""Fixed worlds, each of which one guard of the engine was made for."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable

from tests.integration.exactness.world import World
from tidemark_warehouse.database import server

WORKFLOW = (
    "insert into raw.workflow_templates (template_id, ticket_type) values ('t1', 'bug')",
    "insert into raw.workflow_instances values"
    " ('i1', 't1', 'ann', null, 'done', '2026-01-01', '2026-01-31 18:35:00+00', null)",
    "insert into raw.time_sessions (session_id, instance_id, step_index, started_at, total_seconds)"
    " values ('s1', 'i1', 1, '2026-01-01', 60), ('s2', 'i1', 2, '2026-01-02', 30)",
)
# How the statement begins that refreshes the sessions' totals, after the snapshot was taken.
REFRESHED = "ops.refresh('intermediate.int_sessions__totalled'"
LATE_SESSION = (
    "insert into raw.time_sessions (session_id, instance_id, step_index, started_at, total_seconds)"
    " values ('s9', 'i1', 1, '2026-01-01', 5)"
)


def a_workflow_moves_to_another_user(world: World) -> None:
    """Old versions: its old user's day has to go."""
    world.execute(*WORKFLOW)
    world.build()
    world.execute("update raw.workflow_instances set user_id = 'bob'")


def an_older_transaction_commits_after_a_build(world: World) -> None:
    """Visibility instead of the largest transaction id: the late committer's row is new."""
    world.execute(*WORKFLOW)
    writer = world.open_writer()
    writer.execute(LATE_SESSION)
    world.execute("update raw.time_sessions set total_seconds = 61 where session_id = 's1'")
    world.build()
    world.end_writers(commit=True)


def a_row_commits_while_a_build_reads(world: World) -> None:
    """The watermark is taken before reading: what came during the build is new to the next."""
    world.execute(*WORKFLOW)
    world.build()
    world.execute("update raw.time_sessions set total_seconds = 61 where session_id = 's1'")

    once = threading.Lock()

    def commit_a_session(_: int, query: str) -> bool:
        if REFRESHED in query and once.acquire(blocking=False):
            world.execute(LATE_SESSION)
        return True

    assert world.build_with(commit_a_session) == []


def two_builds_meet(world: World) -> None:
    """The lock: a second build waits for the first, else both insert the same new key."""
    world.execute(*WORKFLOW)
    world.build()
    world.execute(LATE_SESSION.replace("'i1', 1,", "'i1', 3,"))
    second: list[subprocess.Popen[bytes]] = []
    once = threading.Lock()

    def start_a_second_build(_: int, query: str) -> bool:
        if REFRESHED in query and once.acquire(blocking=False):
            second.append(_start_build(world))
            _wait_until_blocked_or_done(world, second[0])
        return True

    assert world.build_with(start_a_second_build) == []
    output, _ = second[0].communicate(timeout=120)
    assert second[0].returncode == 0, output.decode()


def a_key_loses_its_last_row(world: World) -> None:
    """Keys in scope without rows are deleted."""
    world.execute(*WORKFLOW)
    world.build()
    world.execute("delete from raw.time_sessions where session_id = 's2'")


def a_first_and_a_last_day_go_together(world: World) -> None:
    """A scope finds the dates between days that went, not those between days that are left."""
    world.execute(
        *WORKFLOW,
        "insert into raw.workflow_instances values"
        " ('i2', 't1', 'ann', null, 'done', '2026-01-01', '2025-11-30 12:00:00+00', null)",
    )
    world.build()
    world.execute("delete from raw.workflow_instances")


def a_build_is_killed_at_every_statement(world: World) -> None:
    """One transaction: rows and watermark commit together or not at all."""
    world.execute(*WORKFLOW)
    world.build()
    for query in range(1, 100):
        world.execute(
            f"update raw.time_sessions set total_seconds = {query} where session_id = 's1'"
        )
        if not world.build_killed_at(query, "--select", "int_sessions__totalled"):
            return
    raise AssertionError("a build of one model took 100 queries")


def a_definition_is_edited(world: World) -> None:
    """The fingerprint: another reporting zone moves the workflow to another date."""
    world.execute(*WORKFLOW)
    world.build()
    world.zone = "Asia/Kolkata"


def a_staging_view_is_edited(world: World) -> None:
    """The fingerprint covers the views that a model looks through."""
    world.execute(*WORKFLOW)
    world.build()
    world.execute(
        "create or replace view staging.stg_time_tracking__templates as"
        " select template_id, name, ticket_type || '!' as ticket_type, updated_at"
        " from raw.workflow_templates"
    )
    failures = world.incremental.build("--exclude", "stg_time_tracking__templates")
    assert failures == []
    (found,) = world.connection.execute("select ticket_type from marts.workflow_completions")
    assert found == ("bug!",), found
    world.execute("update ops.views set fingerprint = 'edited by hand'")


def a_mart_is_dropped(world: World) -> None:
    """A table that is filled anew resets the models above it."""
    world.execute(*WORKFLOW)
    world.build()
    world.execute(
        "drop table marts.workflow_completions",
        "update raw.workflow_instances set user_id = 'bob', completed_at = '2026-03-01'",
    )


def a_full_refresh_follows_a_change(world: World) -> None:
    """--full-refresh is the same code over all keys."""
    world.execute(*WORKFLOW)
    world.build()
    world.execute("delete from raw.workflow_instances", "delete from raw.time_sessions")
    world.build("--full-refresh")
    world.execute(*WORKFLOW[1:])


def a_server_counts_from_an_earlier_id(world: World) -> None:
    """Ids go on from where they were: what is written there is new, as it would be after a move."""
    world.execute(*WORKFLOW)
    world.build()
    world.execute(
        # As if the server had been at these ids when the rows were written and consumed.
        "alter table raw.time_sessions disable trigger renew_xid",
        "update raw.time_sessions set _xid = 9000000000",
        "alter table raw.time_sessions enable always trigger renew_xid",
        "select ops.note_versions('raw.time_sessions')",
        "update ops.watermarks set seen = '9000000005:9000000005:'",
        "update ops.changes set xid = 9000000001",
        LATE_SESSION,
    )


ENGINE_WITNESSES: list[Callable[[World], None]] = [
    a_workflow_moves_to_another_user,
    an_older_transaction_commits_after_a_build,
    a_row_commits_while_a_build_reads,
    two_builds_meet,
    a_key_loses_its_last_row,
    a_first_and_a_last_day_go_together,
    a_build_is_killed_at_every_statement,
    a_definition_is_edited,
    a_staging_view_is_edited,
    a_mart_is_dropped,
    a_full_refresh_follows_a_change,
    a_server_counts_from_an_earlier_id,
]


def _start_build(world: World) -> subprocess.Popen[bytes]:
    warehouse = world.incremental
    program = (
        "import sys; from dbt.cli.main import dbtRunner;"
        " sys.exit(0 if dbtRunner().invoke(sys.argv[1:]).success else 1)"
    )
    return subprocess.Popen(
        [
            *(sys.executable, "-c", program, "run", "--quiet", "--no-write-json"),
            *("--project-dir", str(warehouse.project), "--profiles-dir", str(warehouse.scratch)),
            *(
                "--target-path",
                str(warehouse.scratch / "second"),
                "--log-path",
                str(warehouse.scratch),
            ),
            *("--vars", f"{{reporting_timezone: '{world.zone}'}}", *warehouse.selection),
        ],
        env=server.dbt_environment(warehouse.settings) | {"PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def _wait_until_blocked_or_done(world: World, build: subprocess.Popen[bytes]) -> None:
    """Poll the server until the second build waits for a lock, or has ended."""
    while build.poll() is None:
        (waiting,) = world.connection.execute(
            "select count(*) from pg_stat_activity"
            " where datname = current_database() and wait_event_type = 'Lock'"
        ).fetchone() or (0,)
        if waiting:
            return
        try:
            build.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            continue
