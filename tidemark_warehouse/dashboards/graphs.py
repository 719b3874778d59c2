"""How a section of the report becomes a chart of a dashboard, or a table."""

from __future__ import annotations

from typing import Any

import pandas as pd
import vizro.models as vm
from dash import html
from plotly import graph_objects as go  # type: ignore[import-untyped]
from pydantic import PrivateAttr
from vizro.models.types import capture

from tidemark_warehouse.dashboards.warehouse import PROBLEM
from tidemark_warehouse.reporting import style
from tidemark_warehouse.reporting.section import Section
from tidemark_warehouse.reporting.sections import PAGES, PEOPLE_PAGE

SENTENCE = 40  # letters, for which a column has no room on a telephone
SECTIONS = {section.name: section for page in (*PAGES, PEOPLE_PAGE) for section in page.sections}


@capture("graph")
def chart(data_frame: pd.DataFrame, section: str) -> go.Figure:
    """Draw a section, or say why there is nothing to draw.

    Args:
        data_frame: what its query gave.
        section: its name.
    """
    found, rows = SECTIONS[section], _rows(data_frame)
    figure = found.figure(rows)
    figure.update_layout(height=None, autosize=True)  # as large as its place on the page
    if not rows:
        style.write(figure, _remedy(found, data_frame.attrs.get(PROBLEM)))
    return figure


@capture("figure")
def table(data_frame: pd.DataFrame, section: str) -> html.Div:
    """Write a section that is a table, or say why there is nothing in it.

    Args:
        data_frame: what its query gave.
        section: its name.
    """
    found, rows = SECTIONS[section], _rows(data_frame)
    if not rows:
        words = _remedy(found, data_frame.attrs.get(PROBLEM))
        return html.Div(html.P(words), className="tidemark-table tidemark-empty")
    written = found.figure(rows)
    lines = list(written.lines)
    head = html.Tr([html.Th(heading, scope="col") for heading in written.headings])
    body = [
        html.Tr(
            [
                html.Td(words, **{"data-heading": heading})
                for heading, words in zip(written.headings, line, strict=True)
            ]
        )
        for line in lines
    ]
    has_sentences = any(len(words) > SENTENCE for line in lines for words in line)
    written_down = html.Table(
        [html.Thead(head), html.Tbody(body)],
        className="tidemark-sentences" if has_sentences else "",
    )
    # Who has no mouse scrolls it by keys.
    scrolled: dict[str, Any] = {"role": "region", "tabIndex": 0, "aria-label": found.question}
    return html.Div(written_down, className="tidemark-table", **scrolled)


class TableOfWords(vm.Figure):
    """A table with the question that it answers above it, as charts have theirs."""

    _section: Section = PrivateAttr()
    _source: vm.Tooltip = PrivateAttr()

    @classmethod
    def of(cls, section: Section, source: str) -> TableOfWords:
        """Make the table of a section.

        Args:
            section: which.
            source: where its rows are from.
        """
        made = cls(id=section.name, figure=table(data_frame=section.name, section=section.name))
        made._section, made._source = section, vm.Tooltip(text=source, icon="Info")
        return made

    def build(self) -> Any:
        """Return Vizro's component beneath the heading."""
        heading = html.H3(
            [html.Span(self._section.question), *self._source.build().children],
            className="figure-title",
        )
        how_to_read = html.Div(html.P(self._section.how_to_read), className="figure-header")
        return html.Div([heading, how_to_read, super().build()], className="tidemark-table-card")


def _rows(data_frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(name): value for name, value in row.items()} for row in data_frame.to_dict("records")
    ]


def _remedy(section: Section, problem: str | None) -> str:
    if problem:
        return f"The database does not answer: {problem}."
    if section.nothing:
        return section.nothing
    tables = ", ".join(f"raw.{table}" for table in section.raw_tables)
    return f"Nothing to show. Load {tables}, then run tidemark build; or choose other dates."
