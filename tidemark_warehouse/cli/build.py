"""The command build."""

from __future__ import annotations

import typer

from tidemark_warehouse.cli import builds

# Whatever follows the word build is dbt's to judge.
CONTEXT = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "allow_interspersed_args": False,
}


def build(context: typer.Context) -> None:
    """Build what has changed. Takes every option of `dbt build`."""
    raise typer.Exit(builds.run(context.args))
