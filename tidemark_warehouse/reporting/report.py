"""From a database to a page on disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tidemark_warehouse.database import server
from tidemark_warehouse.database.server import Connection
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.loading.tables import is_empty, table_names
from tidemark_warehouse.reporting import data, page
from tidemark_warehouse.reporting.section import Page
from tidemark_warehouse.reporting.sections import PAGES
from tidemark_warehouse.settings import Settings


@dataclass(frozen=True)
class Written:
    """A report on disk.

    Attributes:
        path: of the file, absolute.
        size_bytes: of the file.
        charts: names of the charts that show something.
        empty: names of those that have no rows yet.
    """

    path: Path
    size_bytes: int
    charts: tuple[str, ...]
    empty: tuple[str, ...]


def write(settings: Settings, path: Path, origin: str = "") -> Written:
    """Write the page of a database's charts.

    Args:
        settings: which server and database.
        path: of the file, which is replaced if it exists.
        origin: a sentence about where the rows come from, if that has to be said.

    Raises:
        TidemarkError: the database or the file cannot be used.
    """
    with server.connect(settings, autocommit=True) as connection:
        facts = _facts(connection, origin)
        loaded = _loaded(connection)
    with data.reader(settings) as connection:
        found = [card for shown in PAGES for card in _cards(connection, shown, loaded)]
    text = page.render(facts, found)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise TidemarkError(
            f"{path} cannot be written: {error.strerror}", "name another file with --output"
        ) from error
    return Written(
        path=path.absolute(),
        size_bytes=len(text.encode()),
        charts=tuple(card.section.name for card in found if card.rows),
        empty=tuple(card.section.name for card in found if not card.rows),
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
                if control.name in section.takes and control.name in choice
            },
            loaded,
        )


def _facts(connection: Connection, origin: str) -> page.Facts:
    # The oldest: no mart knows less than what was there then.
    row = connection.execute(
        "select min(as_of) from ops.watermarks where relation like 'marts.%'"
    ).fetchone()
    return page.Facts(
        title="Tidemark report",
        database=connection.info.dbname,
        as_of=row[0] if row else None,
        written_at=datetime.now(UTC),
        simulated=origin,
    )
