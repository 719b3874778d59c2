"""The commands loads, unload, rejects and workflows: what was loaded, and what to do about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, LiteralString

import typer
from rich.console import Console
from rich.markup import escape

from tidemark_warehouse.cli import console
from tidemark_warehouse.database import server
from tidemark_warehouse.database.server import Connection
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import Settings

if TYPE_CHECKING:
    from tidemark_warehouse.loading.unloading import Load

SHOWN_LOADS = 50
REFUSED_STATUS = 2

REJECTED: LiteralString = """
    select table_name, source, reason, count(*), min(line)
    from raw.rejected_rows
    where coalesce(table_name = %(table)s, true) and coalesce(source = %(source)s, true)
    group by table_name, source, reason
    order by table_name, source, count(*) desc
"""
CLEAR: LiteralString = """
    delete from raw.rejected_rows
    where coalesce(table_name = %(table)s, true) and coalesce(source = %(source)s, true)
"""


def loads(
    every: Annotated[bool, typer.Option("--all", help="Not only the latest 50.")] = False,
) -> None:
    """List what was loaded: file, options, rows and rejects."""
    from tidemark_warehouse.loading import unloading

    settings = Settings.from_environment()
    server.ready(settings)
    with server.connect(settings, autocommit=True) as connection:
        found = unloading.loads(connection)
    out = console.out()
    if not found:
        out.print("nothing was loaded yet: tidemark load TABLE FILE")
        return
    headings = ["load", "at (UTC)", "table", "file", "read", "new", "updated", "rejected", "how"]
    shown = found if every else found[:SHOWN_LOADS]
    out.print(console.table(headings, [_line(load) for load in shown]))
    if len(shown) < len(found):
        out.print(f"and {len(found) - len(shown):,} more: tidemark loads --all")


def unload(
    load_id: Annotated[int, typer.Argument(help="A number that `tidemark loads` shows.")],
) -> None:
    """Take a load back: its rows go, and what it had replaced comes back.

    Rows that somebody changed since stay as they are.
    """
    from tidemark_warehouse.loading import unloading

    settings = Settings.from_environment()
    out = console.out()
    server.ready(settings)
    with server.connect(settings, autocommit=True) as connection, connection.transaction():
        done = unloading.unload(connection, load_id)
    out.print(
        f"load {load_id} is taken back: {console.plural(done.removed, 'row')} removed, "
        f"{done.restored:,} as before"
    )
    if done.changed:
        out.print(f"  {console.plural(done.changed, 'row')} changed or deleted since, left alone")
    if done.refused:
        out.print(
            f"  [yellow]{console.plural(done.refused, 'row')} refused:[/] what stood there before "
            "is no longer in the change log",
            soft_wrap=True,
        )
    out.print("next      tidemark build")
    if done.refused:
        raise typer.Exit(REFUSED_STATUS)


def rejects(
    table: Annotated[str | None, typer.Option(help="Only of this table.")] = None,
    source: Annotated[str | None, typer.Option(help="Only of this file, as listed.")] = None,
    retry: Annotated[
        bool, typer.Option("--retry", help="Load their files again, in the way they were loaded.")
    ] = False,
    clear: Annotated[bool, typer.Option("--clear", help="Forget them.")] = False,
) -> None:
    """List the rows that no load could take, by file and reason."""
    if retry and clear:
        raise TidemarkError("--retry and --clear exclude each other")
    settings = Settings.from_environment()
    out = console.out()
    chosen = {"table": table, "source": source}
    server.ready(settings)
    with server.connect(settings, autocommit=True) as connection:
        if clear:
            count = connection.execute(CLEAR, chosen).rowcount
            out.print(f"{console.plural(count, 'rejected row')} forgotten")
            return
        if retry:
            _retry(connection, out, chosen)
        _print_rejects(connection, out, chosen)


def workflows(
    template: Annotated[
        str, typer.Option(help="Template of the workflows; made if there is none of that name.")
    ] = "sessions",
) -> None:
    """Make the workflows that sessions name and nobody has loaded.

    Each belongs to whoever began it, and is complete with its last session. Run it again after
    loading more sessions: workflows that it made before are brought up to date.
    """
    from tidemark_warehouse.loading import workflows as made

    settings = Settings.from_environment()
    out = console.out()
    server.ready(settings)
    with server.connect(settings, autocommit=True) as connection:
        count = made.make(connection, template)
    out.print(f"{console.plural(count, 'workflow')} of template {escape(template)} made or updated")
    if count:
        out.print("next      tidemark build")


def _print_rejects(connection: Connection, out: Console, chosen: dict[str, str | None]) -> None:
    from tidemark_warehouse.loading.ledger import kind_of

    grouped: dict[tuple[str, str, str], tuple[int, int, str]] = {}
    for table, source, reason, count, line in connection.execute(REJECTED, chosen):
        key = (table, source, kind_of(reason))
        before, first, example = grouped.get(key, (0, line, reason))
        grouped[key] = (before + count, min(first, line), example if first <= line else reason)
    if not grouped:
        out.print("no row was rejected")
        return
    rows = [
        (f"raw.{table}", source, count, line, example)
        for (table, source, _), (count, line, example) in grouped.items()
    ]
    out.print(console.table(["table", "file", "rows", "first line", "reason"], rows))
    out.print("next      load the file with the right options, or tidemark rejects --clear")


def _retry(connection: Connection, out: Console, chosen: dict[str, str | None]) -> None:
    from tidemark_warehouse.database.catalog import read_table
    from tidemark_warehouse.loading.load import load_file
    from tidemark_warehouse.loading.options import Request
    from tidemark_warehouse.loading.unloading import loads as all_loads

    waiting = {(row[0], row[1]) for row in connection.execute(REJECTED, chosen).fetchall()}
    tried: set[tuple[str, str]] = set()
    for load in all_loads(connection):
        key = (load.table_name, load.source)
        members = {each for each in waiting if each[0] == key[0] and _is_of(each[1], key[1])}
        if not members or key in tried or load.unloaded_at is not None:
            continue
        tried.add(key)
        path = Path(load.source)
        if not path.is_file():
            out.print(f"{escape(load.source)} is not there any more: its rows stay", soft_wrap=True)
            continue
        request = Request.of(**load.options, again=True)
        summary = load_file(connection, read_table(connection, load.table_name), path, request)
        out.print(
            f"{escape(path.name)}: {summary.inserted:,} loaded, {summary.updated:,} updated, "
            f"{summary.rejected:,} still rejected",
            soft_wrap=True,
        )


def _is_of(source: str, file: str) -> bool:
    return source == file or source.startswith(f"{file}:")


def _line(load: Load) -> tuple[object, ...]:
    how = " ".join(_option(name, value) for name, value in sorted(load.options.items()))
    state = f"taken back {load.unloaded_at:%Y-%m-%d}" if load.unloaded_at else how
    return (
        load.load_id,
        f"{load.loaded_at:%Y-%m-%d %H:%M}",
        f"raw.{load.table_name}",
        load.source,
        load.rows_read,
        load.inserted,
        load.updated,
        load.rejected,
        state,
    )


def _option(name: str, value: object) -> str:
    option = {"maps": "map", "sets": "set", "kind": "format", "nulls": "null"}.get(name, name)
    flag = f"--{option.replace('_', '-')}"
    if value is True:
        return flag
    each = value if isinstance(value, list) else [value]
    return " ".join(f"{flag} {text}" for text in each)
