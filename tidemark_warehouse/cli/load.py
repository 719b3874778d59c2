"""The command load: files into the raw tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBar

from tidemark_warehouse.cli import console
from tidemark_warehouse.database import server
from tidemark_warehouse.database.server import Connection
from tidemark_warehouse.settings import Settings

if TYPE_CHECKING:
    from tidemark_warehouse.loading.load import Progress
    from tidemark_warehouse.loading.preview import Preview
    from tidemark_warehouse.loading.request import Request, Summary
    from tidemark_warehouse.loading.tables import Table

REJECTED_STATUS = 2
SHOWN_REJECTS = 5
CELL_WIDTH = 60


def load(
    table: Annotated[str, typer.Argument(help="A table of schema raw, e.g. events.")],
    files: Annotated[list[Path], typer.Argument(help="CSV, JSON Lines or Parquet, also .gz.")],
    maps: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="COLUMN=SOURCE",
            help="Take a column from a field or a nested path. properties.KEY=FIELD puts it under "
            "a key, properties=* takes all that is left. Given again: the next choice.",
        ),
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="COLUMN=VALUE", help="Give a column a constant."),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(help="The export of posthog, mixpanel, segment or jira; or an event-log."),
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Zone of times without one, e.g. Europe/Berlin."),
    ] = None,
    time_format: Annotated[
        str | None,
        typer.Option(metavar="FORMAT", help="Of times not in ISO 8601, e.g. '%d.%m.%Y %H:%M'."),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option("--format", help="csv, jsonl or parquet, if a file's name misleads."),
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(help="Of CSV, if its header does not show it; or 'tab'.")
    ] = None,
    every_version: Annotated[
        bool,
        typer.Option(
            "--every-version",
            help="Write each version of a key in turn, so that every change is recorded.",
        ),
    ] = False,
    order_by: Annotated[
        str | None,
        typer.Option(metavar="FIELD", help="Of rows with one updated_at, the larger is the later."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show five mapped rows and write nothing.")
    ] = False,
) -> None:
    """Load files into a raw table; the same file again changes nothing.

    Rows that do not fit go to raw.rejected_rows, the rest is loaded; the exit status is then 2.
    """
    # pyarrow takes its time to import, which no other command should have to wait for.
    from tidemark_warehouse.loading.preview import preview
    from tidemark_warehouse.loading.request import Request
    from tidemark_warehouse.loading.streams import check_files
    from tidemark_warehouse.loading.tables import read_table

    request = Request.of(
        maps=maps or (),
        sets=sets or (),
        preset=preset,
        timezone=timezone,
        time_format=time_format,
        kind=kind,
        delimiter=delimiter,
        every_version=every_version,
        order_by=order_by,
    )
    check_files(files)
    settings = Settings.from_environment()
    server.ensure_up(settings)
    with server.connect(settings, autocommit=True) as connection:
        target = read_table(connection, table)
        if dry_run:
            for path in files:
                _show(path, target.name, preview(connection, target, path, request))
            return
        summaries = _load_all(connection, target, files, request)
    if any(summary.rejected for summary in summaries):
        raise typer.Exit(REJECTED_STATUS)


def _load_all(
    connection: Connection, target: Table, files: list[Path], request: Request
) -> list[Summary]:
    from tidemark_warehouse.loading.load import load_file

    out = console.out()
    summaries: list[Summary] = []
    for path in files:
        with _progress(out, path) as progress:
            summaries.append(load_file(connection, target, path, request, progress))
        _report(out, summaries[-1], target)
    if len(files) > 1:
        count = sum(summary.inserted + summary.updated for summary in summaries)
        refused = sum(summary.rejected for summary in summaries)
        out.print(f"[bold]{len(files)} files:[/] {count:,} rows written, {refused:,} rejected")
    return summaries


def _report(out: Console, summary: Summary, target: Table) -> None:
    """Say in a line what became of a file, and below it what else there is to know."""
    if target.time_column is None:
        parts = [f"{summary.inserted:,} loaded", f"{summary.updated:,} updated"]
        parts.append(f"{summary.unchanged:,} unchanged")
    else:
        parts = [f"{summary.inserted:,} loaded", f"{summary.unchanged:,} already there"]
    if summary.skipped:
        parts.append(f"{summary.skipped:,} left out by the preset")
    parts.append(f"{summary.rejected:,} rejected")
    out.print(
        f"[bold]{escape(summary.path.name)}[/] into raw.{target.name}: "
        f"{console.plural(summary.read, 'row')}: {', '.join(parts)} ({summary.seconds:.1f} s)",
        soft_wrap=True,
    )
    first = summary.first_reject
    if first is not None:
        rows = "row is" if summary.rejected == 1 else "rows are"
        out.print(
            f"  [yellow]{summary.rejected:,} {rows} in raw.rejected_rows;[/] first "
            f"line {first.line}: {escape(first.reason)}",
            soft_wrap=True,
        )
    for note in summary.notes:
        out.print(f"  {escape(note)}", soft_wrap=True)


def _show(path: Path, table: str, shown: Preview) -> None:
    """Show mapped rows as a table, and what would be rejected."""
    out = console.out()
    out.print(
        f"[bold]{escape(path.name)}[/] into raw.{table}: the first "
        f"{console.plural(len(shown.rows), 'row')}, nothing is written",
        soft_wrap=True,
    )
    out.print(console.table(shown.columns, [[_cell(value) for value in row] for row in shown.rows]))
    for column, source in shown.columns.items():
        out.print(f"  {column} <- {escape(source)}", soft_wrap=True)
    if shown.unused:
        unused = ", ".join(shown.unused)
        out.print(f"  fields that no column takes: {escape(unused)}", soft_wrap=True)
    out.print(
        f"of the first {console.plural(shown.tried, 'row')}, "
        f"{len(shown.rejects):,} would be rejected"
        + (f", {shown.skipped:,} left out by the preset" if shown.skipped else "")
    )
    for reject in shown.rejects[:SHOWN_REJECTS]:
        out.print(f"  line {reject.line}: {escape(reject.reason)}", soft_wrap=True)


def _cell(value: str | None) -> str:
    if value is None:
        return ""
    return value if len(value) <= CELL_WIDTH else f"{value[: CELL_WIDTH - 3]}..."


@contextmanager
def _progress(out: Console, path: Path) -> Iterator[Progress | None]:
    """Show a bar while a file is read, on a terminal."""
    if not out.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with ProgressBar(*columns, TimeRemainingColumn(), console=out, transient=True) as bar:
        task = bar.add_task(escape(path.name), total=None)
        yield lambda done, size: bar.update(task, completed=done, total=size)
