"""The command demo: from nothing to marts, a run in Dagster, a late row and a report."""

from __future__ import annotations

import os
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from orchestration.dev import dagster_home
from tidemark_warehouse.cli import console
from tidemark_warehouse.cli.databases import shown_database
from tidemark_warehouse.database import server
from tidemark_warehouse.database.server import Connection
from tidemark_warehouse.database.server.roles import READER
from tidemark_warehouse.demo import builds, story
from tidemark_warehouse.demo.story import Day, Late
from tidemark_warehouse.settings import Settings
from tidemark_warehouse.simulation import write

STAGES = 7
INDENT = 5
# Seconds measured on 2 cores; the second of a pair is for another time.
START_SECONDS = (1, 0.1)
SIMULATE_SECONDS = {"small": 2, "medium": 6}
DAGSTER_SECONDS = (30, 20)
DBT_SECONDS = 8
REPORT_SECONDS = 0.2


class Teller:
    """Tells a person what happens: stage by stage, with the time each should take and took."""

    def __init__(self, out: Console) -> None:
        self.out = out
        self.number = 0

    @contextmanager
    def stage(self, title: str, expected: float) -> Iterator[None]:
        """Announce a stage; when it is over, say how long it took.

        Args:
            title: what is done in it.
            expected: seconds that it should take.
        """
        self.number += 1
        about = f"about {expected:.0f} s" if expected >= 1 else "less than a second"
        self.out.print(f"\n[bold]{self.number}/{STAGES}  {title}[/] ({about})", soft_wrap=True)
        begun = time.monotonic()
        with self.out.status("working ...") if self.out.is_terminal else nullcontext():
            yield
        self.say(f"[dim]took {time.monotonic() - begun:.1f} s[/]")

    def say(self, markup: str) -> None:
        """Write lines below the stage's title."""
        for line in markup.splitlines():
            self.out.print(" " * INDENT + line, soft_wrap=True)

    def quote(self, text: str) -> None:
        """Write SQL as it was sent."""
        self.say("\n".join(f"[cyan]{escape(line)}[/]" for line in text.splitlines()))

    def show(self, table: Table) -> None:
        """Write a table below the stage's title."""
        self.out.print(Padding(table, (0, 0, 0, INDENT), expand=False))


def demo(
    size: Annotated[
        Literal["small", "medium"] | None,
        typer.Option(help="Of the company: 20 or 200 thousand events (the default: medium)."),
    ] = None,
    output: Annotated[Path, typer.Option(help="The report to write.")] = Path("report.html"),
    database: Annotated[str, typer.Option(help="The database; made if missing.")] = "demo",
) -> None:
    """Show everything on a company that does not exist: marts, Dagster, a late row, a report."""
    settings = shown_database(database)
    _check_output(output, settings)
    teller = Teller(console.out())
    begun = time.monotonic()
    teller.out.print(f"Tidemark, shown on a simulated company in the database {database}")
    _start(teller, settings)
    with server.connect(settings, autocommit=True) as connection:
        _simulate_and_build(teller, settings, connection, size)
        _show_marts(teller, connection)
        _ask(teller, settings)
        _correct(teller, settings, connection)
    _report(teller, settings, output)
    teller.out.print(f"\n[green]All of it took {time.monotonic() - begun:.0f} s.[/] What next:")
    _print_next(teller.out, settings)


def _start(teller: Teller, settings: Settings) -> None:
    external = settings.database_url is not None
    before = server.status(settings)
    title = "Reach PostgreSQL" if external else "Start the embedded PostgreSQL"
    with teller.stage(title, START_SECONDS[bool(before.pid or before.version)]):
        arrival = server.ensure_up(settings)
        state = server.status(settings)
        verb = "started" if arrival.started else "is up"
        place = "" if external else f", files in {escape(str(settings.home))}"
        teller.say(f"PostgreSQL {state.version} {verb} on {state.address}{place}")


def _simulate_and_build(
    teller: Teller, settings: Settings, connection: Connection, size: str | None
) -> None:
    there = write.read_mark(connection) is not None
    home = dagster_home(settings)
    parsing = builds.parse_ahead(settings)  # on the other core
    with teller.stage(
        "Simulate a company", 0.1 if there else SIMULATE_SECONDS[size or story.DEFAULT_SIZE]
    ):
        company = story.company(connection, size)
        world = company.mark.world
        until = f"{company.mark.until:%Y-%m-%d %H:%M} UTC"
        teller.say(
            f"{world.people} people over {world.days} days until {until} "
            f"(seed {world.seed}, size {world.size})"
        )
        if company.outcomes is None:
            teller.say("they were there already")
        else:
            rows, late, corrected = (
                sum(getattr(outcome, name) for outcome in company.outcomes)
                for name in ("added", "late", "corrected")
            )
            teller.say(
                f"{rows:,} rows in {len(company.outcomes)} raw tables, "
                f"of which {late:,} came late and {corrected:,} were corrected"
            )
    with teller.stage("Build and test every mart through Dagster", DAGSTER_SECONDS[there]):
        if story.take_back_late_session(connection):
            teller.say("the late session of the last time is deleted first: a correction as well")
        run = builds.build_through_dagster(settings, home, parsing)
        teller.say(
            f"{console.plural(run.models, 'model')} built, "
            f"{console.plural(run.tests, 'test')} passed; run {run.run_id}"
        )


