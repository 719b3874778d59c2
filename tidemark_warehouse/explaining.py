"""Why a number is what it is: the rewrites of a mart's row, and the rows that caused them.

A build logs what it replaces and writes in `ops.changes`. The scope of a model says which of its
keys a changed row touches; asked of one changed row after the other, it names those that touched
this key.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from tidemark_warehouse.database.server import Connection
from tidemark_warehouse.dbt import guard
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.loading.tables import from_catalog
from tidemark_warehouse.settings import PROJECT_ROOT, Settings

SCOPE = re.compile(r"\s*with\s+scope as \(\n(.*?)\n\)", re.DOTALL)
CHANGED = re.compile(r'/\* changed \*/ "[^"]+"\."([^"]+)"\."([^"]+)"')
# So many changed rows of one relation are looked at, the latest first.
MOST_CANDIDATES = 20_000
MOST_REWRITES = 5
MOST_CAUSES = 50

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Cause:
    """A changed row that touched the key.

    Attributes:
        relation: where it stands, or stood.
        kind: `new` (written) or `old` (replaced or deleted).
        row: its columns.
    """

    relation: str
    kind: str
    row: Row


@dataclass(frozen=True)
class Rewrite:
    """One build that replaced the row.

    Attributes:
        built_at: when.
        before: the row that it replaced; None = there was none.
        after: the row that it wrote; None = the key had no rows left.
        causes: what made it.
    """

    built_at: datetime
    before: Row | None
    after: Row | None
    causes: tuple[Cause, ...]


def key_columns(connection: Connection, relation: str) -> dict[str, str]:
    """Return the columns of a mart's grain with their types, in order."""
    rows = connection.execute(
        """
        select a.attname, format_type(a.atttypid, a.atttypmod)
        from pg_constraint as c
        cross join unnest(c.conkey) with ordinality as k (attnum, place)
        inner join pg_attribute as a on c.conrelid = a.attrelid and k.attnum = a.attnum
        where c.conrelid = %s::regclass and c.contype = 'u'
        order by k.place
        """,
        [relation],
    ).fetchall()
    return dict(rows)


def current(connection: Connection, relation: str, key: Mapping[str, str | None]) -> Row | None:
    """Return the row of a key as it is now; None if there is none."""
    query = sql.SQL("select * from {} as r where {}").format(_name(relation), _is(relation, key))
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, list(key.values())).fetchone()


def rewrites(
    connection: Connection,
    settings: Settings,
    relation: str,
    model: str,
    key: Mapping[str, str | None],
) -> list[Rewrite]:
    """Return the last rewrites of a key that are still on record, the latest first.

    Args:
        connection: to the database.
        settings: which database; dbt compiles the model on it.
        relation: the mart.
        model: its dbt model.
        key: a value for each column of the grain, as text; None for null.
    """
    rows = connection.execute(
        sql.SQL(
            "select c.xid, max(c.written_at),"
            " (array_agg(c.row_image) filter (where c.kind = 'old'))[1],"
            " (array_agg(c.row_image) filter (where c.kind = 'new'))[1],"
            " (select coalesce(max(f.xid), 0) from ops.changes as f"
            " where f.relation = %s and f.kind = 'reset' and f.xid < c.xid)"
            " from ops.changes as c"
            " cross join lateral jsonb_populate_record(null::{}, c.row_image) as r"
            " where c.relation = %s and c.kind <> 'reset' and {}"
            " group by c.xid order by c.xid desc limit %s"
        ).format(_name(relation), _is(relation, key)),
        [relation, relation, *key.values(), MOST_REWRITES + 1],
    ).fetchall()
    if not rows:
        return []
    scopes = _Scopes.of(settings, relation, model)
    found = []
    for place, (xid, built_at, before, after, filled) in enumerate(rows[:MOST_REWRITES]):
        since = max(filled, rows[place + 1][0] if place + 1 < len(rows) else 0)
        causes = scopes.causes(connection, since, xid, [row for row in (before, after) if row])
        found.append(Rewrite(built_at, before, after, tuple(causes)))
    return found


