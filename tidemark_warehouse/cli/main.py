"""The command line: `tidemark --help`."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import psycopg
import typer

from orchestration import dev
from tidemark_warehouse.cli import (
    archive,
    build,
    console,
    dashboards,
    demo,
    explain,
    forget,
    load,
    loads,
    refresh,
    report,
    retention,
    serve,
    server,
    simulate,
)
from tidemark_warehouse.database.server.connection import one_line
from tidemark_warehouse.errors import TidemarkError

app = typer.Typer(
    help="Tidemark: a dbt and Dagster warehouse on PostgreSQL.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its frames show local variables, passwords among them
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"tidemark {version('tidemark-warehouse')}")
        raise typer.Exit


@app.callback()
def _options(
    wants_version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Tidemark: a dbt and Dagster warehouse on PostgreSQL."""


# The commands, in the order of `tidemark --help`.
app.command()(demo.demo)
app.command()(server.up)
app.command()(server.down)
app.command()(server.status)
app.command()(server.doctor)
app.command()(server.url)
app.command()(server.reset)
app.command(context_settings=build.CONTEXT)(build.build)
app.command()(refresh.refresh)
app.command()(explain.explain)
app.command()(dev.dev)
app.command()(load.load)
app.command()(load.presets)
app.command()(loads.loads)
app.command()(loads.unload)
app.command()(loads.rejects)
app.command()(loads.workflows)
app.command()(simulate.simulate)
app.command()(retention.retention)
app.command()(retention.restore)
app.command()(forget.forget)
app.command()(report.report)
app.command()(dashboards.dashboards)
app.command()(serve.serve)
app.add_typer(archive.app, name="archive")


def main() -> None:
    """Run a command. What a person can mend ends in two lines and status 1, no traceback."""
    try:
        app()
    except TidemarkError as error:
        console.print_error(error)
        sys.exit(1)
    except psycopg.OperationalError as error:
        problem = f"the database does not go on: {one_line(error)}"
        console.print_error(TidemarkError(problem, "see `tidemark doctor`, then try again"))
        sys.exit(1)


if __name__ == "__main__":
    main()