def _show_marts(teller: Teller, connection: Connection) -> None:
    with teller.stage("What came out", 0.1):
        rows = [(mart.name, mart.rows, mart.grain) for mart in story.marts(connection)]
        table = console.table(["mart", "rows", "one row per"], rows)
        table.columns[-1].no_wrap = False
        teller.show(table)


def _ask(teller: Teller, settings: Settings) -> None:
    with teller.stage("A reading: who completed most in the last full week?", 0.1):
        with server.connect(settings, READER) as connection:
            reading = story.read_last_week(connection)
        teller.quote(reading.query)
        teller.show(console.table(reading.columns, reading.rows))


def _correct(teller: Teller, settings: Settings, connection: Connection) -> None:
    with teller.stage("A late row, and what it costs to be right again", DBT_SECONDS):
        late = story.late_session(connection)
        before = story.day_of(connection, late)
        insertion = story.insertion(connection, late)
        connection.execute(insertion.encode())
        teller.say(
            f"a session of {story.LATE_SECONDS // 60} minutes arrives for a workflow that "
            f"{late.user_id} completed on {late.date}:"
        )
        teller.quote(insertion)
        done = builds.build_incrementally(settings, connection)
        after = story.day_of(connection, late)
        teller.say("then a plain dbt build:")
        touched = [(name, keys, done.rows_written[name]) for name, keys in done.keys.items()]
        teller.show(
            console.table(
                ["table", "keys recomputed", "rows written"], [row for row in touched if row[1]]
            )
        )
        teller.say(
            f"[green]{console.plural(done.total, 'key')} recomputed in {done.seconds:.1f} s[/] "
            "(added up over the models; the rest of the time dbt takes to start)"
        )
        _show_day(teller, late, before, after)


def _show_day(teller: Teller, late: Late, before: Day, after: Day) -> None:
    teller.say(
        f"marts.time_aggregations_daily, {late.user_id}, {late.date}, {escape(late.ticket_type)}:"
    )
    headings = ["", "workflows", "active seconds", "estimated seconds", "efficiency ratio"]
    rows = [
        (
            name,
            day.workflows,
            round(day.active_seconds),
            round(day.estimated_seconds),
            f"{day.efficiency_ratio:.3f}",
        )
        for name, day in (("before", before), ("after", after))
    ]
    teller.show(console.table(headings, rows))


def _check_output(output: Path, settings: Settings) -> None:
    """Refuse before the first stage what the last one would refuse."""
    from tidemark_warehouse.reporting import report  # its Plotly takes a while to import

    report.check_replaces(output, settings.database)


def _report(teller: Teller, settings: Settings, output: Path) -> None:
    with teller.stage("A page of charts", REPORT_SECONDS):
        from tidemark_warehouse.reporting import report  # its Plotly takes a while to import

        written = report.write(settings, output)
        teller.say(
            f"{console.plural(len(written.charts), 'chart')}, no network needed: "
            f"{escape(written.path.as_uri())}"
        )


def _print_next(out: Console, settings: Settings) -> None:
    tidemark = _command()
    demo = f"TIDEMARK_DATABASE={settings.database} {tidemark}"
    lines = (
        ("the dashboards", f"{tidemark} dashboards --database {settings.database}"),
        ("a report", f"{tidemark} report --database {settings.database}"),
        ("the Dagster UI", f"{tidemark} dev --database {settings.database}"),
        ("any BI tool", f"{demo} url --role {READER}"),
        ("a next hour", f"{tidemark} simulate --continue --database {settings.database}"),
        ("your own data", f"{tidemark} up; {tidemark} load TABLE FILE; {tidemark} build"),
    )
    for what, command in lines:
        out.print(f"  {what:16}{escape(command)}", soft_wrap=True)


def _command() -> str:
    """Return how this person calls tidemark: the PATH that make sets is not theirs."""
    if "MAKELEVEL" in os.environ and os.environ.get("VIRTUAL_ENV") != sys.prefix:
        return os.path.relpath(Path(sysconfig.get_path("scripts")) / "tidemark")
    return "tidemark"
