"""The commands load and presets: files into the raw tables."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace as changed
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import click
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
    from tidemark_warehouse.database.catalog import Table
    from tidemark_warehouse.loading.ledger import AlreadyLoadedError
    from tidemark_warehouse.loading.load import Progress
    from tidemark_warehouse.loading.options import Request, Summary
    from tidemark_warehouse.loading.presets import Preset

REJECTED_STATUS = 2
SHOWN_REASONS = 12
CELL_WIDTH = 60


def load(
    table: Annotated[str, typer.Argument(help="A table of schema raw, e.g. events.")],
    files: Annotated[
        list[Path],
        typer.Argument(
            help="CSV, TSV, JSON, Parquet, XES or OpenMetrics, also .gz, .zst, .bz2 and .zip; "
            "a folder or a pattern means its files, - the standard input."
        ),
    ],
    maps: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="COLUMN=SOURCE",
            help="Take a column from a field, a nested path, or several: '{a}:{b}', "
            "'{date} {time}', '{Hours} h'. {a|b} is the first that is there, {a:number} a JSON "
            "number. "
            "properties.KEY=FIELD puts it under a key, properties=* takes all that is left. "
            "Given again: the next choice.",
        ),
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="COLUMN=VALUE", help="Give a column a constant."),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(help="The export of a tool; `tidemark presets` lists them."),
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
        typer.Option(
            "--format",
            help="csv, tsv, json, parquet, xes or openmetrics, if a file's name misleads.",
        ),
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(help="Of CSV, if its header does not show it; or 'tab'.")
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of text that is not UTF-8, e.g. windows-1252."),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(metavar="NAMES", help="Names for a CSV file without a header: a,b,c."),
    ] = None,
    rows: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH",
            help="Where the rows of a JSON document are: data.issues[], "
            "changelog.histories[].items[].",
        ),
    ] = None,
    nulls: Annotated[
        list[str] | None,
        typer.Option(
            "--null",
            metavar="TEXT",
            help="A word for null, in every column, in place of those that ids know already "
            "(NULL, \\N, nan, None, undefined, (none)).",
        ),
    ] = None,
    decimal_comma: Annotated[
        bool, typer.Option("--decimal-comma", help="Numbers are written 1.234,5.")
    ] = False,
    any_date: Annotated[
        bool,
        typer.Option(
            "--any-date", help="Take times before history begins and more than 7 days ahead."
        ),
    ] = False,
    max_rejects: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, help="Give a file up when more of its rows do not fit."),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Take back what was loaded of the same file into this table before."
        ),
    ] = False,
    again: Annotated[
        bool,
        typer.Option(
            "--again",
            help="Load a file that was loaded in another way beside what it gave then.",
        ),
    ] = False,
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
        bool,
        typer.Option("--dry-run", help="Check the whole file, show five rows, write nothing."),
    ] = False,
) -> None:
    """Load files into a raw table; the same file again changes nothing.

    Rows that do not fit go to raw.rejected_rows, the rest is loaded; the exit status is then 2.
    """
    # pyarrow takes its time to import, which no other command should have to wait for.
    leave_pandas_out()
    from tidemark_warehouse.database.catalog import read_table
    from tidemark_warehouse.loading import inputs
    from tidemark_warehouse.loading.options import Request

    request = Request.of(
        maps=maps or (),
        sets=sets or (),
        preset=preset,
        timezone=timezone,
        time_format=time_format,
        kind=kind,
        delimiter=delimiter,
        encoding=encoding,
        columns=columns,
        rows=rows or (),
        nulls=tuple(nulls or ()),
        decimal_comma=decimal_comma,
        any_date=any_date,
        max_rejects=max_rejects,
        replace=replace,
        again=again,
        every_version=every_version,
        order_by=order_by,
    )
    paths = inputs.expand(files)
    settings = Settings.from_environment()
    server.ready(settings)
    with server.connect(settings, autocommit=True) as connection:
        target = read_table(connection, table)
        if request.preset:
            _describe(console.out(), request.preset, [target.name])
        with inputs.spooled(paths) as found:
            summaries = _load_all(connection, target, found, request, dry_run)
        if target.name in ("time_sessions", "workflow_instances") and not dry_run:
            _say_unknown(connection)
    if any(summary.rejected for summary in summaries):
        raise typer.Exit(REJECTED_STATUS)


class _NoPandas(MetaPathFinder):
    """Finds no pandas, where it is installed and not wanted."""

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname, name=fullname)


def leave_pandas_out() -> None:
    """Keep pyarrow from importing pandas, which takes longer than loading a small file.

    It asks once, at its first conversion, whether there is one.
    """
    import pyarrow as pa  # type: ignore[import-untyped]

    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    try:
        pa.array([""])
    finally:
        sys.meta_path.remove(finder)


def _say_unknown(connection: Connection) -> None:
    """Say how many sessions reach no mart, and the next command."""
    from tidemark_warehouse.loading.workflows import unknown

    said = unknown(connection).said()
    if said:
        console.out().print(f"  [yellow]{escape(said)}[/]", soft_wrap=True)


def presets(
    name: Annotated[str | None, typer.Argument(help="Only this one, line by line.")] = None,
) -> None:
    """List the presets of `tidemark load`: for each table what they fill and what they leave."""
    from tidemark_warehouse.loading import presets as known

    out = console.out()
    for each in [name] if name else known.names():
        preset = known.find(each)
        out.print(f"[bold]{preset.name}[/]  {escape(preset.summary)}", soft_wrap=True)
        _describe(out, preset, list(preset.tables))
        if name is None:
            continue
        for table, about in preset.tables.items():
            for mapping in about.mappings:
                line = f"{table}.{mapping.target} <- {mapping.said()}"
                out.print(f"    {escape(line)}", soft_wrap=True)


def _describe(out: Console, preset: Preset, tables: list[str]) -> None:
    """Say what a preset fills of some tables, and what it leaves."""
    for table in tables:
        about = preset.table(table)
        leaves = f"; leaves {about.leaves}" if about.leaves else ""
        line = f"{preset.name}: raw.{table} fills {', '.join(about.fills)}{leaves}"
        out.print(f"  {escape(line)}", soft_wrap=True)


def _load_all(
    connection: Connection,
    target: Table,
    files: dict[Path, Path],
    request: Request,
    dry_run: bool,
) -> list[Summary]:
    from tidemark_warehouse.loading.ledger import AlreadyLoadedError
    from tidemark_warehouse.loading.load import load_file

    out = console.out()
    summaries: list[Summary] = []
    for named, path in files.items():
        source = None if named == path else "standard input"
        try:
            with _progress(out, path) as progress:
                summary = load_file(connection, target, path, request, progress, dry_run, source)
        except AlreadyLoadedError as error:
            chosen = _asked(out, request, error)
            summary = load_file(connection, target, path, chosen, None, dry_run, source)
        summaries.append(summary)
        (_show if dry_run else _report)(out, summary, target)
    if len(files) > 1:
        count = sum(summary.inserted + summary.updated for summary in summaries)
        refused = sum(summary.rejected for summary in summaries)
        out.print(f"[bold]{len(files)} files:[/] {count:,} rows written, {refused:,} rejected")
    return summaries


def _asked(out: Console, request: Request, error: AlreadyLoadedError) -> Request:
    """Ask on a terminal what is meant by a file that was loaded in another way.

    Raises:
        AlreadyLoadedError: there is nobody to ask, or the answer is to leave it.
    """
    if not (out.is_terminal and sys.stdin.isatty()):
        raise error
    out.print(escape(error.problem), soft_wrap=True)
    answer = typer.prompt(
        "replace the earlier load, load it again beside it, or leave it?",
        type=click.Choice(["replace", "again", "leave"]),
        default="leave",
    )
    if answer == "leave":
        raise error
    return changed(request, replace=answer == "replace", again=answer == "again")


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
        f"{console.plural(summary.read, 'row')}: {', '.join(parts)} ({summary.seconds:.1f} s)"
        + (f", load {summary.load_id}" if summary.load_id else ""),
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
    _reasons(out, summary)
    for note in summary.notes:
        out.print(f"  {escape(note)}", soft_wrap=True)


def _reasons(out: Console, summary: Summary) -> None:
    """Say how many rows were rejected for what, if it was for more than one reason."""
    if len(summary.reasons) < 2:
        return
    for reason, count in summary.reasons.most_common(SHOWN_REASONS):
        out.print(f"  {count:>9,}  {escape(reason)}", soft_wrap=True)


def _show(out: Console, shown: Summary, target: Table) -> None:
    """Show mapped rows as a table, and what would be rejected."""
    out.print(
        f"[bold]{escape(shown.path.name)}[/] into raw.{target.name}: the first "
        f"{console.plural(len(shown.sample), 'row')}, nothing is written",
        soft_wrap=True,
    )
    cells = [[_cell(value) for value in row] for row in shown.sample]
    out.print(console.table(shown.sources, cells))
    for column, source in shown.sources.items():
        out.print(f"  {column} <- {escape(source)}", soft_wrap=True)
    out.print(
        f"of {console.plural(shown.read, 'row')}, {shown.rejected:,} would be rejected"
        + (f", {shown.skipped:,} left out by the preset" if shown.skipped else "")
    )
    first = shown.first_reject
    if first is not None:
        out.print(f"  first line {first.line}: {escape(first.reason)}", soft_wrap=True)
    _reasons(out, shown)
    for note in shown.notes:
        out.print(f"  {escape(note)}", soft_wrap=True)


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
