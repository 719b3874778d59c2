"""The command line: `tidemark --help`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

import psycopg

from tidemark_warehouse.cli import console
from tidemark_warehouse.database.server.connection import one_line
from tidemark_warehouse.errors import TidemarkError

if TYPE_CHECKING:
    import typer

# The commands, in the order of `tidemark --help`, and where they are: a command imports its own
# module alone, since all of them together take longer than a build with nothing new.
HERE = "tidemark_warehouse.cli"
COMMANDS: Mapping[str, str] = {
    "demo": f"{HERE}.demo",
    "up": f"{HERE}.server",
    "down": f"{HERE}.server",
    "status": f"{HERE}.server",
    "doctor": f"{HERE}.server",
    "url": f"{HERE}.server",
    "reset": f"{HERE}.server",
    "build": f"{HERE}.build",
    "watch": f"{HERE}.watch",
    "refresh": f"{HERE}.refresh",
    "explain": f"{HERE}.explain",
    "dev": "orchestration.dev",
    "load": f"{HERE}.load",
    "presets": f"{HERE}.load",
    "loads": f"{HERE}.loads",
    "unload": f"{HERE}.loads",
    "rejects": f"{HERE}.loads",
    "workflows": f"{HERE}.loads",
    "simulate": f"{HERE}.simulate",
    "retention": f"{HERE}.retention",
    "restore": f"{HERE}.retention",
    "forget": f"{HERE}.forget",
    "report": f"{HERE}.report",
    "dashboards": f"{HERE}.dashboards",
    "serve": f"{HERE}.serve",
}
GROUPS: Mapping[str, str] = {
    "alerts": f"{HERE}.alerts",
    "archive": f"{HERE}.archive",
    "bi": f"{HERE}.bi",
}


def application(words: Sequence[str] = ()) -> typer.Typer:
    """Return the command line, of one command if the words name one, else of all.

    Args:
        words: what follows the word tidemark.
    """
    import typer

    from tidemark_warehouse.cli.options import options

    app = typer.Typer(
        help="Tidemark: a dbt and Dagster warehouse on PostgreSQL.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # its frames show local variables, passwords among them
    )
    app.callback()(options)
    named = words[0] if words else None
    known = named in COMMANDS or named in GROUPS
    for name, module in COMMANDS.items():
        if name == named or not known:
            found = import_module(module)
            app.command(name, context_settings=getattr(found, "CONTEXT", None))(
                getattr(found, name)
            )
    for name, module in GROUPS.items():
        if name == named or not known:
            app.add_typer(import_module(module).app, name=name)
    return app


def main() -> None:
    """Run a command. What a person can mend ends in two lines and status 1, no traceback."""
    words = sys.argv[1:]
    try:
        if words[:1] == ["build"] and "--help" not in words:
            # It takes every option as it is: without typer, and what that imports, it takes half
            # the time where nothing is new.
            from tidemark_warehouse.cli import builds

            sys.exit(builds.run(words[1:]))
        application(words)()
    except TidemarkError as error:
        console.print_error(error)
        sys.exit(1)
    except psycopg.OperationalError as error:
        problem = f"the database does not go on: {one_line(error)}"
        console.print_error(TidemarkError(problem, "see `tidemark doctor`, then try again"))
        sys.exit(1)


if __name__ == "__main__":
    main()
