"""The one exception that a person is meant to read, and what its remedy may say."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class TidemarkError(Exception):
    """Something a person can mend: one line that says what is wrong, and one that says what to do.

    The command line prints both, without a traceback, and exits with status 1.
    """

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


def did_you_mean(wrong: str, names: Iterable[str]) -> str:
    """Say `did you mean x or y? `, or nothing where no name is like it."""
    close = difflib.get_close_matches(wrong.lower(), list(names), n=3, cutoff=0.6)
    return f"did you mean {' or '.join(close)}? " if close else ""
