"""The command explain: why a number is what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.markup import escape

from tidemark_warehouse import explaining
from tidemark_warehouse.cli import console
from tidemark_warehouse.cli.refresh import find
from tidemark_warehouse.database import server
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.explaining import Cause, Rewrite
from tidemark_warehouse.settings import Settings

SHOWN_CAUSES = 8
NULL = "null"


def explain(
    mart: Annotated[str, typer.Argument(help="The mart, e.g. event_counts_daily.")],
    key: Annotated[
        list[str],
        typer.Argument(help="Its key: column=value for each, or the values in the grain's order."),
    ],
) -> None:
    """Say why a row of a mart is what it is: its last rewrites, and the rows that caused them."""
    settings = Settings.from_environment()
    server.ready(settings)
    out = console.out()
    with server.connect(settings, autocommit=True) as connection:
        relation, _ = find(connection, mart)
        columns = explaining.key_columns(connection, relation)
        wanted = read_key(relation, columns, key)
        row = explaining.current(connection, relation, wanted)
        found = explaining.rewrites(connection, relation, wanted)
    out.print(f"[bold]{escape(relation)}[/] {escape(_pairs(wanted))}", soft_wrap=True)
    if row is None:
        out.print("there is no such row now")
    else:
        values = {name: value for name, value in row.items() if name not in wanted}
        out.print(f"now       {escape(_pairs(values))}", soft_wrap=True)
    for rewrite in found:
        _print(rewrite)
    if not found:
        out.print(
            "no rewrite of it is on record: it stands as a build from nothing or an older build "
            "wrote it (replaced versions stay for changes_kept_days)",
            soft_wrap=True,
        )


def read_key(
    relation: str, columns: Mapping[str, str], given: Sequence[str]
) -> dict[str, str | None]:
    """Read what a person wrote as a key.

    Args:
        relation: the mart.
        columns: of its grain, with their types.
        given: `column=value` each, in any order, or only values in the grain's order; also in one
            word with commas. `null` stands for null.

    Raises:
        TidemarkError: a column is missing, or is none of the grain.
    """
    words = list(given)
    if len(words) == 1 and len(columns) > 1:
        words = words[0].split(",")
    pairs = [word.partition("=") for word in words]
    named = {name.strip(): value for name, sign, value in pairs if sign and name.strip() in columns}
    if not named and len(words) == len(columns):
        named = dict(zip(columns, words, strict=True))
    if set(named) != set(columns):
        form = " ".join(f"{name}=..." for name in columns)
        raise TidemarkError(
            f"{relation} has one row per {', '.join(columns)}: a key names each of them",
            f"write tidemark explain {relation.split('.')[1]} {form}",
        )
    return {name: None if named[name] == NULL else named[name] for name in columns}


def _print(rewrite: Rewrite) -> None:
    out = console.out()
    when = f"{rewrite.built_at:%Y-%m-%d %H:%M:%S}"
    if rewrite.before is None:
        what = "written anew"
    elif rewrite.after is None:
        what = "removed: no rows were left; it was " + _pairs(rewrite.before)
    else:
        changed = {
            name: f"{_text(rewrite.before.get(name))} -> {_text(value)}"
            for name, value in rewrite.after.items()
            if rewrite.before.get(name) != value
        }
        what = _pairs(changed)
    out.print(f"[bold]{when}[/]  {escape(what)}", soft_wrap=True)
    for cause in rewrite.causes[:SHOWN_CAUSES]:
        out.print(f"  {escape(_cause(cause))}", soft_wrap=True)
    if len(rewrite.causes) > SHOWN_CAUSES:
        out.print(f"  and {len(rewrite.causes) - SHOWN_CAUSES:,} more")
    if not rewrite.causes:
        out.print("  its cause is not on record any more")


def _cause(cause: Cause) -> str:
    verb = "replaced in" if cause.kind == "old" else "written to"
    row = {name: value for name, value in cause.row.items() if value not in (None, {}, "")}
    row.pop("_xid", None)
    return f"{verb} {cause.relation}: {_pairs(row)}"


def _pairs(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_text(value)}" for name, value in row.items())


def _text(value: Any) -> str:
    return NULL if value is None else str(value)