@dataclass(frozen=True)
class _Scopes:
    """The scope of a model, and what each relation that it watches really is."""

    mart: str
    text: str
    raw: Mapping[str, str]

    @classmethod
    def of(cls, settings: Settings, mart: str, model: str) -> _Scopes:
        """Let dbt compile the model."""
        with tempfile.TemporaryDirectory(prefix="tidemark-explain-") as folder:
            compiled = subprocess.run(
                [
                    *(str(guard.executable("dbt")), "--quiet", "compile", "--select", model),
                    *("--target-path", folder, "--log-path", folder),
                ],
                cwd=PROJECT_ROOT,
                env=dict(guard.environment(settings)),
                capture_output=True,
                text=True,
                check=False,
            )
            if compiled.returncode != 0:
                story = (compiled.stdout + compiled.stderr).strip()
                raise TidemarkError(f"dbt cannot compile {model}:\n{story}", "mend it first")
            manifest = json.loads((Path(folder) / "manifest.json").read_text(encoding="utf-8"))
        node = next(n for n in manifest["nodes"].values() if n["name"] == model)
        match = SCOPE.match(node["compiled_code"] or "")
        return cls(mart, match[1] if match else "", dict(_raw_tables(manifest)))

    def causes(
        self, connection: Connection, since: int, until: int, images: Sequence[Row]
    ) -> list[Cause]:
        """Find the rows that changed between two transactions and touched the key of the images."""
        found: list[Cause] = []
        places = list(CHANGED.finditer(self.text))
        for place, marker in enumerate(places):
            watched = f"{marker[1]}.{marker[2]}"
            relation = self.raw.get(watched, watched)
            query = self._query(connection, places, place, relation)
            rows = connection.execute(
                query,
                {
                    "relation": relation,
                    "since": since,
                    "until": until,
                    "images": [Jsonb(image) for image in images],
                },
            ).fetchall()
            found += [Cause(relation, kind, image) for kind, image in rows]
        unique = {(c.relation, c.kind, json.dumps(c.row, default=str)): c for c in found}
        return list(unique.values())

    def _query(
        self, connection: Connection, places: list[re.Match[str]], place: int, relation: str
    ) -> sql.Composed:
        """Ask the scope of each changed row of one of its relations."""
        parts: list[sql.Composable] = []
        end = 0
        for number, marker in enumerate(places):
            other = f"{marker[1]}.{marker[2]}"
            parts.append(_compiled(self.text[end : marker.start()]))
            parts.append(
                sql.SQL("(select r.* from jsonb_populate_record(null::{}, c.image) as r)").format(
                    _name(relation)
                )
                if number == place
                else sql.SQL("(select * from {} where false)").format(
                    _name(self.raw.get(other, other))
                )
            )
            end = marker.end()
        scope = sql.Composed([*parts, _compiled(self.text[end:])])
        shape = sql.SQL(
            "select s.* from (select null::jsonb as image) as c"
            " cross join lateral ({}) as s limit 0"
        )
        described = connection.execute(shape.format(scope), {}).description or ()
        written = sql.SQL(
            "select 'new' as kind, to_jsonb(r) as image, r._xid as xid from {} as r"
            " where r._xid > %(since)s and r._xid <= %(until)s union all "
        ).format(_name(relation))
        return sql.SQL(
            "with candidates as materialized ("
            " select * from ({written} select c.kind, c.row_image as image, c.xid"
            " from ops.changes as c"
            " where c.relation = %(relation)s and c.xid > %(since)s and c.xid <= %(until)s"
            " and c.kind <> 'reset') as versions"
            " order by xid desc limit {most})"
            " select c.kind, c.image from candidates as c where exists ("
            " select from ({scope}) as s"
            " cross join unnest(%(images)s::jsonb[]) as i (image)"
            " cross join lateral jsonb_populate_record(null::{mart}, i.image) as m"
            " where {same}) limit {shown}"
        ).format(
            written=written if relation.startswith("raw.") else sql.SQL(""),
            most=sql.Literal(MOST_CANDIDATES),
            scope=scope,
            mart=_name(self.mart),
            same=sql.SQL(" and ").join(
                sql.SQL("s.{0} is not distinct from m.{0}").format(sql.Identifier(column.name))
                for column in described
            ),
            shown=sql.Literal(MOST_CAUSES),
        )


def _raw_tables(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Find the raw table behind each view that reads just one, as (schema.view, schema.table)."""
    nodes, sources = manifest["nodes"], manifest["sources"]

    def behind(unique_id: str) -> set[str]:
        if unique_id in sources:
            source = sources[unique_id]
            return {f"{source['schema']}.{source['identifier']}"}
        node = nodes[unique_id]
        if node["resource_type"] == "seed" or node["config"]["materialized"] != "view":
            seed = node["resource_type"] == "seed"
            return set() if seed else {f"{node['schema']}.{node['alias']}"}
        return {name for parent in node["depends_on"]["nodes"] for name in behind(parent)}

    found = []
    for unique_id, node in nodes.items():
        if node["resource_type"] == "model" and node["config"]["materialized"] == "view":
            raw = {name for name in behind(unique_id) if name.startswith("raw.")}
            if len(raw) == 1:
                found.append((f"{node['schema']}.{node['alias']}", raw.pop()))
    return found


def _is(relation: str, key: Mapping[str, str | None]) -> sql.Composed:
    """Return the condition that a row r has a key; the values are parameters in its order."""
    same = sql.SQL(
        "r.{0} is not distinct from"
        " (jsonb_populate_record(null::{1}, jsonb_build_object({2}::text, %s::text))).{0}"
    )
    return sql.SQL(" and ").join(
        same.format(sql.Identifier(column), _name(relation), sql.Literal(column)) for column in key
    )


def _name(relation: str) -> sql.Identifier:
    return sql.Identifier(*relation.split("."))


def _compiled(text: str) -> sql.SQL:
    """Return SQL that dbt compiled as part of a query with parameters."""
    return from_catalog(text.replace("%", "%%"))
