"""How a section of the report becomes a chart of a dashboard."""

from __future__ import annotations

import pandas as pd
from plotly import graph_objects as go  # type: ignore[import-untyped]
from vizro.models.types import capture

from tidemark_warehouse.dashboards.warehouse import PROBLEM
from tidemark_warehouse.reporting import style
from tidemark_warehouse.reporting.section import Section
from tidemark_warehouse.reporting.sections import PAGES, PEOPLE_PAGE

SECTIONS = {section.name: section for page in (*PAGES, PEOPLE_PAGE) for section in page.sections}


@capture("graph")
def chart(data_frame: pd.DataFrame, section: str) -> go.Figure:
    """Draw a section, or say why there is nothing to draw.

    Args:
        data_frame: what its query gave.
        section: its name.
    """
    found = SECTIONS[section]
    rows = [
        {str(name): value for name, value in row.items()} for row in data_frame.to_dict("records")
    ]
    figure = found.figure(rows)
    figure.update_layout(height=None, autosize=True)  # as large as its place on the page
    if not rows:
        style.write(figure, _remedy(found, data_frame.attrs.get(PROBLEM)))
    return figure


def _remedy(section: Section, problem: str | None) -> str:
    if problem:
        return f"The database does not answer: {problem}."
    if section.nothing:
        return section.nothing
    tables = ", ".join(f"raw.{table}" for table in section.raw_tables)
    return f"Nothing to show. Load {tables}, then run tidemark build; or choose other dates."
