"""`tidemark status --watch`: what is behind, what runs and what failed, as it changes."""

from __future__ import annotations

import time
from typing import LiteralString

from rich.console import Group, RenderableType
from rich.live import Live

from tidemark_warehouse.cli import console
from tidemark_warehouse.database import server
from tidemark_warehouse.database.server import Connection
from tidemark_warehouse.dbt.artifacts import first_reason
from tidemark_warehouse.settings import Settings

LOOK_SECONDS = 1.0
BEHIND: LiteralString = """
    select
        b.relation,
        b.because,
        coalesce(
            justify_interval(date_trunc('second', clock_timestamp() - w.built_at))::text || ' ago',
            'never'
        )
    from ops.behind() as b
    left join ops.watermarks as w on b.relation = w.relation
    order by w.built_at nulls first, b.relation
"""
# Both the watcher and dbt name the relation in the call; it may only be seen by its own role.
RUNNING: LiteralString = r"""
    select
        substring(a.query from 'ops\.refresh\(''([^'']+)'''),
        round(extract(epoch from clock_timestamp() - a.xact_start), 1)::text || ' s',
        case when a.wait_event_type = 'Lock' then 'waits for a lock' else a.application_name end
    from pg_stat_activity as a
    where
        a.datname = current_database()
        and a.state = 'active'
        and a.pid <> pg_backend_pid()
        and a.query ~ 'ops\.refresh\('''
    order by a.xact_start
"""
FAILED: LiteralString = """
    select
        f.kind || ' ' || f.relation,
        to_char(f.failed_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'),
        f.message
    from ops.failing() as f
    order by 1
"""
MOST_SHOWN = 20


def follow(settings: Settings) -> None:
    """Show what goes on until Ctrl-C; into a pipe once.

    Args:
        settings: which server and database.
    """
    out = console.out()
    with server.connect(settings, autocommit=True) as connection:
        if not out.is_terminal:
            out.print(picture(connection))
            return
        try:
            with Live(picture(connection), console=out, auto_refresh=False) as live:
                while True:
                    time.sleep(LOOK_SECONDS)
                    live.update(picture(connection), refresh=True)
        except KeyboardInterrupt:
            return


def picture(connection: Connection) -> RenderableType:
    """Return what there is to show now.

    Args:
        connection: the owner's.
    """
    parts: list[RenderableType] = []
    for headings, query, nothing in (
        (("behind", "because of", "refreshed"), BEHIND, "nothing is behind"),
        (("runs", "for", "by"), RUNNING, "nothing runs"),
        (("failed", "at (UTC)", "because"), FAILED, "nothing fails"),
    ):
        rows = [(*row[:2], first_reason(row[2])) for row in connection.execute(query).fetchall()]
        if not rows:
            parts.append(nothing)
            continue
        parts.append(console.table(headings, rows[:MOST_SHOWN]))
        if len(rows) > MOST_SHOWN:
            parts.append(f"and {len(rows) - MOST_SHOWN} more")
    return Group(*parts)
