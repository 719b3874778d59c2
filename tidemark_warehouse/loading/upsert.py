"""Mutable tables: which of several rows of one key stays, and writing only what differs.

The rule of the spec: the row with the larger updated_at, else the later one. A row without
updated_at is neither larger nor smaller than another, so it wins over what stands before it, and
whatever follows wins over it. Later is the later line, or the larger value of the field that
`--order-by` names.
"""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import sql

from tidemark_warehouse.loading.mapping import SEQUENCE
from tidemark_warehouse.loading.stage import ORDER, Stage, names

# The rows to write, in turns: those of a turn have different keys.
TURNS = sql.Identifier("pg_temp", "tidemark_turns")
APPLIED = sql.Identifier("pg_temp", "tidemark_applied")


def upsert(stage: Stage, every_version: bool = False) -> tuple[int, int]:
    """Write the row of each key that wins within the file, or all its versions in turn.

    Versions go by updated_at, then by what is later, so that triggers see each change. Those of one
    key with the same updated_at are set apart by a microsecond each, so that each change has a time
    of its own. A key whose present row is one of the versions goes on behind that one.

    Returns:
        How many rows were inserted, and how many times a row was updated.
    """
    for relation in (TURNS, APPLIED):
        _run(stage, "drop table if exists {relation}", relation=relation)
    version = stage.table.version_column
    if version not in stage.columns:
        version = None
    if every_version:
        _stage_versions(stage, version)
        _forget_applied(stage)
    else:
        _stage_winners(stage, version)
    keys = _number(stage, "select count(*) from (select distinct {key} from {turns}) as keys")
    existing = _number(
        stage,
        "select count(*) from (select distinct {key} from {turns}) as turns "
        "inner join {target} as present on {same_key}",
        same_key=_same(stage.table.key, "turns", "present"),
    )
    turns = _number(stage, "select coalesce(max(_turn), 0) from {turns}")
    first = _number(stage, "select coalesce(min(_turn), 1) from {turns}")
    written = sum(_write(stage, version, turn) for turn in range(first, turns + 1))
    inserted = keys - existing
    return inserted, written - inserted


def _stage_winners(stage: Stage, version: str | None) -> None:
    """Keep the row of each key that wins."""
    if version is None:
        rows, by = sql.SQL("select * from {stage}"), sql.SQL("")
    else:
        rows = sql.SQL("""
            select *, count(*) filter (where {version} is null) over (
                partition by {key} order by {later}
            ) as _nulls_before
            from {stage}
        """)
        by = sql.SQL("_nulls_before desc, {version} desc nulls last, ")
    _run(
        stage,
        "create temporary table tidemark_turns on commit drop as "
        "select distinct on ({key}) *, 1 as _turn from ({rows}) as staged "
        "order by {key}, {by} {latest}",
        rows=_format(stage, rows, version),
        by=_format(stage, by, version),
    )
    _run(stage, "analyze {turns}")


def _stage_versions(stage: Stage, version: str | None) -> None:
    """Assign a turn to each version of a key."""
    others = [name for name in stage.loaded() if name != version]
    by = sql.SQL("") if version is None else sql.SQL("{version} nulls first, ")
    moved = (
        sql.SQL("")
        if version is None
        else sql.SQL("""
        , {version} + interval '1 microsecond'
        * (row_number() over (partition by {key}, {version} order by {later}) - 1) as {version}
    """)
    )
    _run(
        stage,
        "create temporary table tidemark_turns on commit drop as "
        "select {others} {moved}, "
        "row_number() over (partition by {key} order by {by} {later}) as _turn from {stage}",
        others=names(others),
        moved=_format(stage, moved, version),
        by=_format(stage, by, version),
    )
    _run(stage, "create index on {turns} (_turn)")
    _run(stage, "analyze {turns}")


def _forget_applied(stage: Stage) -> None:
    """Drop the versions up to the one that the table holds already."""
    key = stage.table.key
    others = [name for name in stage.loaded() if name not in key]
    if not others:
        return
    _run(
        stage,
        "create temporary table tidemark_applied on commit drop as "
        "select {key_of_turns}, max(turns._turn) as _turn "
        "from {turns} as turns inner join {target} as present on {same_key} "
        "where row({old}) is not distinct from row({new}) group by {key_of_turns}",
        key_of_turns=names(key, "turns"),
        same_key=_same(key, "turns", "present"),
        old=names(others, "present"),
        new=names(others, "turns"),
    )
    _run(stage, "analyze {applied}", applied=APPLIED)
    _run(
        stage,
        "delete from {turns} as turns using {applied} as applied "
        "where {same_key} and turns._turn <= applied._turn",
        applied=APPLIED,
        same_key=_same(key, "turns", "applied"),
    )
    _run(stage, "analyze {turns}")


def _write(stage: Stage, version: str | None, turn: int) -> int:
    """Write the rows of a turn; those that change nothing are left alone."""
    others = [name for name in stage.loaded() if name not in stage.table.key]
    action: sql.Composable = sql.SQL("nothing")
    if others:
        newer = sql.SQL("true")
        if version:
            newer = sql.SQL("coalesce(present.{version} <= excluded.{version}, true)")
        action = sql.SQL(
            "update set ({others}) = row({new}) "
            "where row({old}) is distinct from row({new}) and {newer}"
        ).format(
            others=names(others),
            new=names(others, "excluded"),
            old=names(others, "present"),
            newer=_format(stage, newer, version),
        )
    return _run(
        stage,
        "insert into {target} as present ({columns}) "
        "select {columns} from {turns} where _turn = {turn} order by {key} "
        "on conflict ({key}) do {action}",
        columns=names(stage.loaded()),
        turn=sql.Literal(turn),
        action=action,
    )


def _run(stage: Stage, query: str, **parts: sql.Composable) -> int:
    """Run a statement; return how many rows it wrote."""
    return stage.connection.execute(_format(stage, sql.SQL(query), None, **parts)).rowcount


def _number(stage: Stage, query: str, **parts: sql.Composable) -> int:
    row = stage.connection.execute(_format(stage, sql.SQL(query), None, **parts)).fetchone()
    return int(row[0]) if row else 0


def _format(
    stage: Stage, query: sql.SQL, version: str | None, **parts: sql.Composable
) -> sql.Composed:
    """Put the names that most statements need into one of them."""
    sequence = sql.SQL("{} nulls first, ").format(sql.Identifier(SEQUENCE))
    latest = sql.SQL("{} desc nulls last, ").format(sql.Identifier(SEQUENCE))
    ordered = SEQUENCE in stage.columns
    known: dict[str, sql.Composable] = {
        "stage": stage.identifier,
        "target": stage.table.identifier,
        "turns": TURNS,
        "key": names(stage.table.key),
        "later": sql.SQL("{}{}").format(sequence if ordered else sql.SQL(""), ORDER),
        "latest": sql.SQL("{}{} desc").format(latest if ordered else sql.SQL(""), ORDER),
        "version": sql.Identifier(version or ""),
    }
    return query.format(**(known | parts))


def _same(key: Sequence[str], left: str, right: str) -> sql.Composed:
    return sql.SQL(" and ").join(
        sql.SQL("{} = {}").format(sql.Identifier(left, name), sql.Identifier(right, name))
        for name in key
    )
