"""The commands archive query and archive list: rows that have left the database."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape

from tidemark_warehouse.cli import console
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from tidemark_warehouse.archiving.manifest import Manifest

SHOWN_ROWS = 100

app = typer.Typer(
    help="Read raw rows that retention has moved into Parquet files.", no_args_is_help=True
)


@app.command()
def query(
    sql: Annotated[
        str,
        typer.Argument(
            help="One query in DuckDB's SQL, over raw.events, marts.funnel_results and so on."
        ),
    ],
    format_: Annotated[
        Literal["table", "csv", "json"], typer.Option("--format", help="How rows are written.")
    ] = "table",
    limit: Annotated[
        int | None,
        typer.Option(min=1, help=f"Most rows (a table shows {SHOWN_ROWS}, csv and json all)."),
    ] = None,
) -> None:
    """Ask the archived files a question, and marts beside them.

    Needs no server unless the query names a mart, as marts.event_counts_daily.
    """
    # DuckDB and Arrow take their time to import, which no other command should have to wait for.
    from tidemark_warehouse.archiving import answers, marts, querying

    folder, manifests = _archived()
    if not manifests:
        raise TidemarkError(*_nothing(folder))
    out = console.out()
    settings = Settings.from_environment()
    beside = marts.named(sql)
    with querying.opened(folder, manifests, beside, settings) as connection:
        answer = querying.ask(connection, sql)
        with querying.explained(connection):
            if format_ == "table":
                shown, more = answers.as_table(answer, limit or SHOWN_ROWS)
                out.print(shown)
                if more:
                    out.print(f"[dim]the first {limit or SHOWN_ROWS} rows; --limit shows more[/]")
                return
            write = answers.write_csv if format_ == "csv" else answers.write_json
            write(answer.limit(limit) if limit else answer, sys.stdout.buffer)


@app.command(name="list")
def list_() -> None:
    """Show what is archived: files, rows, sizes, times."""
    folder, manifests = _archived()
    out = console.out()
    if not manifests:
        problem, remedy = _nothing(folder)
        out.print(f"{escape(problem)}: {escape(remedy)}", soft_wrap=True)
        return
    out.print(
        console.table(
            ("table", "period", "rows", "size", "from", "to", "file"),
            [
                (
                    *(each.table_name, each.period, each.row_count, console.size(each.bytes)),
                    *(_minute(each.first_at), _minute(each.last_at), each.file),
                )
                for each in manifests
            ],
        )
    )
    rows, size = sum(each.row_count for each in manifests), sum(each.bytes for each in manifests)
    out.print(
        f"{console.plural(len(manifests), 'file')}, {console.plural(rows, 'row')}, "
        f"{console.size(size)} in {escape(str(folder))}",
        soft_wrap=True,
    )


def _archived() -> tuple[Path, list[Manifest]]:
    from tidemark_warehouse.archiving import files, querying

    folder = files.archive_folder(Settings.from_environment())
    return folder, querying.archived(folder)


def _nothing(folder: Path) -> tuple[str, str]:
    return f"nothing is archived yet in {folder}", "`tidemark retention --apply` archives old rows"


def _minute(moment: str | None) -> str:
    """Write a time to the minute; infinity stays what it is."""
    return (moment or "")[:16].replace("T", " ")
