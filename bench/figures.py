"""What a benchmark found: figures, their aims, and how they are written down."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured number.

    Attributes:
        area: what it belongs to, a heading of the report.
        name: what was measured, in words.
        value: the number; a ratio where there is something to compare with.
        unit: `s`, `ms`, `times`, `MB`, `rows/s`; for `ratio` the number is a quotient of two
            measurements of this run.
        at_most: the aim, where less is better.
        at_least: the aim, where more is better.
        beside: what the ratio compares, or how it was measured.
    """

    area: str
    name: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None
    beside: str = ""

    @property
    def aim(self) -> str:
        """The aim in words; empty without one."""
        if self.at_most is not None:
            return f"at most {shown(self.at_most)} {self.unit}"
        if self.at_least is not None:
            return f"at least {shown(self.at_least)} {self.unit}"
        return ""

    @property
    def verdict(self) -> str:
        """Whether the aim was met; empty without one."""
        if not self.aim:
            return ""
        met = (self.at_most is None or self.value <= self.at_most) and (
            self.at_least is None or self.value >= self.at_least
        )
        return "met" if met else "missed"


def shown(value: float) -> str:
    """Write a number with three digits that matter."""
    if value == 0 or not math.isfinite(value):
        return str(value)
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}"


def markdown(
    figures: Sequence[Figure], machine: Sequence[tuple[str, str]], taken: str, page: str
) -> str:
    """Write the page of docs/benchmarks.md: what was measured takes the place of its sections.

    Args:
        figures: all of a run.
        machine: what it ran on, as (name, value).
        taken: when, and with how much, one sentence.
        page: as it was; sections that were measured on another machine are left out.
    """
    head = "\n".join(
        [
            "# Benchmarks",
            "",
            "Written by `make bench`. Ratios compare measurements of one run on one server;",
            "seconds are of this machine:",
            "",
            *(f"- {name}: {value}" for name, value in machine),
            "",
        ]
    )
    before, *parts = re.split(r"^## ", page, flags=re.MULTILINE)
    sections = {part.split("\n", 1)[0]: part for part in parts if before.strip() == head.strip()}
    for area in dict.fromkeys(figure.area for figure in figures):
        lines = [area, "", taken, "", "| measured | | aim | | how |", "|---|---|---|---|---|"]
        lines += [
            f"| {f.name} | {shown(f.value)} {f.unit} | {f.aim} | {f.verdict} | {f.beside} |"
            for f in figures
            if f.area == area
        ]
        sections[area] = "\n".join(lines)
    return "\n## ".join([head, *(section.strip() + "\n" for section in sections.values())])
