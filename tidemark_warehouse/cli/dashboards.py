"""`tidemark dashboards`: pages of charts in a browser on this machine."""

from __future__ import annotations

import importlib.util
import webbrowser
from typing import Annotated

import typer
from rich.markup import escape

from tidemark_warehouse import supervision
from tidemark_warehouse.cli import console
from tidemark_warehouse.cli.databases import shown_database
from tidemark_warehouse.cli.ports import address, check_port
from tidemark_warehouse.database import server
from tidemark_warehouse.database.server.roles import PEOPLE_READER, READER
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.reporting import about as reporting
from tidemark_warehouse.reporting.about import About
from tidemark_warehouse.settings import LOOPBACK, Settings

DEFAULT_PORT = 8050


def dashboards(
    port: Annotated[int, typer.Option(help="Port of the web page, on loopback.")] = DEFAULT_PORT,
    people: Annotated[
        bool, typer.Option("--people", help="Show the page about people too: for whoever may.")
    ] = False,
    database: Annotated[
        str | None, typer.Option(help="The database to show, in place of the usual one.")
    ] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
) -> None:
    """Show the marts as dashboards, until Ctrl-C."""
    if importlib.util.find_spec("vizro") is None:
        raise TidemarkError(
            "the dashboards need Vizro, which is not installed",
            "run `make setup` in a checkout, or `pip install 'tidemark-warehouse[dashboards]'`",
        )
    # It takes its time to import, which no other command should have to wait for.
    from tidemark_warehouse.dashboards import app
    from tidemark_warehouse.http import gate, serving

    settings = shown_database(database)
    check_port(port, "tidemark dashboards")
    server.ready(settings)
    about = _ask(settings, PEOPLE_READER if people else READER)
    out = console.out()
    hosts = gate.allowed_hosts()
    with (
        supervision.signals(even_ignored=True) as received,
        serving.Beside(
            serving.server(app.asgi(app.build(settings, people)), hosts),
            serving.listening(LOOPBACK, port),
        ),
    ):
        out.print(
            f"[green]the dashboards are ready[/], of the database {escape(about.sentence)}: "
            f"{address(port)}"
        )
        if about.as_of is None:
            console.print_offer(about.offer("tidemark dashboards"))
        if people:
            out.print("[yellow]with the page about people: whoever uses this machine may see it[/]")
        out.print("Ctrl-C stops them")
        if open_it and not webbrowser.open(address(port)):
            out.print("no browser could be started")
        while not received(supervision.LOOK_SECONDS) & set(supervision.STOP_SIGNALS):
            pass
    out.print("the dashboards have stopped; the database is up until `tidemark down`")


def _ask(settings: Settings, role: str) -> About:
    """Connect once as the role that the pages will use; return what they will say of the database.

    Raises:
        TidemarkError: it cannot, and the pages would stay empty; says what to do.
    """
    with server.connect(settings, role) as connection:
        return reporting.read(connection)
