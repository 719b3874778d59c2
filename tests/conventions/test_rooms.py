"""The Python packages: Dagster apart from the product, and no room that leans on the wrong one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.conventions.project import ROOT, demand

PRODUCT = "tidemark_warehouse"
DAGSTER = "orchestration"

# What a room must not import, and why.
APART: dict[tuple[str, str], str] = {
    (f"{PRODUCT}/reporting", f"{PRODUCT}.simulation"): "charts are of any database",
    (f"{PRODUCT}/loading", f"{PRODUCT}.reporting"): "rows come in without any chart",
    (f"{PRODUCT}/database", f"{PRODUCT}.loading"): "the database knows nothing of files",
    (f"{PRODUCT}/database", f"{PRODUCT}.cli"): "the database is below the commands",
}
MOST_LINES = 400


def files(folder: str) -> Iterator[Path]:
    """Yield the Python files of a folder of the project."""
    yield from sorted((ROOT / folder).rglob("*.py"))


def imports(file: Path) -> Iterator[str]:
    """Yield the full names of what a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_nothing_of_dagster_lies_outside_its_room() -> None:
    demand(
        [
            f"{file.relative_to(ROOT)} imports {name}"
            for file in files(PRODUCT)
            for name in imports(file)
            if name.split(".")[0] in ("dagster", "dagster_dbt")
        ],
        f"move it to {DAGSTER}/, which holds Dagster and nothing else",
    )


def test_rooms_lean_on_what_lies_below_them() -> None:
    demand(
        [
            f"{file.relative_to(ROOT)} imports {name}: {why}"
            for (room, below), why in APART.items()
            for file in files(room)
            for name in imports(file)
            if f"{name}.".startswith(f"{below}.")
        ],
        "give it what it needs as an argument, or move the shared piece to a room below both",
    )


def test_no_python_file_is_too_long() -> None:
    demand(
        [
            f"{file.relative_to(ROOT)} has {lines} lines"
            for folder in (PRODUCT, DAGSTER)
            for file in files(folder)
            if (lines := len(file.read_text(encoding="utf-8").splitlines())) > MOST_LINES
        ],
        f"split it: a file of over {MOST_LINES} lines has more than one subject",
    )
