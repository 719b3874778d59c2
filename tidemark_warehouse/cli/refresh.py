"""The command refresh: a window of a mart, computed again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

import typer
from rich.markup import escape

from tidemark_warehouse.cli import console
from tidemark_warehouse.database import server
from tidemark_warehouse.database.server import Connection
from tidemark_warehouse.dbt import guard
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import Settings


def refresh(
    mart: Annotated[str, typer.Argument(help="The mart, e.g. event_counts_daily.")],
    from_date: Annotated[str, typer.Option("--from", help="ISO date: the first.")],
    to_date: Annotated[str, typer.Option("--to", help="ISO date: the last.")],
    quiet: Annotated[bool, typer.Option("--quiet", help="Without what dbt says.")] = True,
) -> None:
    """Compute the dates of a mart again, and write what differs.

    Builds are exact, so nothing differs unless somebody has edited the mart by hand. A mart whose
    keys have no time is computed again as a whole.
    """
    settings = Settings.from_environment()
    server.ready(settings)
    variables = window(from_date, to_date)
    with server.connect(settings, autocommit=True) as connection:
        relation, model = find(connection, mart)
    status = guard.run(
        [
            *("build", "--select", model, "--vars", variables),
            *("--exclude-resource-type", "unit_test"),
            *(("--quiet",) if quiet else ()),
        ],
        guard.environment(settings),
        supervised=False,
    )
    if status:
        raise typer.Exit(status)
    with server.connect(settings, autocommit=True) as connection:
        keys, written, deleted = connection.execute(
            "select rows_scoped, rows_written, rows_deleted from ops.watermarks"
            " where relation = %s",
            [relation],
        ).fetchone() or (0, 0, 0)
    what = console.plural(keys, "key") + " recomputed" if keys else "computed whole"
    console.out().print(
        f"{escape(relation)}: {what}, {console.plural(written, 'row')} written, {deleted:,} deleted"
    )


def window(from_date: str, to_date: str) -> str:
    """Return the vars, for dbt's command line, by which a build computes a window again.

    Args:
        from_date: the first date, ISO.
        to_date: the last one.

    Raises:
        TidemarkError: they are no dates, or in the wrong order.
    """
    first, last = _date(from_date), _date(to_date)
    if last < first:
        raise TidemarkError(f"--to {to_date} is before --from {from_date}", "swap them")
    return f"{{refresh_from: '{first}', refresh_to: '{last + timedelta(days=1)}'}}"


def find(connection: Connection, mart: str) -> tuple[str, str]:
    """Find a mart by its name, with or without its schema.

    Returns:
        Its relation, and the name of its dbt model.

    Raises:
        TidemarkError: there is none of that name, or two.
    """
    rows = connection.execute(
        "select relation, split_part(model, '.', 3) from ops.watermarks"
        " where relation in (%(name)s, 'marts.' || %(name)s, 'marts_people.' || %(name)s)",
        {"name": mart},
    ).fetchall()
    if len(rows) > 1:
        names = " and ".join(sorted(row[0] for row in rows))
        raise TidemarkError(f"{mart} is the name of {names}", "name it with its schema")
    if not rows:
        raise TidemarkError(
            f"no mart {mart} has been built", "see `tidemark status`, or `tidemark build` first"
        )
    relation, model = rows[0]
    return relation, model


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise TidemarkError(f"{text!r} is no ISO date", "write it as 2026-03-31") from error
