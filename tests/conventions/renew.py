"""Writes anew the lists that tests compare with the project: `make renew`.

A new mart, model or decision changes such a list. The difference is for the review to see.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from tests.conventions import spec
from tests.conventions.conftest import parse
from tests.conventions.project import ROOT, Project, sentences
from tidemark_warehouse.bi import marts, metricflow

SEMANTIC_MODELS = ROOT / "models" / "marts" / "_semantic_models.yml"
FURTHER_MARTS = ROOT / "tests" / "conventions" / "further_marts.txt"
DECISIONS = ROOT / "docs" / "decisions"
COMMAND = "make renew"

HEAD = """# Decisions

Choices that a later reader could wonder about: a page each, with what led to it, what was chosen,
and what follows. A choice that is made anew gets a page of its own, which names the one that it
replaces.

| date | decision |
|---|---|
"""


def further_marts(project: Project) -> str:
    """List the marts that the spec does not know, each with its question."""
    return "".join(
        f"{model.relation}: {sentences(model.node['description'])[1]}\n"
        for model in sorted(project.marts, key=lambda model: model.relation)
        if model.relation not in spec.marts()
    )


def decisions() -> str:
    """List the pages of decisions by date."""
    pages = sorted(DECISIONS.glob("20*.md"))
    titles = {page: page.read_text(encoding="utf-8").splitlines()[0][2:] for page in pages}
    return HEAD + "".join(
        f"| {p.name[:10]} | [{title}]({p.name}) |\n" for p, title in titles.items()
    )


def main() -> None:
    """Write the lists."""
    with tempfile.TemporaryDirectory() as folder:
        parsing = parse(Path(folder))
        if not parsing.succeeded:
            raise SystemExit(f"dbt cannot parse the project: {parsing.message}")
        text = (parsing.folder / "manifest.json").read_text(encoding="utf-8")
    manifest = json.loads(text)
    FURTHER_MARTS.write_text(further_marts(Project(manifest)), encoding="utf-8")
    SEMANTIC_MODELS.write_text(metricflow.text(marts.read(manifest)), encoding="utf-8")
    (DECISIONS / "README.md").write_text(decisions(), encoding="utf-8")


if __name__ == "__main__":
    main()
