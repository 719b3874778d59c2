"""The command report: the marts as one page of charts."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tidemark_warehouse.cli import console
from tidemark_warehouse.cli.databases import shown_database
from tidemark_warehouse.database import server


def report(
    output: Annotated[Path, typer.Option(help="The HTML file to write.")] = Path("report.html"),
    database: Annotated[
        str | None, typer.Option(help="The database to show, in place of the usual one.")
    ] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
) -> None:
    """Write one static HTML page of charts, which works without network."""
    # Plotly takes its time to import, which no other command should have to wait for.
    from tidemark_warehouse.reporting.report import write

    settings = shown_database(database)
    server.ready(settings)
    written = write(settings, output)
    out = console.out()
    charts = console.plural(len(written.charts), "chart")
    out.print(
        f"[green]{charts}[/] of the database {escape(written.about.sentence)}, in "
        f"{escape(str(written.path))} ({console.size(written.size_bytes)})",
        soft_wrap=True,
    )
    if written.empty:
        out.print(
            f"[yellow]nothing to show yet:[/] {', '.join(written.empty)}; "
            "the page says what to load",
            soft_wrap=True,
        )
    if not written.charts:
        console.print_offer(written.about.offer("tidemark report"))
    if open_it and not webbrowser.open(written.path.as_uri()):
        out.print(f"no browser could be started: open {written.path.as_uri()}", soft_wrap=True)
