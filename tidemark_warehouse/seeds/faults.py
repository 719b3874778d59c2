"""What is wrong with a seed: where, which rule it breaks, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Fault:
    """A place in a seed that breaks a rule.

    Attributes:
        file: of the seed, from the project's root.
        line: in which it stands; the first is 1.
        problem: which rule it breaks, in words.
        remedy: what to do.
    """

    file: str
    line: int
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.problem}\n  -> {self.remedy}"


def listed(words: Iterable[str]) -> str:
    """Return words as a person writes them in a row."""
    return ", ".join(words)


def nearest(word: str, words: Iterable[str]) -> str | None:
    """Return the one of the words that was probably meant, whatever its case; None if none."""
    known = {known.lower(): known for known in words}
    found = difflib.get_close_matches(word.strip().lower(), known, n=1, cutoff=0.6)
    return known[found[0]] if found else None
