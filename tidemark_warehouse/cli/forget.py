"""`tidemark forget`: a person goes, what they were counted in stays."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from tidemark_warehouse.cli import console
from tidemark_warehouse.database import server
from tidemark_warehouse.dbt import guard
from tidemark_warehouse.settings import Settings

if TYPE_CHECKING:
    from tidemark_warehouse.privacy.forget import Found

# What follows the erasure: the models, without the tests of their data.
BUILD = (
    "--quiet",
    "build",
    "--exclude-resource-type",
    "test",
    "--exclude-resource-type",
    "unit_test",
)
LOG = "raw.intervention_audit_log"


def forget(
    person: Annotated[str, typer.Argument(metavar="ID", help="A user, distinct id or employee.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what there is; change nothing.")
    ] = False,
) -> None:
    """Erase a person from raw, archive, marts and snapshots; totals stay as they are."""
    # Reading Parquet takes its time to import, which no other command should have to wait for.
    from tidemark_warehouse.privacy import forget as steps

    settings = Settings.from_environment()
    server.ready(settings)
    out = console.out()
    found = steps.look(settings, person)
    _say(found)
    if dry_run:
        return
    if not found.is_nothing:
        if not yes and sys.stdin.isatty():
            typer.confirm("Erase this for ever?", abort=True)
        steps.erase(
            settings, person, lambda file: out.print(f"writing {escape(file)} anew", soft_wrap=True)
        )
        out.print("[green]erased[/] from raw, archive, kept state and snapshots; the marts follow")
    elif not found.is_unfinished:
        return
    out.print("building")
    status = guard.run(BUILD, guard.environment(settings), supervised=False)
    if status or steps.is_unfinished(settings):
        out.print(
            "[red]not finished[/]: marts that were not built, and replaced versions of rows, may "
            "still name the person\n  -> tidemark build, then tidemark forget with the id again",
            soft_wrap=True,
        )
        raise typer.Exit(status or 1)
    out.print("[green]done[/]: every mart has followed, and no replaced row is kept")


def _say(found: Found) -> None:
    """Say what there is, what of it stays, and what was begun before."""
    out = console.out()
    if found.is_nothing:
        out.print("nothing of this person is left")
    else:
        _print(found.rows, ("table", "rows"))
        _print(found.archived, ("archived file", "rows"))
    for relation, rows in found.remaining.items():
        if relation == LOG:
            why = "an audit log is only ever added to, and nobody may change it"
        else:
            why = f"you wrote them: edit {relation.replace('.', '/')}.csv, then tidemark build"
        out.print(
            f"[yellow]stays[/] {console.plural(rows, 'row')} of {escape(relation)}: {escape(why)}",
            soft_wrap=True,
        )
    if found.is_unfinished:
        out.print("an erasure waits for the marts to follow", soft_wrap=True)


def _print(counts: Mapping[str, int], headings: tuple[str, str]) -> None:
    if counts:
        console.out().print(console.table(headings, counts.items()))
