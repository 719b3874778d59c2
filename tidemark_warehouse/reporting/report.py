"""From a database to a page on disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tidemark_warehouse.database import server
from tidemark_warehouse.database.server import Connection
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.reporting import data, page
from tidemark_warehouse.reporting.section import Page
from tidemark_warehouse.reporting.sections import PAGES
from tidemark_warehouse.settings import Settings
from tidemark_warehouse.simulation.write import Mark, read_mark


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


def write(settings: Settings, path: Path) -> Written:
    """Write the page of a database's charts.

    Args:
        settings: which server and database.
        path: of the file, which is replaced if it exists.

    Raises:
        TidemarkError: the database or the file cannot be used.
    """
    with data.reader(settings) as connection:
        found = [card for shown in PAGES for card in _cards(connection, shown)]
    with server.connect(settings, autocommit=True) as connection:
        facts = _facts(connection)
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


def _cards(connection: Connection, shown: Page) -> Iterator[page.Card]:
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
        )


def _facts(connection: Connection) -> page.Facts:
    # The oldest: no mart knows less than what was there then.
    row = connection.execute(
        "select min(as_of) from ops.watermarks where relation like 'marts.%'"
    ).fetchone()
    mark = read_mark(connection)
    return page.Facts(
        title="Tidemark report",
        database=connection.info.dbname,
        as_of=row[0] if row else None,
        written_at=datetime.now(UTC),
        simulated=_company(mark) if mark else "",
    )


def _company(mark: Mark) -> str:
    world = mark.world
    return (
        f"No such company exists: {world.people} people over {world.days} days, "
        f"made by tidemark simulate (seed {world.seed}, size {world.size}) "
        f"until {mark.until:%Y-%m-%d %H:%M} UTC."
    )
