"""Funnels and retentions that between them use every choice, and how they become seeds."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from tests.integration.funnels.reference import Filters, Funnel, Retention, Rule

A, B, C, ANY = Rule("a"), Rule("b"), Rule("c"), Rule("*")
PRO = Rule("a", ({"property": "plan", "operator": "eq", "value": ["pro", 1]},))
NOT_PRO = Rule("b", ({"property": "plan", "operator": "neq", "value": "pro"},))
LARGE = Rule("b", ({"property": "size", "operator": "gt", "value": 1},))
SMALL = Rule(
    "c",
    (
        {"property": "size", "operator": "lte", "value": 2},
        {"property": "size", "operator": "is_set"},
    ),
)
WITHOUT = Rule("c", ({"property": "plan", "operator": "is_not_set"},))
NAMED = Rule("*", ({"property": "plan", "operator": "contains", "value": "R"},))
RIGHT = Rule("a", ({"property": "plan", "operator": "eq", "value": True},))

FUNNELS = (
    Funnel("plain", (A, B, C)),
    Funnel("window", (A, B, C), window_seconds=60, breakdown="plan"),
    Funnel("at once", (A, B), window_seconds=0),
    Funnel("same twice", (A, A, B), window_seconds=120),
    Funnel("overlapping", (A, ANY, PRO, B), window_seconds=180, breakdown="size"),
    Funnel("filtered", (PRO, NOT_PRO, WITHOUT), window_seconds=3600, environment="*"),
    Funnel("numbers", (RIGHT, LARGE, SMALL), environment="staging"),
    Funnel("excluding", (A, B, C), window_seconds=300, exclusions=(Rule("d"),)),
    Funnel("excluding steps", (A, NAMED, C), exclusions=(NOT_PRO, PRO), breakdown="plan"),
    Funnel("strict", (A, B, C), "strict", 180),
    Funnel("strict any", (A, ANY, NAMED), "strict", breakdown="plan"),
    Funnel("unordered", (A, B, C), "unordered", 120, breakdown="plan"),
    Funnel("unordered twice", (A, A, NAMED), "unordered", 180, environment="*"),
    Funnel("unordered excluding", (A, B, C), "unordered", exclusions=(Rule("d"), LARGE)),
    Funnel("nobody", (Rule("never"), A), breakdown="plan"),
    Funnel("one step", (ANY,), breakdown="plan"),
)

RETENTIONS = (
    Retention("daily", A, B, "day", 4),
    Retention("hourly", A, A, "hour", 3, breakdown="plan"),
    Retention("weekly", ANY, ANY, "week", 3, "first_time", "*", breakdown="plan"),
    Retention("monthly", A, C, "month", 3, return_mode="on_or_after"),
    Retention("quarterly", PRO, ANY, "quarter", 2, "first_time", return_mode="on_or_after"),
    Retention("first", PRO, NOT_PRO, "day", 5, "first_time", breakdown="size"),
    Retention("later", B, NAMED, "day", 6, return_mode="on_or_after", breakdown="plan"),
    Retention("staging", ANY, B, "week", 4, environment="staging"),
)


def write_seeds(
    folder: Path, funnels: tuple[Funnel, ...], retentions: tuple[Retention, ...]
) -> None:
    """Write the seeds that analysts would write.

    Args:
        folder: of the seeds.
        funnels: each with its steps and exclusions.
        retentions: each.
    """
    _write(
        folder / "funnels.csv",
        (
            "funnel_name,description,environment,step_order,conversion_window_seconds"
            ",breakdown_property"
        ),
        [(f.name, "", f.environment, f.step_order, f.window_seconds, f.breakdown) for f in funnels],
    )
    _write(
        folder / "funnel_steps.csv",
        "funnel_name,step_index,step_name,event_name,filters",
        [
            (f.name, number, f"step {number}", rule.event_name, _json(rule.filters))
            for f in funnels
            for number, rule in enumerate(f.steps, 1)
        ],
    )
    _write(
        folder / "funnel_exclusions.csv",
        "funnel_name,event_name,filters",
        [(f.name, x.event_name, _json(x.filters)) for f in funnels for x in f.exclusions],
    )
    _write(
        folder / "retentions.csv",
        (
            "retention_name,start_event,return_event,period,periods,cohort_type,environment"
            ",start_filters,return_filters,return_mode,breakdown_property"
        ),
        [
            (
                *(r.name, r.start.event_name, r.back.event_name, r.period, r.periods),
                *(r.cohort_type, r.environment),
                *(_json(r.start.filters), _json(r.back.filters)),
                *("" if r.return_mode == "on" else r.return_mode, r.breakdown),
            )
            for r in retentions
        ],
    )


def _json(filters: Filters) -> str:
    return json.dumps(filters) if filters else ""


def _write(path: Path, header: str, rows: list[tuple[object, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header.split(","))
        writer.writerows(rows)
