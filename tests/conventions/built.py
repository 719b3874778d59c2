"""What is there, under the names of the spec (tests/conventions/spec.py), without a database."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import Any

import typer.main

from tests.conventions.project import COMMENT, ROOT, Project, migrations, raw_columns
from tidemark_warehouse.cli.main import application
from tidemark_warehouse.settings import ROLES

OPS_TABLE = re.compile(r"create table (ops\.\w+) \(\n(.*?)\n\)", re.DOTALL)
INDEX = re.compile(r"create index \w+ on (raw\.\w+) (\([^;]*);")
OPS_COLUMN = re.compile(r"^alter table (ops\.\w+) add column (\w+)", re.MULTILINE)
FUNCTION = re.compile(r"create or replace function ((?:ops|api)\.\w+)\(")


def names(project: Project) -> frozenset[str]:
    """Return every name that the repository has: relations and their parts, functions, commands."""
    return frozenset([
        *_marts(project),
        *raw_names(),
        *_raw_indexes(),
        *_seeds(),
        *_records(),
        *_functions(),
        *_commands("tidemark", typer.main.get_command(application())),
        *_targets(),
        *ROLES,
    ])  # fmt: skip


def _targets() -> Iterator[str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    yield from (f"make {target}" for target in re.findall(r"^([a-z]+):", text, re.MULTILINE))


def _marts(project: Project) -> Iterator[str]:
    for model in project.marts:
        yield model.relation
        yield from (f"{model.relation}.{column}" for column in model.columns)
        yield from (f"{model.relation} {index}" for index in model.indexes)


def raw_names() -> Iterator[str]:
    """Yield the raw tables and their columns."""
    for table, columns in raw_columns().items():
        yield f"raw.{table}"
        yield from (f"raw.{table}.{column}" for column in columns)


def _raw_indexes() -> Iterator[str]:
    for table, index in INDEX.findall(" ".join(migrations().split())):
        yield f"{table} {index}"


def _seeds() -> Iterator[str]:
    for file in (ROOT / "seeds").glob("*.csv"):
        yield f"seeds.{file.stem}"
        with file.open(encoding="utf-8", newline="") as lines:
            yield from (f"seeds.{file.stem}.{column}" for column in next(csv.reader(lines)))


def _records() -> Iterator[str]:
    for table, body in OPS_TABLE.findall(COMMENT.sub("", migrations())):
        yield table
        yield from (
            f"{table}.{column}" for column in re.findall(r"^    (\w+) ", body, re.MULTILINE)
        )
    for table, column in OPS_COLUMN.findall(migrations()):
        yield f"{table}.{column}"


def _functions() -> Iterator[str]:
    for file in (ROOT / "tidemark_warehouse/database/functions").rglob("*.sql"):
        yield from (f"{name}()" for name in FUNCTION.findall(file.read_text(encoding="utf-8")))


def _commands(name: str, command: Any) -> Iterator[str]:
    yield name
    for parameter in command.params:
        yield from (f"{name} {option}" for option in parameter.opts + parameter.secondary_opts)
    for word, inner in getattr(command, "commands", {}).items():
        yield from _commands(f"{name} {word}", inner)
