"""What analysts write: damage of each kind, in each seed, is named with line, rule and remedy."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.seeds import Fault, check, refuse_wrong, rules
from tidemark_warehouse.settings import PROJECT_ROOT

RULES = rules.load(PROJECT_ROOT)
SEEDS = sorted(RULES)
Cells = list[list[str]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(PROJECT_ROOT / "seeds", tmp_path / "seeds")
    return tmp_path


def text_of(cells: Cells) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(cells)
    return out.getvalue()


def cells_of(seed: str) -> Cells:
    """The header, and one row that keeps to the rules: the first of the shipped ones."""
    with (PROJECT_ROOT / "seeds" / f"{seed}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def encoded(text: str, encoding: str) -> bytes:
    return text.encode(encoding)


def last_line(text: str) -> int:
    return len(text.splitlines())


def with_row(text: str, row: str) -> str:
    return text + row + "\n"


# What is done to the file's text, the line that must be named, and words of rule and remedy.
Damage = Callable[[str, int], bytes]
FILES: dict[str, tuple[Damage, Callable[[str], int], str, str]] = {
    "Latin-1": (
        lambda text, width: encoded(with_row(text, "ü" + "," * (width - 1)), "latin-1"),
        lambda text: last_line(text) + 1,
        "0xFC is not UTF-8",
        "save it as UTF-8",
    ),
    "UTF-16": (
        lambda text, width: encoded(text, "utf-16"),
        lambda text: 1,
        "UTF-16",
        "save it as UTF-8",
    ),
    "UTF-16 without a mark": (
        lambda text, width: encoded(text, "utf-16-le"),
        lambda text: 1,
        "UTF-16",
        "save it as UTF-8",
    ),
    "semicolons": (
        lambda text, width: encoded(text.replace(",", ";"), "utf-8"),
        lambda text: 1,
        "separated by semicolons",
        "separate them by commas",
    ),
    "tabs": (
        lambda text, width: encoded(text.replace(",", "\t"), "utf-8"),
        lambda text: 1,
        "separated by tabs",
        "separate them by commas",
    ),
    "a row with semicolons": (
        lambda text, width: encoded(with_row(text, ";".join("a" * width)), "utf-8"),
        lambda text: last_line(text) + 1,
        "semicolons separate them",
        "write commas",
    ),
    "empty": (lambda text, width: b"", lambda text: 1, "the file is empty", "its first line"),
    "blank lines only": (
        lambda text, width: b"\n\r\n",
        lambda text: 1,
        "the file is empty",
        "its first line",
    ),
    "a comma too much": (
        lambda text, width: encoded(with_row(text, "a" + "," * width), "utf-8"),
        lambda text: last_line(text) + 1,
        "cells in place of",
        "take away a comma",
    ),
    "a comma too few": (
        lambda text, width: encoded(with_row(text, "a" + "," * (width - 2)), "utf-8"),
        lambda text: last_line(text) + 1,
        "cells in place of",
        "write a comma for each empty cell",
    ),
    "an open quote": (
        lambda text, width: encoded(with_row(text, '"a' + "," * (width - 1)), "utf-8"),
        lambda text: last_line(text) + 1,
        "a double quote is opened here and never closed",
        "close it",
    ),
    "a quote within a text": (
        lambda text, width: encoded(with_row(text, '"a"b' + "," * (width - 1)), "utf-8"),
        lambda text: last_line(text) + 1,
        "closed in the middle of a text",
        "written twice",
    ),
    "a NUL": (
        lambda text, width: encoded(with_row(text, "a\x00" + "," * (width - 1)), "utf-8"),
        lambda text: last_line(text) + 1,
        "U+0000",
        "write the text anew",
    ),
    "a mark of bytes within": (
        lambda text, width: encoded(with_row(text, "\ufeffa" + "," * (width - 1)), "utf-8"),
        lambda text: last_line(text) + 1,
        "U+FEFF",
        "write the text anew",
    ),
    "a blank at the end": (
        lambda text, width: encoded(with_row(text, "a " + "," * (width - 1)), "utf-8"),
        lambda text: last_line(text) + 1,
        "begins or ends with a blank",
        "take the blank away",
    ),
    "a hard blank at the beginning": (
        lambda text, width: encoded(with_row(text, "\xa0a" + "," * (width - 1)), "utf-8"),
        lambda text: last_line(text) + 1,
        "begins or ends with a blank",
        "take the blank away",
    ),
}
HEADERS: dict[str, tuple[Callable[[list[str]], list[str]], str, str]] = {
    "renamed": (lambda names: [names[0] + "s", *names[1:]], "in place of", "rename it to"),
    "in capitals": (lambda names: [names[0].upper(), *names[1:]], "in place of", "rename it to"),
    "with a blank": (lambda names: [names[0] + " ", *names[1:]], "in place of", "rename it to"),
    "missing": (lambda names: names[1:], "lacks the column", "add it"),
    "doubled": (lambda names: [*names[:-1], names[0]], "stands twice", "each column once"),
    "extra": (lambda names: [*names, "zzzz"], 'unknown column "zzzz"', "take it away"),
    "none": (lambda names: ["x"] * 0 + [f"x{n}" for n in range(len(names))], "lacks", "add it"),
}


def assert_named(found: list[Fault], file: str, line: int, problem: str, remedy: str) -> None:
    """One of the faults stands there, breaks that rule and says what to do."""
    for fault in found:
        message = str(fault)
        if message.startswith(f"{file}, line {line}: ") and problem in fault.problem:
            assert remedy in fault.remedy, message
            return
    raise AssertionError("\n".join(map(str, found)) or "nothing was found")


def test_the_shipped_seeds_are_right() -> None:
    assert check() == []
    assert len(SEEDS) >= 12


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("damage", FILES)
def test_a_damaged_file_is_named(project: Path, seed: str, damage: str) -> None:
    path = project / "seeds" / f"{seed}.csv"
    text = text_of(cells_of(seed))
    do, line, problem, remedy = FILES[damage]
    path.write_bytes(do(text, len(RULES[seed].columns)))
    assert_named(check(project), f"seeds/{seed}.csv", line(text), problem, remedy)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("damage", HEADERS)
def test_a_damaged_header_is_named(project: Path, seed: str, damage: str) -> None:
    do, problem, remedy = HEADERS[damage]
    header, *rows = cells_of(seed)
    (project / "seeds" / f"{seed}.csv").write_text(text_of([do(header), *rows]))
    assert_named(check(project), f"seeds/{seed}.csv", 1, problem, remedy)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_missing_file_is_named(project: Path, seed: str) -> None:
    (project / "seeds" / f"{seed}.csv").unlink()
    assert_named(check(project), f"seeds/{seed}.csv", 1, "the file is missing", "restore it")


def rule_cases() -> list[tuple[str, str, str, str, str]]:
    """For each rule of a column a value that breaks it: seed, column, value, problem, remedy."""
    cases = []
    for seed, described in RULES.items():
        for column, column_rules in described.columns.items():
            if column_rules.get("required"):
                cases.append((seed, column, "", f"{column} is empty", "write"))
            if "words" in column_rules:
                cases.append((seed, column, "zzzz", '"zzzz" is none of', "write one of"))
                word = column_rules["words"][0]
                cases.append((seed, column, word + "q", "is none of", "write"))
            number = column_rules.get("number", {})
            if "number" in column_rules:
                cases.append((seed, column, "many", '"many" is no number', "in plain digits"))
                cases.append((seed, column, "\u0663", "no number", "in plain digits"))
            if "minimum" in number:
                below = str(number["minimum"] - 1)
                cases.append((seed, column, below, "is less than", "in plain digits"))
            if "maximum" in number:
                above = str(number["maximum"] + 1)
                cases.append((seed, column, above, "is more than", "in plain digits"))
            if number.get("whole"):
                cases.append((seed, column, "1.5", "no whole number", "a whole number"))
            if "reference" in column_rules:
                cases.append((seed, column, "zzzz", 'there is no "zzzz" in', "add it"))
            if "sequence_within" in column_rules:
                cases.append((seed, column, "9", "and no row of", "without a gap"))
            if column_rules.get("filters"):
                for filters, problem, remedy in FILTERS:
                    cases.append((seed, column, filters, problem, remedy))
            if column_rules.get("json_or_text"):
                cases.append((seed, column, "[1, 2", "begins as JSON and is none", "write it as"))
                cases.append((seed, column, '"a', "begins as JSON and is none", "write it as"))
            if column_rules.get("json_object"):
                cases.append((seed, column, "region=eu", "is no JSON", "write it as"))
                cases.append((seed, column, "{\u201ca\u201d: 1}", "is no JSON", "typographic"))
                cases.append((seed, column, "[1]", "is not a JSON object", "write it as"))
    return cases


FILTERS = [
    ("country = DE", "is no JSON", "write it as"),
    ('[{\u201cproperty\u201d: "a"}]', "is no JSON", "typographic"),
    ('[{"property": "a", "operator": "eq", "value": NaN}]', "no JSON number", "write it as"),
    ('[{"property": "a", "operator": "eq", "value": "\\u0000"}]', "U+0000", "write it as"),
    ('{"property": "a"}', "is not a JSON array", "write it as"),
    ("[1]", "no JSON object", "write it as"),
    ('[{"operator": "eq", "value": 1}]', "names no property", "write it as"),
    ('[{"property": "a", "operator": "like", "value": 1}]', 'operator "like"', "write one of"),
    ('[{"property": "a", "operator": "Contains", "value": 1}]', '"Contains"', "write contains"),
    ('[{"property": "a", "operator": "eq"}]', "eq without a value", "add"),
    ('[{"property": "a", "operator": "gt", "value": "1"}]', "is no number", "without quotes"),
    ('[{"property": "a", "operator": "contains", "value": true}]', "without a text", "a list"),
    ('[{"property": "a", "operator": "is_set", "values": 1}]', 'key "values"', "write it as"),
]


@pytest.mark.parametrize(("seed", "column", "value", "problem", "remedy"), rule_cases())
def test_a_broken_rule_is_named(
    project: Path, seed: str, column: str, value: str, problem: str, remedy: str
) -> None:
    cells = cells_of(seed)
    cells[1][cells[0].index(column)] = value
    (project / "seeds" / f"{seed}.csv").write_text(text_of(cells), encoding="utf-8")
    assert_named(check(project), f"seeds/{seed}.csv", 2, problem, remedy)


KEYED = [seed for seed in SEEDS if RULES[seed].key] + [
    seed for seed in SEEDS if any(r.get("unique") for r in RULES[seed].columns.values())
]


def test_every_seed_has_a_key() -> None:
    assert set(KEYED) == set(SEEDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_row_that_stands_twice_is_named(project: Path, seed: str) -> None:
    cells = cells_of(seed)
    text = text_of([*cells, cells[1]])
    (project / "seeds" / f"{seed}.csv").write_text(text, encoding="utf-8")
    problem, remedy = "stands in line 2 already", "take one of the two rows away"
    assert_named(check(project), f"seeds/{seed}.csv", last_line(text), problem, remedy)


CASES = [
    ("alert_rules", {"comparison": "gt", "threshold": ""}, "threshold is empty", "write"),
    (
        "alert_rules",
        {"entity_type": "metric", "signal": "p50"},
        '"p50" is none of',
        "count, avg, p99",
    ),
    *(
        (
            "alert_rules",
            {"entity_type": "user", "signal": "hours", column: value},
            f"{column} is {value} where entity_type is user, which has none",
            "leave it empty",
        )
        for column, value in (
            ("tags", '{"region": "eu"}'),
            ("metric_type", "counter"),
            ("environment", "production"),
            ("minimum_samples", "3"),
        )
    ),
    ("excluded_users", {"operator": "eq", "value": ""}, "value is empty where", "write one"),
    ("excluded_users", {"operator": "gt", "value": "ten"}, '"ten" is no number', "plain digits"),
    (
        "retention_policy",
        {"table_name": "time_sessions", "keep_days": "29"},
        "29 is less than 30 where table_name is time_sessions",
        "from 30",
    ),
    ("funnels", {"funnel_name": "empty"}, 'no row for the "empty" in', "funnel_steps.csv"),
]


@pytest.mark.parametrize(("seed", "changed", "problem", "remedy"), CASES)
def test_a_rule_of_some_rows_is_named(
    project: Path, seed: str, changed: dict[str, str], problem: str, remedy: str
) -> None:
    cells = cells_of(seed)
    for column, value in changed.items():
        cells[1][cells[0].index(column)] = value
    (project / "seeds" / f"{seed}.csv").write_text(text_of(cells), encoding="utf-8")
    assert_named(check(project), f"seeds/{seed}.csv", 2, problem, remedy)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: text + "\n\n",
        lambda text: text.splitlines()[0] + "\n",
        lambda text: text.rstrip("\n"),
    ],
    ids=["a mark of bytes", "CRLF", "CR", "blank lines", "no row", "no last line end"],
)
def test_what_means_the_same_is_right(
    project: Path, seed: str, change: Callable[[str], str]
) -> None:
    path = project / "seeds" / f"{seed}.csv"
    text = text_of(cells_of(seed))
    path.write_bytes(change(text).encode())
    own = [fault for fault in check(project) if fault.file == f"seeds/{seed}.csv"]
    assert own == []


def test_the_line_is_that_of_the_file_where_cells_have_several(project: Path) -> None:
    path = project / "seeds" / "funnels.csv"
    header, *rows = cells_of("funnels")
    rows[0][1] = "two\nlines"
    rows[2][header.index("step_order")] = "sorted"
    path.write_text(text_of([header, *rows]))
    assert_named(check(project), "seeds/funnels.csv", 5, '"sorted" is none of', "write")


OPTIONAL = [(seed, column) for seed in SEEDS for column in sorted(RULES[seed].optional)]


@pytest.mark.parametrize(("seed", "column"), OPTIONAL)
def test_a_file_of_an_earlier_release_may_lack_what_is_optional(
    project: Path, seed: str, column: str
) -> None:
    header, *rows = cells_of(seed)
    kept = [place for place, name in enumerate(header) if name != column]
    path = project / "seeds" / f"{seed}.csv"
    path.write_text(text_of([[cells[place] for place in kept] for cells in (header, *rows)]))
    assert check(project) == []
    header[header.index(column)] = column + "s"
    path.write_text(text_of([header, *rows]))
    assert_named(check(project), f"seeds/{seed}.csv", 1, "in place of", f"rename it to {column}")


def test_columns_may_stand_in_any_order(project: Path) -> None:
    path = project / "seeds" / "funnels.csv"
    path.write_text(text_of([row[::-1] for row in cells_of("funnels")]))
    assert check(project) == []


def test_all_faults_of_all_seeds_are_said_at_once(project: Path) -> None:
    for seed in ("funnels", "retentions"):
        (project / "seeds" / f"{seed}.csv").write_text("")
    with pytest.raises(TidemarkError) as raised:
        refuse_wrong(project)
    assert re.findall(r"^seeds/(\w+)\.csv, line 1: the file is empty$", raised.value.problem, re.M)
    assert "seeds/retentions.csv, line 1" in raised.value.problem
    assert "--exclude-resource-type seed" in raised.value.remedy


def test_filters_are_judged_as_the_database_judges_them(project: Path) -> None:
    """The operators are those that the seed of rules takes as well."""
    from tidemark_warehouse.seeds.filters import OPERATORS

    assert list(OPERATORS) == RULES["excluded_users"].columns["operator"]["words"]
    right = [{"property": "a", "operator": "neq", "value": [1, "b", None, True]}]
    cells = cells_of("funnel_steps")
    cells[1][cells[0].index("filters")] = json.dumps(right)
    (project / "seeds" / "funnel_steps.csv").write_text(text_of(cells))
    assert check(project) == []
