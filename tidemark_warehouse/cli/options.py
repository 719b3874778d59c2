"""The options of `tidemark` itself."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"tidemark {version('tidemark-warehouse')}")
        raise typer.Exit


def options(
    wants_version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Tidemark: a dbt and Dagster warehouse on PostgreSQL."""
