"""One incremental build, and a line that says what it came to.

dbt starts only where a file, a var or an option asks for it; else the database does by itself what
dbt has stored in it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, LiteralString

from rich.markup import escape

from tidemark_warehouse.cli import console
from tidemark_warehouse.database import building, server
from tidemark_warehouse.database.outcomes import Outcome
from tidemark_warehouse.database.server import Connection
from tidemark_warehouse.dbt import artifacts, guard, project
from tidemark_warehouse.dbt.project import Wish
from tidemark_warehouse.loading.workflows import unknown
from tidemark_warehouse.settings import PROJECT_ROOT, Settings

BUILT: LiteralString = """
    select
        count(*),
        count(*) filter (where rows_scoped = 0 and rows_written > 0),
        coalesce(sum(rows_scoped), 0)::bigint,
        coalesce(sum(rows_written), 0)::bigint
    from ops.watermarks
    where built_at >= %s
"""


# Options of dbt by which a person says what it should print, and where.
LOUDNESS = frozenset(
    {"--log-level", "--quiet", "-q", "--no-quiet", "--debug", "-d", "--log-path", "--log-format"}
)


def run(options: Sequence[str]) -> int:
    """Build what has changed; returns the exit status.

    Args:
        options: those of `dbt build`.
    """
    settings = Settings.from_environment()
    if not server.is_ready(settings):
        _refuse_wrong_seeds(options)  # before a server is started for nothing
        server.ready(settings)
    wish = project.wish(options)
    with server.connect(settings, autocommit=True) as connection:
        now = fingerprint(settings) if wish else ""
        variables = project.stands(connection, now, wish) if wish else None
        if wish and variables is not None:
            return _walk(connection, wish, variables, options)
    return _run_dbt(settings, wish, now, options)


def fingerprint(settings: Settings) -> str:
    """Return the fingerprint of the project as it is now.

    Args:
        settings: say where the profile lies.
    """
    return project.fingerprint(guard.profiles_folder(settings))


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


def failures(folder: Path, since: float, manifest_since: float | None = None) -> Iterator[str]:
    """Name what failed, and the command that does it again with all that waits for it.

    Args:
        folder: of dbt's artifacts.
        since: when the build began; older artifacts tell of another.
        manifest_since: the same for the manifest, where the build did not parse the project.
    """
    results = artifacts.read(folder / artifacts.RESULTS, since)
    manifest = artifacts.read(
        folder / "manifest.json", since if manifest_since is None else manifest_since
    )
    failed = list(artifacts.failures(results, manifest))
    if not failed:
        yield "dbt ended before it could say what failed; what it wrote stands above"
        yield "  -> mend that, then tidemark build"
        return
    for story, _ in failed:
        yield f"[red]failed[/]  {escape(story)}"
    # What was built before is committed; what is downstream of a failure was left as it was.
    selected = dict.fromkeys(again for _, again in failed)
    yield f"  -> mend it, then tidemark build --select {' '.join(selected)}"


def _run_dbt(settings: Settings, wish: Wish | None, now: str, options: Sequence[str]) -> int:
    """Build with dbt; if that was the whole project, the next build may need none."""
    _refuse_wrong_seeds(options)
    folder = artifacts.folder(options)
    began, started = time.time(), time.monotonic()
    with server.connect(settings, autocommit=True) as connection:
        began_there = _now(connection)
    status = guard.run(["build", *_hushed(options)], guard.environment(settings), supervised=False)
    seconds = time.monotonic() - started
    with server.connect(settings, autocommit=True) as connection:
        if wish and not status and fingerprint(settings) == now:
            results = artifacts.read(folder / artifacts.RESULTS, began)
            project.remember(
                connection, now, wish, str(results.get("metadata", {}).get("invocation_id"))
            )
        _say(connection, began_there, seconds, status)
    if status == guard.INTERRUPTED:
        console.out().print(
            "stopped: what was built is kept, the rest is as it was; tidemark build goes on"
        )
    elif status:
        _print_failures(failures(folder, began))
    return status


def _hushed(options: Sequence[str]) -> list[str]:
    """Let dbt say warnings and errors alone, unless somebody asks for more; its log has it all."""
    if LOUDNESS.intersection(option.partition("=")[0] for option in options):
        return list(options)
    console.out().print("dbt builds; each of its steps is in its log, logs/dbt.log")
    return [*options, "--log-level", "warn"]


def _refuse_wrong_seeds(options: Sequence[str]) -> None:
    if not any("seed" in option for option in options):
        from tidemark_warehouse import seeds

        seeds.refuse_wrong(PROJECT_ROOT)  # else dbt knows whether it loads them: its plugin asks


def _walk(
    connection: Connection, wish: Wish, variables: Mapping[str, Any], options: Sequence[str]
) -> int:
    """Build without dbt, and report it as dbt would."""
    began, started = time.time(), time.monotonic()
    began_at, began_there = datetime.now(UTC), _now(connection)
    as_of = wish.as_of or project.instant(str(variables["as_of"])) or began_at
    out = console.out()
    for fault in building.prepare(connection, variables):
        out.print(f"[yellow]{escape(fault)}[/]", soft_wrap=True)
    outcomes: list[Outcome] = []
    for outcome in building.build(connection, as_of, wish.kinds):
        outcomes.append(outcome)
        _tell(connection, outcome, as_of)
    building.finish(connection, variables)
    folder = artifacts.folder(options)
    artifacts.write(folder, outcomes, began_at, options)
    status = int(any(outcome.has_failed for outcome in outcomes))
    _say(connection, began_there, time.monotonic() - started, status)
    if status:
        _print_failures(failures(folder, began, manifest_since=0))
    return status


def _tell(connection: Connection, outcome: Outcome, as_of: datetime) -> None:
    """Say at once what a person should know of a model or test."""
    out = console.out()
    if outcome.remark:
        out.print(f"[yellow]{escape(outcome.remark)}[/]", soft_wrap=True)
    if outcome.status == "warn":
        name = outcome.unique_id.split(".")[2]
        out.print(f"[yellow]warned[/]  test {name}: {outcome.message}", soft_wrap=True)
    if outcome.text:
        for row in building.shown_rows(connection, outcome.text, as_of):
            out.print(f"WARN  {escape(row)}", soft_wrap=True)


def _say(connection: Connection, since: datetime, seconds: float, status: int) -> None:
    """Print what was built, and what reaches no mart."""
    out = console.out()
    done = summary(connection, since, seconds)
    if done or not status:
        out.print(done or f"no model was built in {seconds:.1f} s")
    unseen = unknown(connection).said()
    if unseen:
        out.print(f"[yellow]{escape(unseen)}[/]", soft_wrap=True)


def _print_failures(lines: Iterator[str]) -> None:
    for line in lines:
        console.out().print(line, soft_wrap=True)


def _now(connection: Connection) -> datetime:
    row = connection.execute("select clock_timestamp()").fetchone()
    assert row is not None  # noqa: S101  # the clock always answers
    now: datetime = row[0]
    return now
