"""Rows one by one: any value that can be read at all, and the reason where it cannot."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tidemark_warehouse.loading.extraction import getter
from tidemark_warehouse.loading.mapping import Plan
from tidemark_warehouse.loading.sources import Row
from tidemark_warehouse.loading.values import Converter

NULL = "\\N"

_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

_SAFE_TYPES = frozenset(
    {
        "timestamp with time zone",
        "date",
        "smallint",
        "integer",
        "bigint",
        "numeric",
        "double precision",
        "boolean",
        "uuid",
    }
)


class RowConverter:
    """Turns rows of one plan into lines of COPY's text format.

    Attributes:
        lacks_id: whether the id that is made from the content was missing in some row.
        filled: the columns in which some row had a value of its own.
        months: the months of UTC in which the rows are, as YYYY-MM, if the table has a time.
    """

    def __init__(self, plan: Plan, converters: Mapping[str, Converter]) -> None:
        table = plan.table
        names = plan.columns
        self._steps = [
            (
                feed.column.name,
                getter(plan, feed),
                converters[feed.column.name],
                feed.column.default,
                feed.column.type not in _SAFE_TYPES,
            )
            for feed in plan.feeds
        ]
        self._required = [
            (index, name)
            for index, name in enumerate(names)
            if table.columns[name].required and name != table.made_id
        ]
        self._distinct = names.index("distinct_id") if table.missing_distinct_id else None
        self._spare = [names.index(name) for name in table.missing_distinct_id if name in names]
        self._id = names.index(table.made_id) if table.made_id in names else None
        self._time = names.index(table.time_column) if table.time_column in names else None
        self.lacks_id = table.made_id is not None and self._id is None
        self.filled: set[str] = set()
        self.months: set[str] = set()

    def line(self, row: Row) -> bytes:
        """Turn a row into a line.

        Raises:
            ValueError: a value does not fit; the message says which and why.
            SkippedRowError: the mapping leaves the row out.
        """
        values = row.values
        texts: list[str | None] = []
        name = ""
        try:
            for name, read, convert, default, escape in self._steps:
                text = convert(read(values))
                if text is None:
                    text = default
                else:
                    self.filled.add(name)
                    if escape and _SPECIAL.search(text):
                        text = text.translate(_ESCAPES)
                texts.append(text)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
        if self._distinct is not None and texts[self._distinct] is None:
            spare = (texts[index] for index in self._spare)
            texts[self._distinct] = next((text for text in spare if text is not None), None)
        for index, name in self._required:
            if texts[index] is None:
                raise ValueError(_missing(name, bool(self._spare)))
        if self._id is not None and texts[self._id] is None:
            self.lacks_id = True
        if self._time is not None:
            self.months.add(str(texts[self._time])[:7])
        return "\t".join([NULL if text is None else text for text in texts]).encode()


def _missing(name: str, has_spare: bool) -> str:
    if name == "distinct_id" and has_spare:
        return "distinct_id is missing, and so are user_id and session_id"
    return f"{name} is missing"
