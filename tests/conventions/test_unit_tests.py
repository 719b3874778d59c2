"""The rules of the spec have unit tests, named after them, beside the model that keeps them."""

from __future__ import annotations

import re
from collections import Counter

from tests.conventions.project import Project, demand

LONGEST = 63  # characters: dbt makes a table of the name, and PostgreSQL cuts longer ones


def test_unit_tests_are_named_after_a_rule(project: Project) -> None:
    demand(
        [
            test["name"]
            for test in project.unit_tests
            if not re.fullmatch(r"test(_[a-z0-9]+){3,}", test["name"])
            or len(test["name"]) > LONGEST
        ],
        f"name it test_<the rule as a sentence>, in at most {LONGEST} characters",
    )


def test_unit_tests_have_names_of_their_own(project: Project) -> None:
    counts = Counter(test["name"] for test in project.unit_tests)
    demand(
        [name for name, count in counts.items() if count > 1],
        "let the name say which mart's rule it is",
    )


def test_unit_tests_stand_in_the_twin_yml_of_their_model(project: Project) -> None:
    demand(
        [
            f"{test['name']} in {test['original_file_path']}"
            for test in project.unit_tests
            if test["original_file_path"]
            != project.by_name[test["model"]].path.with_suffix(".yml").as_posix()
        ],
        "move it into the yml of the model that it tests",
    )


def test_every_mart_has_a_unit_test(project: Project) -> None:
    tested = {test["model"] for test in project.unit_tests}
    demand(
        [model.name for model in project.layer("marts") if model.name not in tested],
        "each rule of docs/spec.md for this mart gets a unit test in its yml",
    )
