"""The commands about the server and its database: up, down, status, doctor, url, reset."""

from __future__ import annotations

import re
from typing import Annotated, LiteralString

import psycopg
import typer
from psycopg import sql
from rich.markup import escape

from tidemark_warehouse.cli import console
from tidemark_warehouse.cli.checks import CHECKS, SERVER, UNSEEN, Verdict, verdict_of
from tidemark_warehouse.database import server
from tidemark_warehouse.database.server.connection import Connection
from tidemark_warehouse.dbt.artifacts import first_reason
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import PROJECT_ROOT, Settings

COUNTED_EXACTLY = 2_000_000  # rows; a larger mart shows PostgreSQL's estimate
ALIAS = re.compile(r"alias='(\w+)'")
COLOURS = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red"}

ARCHIVED: LiteralString = """
    select
        split_part(relation, '.', 2),
        to_char(min(from_at) at time zone 'UTC', 'YYYY-MM-DD'),
        to_char(max(to_at) at time zone 'UTC', 'YYYY-MM-DD'),
        count(*),
        sum(row_count)::bigint
    from ops.sealed_periods
    where reopened_at is null
    group by relation
    order by relation
"""
WAITING: LiteralString = """
    select
        table_name,
        count(distinct (key, row_time)),
        to_char(min(row_time) at time zone 'UTC', 'YYYY-MM-DD'),
        to_char(max(row_time) at time zone 'UTC' + interval '1 day', 'YYYY-MM-DD')
    from ops.late_rows
    group by table_name
    order by table_name
"""
MARTS: LiteralString = """
    select n.nspname, c.relname, c.reltuples::bigint
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('marts', 'marts_people') and c.relkind in ('r', 'p', 'm', 'v')
    order by 1, 2
"""
SHOWN_BAD_ROWS = 12
BAD_ROWS: LiteralString = """
    select table_name, reason, row_count, example, last_at
    from ops.bad_rows
    order by last_at desc, table_name, reason
"""
FAILING: LiteralString = """
    select
        kind,
        relation,
        to_char(failed_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'),
        message,
        case
            when kind = 'test' then relation
            else coalesce(
                (
                    select split_part(w.model, '.', 3)
                    from ops.watermarks as w
                    where w.relation = f.relation
                ),
                split_part(relation, '.', 2)
            ) || '+'
        end
    from ops.failing() as f
    order by 1, 2
"""
LAST_BUILD: LiteralString = """
    select to_char(
        greatest(
            (select max(built_at) from ops.watermarks), (select max(looked_at) from ops.looks)
        ) at time zone 'UTC',
        'YYYY-MM-DD HH24:MI:SS'
    )
"""
RAW_TABLES: LiteralString = """
    select n.nspname, c.relname, c.reltuples::bigint
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'raw' and c.relkind in ('r', 'p') and not c.relispartition
    order by 1, 2
"""


def up() -> None:
    """Start the embedded PostgreSQL if needed, and bring the database up to date."""
    settings = Settings.from_environment()
    arrival = server.ensure_up(settings, thorough=True)
    state = server.status(settings)
    out = console.out()
    verb = "started" if arrival.started else "is up"
    out.print(f"[green]PostgreSQL {state.version} {verb}[/] on {state.address}")
    if settings.database_url is None:
        out.print(f"home      {escape(str(settings.home))}", soft_wrap=True)
    ran = f" ({console.plural(len(arrival.migrations), 'migration')} run)"
    out.print(f"database  {escape(settings.database)}{ran if arrival.migrations else ''}")
    if not arrival.passwords_published:
        out.print("[yellow]no libpq password file can be written: use `tidemark url`[/]")
    for problem, remedy in arrival.advice:
        out.print(f"[yellow]{escape(problem)}[/]\n  -> {escape(remedy)}", soft_wrap=True)
    for fault in arrival.mended:
        out.print(f"[yellow]mended    {escape(fault)}[/]", soft_wrap=True)
    out.print("next      tidemark load TABLE FILE, then tidemark build")


def down() -> None:
    """Stop the embedded PostgreSQL; nothing is lost."""
    settings = Settings.from_environment()
    if settings.database_url is not None:
        raise TidemarkError(
            "TIDEMARK_DATABASE_URL names a server that is not Tidemark's to stop",
            "unset it to stop the embedded one",
        )
    ran = server.stop(settings)
    console.out().print("stopped" if ran else "it was not running")


