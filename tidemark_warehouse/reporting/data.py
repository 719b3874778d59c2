"""What the charts show, asked of the marts as any BI tool would ask: as tidemark_reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tidemark_warehouse.database import server
from tidemark_warehouse.database.server import Connection
from tidemark_warehouse.database.server.roles import READER
from tidemark_warehouse.reporting.section import Control, Page, Section
from tidemark_warehouse.settings import Settings

WEEKS_SHOWN = 26  # unless somebody chooses other dates


# What a page shows: `first` and `last`, and an option for each control, by its name.
Choice = Mapping[str, Any]


@dataclass(frozen=True)
class Span:
    """Dates from the first to the last, both included."""

    first: date
    last: date

    def latest(self) -> Span:
        """Return the part that a page shows unless other dates are chosen: whole weeks."""
        monday = self.last - timedelta(days=self.last.weekday())
        return Span(max(self.first, monday - timedelta(weeks=WEEKS_SHOWN - 1)), self.last)


@contextmanager
def reader(settings: Settings, role: str = READER) -> Iterator[Connection]:
    """Connect as a role that reads, to see one state of the marts however many queries it takes.

    Args:
        settings: which server and database.
        role: tidemark_reader, or the one for people.

    Raises:
        TidemarkError: the server does not let the role in.
    """
    with server.connect(settings, role) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        yield connection


def rows(connection: Connection, section: Section, choice: Choice) -> list[Mapping[str, Any]]:
    """Return what a section shows: nothing, if a mart has not been built yet.

    Args:
        connection: of a role that may read the marts.
        section: says what to ask.
        choice: of the page.
    """
    if not _are_built(connection, section.marts):
        return []
    with connection.cursor(row_factory=dict_row) as cursor:
        return list(cursor.execute(section.query, _values(section, choice)).fetchall())


def shown(connection: Connection, section: Section, choice: Choice) -> str:
    """Return the query as a person may paste it into a client of their own.

    Args:
        connection: to quote with.
        section: says what to ask.
        choice: of the page.
    """
    cursor = psycopg.ClientCursor(connection)
    return cursor.mogrify(section.query, _values(section, choice)).strip()


def options(connection: Connection, control: Control) -> list[str]:
    """Return what there is to choose from, the default first.

    Args:
        connection: of a role that may read the mart.
        control: says what to ask.
    """
    if not control.mart:
        return list(control.options)
    if not _are_built(connection, (control.mart,)):
        return []
    return [name for (name,) in connection.execute(control.query).fetchall()]


def span(connection: Connection, page: Page) -> Span | None:
    """Return the dates that a page's marts know; none if there is nothing yet.

    Args:
        connection: of a role that may read the marts.
        page: whose marts are asked.
    """
    found: list[date] = []
    for mart, query in {(s.marts[0], s.dates) for s in page.sections if s.dates}:
        if _are_built(connection, (mart,)):
            row = connection.execute(query).fetchone()
            found += [value for value in row or () if value is not None]
    return Span(min(found), max(found)) if found else None


def usual(connection: Connection, page: Page) -> Choice:
    """Return what a page shows unless somebody chooses something else.

    Args:
        connection: of a role that may read the marts.
        page: whose marts are asked.
    """
    known = span(connection, page)
    if known is None:
        return {"first": date.today(), "last": date.today()}
    shown = known.latest()
    best = {control.name: options(connection, control)[:1] for control in page.controls}
    named = {name: found[0] for name, found in best.items() if found}
    return {"first": shown.first, "last": shown.last, **named}


def _values(section: Section, choice: Choice) -> dict[str, Any]:
    return {name: choice.get(name) for name in section.takes}


def _are_built(connection: Connection, marts: tuple[str, ...]) -> bool:
    row = connection.execute(
        "select bool_and(to_regclass(mart) is not null) from unnest(%s::text[]) as mart",
        [list(marts)],
    ).fetchone()
    return row == (True,)
