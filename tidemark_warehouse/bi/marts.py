"""The marts as their ymls describe them: columns, and how each measure rolls up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tidemark_warehouse.errors import TidemarkError

PEOPLE = "marts_people"
SCHEMAS = ("marts", PEOPLE)
# Over any rows; over those of one date or period; as the least; as the greatest; as a ratio of two
# others; not at all.
ROLLUPS = ("sum", "sum_not_over_time", "min", "max", "ratio", "none")
ADDED = ("sum", "sum_not_over_time")
DATE, INSTANT = "date", "timestamptz"
TIMES = (DATE, INSTANT)


@dataclass(frozen=True)
class Column:
    """A column of a mart.

    Attributes:
        name: as in the database.
        type: as the mart's contract writes it, e.g. `timestamptz`.
        description: what it means.
        rollup: how it rolls up, one of `ROLLUPS`; None if it is no measure.
        of: of a ratio, the columns that are divided: numerator and denominator.
        times: of a ratio, by what it is multiplied: 100 for a percentage.
        counts: what its distinct values are, e.g. `users`; None if they are not counted.
    """

    name: str
    type: str
    description: str
    rollup: str | None = None
    of: tuple[str, ...] = ()
    times: int = 1
    counts: str | None = None


@dataclass(frozen=True)
class Mart:
    """A mart.

    Attributes:
        schema: of its table.
        name: of its table.
        model: the name of its dbt model.
        description: one row per what, and the question that it answers.
        grain: the columns of its key.
        apart: columns whose values must not be mixed: rows of two of them say the same twice, or
            measure different things.
        columns: all of them by name, in their order.
    """

    schema: str
    name: str
    model: str
    description: str
    grain: tuple[str, ...]
    apart: tuple[str, ...]
    columns: Mapping[str, Column]

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def measures(self) -> list[Column]:
        """The columns that say how they roll up."""
        return [column for column in self.columns.values() if column.rollup]

    @property
    def time_of_grain(self) -> Column | None:
        """The date or instant of its key."""
        found = [self.columns[name] for name in self.grain if self.columns[name].type in TIMES]
        return found[0] if found else None

    @property
    def time(self) -> Column | None:
        """What its rows are shown over: a date where it has one, which no zone of a tool moves."""
        grain = [self.columns[name] for name in self.grain]
        columns = [*grain, *self.columns.values()]
        return next((c for type_ in TIMES for c in columns if c.type == type_), None)


def read(manifest: Mapping[str, Any]) -> list[Mart]:
    """Return every mart by schema and name.

    Args:
        manifest: dbt's.

    Raises:
        TidemarkError: a yml says something of a measure that has no meaning.
    """
    nodes = [n for n in manifest["nodes"].values() if n["resource_type"] == "model"]
    found = [_mart(node) for node in nodes if node["schema"] in SCHEMAS]
    problems = [problem for mart in found for problem in _problems(mart)]
    if problems:
        raise TidemarkError(
            "; ".join(problems),
            f"mend the yml of the mart: rollup is one of {', '.join(ROLLUPS)} (docs/bi.md)",
        )
    return sorted(found, key=str)


def _mart(node: Mapping[str, Any]) -> Mart:
    key = node["config"].get("unique_key") or []
    columns = [_column(column) for column in node["columns"].values()]
    return Mart(
        schema=node["schema"],
        name=node["alias"],
        model=node["name"],
        description=_line(node["description"]),
        grain=tuple([key] if isinstance(key, str) else key),
        apart=tuple(node["config"]["meta"].get("apart", ())),
        columns={column.name: column for column in columns},
    )


def _column(column: Mapping[str, Any]) -> Column:
    meta = column["config"]["meta"]
    return Column(
        name=column["name"],
        type=column["data_type"],
        description=_line(column["description"]),
        rollup=meta.get("rollup"),
        of=tuple(meta.get("of", ())),
        times=meta.get("times", 1),
        counts=meta.get("counts"),
    )


def _problems(mart: Mart) -> Iterator[str]:
    """Yield what the mart's yml says and cannot mean."""
    for name in mart.apart:
        if name not in mart.grain:
            yield f"{mart}: apart names {name}, which is no column of its key"
    for column in mart.columns.values():
        if column.rollup is not None and column.rollup not in ROLLUPS:
            yield f"{mart}.{column.name}: there is no rollup {column.rollup!r}"
        if column.counts is not None and (column.rollup or column.counts in mart.columns):
            yield f"{mart}.{column.name}: counts {column.counts}, a column, or is a measure"
        if column.rollup == "sum_not_over_time" and mart.time_of_grain is None:
            yield f"{mart}.{column.name}: sum_not_over_time, and its key has no time"
        if (column.rollup == "ratio") != (len(column.of) == 2):
            yield f"{mart}.{column.name}: a ratio, and nothing else, is `of` two columns"
        for name in column.of:
            if name not in mart.columns or mart.columns[name].rollup not in ADDED:
                yield f"{mart}.{column.name}: a ratio of {name}, which is no sum of this mart"


def _line(text: str) -> str:
    return " ".join(text.split())
