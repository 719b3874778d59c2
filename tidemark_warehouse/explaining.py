"""Why a number is what it is: the rewrites of a mart's row, and the rows that caused them.

A refresh logs what it replaces and writes in `ops.changes`. The scope of a model says which of its
keys a changed row touches; asked of one changed row after the other (a text of its program), it
names those that touched this key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from tidemark_warehouse.database.catalog import from_catalog
from tidemark_warehouse.database.server import Connection

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


def rewrites(connection: Connection, relation: str, key: Mapping[str, str | None]) -> list[Rewrite]:
    """Return the last rewrites of a key that are still on record, the latest first.

    Args:
        connection: to the database.
        relation: the mart.
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
    found = []
    for place, (xid, built_at, before, after, filled) in enumerate(rows[:MOST_REWRITES]):
        since = max(filled, rows[place + 1][0] if place + 1 < len(rows) else 0)
        causes = _causes(connection, relation, since, xid, [row for row in (before, after) if row])
        found.append(Rewrite(built_at, before, after, tuple(causes)))
    return found


def _causes(
    connection: Connection, relation: str, since: int, until: int, images: Sequence[Row]
) -> list[Cause]:
    """Find the rows that changed between two transactions and touched the key of the images."""
    program = connection.execute(
        "select texts ->> 'scope_of_row', reads from ops.programs where relation = %s", [relation]
    ).fetchone()
    if program is None or program[0] is None:
        return []
    scope, reads = program
    shape = sql.SQL(
        "select s.* from (select null::text as relation, null::jsonb as image) as candidate"
        " cross join lateral ({}) as s limit 0"
    ).format(_stored(scope))
    described = connection.execute(shape, {}).description or ()
    columns = [column.name for column in described if column.name in (images[0] if images else ())]
    found: list[Cause] = []
    for read in reads:
        values = {
            "relation": read,
            "since": since,
            "until": until,
            "images": [Jsonb(image) for image in images],
        }
        query = _touching(relation, read, scope, columns)
        found += [Cause(read, kind, row) for kind, row in connection.execute(query, values)]
    unique = {(c.relation, c.kind, json.dumps(c.row, default=str)): c for c in found}
    return list(unique.values())


def _touching(mart: str, read: str, scope: str, columns: Sequence[str]) -> sql.Composed:
    """Ask the scope of each changed row of a relation that the mart reads."""
    written = sql.SQL(
        "select 'new' as kind, to_jsonb(r) as image, r._xid as xid from {} as r"
        " where r._xid > %(since)s and r._xid <= %(until)s union all "
    ).format(_name(read))
    return sql.SQL(
        "with candidates as materialized ("
        " select %(relation)s::text as relation, versions.* from ("
        "{written} select c.kind, c.row_image as image, c.xid"
        " from ops.changes as c"
        " where c.relation = %(relation)s and c.xid > %(since)s and c.xid <= %(until)s"
        " and c.kind <> 'reset') as versions"
        " order by xid desc limit {most})"
        " select candidate.kind, candidate.image from candidates as candidate where exists ("
        " select 1 from ({scope}) as s"
        " cross join unnest(%(images)s::jsonb[]) as i (image)"
        " cross join lateral jsonb_populate_record(null::{mart}, i.image) as m"
        " where {same}) limit {shown}"
    ).format(
        written=written if read.startswith("raw.") else sql.SQL(""),
        most=sql.Literal(MOST_CANDIDATES),
        scope=_stored(scope),
        mart=_name(mart),
        same=sql.SQL(" and ").join(
            sql.SQL("s.{0} is not distinct from m.{0}").format(sql.Identifier(column))
            for column in columns
        ),
        shown=sql.Literal(MOST_CAUSES),
    )


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


def _stored(text: str) -> sql.SQL:
    """Return SQL of a program as part of a query with parameters."""
    return from_catalog(text.replace("%", "%%"))
