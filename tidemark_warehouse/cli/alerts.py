"""The commands alerts, alerts ack, withdraw and deliver: what needs attention, and who hears it."""

from __future__ import annotations

import getpass
from typing import Annotated

import psycopg
import typer
from psycopg import sql
from rich.markup import escape

from tidemark_warehouse.alerting import outbox
from tidemark_warehouse.cli import console
from tidemark_warehouse.database import server
from tidemark_warehouse.database.server import Connection
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import Settings

STATES = ("firing", "resolved", "expired", "historical", "withdrawn")
SHORTEST = 6  # characters of an id that are enough, where they name one alert
SHOWN = 50
LIST = """
select
    alert_id, state, severity, entity_type || ' ' || entity_id, opened_at::text,
    alert_message, coalesce(acknowledged_by_id, '')
from {mart}
where state = any(%s)
order by
    array_position(array['critical', 'high', 'medium', 'low'], severity), opened_at desc, alert_id
"""
FIND = "select alert_id from intermediate.int_alerts__answered where starts_with(alert_id, %s)"

app = typer.Typer(help="List what needs attention, and answer it.", no_args_is_help=False)

Note = Annotated[str | None, typer.Option(help="Why, for those who read it later.")]
By = Annotated[
    str | None, typer.Option(help="Who answers; by default the operating system's user.")
]
Identifier = Annotated[str, typer.Argument(help="The alert's id, or its first characters.")]


@app.callback(invoke_without_command=True)
def alerts(
    context: typer.Context,
    state: Annotated[
        list[str] | None, typer.Option(help=f"Which: {', '.join(STATES)}; by default firing.")
    ] = None,
    people: Annotated[
        bool, typer.Option("--people", help="Those about employees and teams instead.")
    ] = False,
) -> None:
    """List alerts, those that fire by default; ack and withdraw answer one."""
    if context.invoked_subcommand is not None:
        return
    wanted = state or ["firing"]
    for name in wanted:
        if name not in STATES:
            raise TidemarkError(f"there is no state {name!r}", f"one of {', '.join(STATES)}")
    settings = Settings.from_environment()
    server.ready(settings)
    mart = sql.Identifier("marts_people" if people else "marts", "metric_alerts")
    with server.connect(settings, autocommit=True) as connection:
        try:
            rows = connection.execute(sql.SQL(LIST).format(mart=mart), [wanted]).fetchall()
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
            raise _not_built(settings) from error
    out = console.out()
    if not rows:
        out.print(f"no alert is {' or '.join(wanted)}")
        return
    headings = ("alert", "state", "severity", "about", "since", "what", "acknowledged by")
    out.print(console.table(headings, ((row[0][:12], *row[1:]) for row in rows[:SHOWN])))
    if len(rows) > SHOWN:
        out.print(f"and {len(rows) - SHOWN:,} more, in the mart metric_alerts")


@app.command()
def ack(alert: Identifier, note: Note = None, by: By = None) -> None:
    """Say that somebody has seen an alert."""
    _answer(alert, "ack", note, by)


@app.command()
def withdraw(alert: Identifier, note: Note = None, by: By = None) -> None:
    """Take an alert back that was none: a wrong clock, a wrong rule. It stays on record."""
    _answer(alert, "withdraw", note, by)


@app.command()
def deliver(
    now: Annotated[
        bool, typer.Option("--now", help="Try channels that rest after a failure, too.")
    ] = False,
) -> None:
    """Tell the channels of seeds/alert_channels.csv what is due, once.

    What a receiver does not confirm waits for the next time; the exit code is 1 then.
    """
    settings = Settings.from_environment()
    server.ready(settings)
    out = console.out()
    failed = told = False
    with server.connect(settings, autocommit=True) as connection:
        for outcome in outbox.deliver(connection, at_once=now):
            told = True
            failed |= outcome.failed
            words = escape(str(outcome))
            out.print(f"[red]{words}[/]" if outcome.failed else words, soft_wrap=True)
    if not told:
        out.print(
            "nothing is due to a channel that is on; docs/alerts.md says how to switch one on"
        )
    raise typer.Exit(int(failed))


def _answer(alert: str, answer: str, note: str | None, by: str | None) -> None:
    settings = Settings.from_environment()
    server.ready(settings)
    with server.connect(settings, autocommit=True) as connection:
        name = _named(connection, settings, alert)
        row = connection.execute(
            "select ops.answer_alert(%s, %s, %s, %s)",
            [name, answer, by or getpass.getuser(), note],
        ).fetchone()
    state = row[0] if row else ""
    done = "acknowledged" if answer == "ack" else "withdrawn"
    console.out().print(f"[green]{done}[/] {name[:12]}; its state is {escape(state)}")


def _named(connection: Connection, settings: Settings, alert: str) -> str:
    """Return the id of the alert that a person named, in whole or by its first characters."""
    try:
        found = [name for (name,) in connection.execute(FIND, [alert]).fetchall()]
    except psycopg.errors.UndefinedTable as error:
        raise _not_built(settings) from error
    if alert in found:
        return alert
    if len(found) == 1 and len(alert) >= SHORTEST:
        return str(found[0])
    if found:
        problem = f"{alert} is not enough to tell {len(found)} alerts apart"
    else:
        problem = f"there is no alert {alert} in the database {settings.database}"
    raise TidemarkError(problem, "tidemark alerts lists their ids; --state names others")


def _not_built(settings: Settings) -> TidemarkError:
    return TidemarkError(
        f"the database {settings.database} has no alerts yet", "run tidemark build first"
    )
