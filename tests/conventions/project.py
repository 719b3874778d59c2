"""The dbt project as the convention tests see it: models by layer and area, and their scopes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("staging", "intermediate", "marts", "reporting")
REPORTING = "reporting"
MART_SCHEMAS = ("marts", "marts_people")
AREAS = ("time_tracking", "product", "delivery", "app_metrics", "people", "shared")

CONFIG = re.compile(r"\A\s*\{\{\s*config\(.*?\)\s*\}\}", re.DOTALL)
SCOPE = re.compile(
    r"\s*\{% set affected %\}\n(.*?)\n\{% endset %\}\s*with\s+\{\{ scope\(affected\) \}\},",
    re.DOTALL,
)
REFERENCE = re.compile(r"(?:ref|source)\(\s*['\"][^)]*['\"]\s*\)")
CHANGED = re.compile(r"\{\{\s*changed\((.*?\))\)\s*\}\}(?:\s+as\s+(\w+))?")
COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/|\{#.*?#\}", re.DOTALL)
RAW_TABLE = re.compile(r"create table raw\.(\w+) \(\n(.*?)\n\)", re.DOTALL)
RAW_COLUMN = re.compile(r"^\s*alter table raw\.(\w+) add column (?:if not exists )?(\w+)", re.M)


@dataclass(frozen=True)
class Change:
    """One `{{ changed(ref('x')) }} as c` of a scope: the relation's name and the alias."""

    relation: str
    alias: str | None


@dataclass(frozen=True)
class Model:
    """A model of the manifest.

    Attributes:
        node: its entry in the manifest.
    """

    node: dict[str, Any]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Its name, which is also that of its file."""
        return str(self.node["name"])

    @property
    def path(self) -> Path:
        """Its SQL file, from the project's root."""
        return Path(self.node["original_file_path"])

    @property
    def folder(self) -> str:
        """The folder below models/."""
        return self.path.parts[1]

    @property
    def layer(self) -> str:
        """What it is: staging, intermediate or marts; models of reporting/ by their names."""
        if self.folder != REPORTING:
            return self.folder
        return "intermediate" if self.name.startswith("int_") else "marts"

    @property
    def area(self) -> str:
        """The folder below the layer's."""
        return self.path.parts[2] if len(self.path.parts) > 3 else ""

    @property
    def config(self) -> dict[str, Any]:
        """Its configuration, with what dbt_project.yml gives it."""
        return dict(self.node["config"])

    @property
    def columns(self) -> dict[str, dict[str, Any]]:
        """The columns that its yml describes, in that order."""
        return dict(self.node["columns"])

    @property
    def grain(self) -> list[str]:
        """Its unique_key."""
        key = self.config.get("unique_key") or []
        return [key] if isinstance(key, str) else list(key)

    @property
    def relation(self) -> str:
        """Its schema and the name of its table."""
        return f"{self.node['schema']}.{self.node['alias']}"

    @property
    def indexes(self) -> list[str]:
        """What its config indexes beside the key, each as (a, b desc)."""
        return [f"({', '.join(i['columns'])})" for i in self.config.get("indexes") or []]

    @property
    def parents(self) -> list[str]:
        """The unique ids of what it reads."""
        return list(dict.fromkeys(self.node["depends_on"]["nodes"]))

    @cached_property
    def code(self) -> str:
        """Its SQL with Jinja, without the config and the comments."""
        return COMMENT.sub("", CONFIG.sub("", str(self.node["raw_code"])))

    @cached_property
    def scope(self) -> str | None:
        """The query of its affected keys, without comments; none without one."""
        found = SCOPE.match(CONFIG.sub("", str(self.node["raw_code"])))
        return COMMENT.sub("", found[1]) if found else None

    @cached_property
    def changes(self) -> list[Change]:
        """What its scope asks for with changed()."""
        return [
            Change(relation_name(call), alias or None)
            for call, alias in CHANGED.findall(self.scope or "")
        ]


def relation_name(call: str) -> str:
    """Return x of `ref('x')` or `source('area', 'x')`."""
    names: list[str] = re.findall(r"['\"]([^'\"]+)['\"]", call)
    return names[-1]


@dataclass(frozen=True)
class Project:
    """The manifest, and what is asked of it again and again."""

    manifest: dict[str, Any]

    @cached_property
    def models(self) -> list[Model]:
        """Every model, by name."""
        nodes = self.manifest["nodes"].values()
        found = [Model(node) for node in nodes if node["resource_type"] == "model"]
        return sorted(found, key=lambda model: model.name)

    def layer(self, *layers: str) -> list[Model]:
        """Return the models of these layers."""
        return [model for model in self.models if model.layer in layers]

    @cached_property
    def marts(self) -> list[Model]:
        """What people read, whichever layer makes it: the models of the schemas of marts."""
        return [model for model in self.models if model.node["schema"] in MART_SCHEMAS]

    @cached_property
    def by_id(self) -> dict[str, Model]:
        """Models by unique id."""
        return {model.node["unique_id"]: model for model in self.models}

    @cached_property
    def by_name(self) -> dict[str, Model]:
        """Models by name."""
        return {model.name: model for model in self.models}

    def beneath(self, name: str) -> set[str]:
        """Return the tables beneath a relation: through views, without seeds."""
        model = self.by_name.get(name)
        if model is None or model.config["materialized"] != "view":
            return {name} - {seed["name"] for seed in self.seeds}
        names = [id_.split(".")[-1] for id_ in model.parents]
        return set().union(*map(self.beneath, names))

    @cached_property
    def seeds(self) -> list[dict[str, Any]]:
        """Every seed."""
        nodes = self.manifest["nodes"].values()
        return [node for node in nodes if node["resource_type"] == "seed"]

    @cached_property
    def sources(self) -> dict[str, dict[str, Any]]:
        """Every source table, by unique id."""
        return dict(self.manifest["sources"])

    @cached_property
    def unit_tests(self) -> list[dict[str, Any]]:
        """Every unit test."""
        return list(self.manifest["unit_tests"].values())

    @cached_property
    def macros(self) -> list[dict[str, Any]]:
        """The project's own macros."""
        name = self.manifest["metadata"]["project_name"]
        return [m for m in self.manifest["macros"].values() if m["package_name"] == name]


def migrations() -> str:
    """Return the SQL of all migrations, in order."""
    files = sorted((ROOT / "tidemark_warehouse" / "database" / "schema").glob("*.sql"))
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def raw_columns() -> dict[str, set[str]]:
    """Return the columns of each raw table, as the migrations create them."""
    sql = COMMENT.sub("", migrations())
    tables: dict[str, set[str]] = {}
    for table, body in RAW_TABLE.findall(sql):
        lines = [line.strip() for line in body.split("\n")]
        tables[table] = {line.split()[0] for line in lines if re.match(r"[a-z_]+ [a-z]", line)} - {
            "check",
            "constraint",
            "primary",
            "unique",
        }
    for table, column in RAW_COLUMN.findall(sql):
        tables[table].add(column)
    return tables


def sentences(text: str) -> list[str]:
    """Return the sentences of a description."""
    return re.split(r"(?<=[.?!])\s+", " ".join(text.split()))


def demand(problems: list[str], remedy: str) -> None:
    """Fail with the problems, one a line, and what to do about them."""
    if problems:
        pytest.fail("\n".join([*(f"  {line}" for line in problems), f"=> {remedy}"]), pytrace=False)