def url(
    role: Annotated[
        str | None, typer.Option(help="A role to connect as, in place of the owner.")
    ] = None,
) -> None:
    """Print a libpq URL with its password, and nothing else."""
    settings = Settings.from_environment()
    server.check_made(settings)
    print(server.url(settings, role))


def status(
    watch: Annotated[
        bool, typer.Option("--watch", help="Show what is behind, runs and failed, as it changes.")
    ] = False,
) -> None:
    """Say how the server, the marts and the last build are."""
    settings = Settings.from_environment()
    server.check_made(settings)
    if watch:
        from tidemark_warehouse.cli import following

        following.follow(settings)
        return
    state = server.status(settings)
    out = console.out()
    process = f", process {state.pid}" if state.pid else ""
    version = f", PostgreSQL {state.version}" if state.version else ""
    out.print(f"server    {state.address}{process}{version}")
    if settings.database_url is None:
        out.print(f"home      {escape(str(settings.home))}", soft_wrap=True)
    if state.version:
        out.print(f"database  {escape(settings.database)}, {console.size(state.size_bytes)}")
        _print_migrations(state)
    if state.problem:
        out.print(f"[yellow]{escape(state.problem)}[/]\n  -> tidemark up", soft_wrap=True)
    if state.version:
        with server.connect(settings, autocommit=True) as connection:
            _print_marts(connection)
            _print_history(connection)
            _print_unknown(connection)
            _print_bad_rows(connection)
            _print_failing(connection)


def doctor() -> None:
    """Check this machine, the server and the project; say what to do about what fails."""
    settings = Settings.from_environment()
    out = console.out()
    failed: list[str] = []
    for check in CHECKS:
        result = UNSEEN if check.asks_server and SERVER in failed else verdict_of(check, settings)
        if result.verdict is Verdict.FAIL:
            failed.append(check.subject)
        colour = COLOURS[result.verdict]
        words = f"{check.subject}: {result.finding}"
        out.print(f"[{colour}]{result.verdict.value:4}[/]  {escape(words)}", soft_wrap=True)
        if result.remedy:
            out.print(f"      -> {escape(result.remedy)}", soft_wrap=True)
    if failed:
        raise typer.Exit(1)


def reset(
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
) -> None:
    """Delete the database with everything in it, and make an empty one."""
    settings = Settings.from_environment()
    out = console.out()
    server.awaken(settings)
    out.print(f"This deletes the database {settings.database} with all raw rows and marts:")
    _print_losses(settings)
    if not yes:
        typer.confirm("Delete it?", abort=True)
    arrival = server.reset(settings)
    out.print(
        f"[green]{settings.database} is new[/]: "
        f"{console.plural(len(arrival.migrations), 'migration')} run"
    )


def _print_losses(settings: Settings) -> None:
    """Say how many rows each raw table has."""
    out = console.out()
    try:
        connection = server.connect(settings, autocommit=True)
    except TidemarkError as error:
        out.print(f"  (it cannot be read: {escape(error.problem)})", soft_wrap=True)
        return
    with connection:
        rows = [
            (f"raw.{name}", _count(connection, schema, name, estimate))
            for schema, name, estimate in connection.execute(RAW_TABLES).fetchall()
        ]
    full = [row for row in rows if row[1]]
    if full:
        out.print(console.table(["table", "rows"], full))
    else:
        out.print("  (no raw table has a row)")


def _print_migrations(state: server.Status) -> None:
    out = console.out()
    latest = f", the latest {state.applied[-1]}" if state.applied else ""
    out.print(f"          {console.plural(len(state.applied), 'migration')} applied{latest}")
    if state.pending:
        out.print(f"[yellow]          missing: {', '.join(state.pending)}[/]", soft_wrap=True)
        out.print("  -> tidemark up")


def _print_marts(connection: Connection) -> None:
    """Show the marts with their rows and the time of their last build; areas in use come first."""
    built = _last_builds(connection)
    areas = mart_areas()
    rows = [
        (
            areas.get((schema, name), ""),
            f"{schema}.{name}",
            _count(connection, schema, name, estimate),
            built.get((schema, name), "never"),
        )
        for schema, name, estimate in connection.execute(MARTS).fetchall()
    ]
    used = {area for area, _, count, _ in rows if count}
    rows.sort(key=lambda row: (row[0] not in used, row[0], row[1]))
    out = console.out()
    out.print()
    if rows:
        out.print(console.table(["area", "mart", "rows", "last build (UTC)"], rows))
    else:
        out.print("no mart has been built yet\n  -> tidemark build")


