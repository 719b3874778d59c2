"""One macro a file, of the file's name, with a comment that says what it is for."""

from __future__ import annotations

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
        "say in a Jinja comment {#- ... -#} what it gives and what its arguments are",
    )


def test_macros_stand_in_a_folder_of_their_purpose(project: Project) -> None:
    files = (ROOT / "macros").glob("*.sql")
    demand(
        [file.name for file in files],
        "move it to macros/<purpose>/",
    )
