"""`tidemark serve`: the functions of schema api over HTTP."""

from __future__ import annotations

import ipaddress
import socket
from typing import Annotated

import typer
from rich.markup import escape

from tidemark_warehouse.cli import console
from tidemark_warehouse.database import server
from tidemark_warehouse.database.server.roles import PEOPLE_READER, READER
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import LOOPBACK, Settings

DEFAULT_PORT = 8460


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; one beyond loopback needs a token of yours.")
    ] = LOOPBACK,
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = DEFAULT_PORT,
    people: Annotated[
        bool,
        typer.Option("--people", help="Answer about people too, with a token of its own."),
    ] = False,
) -> None:
    """Answer the functions of schema api over HTTP, until Ctrl-C.

    Requests bring a token: TIDEMARK_API_TOKEN, else one that is kept in a private file.
    """
    # They take their time to import, which no other command should have to wait for.
    from tidemark_warehouse.http import gate, serving, tokens
    from tidemark_warehouse.http.app import connections, create_app

    settings = Settings.from_environment()
    token = tokens.token_of(settings, people)
    if not is_loopback(host) and not token.chosen:
        raise TidemarkError(
            f"{host} can be reached from other machines, and nobody has chosen a token",
            f"set {tokens.VARIABLE}, and put a proxy with TLS before it; "
            f"or leave out --host to listen on {LOOPBACK}",
        )
    hosts = gate.allowed_hosts(*([] if is_loopback(host) else [host]))
    server.ready(settings)
    role = PEOPLE_READER if people else READER
    server.connect(settings, role).close()  # says in words why it cannot
    out = console.out()
    with (
        listening(host, port) as listener,
        connections(settings, role) as pool,
    ):
        app = create_app(pool, token.word)
        shown = f"[{host}]" if ":" in host else host
        out.print(f"[green]ready[/] on http://{escape(shown)}:{port}", soft_wrap=True)
        out.print(f"database  {escape(settings.database)}, as {role}")
        out.print(f"token     in {escape(token.origin)}", soft_wrap=True)
        out.print("Ctrl-C stops it")
        serving.run(serving.server(app, hosts), listener)
    out.print("stopped; the database is up until `tidemark down`")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def listening(host: str, port: int) -> socket.socket:
    """Take the port.

    Raises:
        TidemarkError: it cannot be had.
    """
    from tidemark_warehouse.http import serving

    try:
        return serving.listening(host, port)
    except OSError as error:
        raise TidemarkError(
            f"{host}:{port} cannot be had: {error.strerror or error}",
            "choose another --port or --host",
        ) from error
