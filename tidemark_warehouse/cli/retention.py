"""The commands retention and restore."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from tidemark_warehouse.archiving import plan, policy
from tidemark_warehouse.archiving.plan import Candidate
from tidemark_warehouse.cli import console
from tidemark_warehouse.database import server
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import Settings

AS_OF = typer.Option(help="ISO time that stands for now.", show_default=False)


def retention(
    apply: Annotated[
        bool, typer.Option("--apply", help="Archive and remove what has expired.")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Look at every archived file instead.")
    ] = False,
    as_of: Annotated[str, AS_OF] = "",
) -> None:
    """Say what seeds/retention_policy.csv would remove, and why or why not; --apply does it."""
    settings = Settings.from_environment()
    server.ready(settings)
    if verify:
        _verify(settings)
    elif apply:
        _apply(settings, moment(as_of))
    else:
        _report(settings, moment(as_of))


def restore(
    table: Annotated[str, typer.Argument(help="The raw table, e.g. events.")],
    from_at: Annotated[str, typer.Option("--from", help="ISO date or time: from it.")],
    to_at: Annotated[str, typer.Option("--to", help="ISO date or time: before it.")],
) -> None:
    """Bring archived periods back into raw, whole. The next build folds in what waited for them."""
    # Reading Parquet takes its time to import, which no other command should have to wait for.
    from tidemark_warehouse.archiving import restore as steps

    settings = Settings.from_environment()
    server.ready(settings)
    first, last = moment(from_at), moment(to_at)
    if last <= first:
        raise TidemarkError(
            f"--to {to_at} is not after --from {from_at}", "give --from before --to"
        )
    out = console.out()
    back = steps.run(
        settings,
        table,
        first,
        last,
        lambda period: out.print(
            f"{table} {period.from_at:%Y-%m}: {console.plural(period.rows, 'row')} "
            f"from {period.archive_file}"
        ),
    )
    if not back:
        out.print(f"nothing of {escape(table)} is archived between {from_at} and {to_at}")
        return
    rows = sum(period.rows for period in back)
    out.print(
        f"[green]{console.plural(rows, 'row')}[/] of {console.plural(len(back), 'period')} "
        f"are back in raw.{escape(table)}; now: tidemark build"
    )


def moment(text: str) -> datetime:
    """Read an ISO date or time, UTC if it has no zone; now if it is empty.

    Raises:
        TidemarkError: it is none.
    """
    if not text:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise TidemarkError(
            f"{text!r} is no ISO date or time", "write 2026-08-01 or 2026-08-01T12:00:00Z"
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _report(settings: Settings, as_of: datetime) -> None:
    with server.connect(settings, autocommit=True) as connection:
        found = plan.make(connection, policy.read(connection), as_of)
    out = console.out()
    if not found:
        out.print("nothing has expired")
        return
    out.print(_table(found, [candidate.action for candidate in found]))
    _explain(found, [candidate.objections for candidate in found])
    going = [candidate for candidate in found if not candidate.objections]
    if going:
        out.print(
            f"{console.plural(len(going), 'period')} with "
            f"{console.plural(sum(c.rows for c in going), 'row')} would go: "
            "tidemark retention --apply"
        )


def _apply(settings: Settings, as_of: datetime) -> None:
    from tidemark_warehouse.archiving import apply as steps

    out = console.out()
    done = steps.run(
        settings,
        as_of,
        lambda candidate: out.print(
            f"{candidate.rule.table_name} {candidate.period}: {candidate.action}", soft_wrap=True
        ),
    )
    if not done:
        out.print("nothing has expired")
        return
    actions = [
        "stays"
        if removal.objections
        else f"in {removal.archive_file} ({console.size(removal.archive_bytes)})"
        if removal.archive_file
        else "removed"
        for removal in done
    ]
    out.print(_table([removal.candidate for removal in done], actions))
    _explain([removal.candidate for removal in done], [removal.objections for removal in done])


def _verify(settings: Settings) -> None:
    from tidemark_warehouse.archiving.restore import verify

    count, problems, unknown = verify(settings)
    out = console.out()
    for problem in problems:
        out.print(f"[red]damaged[/] {escape(problem.sentence)}", soft_wrap=True)
        out.print(f"  -> {escape(problem.remedy)}", soft_wrap=True)
    for name in unknown:
        out.print(
            f"[yellow]unknown[/] {escape(name)}: the database remembers no such file",
            soft_wrap=True,
        )
    damaged = len({problem.file for problem in problems})
    out.print(f"{console.plural(count, 'archived file')}, {damaged} damaged")
    if problems:
        raise typer.Exit(1)


def _table(candidates: list[Candidate], actions: list[str]) -> Table:
    return console.table(
        ("table", "period", "rows", "size", "what"),
        (
            (c.rule.table_name, c.period, c.rows, console.size(c.bytes), action)
            for c, action in zip(candidates, actions, strict=True)
        ),
    )


def _explain(candidates: list[Candidate], objections: Iterable[tuple[str, ...]]) -> None:
    """Why what has expired stays: each reason once, with the periods that it holds."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for candidate, held in zip(candidates, objections, strict=True):
        for reason in held:
            reasons.setdefault((candidate.rule.table_name, reason), []).append(candidate.period)
    for (table_name, reason), periods in reasons.items():
        console.out().print(
            f"[yellow]{table_name}[/] {', '.join(periods)} stays: {escape(reason)}", soft_wrap=True
        )