def mart_areas() -> dict[tuple[str, str], str]:
    """Return the area of each mart, by schema and name: the folder that its model is in."""
    found = {}
    models = PROJECT_ROOT / "models"
    for path in (*models.glob("marts/*/*.sql"), *models.glob("reporting/*/*.sql")):
        if path.stem.startswith("int_"):
            continue
        area = path.parent.name
        alias = ALIAS.search(path.read_text(encoding="utf-8"))
        schema = "marts_people" if area == "people" else "marts"
        found[schema, alias[1] if alias else path.stem] = area.replace("_", " ")
    return found


def _print_history(connection: Connection) -> None:
    """Show what has left raw, and what waits for it to come back."""
    try:
        archived = connection.execute(ARCHIVED).fetchall()
        waiting = connection.execute(WAITING).fetchall()
    except psycopg.errors.UndefinedTable:
        return
    out = console.out()
    if archived:
        out.print()
    for table_name, first, last, periods, rows in archived:
        out.print(
            f"archived  {table_name}: {console.plural(rows, 'row')} in "
            f"{console.plural(periods, 'period')} from {first} to {last}",
            soft_wrap=True,
        )
    for table_name, rows, first, last in waiting:
        out.print(
            f"[yellow]late      {table_name}: {console.plural(rows, 'row')} for sealed time "
            f"({first} to {last})[/]\n"
            f"  -> tidemark restore {table_name} --from {first} --to {last}, then tidemark build",
            soft_wrap=True,
        )


def _last_builds(connection: Connection) -> dict[tuple[str, str], str]:
    """Return when each relation was built, by schema and name."""
    try:
        rows = connection.execute(
            "select relation, to_char(built_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') "
            "from ops.watermarks"
        ).fetchall()
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
        return {}
    names = [(str(relation).replace('"', "").split("."), at) for relation, at in rows]
    return {(parts[-2], parts[-1]): at for parts, at in names if len(parts) > 1}


def _count(connection: Connection, schema: str, name: str, estimate: int) -> int | str:
    """Count a relation's rows, or give the estimate of a large one."""
    if estimate > COUNTED_EXACTLY:
        return f"~{estimate:,}"
    row = connection.execute(
        sql.SQL("select count(*) from {}").format(sql.Identifier(schema, name))
    ).fetchone()
    return int(row[0]) if row else 0


def _print_unknown(connection: Connection) -> None:
    """Say how many rows of raw reach no mart, and why."""
    from tidemark_warehouse.loading.workflows import unknown

    row = connection.execute("select to_regclass('raw.workflow_instances')").fetchone()
    said = unknown(connection).said() if row and row[0] else ""
    if said:
        console.out().print(f"[yellow]{escape(said)}[/]", soft_wrap=True)


def _print_bad_rows(connection: Connection) -> None:
    """Count the rows that cannot be meant, by table and reason, with the key of one."""
    try:
        found = connection.execute(BAD_ROWS).fetchall()
    except psycopg.errors.UndefinedTable:
        return
    if not found:
        return
    out = console.out()
    out.print()
    for table, reason, rows, example, _ in found[:SHOWN_BAD_ROWS]:
        story = f"{console.plural(rows, 'row')} of {table}: {reason}, such as {example}"
        out.print(f"[yellow]bad rows[/]  {escape(story)}", soft_wrap=True)
    if len(found) > SHOWN_BAD_ROWS:
        out.print("  -> select * from ops.bad_rows shows the others")


def _print_failing(connection: Connection) -> None:
    """Name what failed the last time, whatever had started it, and what does it again."""
    try:
        failing = connection.execute(FAILING).fetchall()
        row = connection.execute(LAST_BUILD).fetchone()
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedFunction):
        return
    out = console.out()
    if not failing:
        if row and row[0]:
            out.print()
            out.print(f"last build {row[0]} UTC: nothing fails")
        return
    out.print()
    for kind, name, at, message, _ in failing:
        story = f"{kind} {name} ({at} UTC): {first_reason(message)}"
        out.print(f"[red]failed[/]  {escape(story)}", soft_wrap=True)
    names = dict.fromkeys(again for *_, again in failing)
    out.print(f"  -> tidemark build --select {escape(' '.join(names))}", soft_wrap=True)
