"""`python -m bench`: measure, show, and write docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench import (
    api,
    app_metrics,
    archive,
    counts,
    delivery,
    funnels,
    live,
    loading,
    people,
    product,
)
from bench.arena import DATABASE, Arena
from bench.figures import Figure, markdown, shown
from tidemark_warehouse.database import server
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import PROJECT_ROOT, Settings

AREAS: dict[str, Callable[[Arena], Iterator[Figure]]] = {
    "load": loading.measure,
    "counts": counts.measure,
    "product": product.measure,
    "funnels": funnels.measure,
    "delivery": delivery.measure,
    "app_metrics": app_metrics.measure,
    "people": people.measure,
    "retention": archive.measure,
    "api": api.measure,
    "live": live.measure,
}
PAGE = PROJECT_ROOT / "docs" / "benchmarks.md"


def main(
    events: Annotated[
        int, typer.Option(help="Size of the event history.", min=100_000)
    ] = 10_000_000,
    days: Annotated[int, typer.Option(help="Days that it covers.", min=62)] = 120,
    only: Annotated[
        list[str] | None,
        typer.Option(
            help=f"An area: {', '.join(AREAS)}; may be repeated. Others stay on the page."
        ),
    ] = None,
    write: Annotated[bool, typer.Option(help="Write docs/benchmarks.md.")] = True,
) -> None:
    """Measure what builds, loads and reads cost, on a database that is dropped afterwards."""
    console = Console()
    settings = replace(Settings.from_environment(), database=DATABASE)
    figures: list[Figure] = []
    failed: list[str] = []
    for area in only or AREAS:
        with tempfile.TemporaryDirectory(prefix="tidemark-bench-") as scratch:
            arena = Arena(settings, Path(scratch), events, days, console)
            try:
                for figure in AREAS[area](arena):
                    figures.append(figure)
            except TidemarkError as error:
                failed.append(area)
                console.print(f"{area}: {error.problem}", style="red", highlight=False)
            finally:
                arena.close()
    machine = _machine(settings)
    taken = f"Measured on {datetime.now(UTC).date()} with {events:,} events over {days} days."
    _show(console, figures)
    if write and figures and not failed:
        page = PAGE.read_text(encoding="utf-8") if only and PAGE.exists() else ""
        PAGE.write_text(markdown(figures, machine, taken, page), encoding="utf-8")
        console.print(f"written: {PAGE.relative_to(PROJECT_ROOT)}")
    if failed:
        raise typer.Exit(1)


def _machine(settings: Settings) -> list[tuple[str, str]]:
    with server.connect(replace(settings, database="postgres")) as connection:
        row = connection.execute(
            "select current_setting('server_version'), current_setting('shared_buffers')"
        ).fetchone()
    version, buffers = row or ("", "")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        ("machine", f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB of memory"),
        ("PostgreSQL", f"{version}, shared_buffers {buffers}, work_mem of a build 128MB"),
    ]


def _show(console: Console, figures: list[Figure]) -> None:
    table = Table("measured", "", "aim", "")
    area = ""
    for figure in figures:
        if figure.area != area:
            area = figure.area
            table.add_section()
            table.add_row(f"[bold]{area}[/bold]", "", "", "")
        color = {"met": "green", "missed": "red"}.get(figure.verdict, "default")
        table.add_row(
            figure.name,
            f"{shown(figure.value)} {figure.unit}",
            figure.aim,
            f"[{color}]{figure.verdict}[/{color}]",
        )
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
