"""`tidemark build`: one incremental build with dbt, and a line that says what it came to."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, LiteralString

import typer
from rich.markup import escape

from tidemark_warehouse import seeds
from tidemark_warehouse.cli import console
from tidemark_warehouse.database import server
from tidemark_warehouse.database.server import Connection
from tidemark_warehouse.dbt import guard
from tidemark_warehouse.loading.workflows import unknown
from tidemark_warehouse.settings import PROJECT_ROOT, Settings

# Whatever follows the word build is dbt's to judge.
CONTEXT = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "allow_interspersed_args": False,
}
FAILED = ("error", "fail", "runtime error", "partial success")
BUILT: LiteralString = """
    select
        count(*),
        count(*) filter (where rows_scoped = 0 and rows_written > 0),
        coalesce(sum(rows_scoped), 0)::bigint,
        coalesce(sum(rows_written), 0)::bigint
    from ops.watermarks
    where built_at >= %s
"""


def build(context: typer.Context) -> None:
    """Build what has changed. Takes every option of `dbt build`."""
    settings = Settings.from_environment()
    if not any("seed" in argument for argument in context.args):
        seeds.refuse_wrong(PROJECT_ROOT)  # else dbt knows whether it loads them: its plugin asks
    server.ready(settings)
    began, started = time.time(), time.monotonic()
    with server.connect(settings, autocommit=True) as connection:
        began_there = _now(connection)
    status = guard.run(["build", *context.args], guard.environment(settings), supervised=False)
    seconds = time.monotonic() - started
    out = console.out()
    with server.connect(settings, autocommit=True) as connection:
        done = summary(connection, began_there, seconds)
        unseen = unknown(connection).said()
    if done or not status:
        out.print(done or f"no model was built in {seconds:.1f} s")
    if unseen:
        out.print(f"[yellow]{escape(unseen)}[/]", soft_wrap=True)
    if status == guard.INTERRUPTED:
        out.print("stopped: what was built is kept, the rest is as it was; tidemark build goes on")
    elif status:
        for line in failures(artifacts(context.args), began):
            out.print(line, soft_wrap=True)
    raise typer.Exit(status)


def summary(connection: Connection, since: datetime, seconds: float) -> str:
    """Say what the engine has done, from the watermarks that it stored; '' if nothing.

    Args:
        connection: to the database.
        since: when the build began, by the database's clock.
        seconds: how long it took.
    """
    row = connection.execute(BUILT, [since]).fetchone()
    models, whole, keys, written = row or (0, 0, 0, 0)
    if not models:
        return ""
    parts = [console.plural(models, "model")]
    if whole:
        parts.append(f"{whole:,} computed whole")
    parts.append(f"{console.plural(keys, 'key')} recomputed")
    parts.append(f"{console.plural(written, 'row')} written in {seconds:.1f} s")
    return ", ".join(parts)


def artifacts(options: Sequence[str]) -> Path:
    """Return the folder into which dbt writes what it did.

    Args:
        options: those of dbt.
    """
    named = os.environ.get("DBT_TARGET_PATH", "target")
    for place, option in enumerate(options):
        if option.startswith("--target-path="):
            named = option.partition("=")[2]
        elif option == "--target-path" and place + 1 < len(options):
            named = options[place + 1]
    return PROJECT_ROOT / named


def failures(folder: Path, since: float) -> Iterator[str]:
    """Name what failed, and the command that does it again with all that waits for it.

    Args:
        folder: of dbt's artifacts.
        since: when the build began; older artifacts tell of another.
    """
    results = _artifact(folder / "run_results.json", since)
    failed = [node for node in results.get("results", ()) if node.get("status") in FAILED]
    if not failed:
        yield "dbt ended before it could say what failed; what it wrote stands above"
        yield "  -> mend that, then tidemark build"
        return
    manifest = _artifact(folder / "manifest.json", since)
    selected = []
    for node in failed:
        kind, _, name = str(node["unique_id"]).split(".")[:3]
        yield f"[red]failed[/]  {kind} {escape(name)}: {escape(_reason(node))}"
        tested = manifest.get("nodes", {}).get(node["unique_id"], {}).get("attached_node")
        selected.append(str(tested).split(".")[2] + "+" if tested else _again(kind, name))
    # What was built before is committed; what is downstream of a failure was left as it was.
    yield f"  -> mend it, then tidemark build --select {' '.join(dict.fromkeys(selected))}"


def _reason(node: Mapping[str, Any]) -> str:
    """Return the line that says most: dbt's first one often only says where it happened."""
    lines = [line.strip() for line in str(node.get("message") or "").strip().splitlines()]
    return lines[1] if len(lines) > 1 and " in " in lines[0] else "".join(lines[:1])


def _again(kind: str, name: str) -> str:
    return name if kind == "test" else f"{name}+"


def _artifact(path: Path, since: float) -> Mapping[str, Any]:
    try:
        if path.stat().st_mtime < since:
            return {}
        content: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content


def _now(connection: Connection) -> datetime:
    row = connection.execute("select clock_timestamp()").fetchone()
    assert row is not None  # noqa: S101  # the clock always answers
    now: datetime = row[0]
    return now
