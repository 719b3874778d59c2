"""One macro a file, of the file's name, with a comment that says what it is for."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from tests.conventions.project import ROOT, Project, demand


def test_macro_files_hold_a_macro_of_their_name(project: Project) -> None:
    names: dict[Path, set[str]] = defaultdict(set)
    for macro in project.macros:
        names[Path(macro["original_file_path"])].add(
            macro["name"].removeprefix("materialization_").removesuffix("_postgres")
        )
    files = [file.relative_to(ROOT) for file in (ROOT / "macros").rglob("*.sql")]
    demand(
        [
            f"{file}: {sorted(names[file])}"
            for file in sorted(files)
            if file.stem not in names[file]
        ],
        "name the file after its macro; helpers that only this macro uses may stand below it",
    )


def test_macro_files_say_what_their_macro_is_for(project: Project) -> None:
    files = (ROOT / "macros").rglob("*.sql")
    demand(
        [
            str(file.relative_to(ROOT))
            for file in sorted(files)
            if "{#" not in file.read_text(encoding="utf-8")
        ],
        "say in a Jinja comment {#- ... -#} what it gives, and why it is written so",
    )


def test_macros_are_described_with_their_arguments(project: Project) -> None:
    problems = []
    for macro in project.macros:
        path = Path(macro["original_file_path"])
        if path.parts[0] != "macros" or macro["name"] != path.stem:
            continue
        described = {each["name"] for each in macro["arguments"] if each["description"]}
        signature = re.search(r"{%-?\s*macro \w+\((.*?)\)\s*-?%}", macro["macro_sql"], re.DOTALL)
        assert signature, f"{path} begins with no signature"
        arguments = [each.split("=")[0].strip() for each in signature[1].split(",") if each.strip()]
        if not macro["description"]:
            problems.append(f"{path}: no description")
        problems += [f"{path}: {each}" for each in arguments if each not in described]
    demand(
        problems,
        "describe it in _macros.yml of its folder: what it gives, and of each argument what it may "
        "be, with its unit; dbt docs shows them",
    )


def test_no_macro_is_described_that_is_gone(project: Project) -> None:
    named = {macro["name"] for macro in project.macros}
    demand(
        [
            f"{file.relative_to(ROOT)}: {name}"
            for file in sorted((ROOT / "macros").rglob("_macros.yml"))
            for name in re.findall(r"^  - name: (\w+)", file.read_text(encoding="utf-8"), re.M)
            if name not in named
        ],
        "remove it from the yml",
    )


def test_macros_stand_in_a_folder_of_their_purpose(project: Project) -> None:
    files = (ROOT / "macros").glob("*.sql")
    demand(
        [file.name for file in files],
        "move it to macros/<purpose>/",
    )
