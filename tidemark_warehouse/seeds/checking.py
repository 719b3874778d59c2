"""Every seed against its rules."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.seeds import filters, reading, rules
from tidemark_warehouse.seeds.faults import Fault, listed, nearest
from tidemark_warehouse.seeds.reading import Row, Seed
from tidemark_warehouse.seeds.rules import Rules, SeedRules
from tidemark_warehouse.settings import PROJECT_ROOT

PLAIN = re.compile(r"-?\d{1,18}(\.\d{1,18})?")
WITH_EXPONENT = re.compile(r"[+-]?(\d{1,18}(\.\d{0,18})?|\.\d{1,18})([eE][+-]?\d{1,2})?")
MOST_SHOWN = 20


def check(root: Path = PROJECT_ROOT) -> list[Fault]:
    """Return what is wrong with a project's seeds, by file and line.

    Args:
        root: of the project.
    """
    described = rules.load(root)
    seeds = {
        name: reading.read(root, seed_rules.file, list(seed_rules.columns), seed_rules.optional)
        for name, seed_rules in described.items()
    }
    found = [fault for seed in seeds.values() for fault in seed.faults]
    for name, seed_rules in described.items():
        found += _of_rows(seeds[name], seed_rules)
        found += _of_seed(seeds, seed_rules)
    return sorted(set(found))


def refuse_wrong(root: Path = PROJECT_ROOT) -> None:
    """End with every fault of a project's seeds, if there is one.

    Args:
        root: of the project.

    Raises:
        TidemarkError: a seed is wrong; names each file, line, rule and remedy.
    """
    found = check(root)
    if found:
        shown = [str(fault) for fault in found[:MOST_SHOWN]]
        if len(found) > MOST_SHOWN:
            shown.append(f"and {len(found) - MOST_SHOWN} more")
        raise TidemarkError(
            "the seeds are wrong, and nothing was built:\n" + "\n".join(shown),
            "mend them and build again; with --exclude-resource-type seed a build goes by the rows "
            "that the database has",
        )


def _of_rows(seed: Seed, described: SeedRules) -> Iterator[Fault]:
    """Yield what single rows break."""
    for row in seed.rows:
        for column, column_rules in described.columns.items():
            yield from _of_cell(seed.file, row, column, column_rules)
        for case in described.cases:
            if all(row.cells[column] in words for column, words in case.when.items()):
                reason = listed(f"{column} is {row.cells[column]}" for column in case.when)
                for column, column_rules in case.then.items():
                    yield from _of_cell(seed.file, row, column, column_rules, f" where {reason}")


def _of_cell(
    file: str, row: Row, column: str, column_rules: Rules, where: str = ""
) -> Iterator[Fault]:
    value = row.cells[column]
    if value is None:
        if column_rules.get("required"):
            hint = _hint(column_rules)
            problem = f"{column} is empty{where}"
            yield Fault(file, row.line, problem, f"write {hint}" if hint else "write one")
        return
    if column_rules.get("empty"):
        problem = f"{column} is {value}{where}, which has none"
        yield Fault(file, row.line, problem, "leave it empty")
        return
    broken = _problem(value, column_rules)
    if broken:
        yield Fault(file, row.line, f"{column}: {broken[0]}{where}", broken[1])


def _problem(value: str, column_rules: Rules) -> filters.Problem | None:
    words = column_rules.get("words")
    if words is not None:
        given = value.lower() if column_rules.get("ignore_case") else value
        if given not in words:
            meant = nearest(value, words)
            remedy = f"write {meant}" if meant else f"write one of {listed(words)}"
            return f'"{value}" is none of {listed(words)}', remedy
    if "number" in column_rules:
        wrong = _number_problem(value, column_rules["number"])
        if wrong:
            return wrong, f"write {_number_hint(column_rules['number'])}, in plain digits"
    if column_rules.get("filters"):
        return filters.filters_problem(value)
    if column_rules.get("json_or_text"):
        return filters.json_problem(value)
    if column_rules.get("json_object"):
        return filters.object_problem(value)
    return None


def _number_problem(value: str, number: Mapping[str, Any]) -> str | None:
    if not (WITH_EXPONENT if number.get("exponent") else PLAIN).fullmatch(value):
        return f'"{value}" is no number'
    if not value.isascii():
        return f'"{value}" is no number in plain digits'
    if number.get("whole") and not value.lstrip("-").isdigit():
        return f'"{value}" is no whole number'
    if "minimum" in number and Decimal(value) < number["minimum"]:
        return f"{value} is less than {number['minimum']}"
    if "maximum" in number and Decimal(value) > number["maximum"]:
        return f"{value} is more than {number['maximum']}"
    return None


def _hint(column_rules: Rules) -> str:
    if "words" in column_rules:
        return f"one of {listed(column_rules['words'])}"
    if "number" in column_rules:
        return _number_hint(column_rules["number"])
    return f"one that stands in {column_rules['reference']}" if "reference" in column_rules else ""


def _number_hint(number: Mapping[str, Any]) -> str:
    kind = "a whole number" if number.get("whole") else "a number"
    if "minimum" in number:
        kind += f" from {number['minimum']}"
    return kind + (f" to {number['maximum']}" if "maximum" in number else "")


def _of_seed(seeds: Mapping[str, Seed], described: SeedRules) -> Iterator[Fault]:
    """Yield what rows break by each other, and by those of other seeds."""
    seed = seeds[described.name]
    if described.key:
        yield from _doubled(seed, described.key)
    for column, column_rules in described.columns.items():
        if column_rules.get("unique"):
            yield from _doubled(seed, [column])
        for kind, verb in (("reference", "there is no"), ("used_by", "there is no row for the")):
            if kind in column_rules:
                yield from _unpaired(seeds, seed, column, column_rules[kind], verb)
        if "sequence_within" in column_rules and not seed.faults:
            yield from _gaps(seed, column, column_rules["sequence_within"])


def _doubled(seed: Seed, key: Sequence[str]) -> Iterator[Fault]:
    first: dict[tuple[str | None, ...], int] = {}
    for row in seed.rows:
        values = tuple(row.cells[column] for column in key)
        if None not in values and values in first:
            names = listed(f"{c} {v}" for c, v in zip(key, values, strict=True))
            problem = f"{names} stands in line {first[values]} already"
            yield Fault(seed.file, row.line, problem, "take one of the two rows away, or rename it")
        first.setdefault(values, row.line)


def _unpaired(
    seeds: Mapping[str, Seed], seed: Seed, column: str, target: str, verb: str
) -> Iterator[Fault]:
    name, target_column = target.split(".")
    other = seeds[name]
    if other.faults:
        return  # of a file that cannot be read whole nobody knows what it lacks
    known = {row.cells[target_column] for row in other.rows} - {None}
    for row in seed.rows:
        value = row.cells[column]
        if value is not None and value not in known:
            meant = nearest(value, [word for word in known if word])
            problem = f'{column}: {verb} "{value}" in {other.file}'
            remedy = f"write {meant}, or add it there" if meant else f"add it to {other.file}"
            yield Fault(seed.file, row.line, problem, remedy)


def _gaps(seed: Seed, column: str, within: str) -> Iterator[Fault]:
    numbers: dict[str | None, set[int]] = defaultdict(set)
    for row in seed.rows:
        value = row.cells[column]
        if value and value.isascii() and value.isdigit():
            numbers[row.cells[within]].add(int(value))
    for row in seed.rows:
        value = row.cells[column]
        if value and value.isascii() and value.isdigit() and int(value) > 1:
            before = int(value) - 1
            if before not in numbers[row.cells[within]]:
                problem = f"{column} is {value}, and no row of {row.cells[within]} has {before}"
                yield Fault(seed.file, row.line, problem, "count from 1 without a gap")
