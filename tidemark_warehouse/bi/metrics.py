"""The metrics of a mart: what may be asked of any of its rows, whatever a tool groups them by.

A metric answers rightly or not at all: where rows must not be rolled up its value is null.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tidemark_warehouse.bi.marts import Column, Mart

Kind = Literal["count", "count_distinct", "sum", "min", "max", "ratio", "single"]
COUNT = "row_count"


@dataclass(frozen=True)
class Metric:
    """A metric, before any tool's way of writing it.

    Attributes:
        name: the column that it rolls up; for counts what is counted.
        kind: how; `single` is the value of one row.
        of: the columns that it reads: for a ratio the numerator, then the denominator.
        apart: columns that must have one value among the rows, else it is null.
        description: what it means, and when it is null.
        times: of a ratio, by what it is multiplied.
    """

    name: str
    kind: Kind
    of: tuple[Column, ...]
    apart: tuple[Column, ...]
    description: str
    times: int = 1

    @property
    def title(self) -> str:
        """The name for people."""
        return self.name.replace("_", " ").capitalize()


def metrics(mart: Mart) -> list[Metric]:
    """Return the metrics of a mart: the number of rows, what is counted distinct, each measure.

    Args:
        mart: whose measures are of known kinds, as `marts.read` sees to.
    """
    found = [Metric(COUNT, "count", (), (), "Rows of this mart.")]
    for column in mart.columns.values():
        if column.counts:
            words = f"Distinct {column.counts} of all rows asked for: exact over any dates."
            found.append(Metric(column.counts, "count_distinct", (column,), (), words))
        elif column.rollup == "none":
            words = "Not to be rolled up: null over more than one row, so group by the whole key."
            found.append(_metric(column, "single", (column,), (), words))
        elif column.rollup:
            found.append(_rolled_up(mart, column))
    return found


def is_safe(mart: Mart, column: Column) -> bool:
    """Whether a tool may aggregate the column by itself: sum it, or count what it names.

    Args:
        mart: that it belongs to.
        column: of the mart.
    """
    return column.rollup is None or (column.rollup == "sum" and not mart.apart)


def _rolled_up(mart: Mart, column: Column) -> Metric:
    of = tuple(mart.columns[name] for name in column.of) or (column,)
    apart = [mart.columns[name] for name in mart.apart]
    if any(part.rollup == "sum_not_over_time" for part in of) and mart.time_of_grain:
        apart.append(mart.time_of_grain)
    words = []
    if column.rollup == "ratio":
        words.append("Over several rows the ratio of their sums.")
    if apart:
        names = " or ".join(each.name for each in apart)
        words.append(f"Null over rows of more than one {names}: filter or group by it.")
    kind: Kind = "ratio" if column.rollup == "ratio" else "sum"
    if column.rollup in ("min", "max"):
        kind = "min" if column.rollup == "min" else "max"
    return _metric(column, kind, of, tuple(apart), *words)


def _metric(
    column: Column, kind: Kind, of: tuple[Column, ...], apart: tuple[Column, ...], *words: str
) -> Metric:
    description = " ".join([column.description, *words])
    return Metric(column.name, kind, of, apart, description, column.times)
