"""The command simulate: a company that does not exist, in a database of its own."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import typer

from tidemark_warehouse.cli import console
from tidemark_warehouse.cli.databases import shown_database
from tidemark_warehouse.database import server
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import Settings
from tidemark_warehouse.simulation import write
from tidemark_warehouse.simulation.world import FEWEST_PEOPLE, SIZES, World
from tidemark_warehouse.simulation.write import Mark, Outcome

MOST_PEOPLE = 500
LONGEST_DAYS = 1_100


def simulate(
    seed: Annotated[int, typer.Option(help="Another seed is another company.")] = 7,
    size: Annotated[
        Literal["small", "medium", "large"],
        typer.Option(help="About 20 thousand, 200 thousand or 2 million events in 120 days."),
    ] = "medium",
    people: Annotated[
        int | None,
        typer.Option(
            min=FEWEST_PEOPLE,
            max=MOST_PEOPLE,
            help="Employees (small 12, medium 40, large 150); traffic grows with them.",
        ),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=LONGEST_DAYS, help="Days of history.")] = 120,
    until: Annotated[
        str | None,
        typer.Option(
            help="ISO time at which it ends, UTC if it has no zone (default: the current hour)."
        ),
    ] = None,
    database: Annotated[str, typer.Option(help="The database; made if missing.")] = "demo",
    go_on: Annotated[
        bool, typer.Option("--continue", help="Add the next hours to the company that is there.")
    ] = False,
    hours: Annotated[int, typer.Option(min=1, help="With --continue: how many hours.")] = 1,
    every: Annotated[
        float | None,
        typer.Option(min=0.1, help="With --continue: again and again, after so many seconds."),
    ] = None,
) -> None:
    """Fill a database of its own with a simulated company, or let that company live on."""
    if every is not None and not go_on:
        raise TidemarkError("--every has a meaning only with --continue", "add --continue")
    settings = shown_database(database)
    if go_on:
        _continue(settings, hours, every)
        return
    end = _moment(until)
    world = World(
        seed=seed,
        size=size,
        people=people or SIZES[size].people,
        start=end.date() - timedelta(days=days),
        days=days,
    )
    _create(settings, Mark(world, end), exactly=until is not None)


def _create(settings: Settings, wanted: Mark, exactly: bool) -> None:
    """Fill the database; the same company may be there already, with its end if that was asked."""
    server.ensure_up(settings)
    out = console.out()
    with server.connect(settings, autocommit=True) as connection:
        found = write.read_mark(connection)
        same = found is not None and found.company == wanted.company
        if found is not None and same and (not exactly or found.until == wanted.until):
            out.print(f"the simulated company is already there, until {_text(found)}")
            _print_next(settings, found)
            return
        begun = time.monotonic()
        outcomes = write.create(connection, wanted)
    total = sum(outcome.added for outcome in outcomes)
    out.print(
        console.table(
            ["table", "rows", "late", "corrected"],
            ((f"raw.{o.table}", o.added, o.late, o.corrected) for o in outcomes),
        )
    )
    out.print(
        f"[green]{total:,} simulated rows[/] (seed {wanted.world.seed}, "
        f"{wanted.world.people} people, {wanted.world.days} days until {_text(wanted)}) "
        f"in {time.monotonic() - begun:.1f} s"
    )
    _print_next(settings, wanted)


def _continue(settings: Settings, hours: int, every: float | None) -> None:
    """Add hours once, or until Ctrl-C."""
    server.ready(settings)
    out = console.out()
    try:
        while True:
            with server.connect(settings, autocommit=True) as connection:
                mark, outcomes = write.advance(connection, hours)
            _print_added(outcomes)
            out.print(f"simulated until {_text(mark)}")
            if every is None:
                _print_next(settings, mark)
                return
            time.sleep(every)
    except KeyboardInterrupt:
        out.print("stopped; what was printed is in the database")


def _print_added(outcomes: Iterable[Outcome]) -> None:
    moved = [o for o in outcomes if o.added or o.changed or o.corrected or o.again]
    headings = ["table", "added", "changed", "late", "corrected", "delivered again"]
    rows = ((f"raw.{o.table}", o.added, o.changed, o.late, o.corrected, o.again) for o in moved)
    console.out().print(console.table(headings, rows))


def _print_next(settings: Settings, mark: Mark) -> None:
    out = console.out()
    if mark.until > datetime.now(UTC):
        out.print(
            "[yellow]simulated time is ahead of the clock[/]: build with "
            f"--vars '{{as_of: \"{mark.until.isoformat()}\"}}'",
            soft_wrap=True,
        )
    out.print(f"next      TIDEMARK_DATABASE={settings.database} tidemark build", soft_wrap=True)


def _text(mark: Mark) -> str:
    return f"{mark.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _moment(until: str | None) -> datetime:
    """Return the end that was asked for."""
    if until is None:
        return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    try:
        found = datetime.fromisoformat(until)
    except ValueError as error:
        raise TidemarkError(
            f"--until {until!r} is no ISO time", "write it as 2026-03-31T18:00:00Z"
        ) from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
