"""The rules of each seed, as its yml in `seeds/` declares them.

A column's rules stand in its data tests (`not_null`, `unique`, `accepted_values`) and, what dbt has
no test for, in `config: {meta: {rules: ...}}`:

    required: true                  something is written in each row
    optional: true                  a file without the column means: empty in each row
    words: [a, b]                   one of these; with `ignore_case: true` in any case
    number: {whole, minimum, maximum, exponent}     a number in plain digits
    reference: seed.column          a value of that column
    used_by: seed.column            named by some row there
    sequence_within: column         1, 2, 3 ... among the rows with the same value there
    filters: true                   a JSON array of {property, operator, value}
    json_or_text: true              valid JSON where it begins as JSON
    json_object: true               a JSON object
    empty: true                     nothing is written

Rules of the whole seed stand in the seed's own `config: {meta: {rules: ...}}`:

    key: [column, ...]              no two rows have the same values there
    cases: [{when: {column: [word, ...]}, then: {column: {rules}}}, ...]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

FOLDER = "seeds"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the fast one, where it is compiled
KNOWN = {
    *(
        "required",
        "optional",
        "words",
        "ignore_case",
        "number",
        "reference",
        "used_by",
        "sequence_within",
    ),
    *("filters", "json_or_text", "json_object", "empty", "unique"),
}
KNOWN_OF_NUMBERS = {"whole", "minimum", "maximum", "exponent"}

Rules = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """Rules for the rows in which columns hold certain words.

    Attributes:
        when: column to words.
        then: column to rules.
    """

    when: Mapping[str, Sequence[str]]
    then: Mapping[str, Rules]


@dataclass(frozen=True)
class SeedRules:
    """What a seed's rows have to keep to.

    Attributes:
        name: of the seed.
        columns: rules by column, in the order of the header.
        key: columns that no two rows share.
        cases: rules for some rows.
    """

    name: str
    columns: Mapping[str, Rules]
    key: Sequence[str] = ()
    cases: Sequence[Case] = field(default=())

    @property
    def optional(self) -> frozenset[str]:
        """The columns that a file need not have: later releases added them."""
        return frozenset(name for name, rules in self.columns.items() if rules.get("optional"))

    @property
    def file(self) -> str:
        """The seed's file, from the project's root."""
        return f"{FOLDER}/{self.name}.csv"


def load(root: Path) -> dict[str, SeedRules]:
    """Read the rules of all seeds that a project describes, by name.

    Args:
        root: of the project.
    """
    found = {}
    for path in sorted((root / FOLDER).glob("*.yml")):
        described = yaml.load(path.read_text(encoding="utf-8"), LOADER) or {}  # noqa: S506
        for seed in described.get("seeds", ()):
            found[seed["name"]] = _seed(seed)
    return found


def _seed(seed: Mapping[str, Any]) -> SeedRules:
    own = _meta(seed)
    columns = {column["name"]: _column(column) for column in seed.get("columns", ())}
    cases = [Case(case["when"], case["then"]) for case in own.get("cases", ())]
    for rules in (*columns.values(), *(rules for case in cases for rules in case.then.values())):
        unknown = {*rules} - KNOWN | {*rules.get("number", {})} - KNOWN_OF_NUMBERS
        if unknown:
            raise ValueError(f"seeds/{seed['name']}.yml has unknown rules: {sorted(unknown)}")
    return SeedRules(seed["name"], columns, tuple(own.get("key", ())), tuple(cases))


def _column(column: Mapping[str, Any]) -> Rules:
    rules: dict[str, Any] = {}
    for name, arguments in _tests(column):
        if name == "not_null":
            rules["required"] = True
        elif name == "unique":
            rules["unique"] = True
        elif name == "accepted_values":
            rules["words"] = [str(value) for value in arguments["values"]]
    return rules | dict(_meta(column))


def _tests(column: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for test in column.get("data_tests", ()):
        if isinstance(test, str):
            yield test, {}
        else:
            for name, options in test.items():
                yield name, (options or {}).get("arguments", options or {})


def _meta(described: Mapping[str, Any]) -> Mapping[str, Any]:
    rules: Mapping[str, Any] = described.get("config", {}).get("meta", {}).get("rules", {})
    return rules
