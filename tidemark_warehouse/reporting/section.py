"""What a page of charts is made of: sections, and the choices that their queries take."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

Rows = Sequence[Mapping[str, Any]]

PARAMETER = re.compile(r"%\((\w+)\)s")
GIVEN = frozenset({"today"})  # what queries are given without anybody choosing it
EVERYTHING = "(all)"  # the option that leaves nothing out: null to queries


@dataclass(frozen=True)
class Control:
    """A choice beside the dates, of which a chart shows one at a time.

    Attributes:
        name: what queries call it.
        title: what people call it.
        options: what there is to choose from, the default first; () if a mart says it.
        mart: schema and name of the mart that says it; '' if the options are fixed.
        query: over that mart; gives one column, the default first; or two, the second of which is
            what people call the option.
        everything: what people call the choice of all of them, which is the default then; '' if
            there is no such choice.
    """

    name: str
    title: str
    options: tuple[str, ...] = ()
    mart: str = ""
    query: LiteralString = ""
    everything: str = ""


@dataclass(frozen=True)
class Section:
    """A chart and what a person needs to read it.

    Attributes:
        name: unique; letters, digits and dashes.
        area: the subject area, as its folder is called.
        question: what the chart answers; its heading.
        how_to_read: one sentence.
        marts: schema and name of what it reads; () if that is no mart.
        raw_tables: what has to be loaded before there is something to see.
        query: over those marts only, or functions of schema api that read them; takes what it
            names of `first`, `last` (dates, included), `today` and the controls.
        figure: makes a Plotly figure of the query's rows, of none an empty one; or a Table.
        dates: gives the first and the last date that its first mart knows; '' if another
            section of the page says as much.
        tabular: its figure is a Table.
        wide: takes the page's whole width.
        tall: takes more height than the others.
        nothing: what no rows mean, where it is not that something has to be loaded.
    """

    name: str
    area: str
    question: str
    how_to_read: str
    marts: tuple[str, ...]
    raw_tables: tuple[str, ...]
    query: LiteralString
    figure: Callable[[Rows], Any]
    dates: LiteralString = ""
    tabular: bool = False
    wide: bool = False
    tall: bool = False
    nothing: str = ""

    @property
    def takes(self) -> frozenset[str]:
        """The names of the choices that its query takes."""
        return frozenset(PARAMETER.findall(self.query)) - GIVEN


@dataclass(frozen=True)
class Page:
    """Sections that share their dates and controls.

    Attributes:
        name: unique; letters and underscores.
        title: what people call it.
        sections: in their order.
        controls: what its sections take beside the dates.
        days: how many it shows unless somebody chooses other dates; 0 for the usual weeks.
    """

    name: str
    title: str
    sections: tuple[Section, ...]
    controls: tuple[Control, ...] = ()
    days: int = 0

    @property
    def marts(self) -> frozenset[str]:
        """Everything that the page reads."""
        read = {mart for section in self.sections for mart in section.marts}
        return frozenset(read | {control.mart for control in self.controls if control.mart})
