"""How often did the dates of delivery_forecast hold? Its method on each past month of a history."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import psycopg

WEEK = timedelta(days=7)
LEAST_HISTORY = 8  # weeks that a project must have had: fewer would test the start, not the method
FRACTIONS = (0.5, 0.85, 0.95)


@dataclass
class Outcome:
    """What came of the forecasts of one fraction.

    Attributes:
        held: as many features as were open were completed by then.
        failed: they were not.
        unknown: the history ends before.
    """

    held: int = 0
    failed: int = 0
    unknown: int = 0

    @property
    def share(self) -> float:
        """The share that held, of those of which it is known."""
        return self.held / max(1, self.held + self.failed)


@dataclass
class Backtest:
    """The outcome of each fraction, and how many times there was nothing to draw from."""

    outcomes: dict[float, Outcome] = field(
        default_factory=lambda: {fraction: Outcome() for fraction in FRACTIONS}
    )
    without_forecast: int = 0


def backtest(
    connection: psycopg.Connection[Any], projects: list[str], last_week: date, history_weeks: int
) -> Backtest:
    """Forecast each project on the first Monday of each month, and look at what came.

    Args:
        connection: to a database whose marts are built.
        projects: whose forecasts.
        last_week: the Monday of the last week that the data covers.
        history_weeks: as the var forecast_history_weeks.
    """
    done: dict[str, dict[date, int]] = defaultdict(dict)
    for project, week, count in connection.execute(
        "select project_id, week_start, features_completed from marts.weekly_velocity"
    ):
        done[project][week] = count
    result = Backtest()
    for project in projects:
        sundays = connection.execute(
            "select date, open_features from marts.project_metrics"
            " where project_id = %s and extract(isodow from date) = 7 order by date",
            [project],
        ).fetchall()
        for sunday, open_features in sundays:
            monday = sunday + timedelta(days=1)
            first = sundays[0][0] - timedelta(days=6)
            past = [monday - WEEK * back for back in range(1, history_weeks + 1)]
            past = [week for week in past if week >= first]
            if monday.day > 7 or len(past) < LEAST_HISTORY or not open_features:
                continue
            if monday > last_week:
                break
            row = connection.execute(
                "select ops.weeks_until_done(%s, %s, %s::bigint[], 1000, %s::float8[])",
                [
                    project,
                    open_features,
                    [done[project].get(week, 0) for week in past],
                    list(FRACTIONS),
                ],
            ).fetchone()
            assert row is not None
            _judge(result, row[0], _weeks_needed(done[project], monday, open_features, last_week))
    return result


def _weeks_needed(
    done: dict[date, int], monday: date, wanted: int, last_week: date
) -> tuple[int | None, int]:
    """In how many weeks so many features were completed, if ever; and how many weeks there were."""
    total, weeks = 0, 0
    while monday + WEEK * weeks <= last_week:
        total += done.get(monday + WEEK * weeks, 0)
        weeks += 1
        if total >= wanted:
            return weeks, weeks
    return None, weeks


def _judge(result: Backtest, weeks: list[int | None], came: tuple[int | None, int]) -> None:
    needed, seen = came
    if weeks[0] is None:
        result.without_forecast += 1
        return
    for fraction, forecast in zip(FRACTIONS, weeks, strict=True):
        outcome = result.outcomes[fraction]
        if needed is not None and forecast is not None and needed <= forecast:
            outcome.held += 1
        elif forecast is not None and (needed is not None or forecast <= seen):
            outcome.failed += 1
        else:
            outcome.unknown += 1
