"""The command report: the marts as one page of charts."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tidemark_warehouse.cli import console
from tidemark_warehouse.database import server
from tidemark_warehouse.settings import Settings
from tidemark_warehouse.simulation.write import read_mark


def report(
    output: Annotated[Path, typer.Option(help="The HTML file to write.")] = Path("report.html"),
    open_it: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
) -> None:
    """Write one static HTML page of charts, which works without network."""
    # Plotly takes its time to import, which no other command should have to wait for.
    from tidemark_warehouse.reporting.report import write

    settings = Settings.from_environment()
    server.ready(settings)
    with server.connect(settings, autocommit=True) as connection:
        mark = read_mark(connection)
    written = write(settings, output, mark.sentence if mark else "")
    out = console.out()
    charts = console.plural(len(written.charts), "chart")
    out.print(
        f"[green]{charts}[/] of the database {escape(settings.database)} in "
        f"{escape(str(written.path))} ({console.size(written.size_bytes)})",
        soft_wrap=True,
    )
    if written.empty:
        out.print(
            f"[yellow]nothing to show yet:[/] {', '.join(written.empty)}; "
            "the page says what to load",
            soft_wrap=True,
        )
    if open_it and not webbrowser.open(written.path.as_uri()):
        out.print(f"no browser could be started: open {written.path.as_uri()}", soft_wrap=True)
