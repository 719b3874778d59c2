"""What documents name is there: links, files, commands with their options, models, functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.conventions import built, renew, spec
from tests.conventions.project import ROOT, Project, demand, migrations

DECISIONS = ROOT / "docs" / "decisions"

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)#\s:]*)(#[^)\s]*)?\)")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
COMMAND = re.compile(r"\btidemark((?: [a-z]+)+)([^|#\n`&;]*)")
FOLDERS = "bench|docs|macros|models|orchestration|seeds|snapshots|tests|tidemark_warehouse"
FILE = re.compile(rf"(?<![\w/.])(?:{FOLDERS})/[\w./*-]*")
MODEL = re.compile(r"\b(?:int|stg)_[a-z_]+__[a-z_]+\b")
RELATION = re.compile(r"\b(?:ops|api)\.[a-z_]+(?![.\w])")


def documents() -> list[Path]:
    """Return the pages that people read; CHANGELOG.md tells of what was."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "models" / "README.md"]
    return sorted(page for page in pages if page.name != "CHANGELOG.md")


def code(page: Path) -> Iterator[str]:
    """Yield what a page writes as code."""
    yield from CODE.findall(page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {"#" + re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_list_of_decisions_is_whole() -> None:
    listed = (DECISIONS / "README.md").read_text(encoding="utf-8")
    missing = sorted(set(renew.decisions().splitlines()) ^ set(listed.splitlines()))
    demand(missing, f"run `{renew.COMMAND}`")


def test_links_lead_somewhere() -> None:
    problems = []
    for page in documents():
        for path, anchor in LINK.findall(page.read_text(encoding="utf-8")):
            target = (page.parent / path).resolve() if path else page
            if not target.exists() or (anchor and anchor not in anchors(target)):
                problems.append(f"{page.relative_to(ROOT)}: {path}{anchor}")
    demand(problems, "mend the link; an anchor is the heading in lower case, spaces as -")


def test_files_that_documents_name_are_there() -> None:
    demand(
        [
            f"{page.relative_to(ROOT)}: {name}"
            for page in documents()
            if page.parent != DECISIONS
            for text in code(page)
            for name in FILE.findall(text)
            if "..." not in name and not list(ROOT.glob(name.rstrip("./")))
        ],
        "it was moved or removed: name the file that is there",
    )


def test_commands_that_documents_name_are_there(project: Project) -> None:
    names, problems = built.names(project), []
    for page in documents():
        for text in code(page):
            for words, rest in COMMAND.findall(text):
                command = f"tidemark {words.split()[0]}"
                inner = f"tidemark {' '.join(words.split()[:2])}"
                command = inner if inner in names else command
                if spec.waits(command):
                    continue
                asked = [
                    command,
                    *(f"{command} {option}" for option in re.findall(r"--[a-z-]+", rest)),
                ]
                if command == "tidemark build":  # its options are dbt's
                    asked = [command]
                problems += [f"{page.relative_to(ROOT)}: {n}" for n in asked if n not in names]
    demand(problems, "try it with --help, and write what there is")


def test_models_and_functions_that_documents_name_are_there(project: Project) -> None:
    made = re.findall(
        r"create (?:table|type|view|sequence)[a-z ]* ((?:ops|api)\.\w+)", migrations()
    )
    known = {*made, *(name.removesuffix("()") for name in built.names(project))}
    demand(
        [
            f"{page.relative_to(ROOT)}: {name}"
            for page in documents()
            if page.parent != DECISIONS
            for text in code(page)
            for name in MODEL.findall(text) + RELATION.findall(text)
            if name not in project.by_name
            and name not in known
            and not name.endswith("_")
            and not spec.waits(name)
        ],
        "it was renamed or removed: name what there is",
    )
