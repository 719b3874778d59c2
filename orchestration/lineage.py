"""Which columns of what it reads a column of a model is made of, by its compiled SQL."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration import failures

DIALECT = "postgres"
KEPT = "lineage.json"
# All 116 models take 15 s, three times as long beside other work; a build is not to wait for that.
SECONDS_A_BUILD = 10.0

# What sqlglot stumbles over beside errors of its own: a build never fails for its lineage.
STUMBLES = (ValueError, TypeError, AttributeError, LookupError, RecursionError)

Props = Mapping[str, Any]


class Lineage:
    """The lineages of all models; each is computed once for a text, which takes 0.1 to 3 s.

    What is not computed in the time of one build is by the next ones.
    """

    def __init__(self, folder: Path, manifest: Props) -> None:
        """Read what is known.

        Args:
            folder: of dbt's artifacts, where what was computed is kept.
            manifest: of the dbt project.
        """
        self._folder = folder
        self._manifest = manifest
        self._known = read(folder)
        self._seconds_left = SECONDS_A_BUILD

    def of(self, node: Props) -> dict[str, Any]:
        """Return the lineage of a model as metadata; nothing for what dbt did not compile.

        Args:
            node: of the manifest.
        """
        text = failures.compiled(self._folder, node) if node["resource_type"] == "model" else ""
        if not text:
            return {}
        relation = f"{node['schema']}.{node['alias']}"
        print_ = hashlib.sha256(text.encode()).hexdigest()
        if self._known.get(relation, {}).get("of") != print_:
            if self._seconds_left <= 0:
                return {}
            began = time.monotonic()
            self._known[relation] = {"of": print_, "columns": self._columns(node, text)}
            self._seconds_left -= time.monotonic() - began
            draft = self._folder / f"{KEPT}.new"
            draft.write_text(json.dumps(self._known), encoding="utf-8")
            draft.replace(self._folder / KEPT)
        return metadata_of(self._known[relation]["columns"])

    def _columns(self, node: Props, text: str) -> dict[str, list[list[str]]]:
        # It takes its time to import: not when definitions load.
        from sqlglot import MappingSchema, exp, parse_one
        from sqlglot.errors import SqlglotError
        from sqlglot.lineage import lineage
        from sqlglot.optimizer.qualify import qualify
        from sqlglot.optimizer.scope import build_scope

        parents = [self._props(name) for name in node["depends_on"]["nodes"]]
        schema = MappingSchema(dialect=DIALECT)
        for parent in parents:
            if parent and parent["columns"]:
                types = {name: c["data_type"] or "text" for name, c in parent["columns"].items()}
                schema.add_table(exp.table_(*_names(parent)[::-1]), types, dialect=DIALECT)
        found: dict[str, list[list[str]]] = {}
        try:
            tree = qualify(
                parse_one(text, dialect=DIALECT),
                schema=schema,
                dialect=DIALECT,
                validate_qualify_columns=False,
            )
            # From text again: the optimizer leaves names in the tree that lineage() cannot read.
            # With a scope of our own it is not qualified once more for each column.
            qualified = parse_one(tree.sql(dialect=DIALECT), dialect=DIALECT)
            scope = build_scope(qualified)
        except (SqlglotError, *STUMBLES):  # a syntax that it does not know
            return found
        for column in node["columns"]:
            try:
                leaves = lineage(
                    column, qualified, schema=schema, scope=scope, dialect=DIALECT
                ).walk()
                found[column] = sorted(_sources(leaves))
            except (SqlglotError, *STUMBLES):
                found[column] = []
        return found

    def _props(self, unique_id: str) -> Props | None:
        nodes: Props = self._manifest["nodes"]
        sources: Props = self._manifest["sources"]
        found: Props | None = nodes.get(unique_id) or sources.get(unique_id)
        return found


def read(folder: Path) -> dict[str, Any]:
    """Return what was computed before, by relation.

    Args:
        folder: of dbt's artifacts.
    """
    try:
        kept: dict[str, Any] = json.loads((folder / KEPT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept


def metadata_of(columns: Mapping[str, list[list[str]]]) -> dict[str, Any]:
    """Return a lineage as Dagster shows it.

    Args:
        columns: for each column the schema, table and column of those that it is made of.
    """
    deps = {
        column: [dg.TableColumnDep(dg.AssetKey(path), name) for *path, name in sources]
        for column, sources in columns.items()
    }
    return {"dagster/column_lineage": dg.TableColumnLineage(deps)} if any(deps.values()) else {}


def _names(props: Props) -> tuple[str, str]:
    return props["schema"], props.get("identifier") or props["alias"]


def _sources(leaves: Any) -> list[list[str]]:
    from sqlglot import exp

    found = set()
    for leaf in leaves:
        table = None if leaf.downstream else leaf.expression.find(exp.Table)
        # count(*) is of no column.
        if table is not None and table.db and not leaf.name.endswith("*"):
            found.add((table.db, table.name, exp.to_column(leaf.name).name))
    return [list(source) for source in found]
