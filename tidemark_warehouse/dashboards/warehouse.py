"""What the dashboards ask of the database: anew for every page and every choice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, LiteralString

import pandas as pd
import psycopg

from tidemark_warehouse.database.server import Connection
from tidemark_warehouse.database.server.connection import one_line
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.reporting import about, data
from tidemark_warehouse.reporting.about import About
from tidemark_warehouse.reporting.data import Span
from tidemark_warehouse.reporting.section import Control, Page, Section
from tidemark_warehouse.settings import Settings

# A chart that takes longer than this is no chart for a dashboard.
PATIENCE: LiteralString = "set statement_timeout = '20s'"
NOTHING_YET = "(nothing yet)"  # of a choice: there are no options
PROBLEM = "problem"  # of a data frame: why it is empty


@dataclass(frozen=True)
class Warehouse:
    """A database, as a role that may only read.

    Attributes:
        settings: which server and database.
        role: tidemark_reader, or the one for people.
    """

    settings: Settings
    role: str

    def frame(self, page: Page, section: Section, chosen: dict[str, Any]) -> pd.DataFrame:
        """Return what a section shows; of a database that does not answer, nothing and why.

        Args:
            page: on which the section stands.
            section: says what to ask.
            chosen: `dates` (two ISO dates, either may be missing) and an option for each control.
        """
        try:
            with self._connect() as connection:
                choice = _choice(chosen)
                if section.takes - choice.keys():
                    choice = {**data.usual(connection, page), **choice}
                rows = data.rows(connection, section, choice)
        except (TidemarkError, psycopg.Error) as error:
            empty = pd.DataFrame()
            empty.attrs[PROBLEM] = one_line(error)
            return empty
        # As objects, or pandas would make NaN of null, and floats of integers beside it.
        return pd.DataFrame(rows, dtype=object)

    def about(self) -> About:
        """Return what has to be said of the database; without an answer, its name alone."""
        try:
            with self._connect() as connection:
                return about.read(connection)
        except (TidemarkError, psycopg.Error):
            return About(self.settings.database, None)

    def span(self, page: Page) -> Span:
        """Return the dates that a page's marts know: today, if there is nothing yet.

        Args:
            page: whose marts are asked.
        """
        try:
            with self._connect() as connection:
                known = data.span(connection, page)
        except (TidemarkError, psycopg.Error):
            known = None
        return known or Span(date.today(), date.today())

    def options(self, control: Control) -> dict[str, str]:
        """Return what there is to choose from, the default first: what people call each option.

        Args:
            control: says what to ask.
        """
        try:
            with self._connect() as connection:
                return data.options(connection, control)
        except (TidemarkError, psycopg.Error):
            return {}

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        with data.reader(self.settings, self.role) as connection:
            connection.execute(PATIENCE)
            yield connection


def _choice(chosen: dict[str, Any]) -> dict[str, Any]:
    """Return what was chosen, by the names that queries have for it."""
    first, last = [*(chosen.get("dates") or ()), None, None][:2]
    named = {
        **{name: value for name, value in chosen.items() if name != "dates"},
        "first": date.fromisoformat(first[:10]) if first else None,
        "last": date.fromisoformat(last[:10]) if last else None,
    }
    return {name: value for name, value in named.items() if value not in (None, NOTHING_YET)}
