"""The command bi export: metrics of the marts, for tools that would add up what must not be."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape

from tidemark_warehouse.cli import console
from tidemark_warehouse.cli.databases import shown_database
from tidemark_warehouse.database import server
from tidemark_warehouse.settings import project_vars

app = typer.Typer(help="Tell BI tools what may be added up.", no_args_is_help=True)

Output = Annotated[
    Path | None, typer.Option(help="The folder to write, or a name that ends in .zip.")
]
Name = Annotated[
    str | None,
    typer.Option(help="What the database is called in the tool: Tidemark, or Tidemark people."),
]
People = Annotated[
    bool, typer.Option("--people", help="The marts about people instead, for their own role.")
]


@app.callback()
def bi() -> None:
    """Tell BI tools what may be added up."""


@app.command()
def export(
    tool: Annotated[Literal["superset", "metabase"], typer.Argument(help="For which tool.")],
    output: Output = None,
    name: Name = None,
    people: People = False,
    database: Annotated[
        str | None, typer.Option(help="The database to name, in place of the usual one.")
    ] = None,
) -> None:
    """Write a tool's datasets and metrics of every mart; it writes no password."""
    from tidemark_warehouse.bi import marts, metabase, superset, writing
    from tidemark_warehouse.dbt import manifest

    settings = shown_database(database)
    read = marts.read(manifest.load())
    wanted = [mart for mart in read if (mart.schema == marts.PEOPLE) == people]
    name = name or ("Tidemark people" if people else "Tidemark")
    role = "tidemark_people_reader" if people else "tidemark_reader"
    stem = f"{tool}_people" if people else tool
    if tool == "superset":
        path = output or Path(f"{stem}.zip")
        url = server.url(settings, role, password_sign=superset.PASSWORD)
        zone = str(project_vars()["reporting_timezone"])
        writing.write(superset.files(wanted, name, url, zone), path)
        then = f"Superset asks for the password of {role}, which `tidemark url --role {role}` shows"
    else:
        path = output or Path(stem)
        writing.write(metabase.files(wanted, name), path)
        then = f"in Metabase the database has to be called {name}"
    out = console.out()
    marts_ = console.plural(len(wanted), "mart")
    out.print(f"metrics of {marts_} in {escape(str(path))}; {escape(then)}", soft_wrap=True)
