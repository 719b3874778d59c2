"""What a model, a snapshot or a data test came to in a build."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import psycopg

FAILED = frozenset(("error", "fail"))


@dataclass(frozen=True)
class Outcome:
    """What one of them came to, in dbt's words.

    Attributes:
        unique_id: dbt's name for it.
        status: `success`, `error` or `skipped`; of a test `pass`, `warn`, `fail`, `error`.
        began: when.
        seconds: how long it took.
        message: what is to be said of it; None where nothing is.
        failures: of a test, how many rows it found.
        rows: of a model or snapshot, how many were written.
        text: of a test that warns, the query of its rows, if they are to be shown.
        remark: what a person should know of a model that was refreshed.
    """

    unique_id: str
    status: str
    began: datetime
    seconds: float = 0.0
    message: str | None = None
    failures: int | None = None
    rows: int = 0
    text: str | None = None
    remark: str | None = None

    @property
    def has_failed(self) -> bool:
        """Whether it failed, so that what depends on it waits."""
        return self.status in FAILED


def reason(error: psycopg.Error) -> str:
    """Return what the database says first, in one line."""
    return str(error.diag.message_primary or error).strip().splitlines()[0]
