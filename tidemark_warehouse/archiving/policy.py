"""`seeds/retention_policy.csv`: how long rows stay, read and checked."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from tidemark_warehouse.database.server import Connection
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import PROJECT_ROOT

POLICY = Path("seeds") / "retention_policy.csv"
HEADER = ["table_name", "keep_days", "archive"]
SESSIONS = "time_sessions"
LEAST_SESSION_DAYS = 30
TRUTHS = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False, "": False}


@dataclass(frozen=True)
class Rule:
    """One row of the policy that removes something.

    Attributes:
        table_name: as the row names it.
        relation: schema and name of the table.
        is_raw: a raw table, else a mart.
        keep_days: its rows stay for so many days.
        archive: whether they go into the archive first.
    """

    table_name: str
    relation: str
    is_raw: bool
    keep_days: int
    archive: bool


@dataclass(frozen=True)
class Target:
    """A table that a policy may name, as the project's last build saw it."""

    relation: str
    is_raw: bool
    is_timed: bool
    reads_back_days: int


def read(connection: Connection, root: Path = PROJECT_ROOT) -> list[Rule]:
    """Read and check the policy. Rows without keep_days keep their table for ever.

    Args:
        connection: to the database, which knows the tables.
        root: the folder of the project.

    Raises:
        TidemarkError: a row is wrong; names the file, the line and the rule. Or nothing has been
            built.
    """
    targets = _targets(connection)
    rules: dict[str, Rule] = {}
    for number, line in _lines(root):
        rule = _rule(number, line, targets)
        if rule is None:
            continue
        if rule.relation in rules:
            raise _wrong(number, f"{rule.table_name} is named twice")
        rules[rule.relation] = rule
    return list(rules.values())


def table_names(root: Path = PROJECT_ROOT) -> list[str]:
    """Return the tables that the policy names, in its order; looks at nothing else.

    Raises:
        TidemarkError: there is no policy.
    """
    return list(dict.fromkeys(line[0] for _, line in _lines(root)))


def _lines(root: Path) -> list[tuple[int, list[str]]]:
    """Read the rows of the file with the numbers of their lines."""
    try:
        with (root / POLICY).open(encoding="utf-8", newline="") as file:
            lines = [[cell.strip() for cell in line] for line in csv.reader(file)]
    except FileNotFoundError as error:
        raise TidemarkError(f"there is no {POLICY}", "restore the file") from error
    if not lines or lines[0] != HEADER:
        raise TidemarkError(
            f"{POLICY} does not begin with {','.join(HEADER)}", "mend its first line"
        )
    return [(number, line) for number, line in enumerate(lines[1:], start=2) if any(line)]


def _rule(number: int, line: list[str], targets: dict[str, Target]) -> Rule | None:
    """One line of the file; None if it keeps its table for ever."""
    if len(line) != len(HEADER):
        raise _wrong(number, f"it has {len(line)} columns in place of {len(HEADER)}")
    table_name, keep_days, archive = line
    target = targets.get(table_name)
    if target is None or not target.is_timed:
        raise _wrong(
            number,
            f"nothing can be removed by age from {table_name or '(no name)'}",
            "these can: " + ", ".join(sorted(name for name in targets if targets[name].is_timed)),
        )
    if archive.lower() not in TRUTHS:
        raise _wrong(number, f"archive is {archive!r}, not true or false")
    if not keep_days:
        return None
    if not (keep_days.isascii() and keep_days.isdigit() and 0 < int(keep_days) < 100_000):
        raise _wrong(number, f"keep_days is {keep_days!r}, no whole number of days from 1")
    days = int(keep_days)
    if table_name == SESSIONS and days < LEAST_SESSION_DAYS:
        raise _wrong(
            number,
            f"{SESSIONS} would be kept for {days} days only",
            f"sessions stay for at least {LEAST_SESSION_DAYS} days after they ended",
        )
    if days < target.reads_back_days:
        raise _wrong(
            number,
            f"{table_name} would be kept for {days} days only",
            f"a mart reads it {target.reads_back_days} days back",
        )
    if TRUTHS[archive.lower()] and not target.is_raw:
        raise _wrong(number, f"{table_name} is a mart", "only raw tables are archived: write false")
    return Rule(table_name, target.relation, target.is_raw, days, TRUTHS[archive.lower()])


def _targets(connection: Connection) -> dict[str, Target]:
    """Read the tables that a policy may name, by their bare name."""
    rows = connection.execute(
        """
        select
            t.relation,
            t.is_raw,
            t.time_column is not null
            or exists (
                select
                from pg_partitioned_table as p
                where p.partrelid = to_regclass(t.relation)
            )
            or t.relation = 'raw.time_sessions',
            t.reads_back_days
        from ops.retention_targets as t
        """
    ).fetchall()
    if not rows:
        raise TidemarkError(
            "no build has told yet which models read which tables", "run `tidemark build` first"
        )
    return {row[0].split(".")[1]: Target(*row) for row in rows}


def _wrong(number: int, problem: str, remedy: str = "mend the row") -> TidemarkError:
    return TidemarkError(f"{POLICY}, line {number}: {problem}", remedy)
