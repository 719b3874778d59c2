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
from tidemark_warehouse.reporting.section import EVERYTHING, Control, Page, Section
from tidemark_warehouse.settings import Settings

WEEKS_SHOWN = 26  # unless somebody chooses other dates


# What a page shows: `first` and `last`, and an option for each control, by its name.
Choice = Mapping[str, Any]


@dataclass(frozen=True)
class Span:
    """Dates from the first to the last, both included."""

    first: date
    last: date

    def latest(self, days: int = 0) -> Span:
        """Return the part that a page shows unless other dates are chosen.

        Args:
            days: how many; 0 for as many whole weeks as usual.
        """
        if days:
            return Span(max(self.first, self.last - timedelta(days=days - 1)), self.last)
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
        # As the role's own setting says, unless somebody else set it: a date is one of this zone.
        connection.execute("select set_config('timezone', time_zone, false) from api.clock()")
        yield connection


def rows(connection: Connection, section: Section, choice: Choice) -> list[Mapping[str, Any]]:
    """Return what a section shows: nothing, if a mart has not been built yet.

    Args:
        connection: of a role that may read the marts.
        section: says what to ask.
        choice: of the page.
    """
    if section.takes - choice.keys() or not _are_built(connection, section.marts):
        return []  # there is nothing to choose from, or to ask
    with connection.cursor(row_factory=dict_row) as cursor:
        return list(cursor.execute(section.query, _values(connection, section, choice)).fetchall())


def shown(connection: Connection, section: Section, choice: Choice) -> str:
    """Return the query as a person may paste it into a client of their own.

    Args:
        connection: to quote with.
        section: says what to ask.
        choice: of the page.
    """
    cursor = psycopg.ClientCursor(connection)
    return cursor.mogrify(section.query, _values(connection, section, choice)).strip()


def options(connection: Connection, control: Control) -> dict[str, str]:
    """Return what there is to choose from, the default first: what people call each option.

    Args:
        connection: of a role that may read the mart.
        control: says what to ask.
    """
    found = {option: option for option in control.options}
    if control.everything:
        found[EVERYTHING] = control.everything
    if control.mart and _are_built(connection, (control.mart,)):
        rows = connection.execute(control.query).fetchall()
        found |= {str(row[0]): str(row[-1]) for row in rows}
    return found


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
    today = date.today()
    shown = known.latest(page.days) if known else Span(today, today)
    best = {control.name: list(options(connection, control)) for control in page.controls}
    named = {name: found[0] for name, found in best.items() if found}
    return {"first": shown.first, "last": shown.last, **named}


def _values(connection: Connection, section: Section, choice: Choice) -> dict[str, Any]:
    chosen = {name: choice.get(name) for name in section.takes}
    values = {name: None if value == EVERYTHING else value for name, value in chosen.items()}
    (today,) = connection.execute("select today from api.clock()").fetchone() or (None,)
    return {**values, "today": today}


def _are_built(connection: Connection, marts: tuple[str, ...]) -> bool:
    row = connection.execute(
        "select bool_and(to_regclass(mart) is not null) from unnest(%s::text[]) as mart",
        [list(marts)],
    ).fetchone()
    return row in ((True,), (None,))  # None where no mart is needed
