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
    ("reporting", "simulation"): "charts are of any database",
    ("reporting", "loading"): "what raw tables there are, the catalog of the database says",
    ("loading", "reporting"): "rows come in without any chart",
    ("loading", "archiving"): "what comes in knows nothing of what leaves",
    ("archiving", "loading"): "what raw tables there are, the catalog of the database says",
    ("explaining.py", "loading"): "a mart is explained by what the database has",
}
# Rooms on which others lean: they import these rooms and no further ones of the product.
BELOW: dict[str, frozenset[str]] = {
    "database": frozenset({"database", "errors", "settings"}),
    "seeds": frozenset({"seeds", "errors", "settings"}),
    "simulation": frozenset({"simulation", "errors", "settings"}),
    "http": frozenset({"http", "database", "errors", "settings"}),
}
# Where commands lie: alone in leaning on Dagster, for `tidemark dev` starts it.
COMMANDS = "cli"
MOST_LINES = 400
MOST_LINES_OF_DAGSTER = 2500


def files(folder: str) -> Iterator[Path]:
    """Yield the Python files of a folder of the project, or the one file."""
    path = ROOT / folder
    yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


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
            for (room, other), why in APART.items()
            for file in files(f"{PRODUCT}/{room}")
            for name in imports(file)
            if f"{name}.".startswith(f"{PRODUCT}.{other}.")
        ]
        + [
            f"{file.relative_to(ROOT)} imports {name}"
            for room, below in BELOW.items()
            for file in files(f"{PRODUCT}/{room}")
            for name in imports(file)
            if name.startswith(f"{PRODUCT}.") and name.split(".")[1] not in below
        ]
        + [
            f"{file.relative_to(ROOT)} imports {name}"
            for file in files(PRODUCT)
            if file.parent.name != COMMANDS
            for name in imports(file)
            if name.split(".")[0] == DAGSTER
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


def test_dagsters_room_stays_small() -> None:
    lines = sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files(DAGSTER))
    demand(
        [f"{DAGSTER}/ has {lines} lines"] if lines > MOST_LINES_OF_DAGSTER else [],
        f"it says what runs when, in at most {MOST_LINES_OF_DAGSTER} lines: move it to {PRODUCT}/",
    )
