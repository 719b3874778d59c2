"""One page of charts as one HTML file, which needs nothing but a browser."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html import escape, unescape
from itertools import groupby

from tidemark_warehouse.reporting import template
from tidemark_warehouse.reporting.about import About, time_of
from tidemark_warehouse.reporting.section import Rows, Section
from tidemark_warehouse.reporting.table import Table

SHOWS = re.compile(
    re.escape(template.FACT.format(name="Database", value="|")).replace(r"\|", "(.*?)")
)


@dataclass(frozen=True)
class Card:
    """A section with what was found for it.

    Attributes:
        section: the chart.
        rows: what it shows; a section without rows says what has to be loaded.
        query: what was asked, as a person may paste it into a client.
        chosen: what the chart is about, beside its dates: options by the titles of their controls.
        loaded: the raw tables that have rows.
    """

    section: Section
    rows: Rows
    query: str
    chosen: Mapping[str, str] = field(default_factory=dict)
    loaded: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Facts:
    """What the page says of itself.

    Attributes:
        title: its heading.
        about: where the numbers come from.
        written_at: when the page was made.
    """

    title: str
    about: About
    written_at: datetime


def render(facts: Facts, found: Iterable[Card]) -> str:
    """Return the page.

    Args:
        facts: what it says of itself.
        found: the cards in their order.
    """
    areas = [
        template.AREA.format(
            area=area,
            title=area.replace("_", " ").capitalize(),
            cards="".join(_card(card) for card in cards),
        )
        for area, cards in groupby(found, key=lambda card: card.section.area)
    ]
    drawn = any('class="figure"' in area for area in areas)
    shown = drawn or any('class="table"' in area for area in areas)
    named = {
        "Database": facts.about.database,
        "As of": time_of(facts.about.as_of) if facts.about.as_of else "not built yet",
        "Written": time_of(facts.written_at),
    }
    return template.PAGE.format(
        title=escape(facts.title),
        style=template.STYLE,
        facts="".join(
            template.FACT.format(name=name, value=escape(value)) for name, value in named.items()
        ),
        simulated=_note(facts.about, shown),
        areas="".join(areas),
        footer="Written by <code>tidemark report</code>. Times are UTC; dates are those of the "
        "warehouse's reporting time zone.",
        scripts=_scripts() if drawn else "",
    )


def shows(text: str) -> str | None:
    """Return the database that a page of ours shows; None if it is none of ours.

    Args:
        text: of the page.
    """
    found = SHOWS.search(text)
    return unescape(found[1]) if found else None


def _note(about: About, shown: bool) -> str:
    if about.simulated:
        return template.SIMULATED.format(what=escape(about.simulated))
    if shown:
        return ""
    return template.NOTHING.format(offer=escape(about.offer("tidemark report")))


def _card(card: Card) -> str:
    section = card.section
    question = escape(section.question)
    chosen = [f"{title}: {option}." for title, option in card.chosen.items()]
    return template.CARD.format(
        name=section.name,
        wide=' class="wide"' if section.wide else "",
        question=question,
        how_to_read=escape(" ".join([section.how_to_read, *chosen])),
        content=_figure(section, card.rows) if card.rows else _empty(section, card.loaded),
        marts=", ".join(f"<code>{escape(mart)}</code>" for mart in section.marts),
        query=escape(card.query),
    )


def _figure(section: Section, rows: Rows) -> str:
    figure = section.figure(rows)
    if isinstance(figure, Table):
        return _table(section, figure)
    # JSON may hold anything that people write into raw tables, "</script>" among it.
    return template.FIGURE.format(
        question=escape(section.question),
        height=figure.layout.height,
        json=figure.to_json().replace("<", "\\u003c"),
    )


def _table(section: Section, table: Table) -> str:
    return template.TABLE.format(
        question=escape(section.question),
        headings="".join(f'<th scope="col">{escape(heading)}</th>' for heading in table.headings),
        lines="".join(
            "<tr>" + "".join(f"<td>{escape(words)}</td>" for words in line) + "</tr>\n"
            for line in table.lines
        ),
    )


def _empty(section: Section, loaded: frozenset[str]) -> str:
    if section.nothing:
        return template.NONE.format(words=escape(section.nothing))
    missing = [table for table in section.raw_tables if table not in loaded]
    tables = ", ".join(f"<code>raw.{escape(t)}</code>" for t in missing or section.raw_tables)
    if not missing:
        return template.EMPTY.format(
            remedy=f"{tables} has rows, but none that count here in these dates: run "
            "<code>tidemark build</code>; <code>tidemark status</code> says what reaches no mart."
        )
    return template.EMPTY.format(
        remedy=f"Load {tables}, then run <code>tidemark build</code> and this report again."
    )


def _scripts() -> str:
    from plotly.offline import get_plotlyjs  # type: ignore[import-untyped]

    return template.PLOTLY.format(source=get_plotlyjs(), drawing=template.DRAWING)
