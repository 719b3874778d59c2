"""From a database to a page on disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tidemark_warehouse.database import server
from tidemark_warehouse.database.catalog import is_empty, table_names
from tidemark_warehouse.database.server import Connection
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.reporting import about, data, page
from tidemark_warehouse.reporting.about import About
from tidemark_warehouse.reporting.section import EVERYTHING, Page
from tidemark_warehouse.reporting.sections import PAGES
from tidemark_warehouse.settings import Settings


@dataclass(frozen=True)
class Written:
    """A report on disk.

    Attributes:
        about: the database that it shows.
        path: of the file, absolute.
        size_bytes: of the file.
        charts: names of the charts that show something.
        empty: names of those that have no rows yet.
    """

    about: About
    path: Path
    size_bytes: int
    charts: tuple[str, ...]
    empty: tuple[str, ...]


def write(settings: Settings, path: Path) -> Written:
    """Write the page of a database's charts.

    Args:
        settings: which server and database.
        path: of the file; an earlier report of the same database is replaced.

    Raises:
        TidemarkError: the database or the file cannot be used.
    """
    check_replaces(path, settings.database)
    with server.connect(settings, autocommit=True) as connection:
        loaded = _loaded(connection)
    with data.reader(settings) as connection:
        facts = page.Facts("Tidemark report", about.read(connection), datetime.now(UTC))
        found = [card for shown in PAGES for card in _cards(connection, shown, loaded)]
    text = page.render(facts, found)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise TidemarkError(
            f"{path} cannot be written: {error.strerror}", "name another file with --output"
        ) from error
    return Written(
        about=facts.about,
        path=path.absolute(),
        size_bytes=len(text.encode()),
        charts=tuple(card.section.name for card in found if card.rows),
        empty=tuple(card.section.name for card in found if not card.rows),
    )


def check_replaces(path: Path, database: str) -> None:
    """Check that nothing but an earlier report of the same database would be lost.

    Args:
        path: of the file to write, which need not exist.
        database: whose report it would become.

    Raises:
        TidemarkError: it is something else, or cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else None
    except OSError as error:
        raise TidemarkError(
            f"{path} cannot be read: {error.strerror}", "name another file with --output"
        ) from error
    if not text or (shown := page.shows(text)) == database:
        return
    what = f"is the report of the database {shown}" if shown else "is no report of Tidemark's"
    raise TidemarkError(
        f"{path} {what}, and is left as it is",
        f"name another file, --output report_{database}.html, or remove this one",
    )


def _loaded(connection: Connection) -> frozenset[str]:
    """Return the raw tables that have rows, which the role that reads the marts may not see."""
    return frozenset(name for name in table_names(connection) if not is_empty(connection, name))


def _cards(connection: Connection, shown: Page, loaded: frozenset[str]) -> Iterator[page.Card]:
    choice = data.usual(connection, shown)
    for section in shown.sections:
        yield page.Card(
            section,
            data.rows(connection, section, choice),
            data.shown(connection, section, choice),
            {
                control.title: choice[control.name]
                for control in shown.controls
                if control.name in section.takes
                and choice.get(control.name, EVERYTHING) != EVERYTHING
            },
            loaded,
        )
