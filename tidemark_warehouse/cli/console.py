"""How the commands write: colours and tables on a terminal, plain lines into a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from tidemark_warehouse.errors import TidemarkError

PIPE_WIDTH = 10_000  # so that rich breaks no line that another program reads


def out() -> Console:
    """Return the console of the standard output."""
    return _console(stderr=False)


def print_error(error: TidemarkError) -> None:
    """Write what is wrong and what to do on the standard error."""
    console = _console(stderr=True)
    console.print(f"[bold red]tidemark:[/] {escape(error.problem)}", soft_wrap=True)
    if error.remedy:
        console.print(f"  [bold]->[/] {escape(error.remedy)}", soft_wrap=True)


def print_offer(offer: str) -> None:
    """Say where there is something to see; of '' nothing.

    Args:
        offer: what and with which command.
    """
    if offer:
        out().print(f"[yellow]there is something to see in[/] {escape(offer)}", soft_wrap=True)


def table(headings: Iterable[str], rows: Iterable[Iterable[object]]) -> Table:
    """Return a table; numbers stand on the right, with separators for thousands."""
    kept = [list(row) for row in rows]
    made = Table(box=None, pad_edge=False, header_style="bold")
    for place, heading in enumerate(headings):
        numeric = any(isinstance(row[place], int) for row in kept)
        made.add_column(heading, justify="right" if numeric else "left", no_wrap=True)
    for row in kept:
        made.add_row(*(_cell(value) for value in row))
    return made


def size(count: int) -> str:
    """Write a number of bytes as a person reads it (1 kB = 1024 bytes)."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TB"


def plural(count: int, singular: str) -> str:
    """Write a count with its noun."""
    return f"{count:,} {singular}" + ("" if count == 1 else "s")


def _cell(value: object) -> Text:
    return Text(f"{value:,}" if isinstance(value, int) else str(value))


def _console(stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPE_WIDTH
    return Console(stderr=stderr, highlight=False, width=width)
