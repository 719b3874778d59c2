"""Which field of a source fills which column of a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.loading.paths import locate
from tidemark_warehouse.loading.tables import Column, Table, nearest

REST = "*"


@dataclass(frozen=True)
class Source:
    """Where a value comes from.

    Attributes:
        path: name of a field, or a path into nested ones (`user.id`, `items[0].sku`).
        recode: what stands for each value; other values are taken as missing.
        others_skip: leave rows out whose value is not in `recode`.
        when: only for rows in which this field has this value.
    """

    path: str
    recode: Mapping[str, str] | None = None
    others_skip: bool = False
    when: tuple[str, str] | None = None


@dataclass(frozen=True)
class Wish:
    """One `--map`, one `--set` or one line of a preset.

    Attributes:
        column: the column to fill.
        under: the keys under which the value is put, if the column is jsonb.
        source: where the value comes from; None for a constant.
        constant: the value of a constant.
        asked: whether a person asked for it, so that a missing source is an error.
    """

    column: str
    under: tuple[str, ...] = ()
    source: Source | None = None
    constant: str | None = None
    asked: bool = False

    @property
    def takes_rest(self) -> bool:
        """Whether it takes all fields that nothing else uses."""
        return self.source is not None and self.source.path == REST


@dataclass(frozen=True)
class Feed:
    """What fills one column.

    Attributes:
        column: the column.
        wishes: alternatives for the whole value; the first that is there counts.
        members: what is put under keys of a jsonb column.
        rest: whether the fields that nothing else uses are put there too.
    """

    column: Column
    wishes: tuple[Wish, ...] = ()
    members: tuple[Wish, ...] = ()
    rest: bool = False


@dataclass(frozen=True)
class Plan:
    """How rows of one source become rows of a table.

    Attributes:
        table: the table.
        feeds: what fills each loaded column, in the table's order.
        fields: names of the source's fields in order; None for JSON, whose rows are dicts.
        typed: fields whose texts mean numbers or truth values (CSV).
        used: the fields that something takes whole.
    """

    table: Table
    feeds: tuple[Feed, ...]
    fields: tuple[str, ...] | None
    typed: frozenset[str]
    used: frozenset[str]

    @property
    def columns(self) -> tuple[str, ...]:
        """The loaded columns."""
        return tuple(feed.column.name for feed in self.feeds)

    def unused(self, names: Iterable[str]) -> list[str]:
        """List those of a file's fields of which no column takes anything."""
        known = list(names)
        if any(feed.rest for feed in self.feeds):
            return []
        touched = {found[0] for path in self.used if (found := locate(path, known))}
        return [name for name in known if name not in touched]

    def described(self, feed: Feed) -> str:
        """Say in a few words where a column's values come from."""
        parts = [_said(wish) for wish in feed.wishes]
        parts += [f"{'.'.join(wish.under)} from {_said(wish)}" for wish in feed.members]
        parts += ["all other fields"] if feed.rest else []
        if feed.column.name == "distinct_id" and self.table.missing_distinct_id:
            parts += [
                f"else {name}" for name in self.table.missing_distinct_id if name in self.columns
            ]
        return ", ".join(parts)


def parse_map(text: str) -> Wish:
    """Read `column=source.path`.

    Raises:
        TidemarkError: it has another form.
    """
    column, under, value = _parse("--map", "column=source.path", text)
    return Wish(column, under, source=Source(value), asked=True)


def parse_set(text: str) -> Wish:
    """Read `column=value`.

    Raises:
        TidemarkError: it has another form.
    """
    column, under, value = _parse("--set", "column=value", text)
    return Wish(column, under, constant=value, asked=True)


def resolve(
    table: Table,
    asked: Sequence[Wish],
    preset: Sequence[Wish],
    fields: Sequence[str] | None,
    typed: frozenset[str] = frozenset(),
) -> Plan:
    """Decide what fills each column.

    What was asked for wins over the preset, and that over a field of the column's own name. Such a
    field is not taken by its name if something else was told to take it.

    Args:
        table: the table to load.
        asked: the `--map` and `--set` of a person.
        preset: the lines of a preset.
        fields: the source's fields; None if each row has its own (JSON).
        typed: fields whose texts mean numbers or truth values.

    Raises:
        TidemarkError: a column or a field does not exist, or a required column has no source.
    """
    for wish in asked:
        _check_column(table, wish)
        if fields is not None and wish.source and not wish.takes_rest:
            _check_field(wish.source.path, fields)
    told = {(wish.column, wish.under) for wish in asked}
    wishes = [*asked]
    wishes += [
        wish for wish in preset if (wish.column, wish.under) not in told and _present(wish, fields)
    ]
    taken = {wish.source.path for wish in wishes if wish.source}
    used = set(taken)
    feeds: list[Feed] = []
    for column in table.columns.values():
        own = [wish for wish in wishes if wish.column == column.name]
        whole = [wish for wish in own if not wish.under and not wish.takes_rest]
        rest = any(wish.takes_rest for wish in own)
        by_name = column.name not in taken and (fields is None or column.name in fields)
        if not whole and not rest and by_name:
            whole = [Wish(column.name, source=Source(column.name))]
            used.add(column.name)
        feed = Feed(column, tuple(whole), tuple(w for w in own if w.under), rest)
        if whole or rest or feed.members or _stood_in_for(table, column.name, wishes, fields):
            feeds.append(feed)
    plan = Plan(
        table,
        tuple(feeds),
        None if fields is None else tuple(fields),
        typed,
        frozenset(used),
    )
    _check_required(plan)
    return plan


def _parse(option: str, form: str, text: str) -> tuple[str, tuple[str, ...], str]:
    target, equals, value = text.partition("=")
    column, *under = target.strip().split(".")
    if not equals or not column or not all(under) or (option == "--map" and not value):
        raise TidemarkError(f"{option} {text!r} is not of the form {form}")
    return column, tuple(under), value


def _check_column(table: Table, wish: Wish) -> None:
    option = "--set" if wish.source is None else "--map"
    column = table.columns.get(wish.column)
    if column is None:
        raise TidemarkError(
            f"{option}: raw.{table.name} has no column {wish.column}",
            f"{nearest(wish.column, table.columns)}it has {', '.join(table.columns)}",
        )
    if column.type != "jsonb" and (wish.under or wish.takes_rest):
        what = ".".join((wish.column, *wish.under)) if wish.under else f"{wish.column}=*"
        raise TidemarkError(
            f"{option} {what}: the column {wish.column} is {column.type}, and only jsonb has keys",
        )


def _check_field(path: str, fields: Sequence[str]) -> None:
    if locate(path, fields) is None:
        raise TidemarkError(
            f"--map: the file has no field {path}",
            f"{nearest(path, fields)}it has {', '.join(fields)}",
        )


def _check_required(plan: Plan) -> None:
    table = plan.table
    missing = [
        column.name
        for column in table.columns.values()
        if column.required and column.name not in plan.columns and column.name != table.made_id
    ]
    if missing and plan.fields is not None:
        raise TidemarkError(
            f"nothing fills {', '.join(missing)} of raw.{table.name}, which "
            f"{'is' if len(missing) == 1 else 'are'} required",
            f"the file has the fields {', '.join(plan.fields)}: name one with "
            f"--map {missing[0]}=FIELD, or give a constant with --set {missing[0]}=VALUE",
        )


def _stood_in_for(
    table: Table, column: str, wishes: Sequence[Wish], fields: Sequence[str] | None
) -> bool:
    """Whether other columns' values stand in for this one's."""
    if column != "distinct_id":
        return False
    named = {wish.column for wish in wishes} | set(fields or ())
    return any(name in named for name in table.missing_distinct_id)


def _present(wish: Wish, fields: Sequence[str] | None) -> bool:
    return fields is None or wish.source is None or locate(wish.source.path, fields) is not None


def _said(wish: Wish) -> str:
    return wish.source.path if wish.source else repr(wish.constant)


def with_columns(plan: Plan, names: Iterable[str]) -> Plan:
    """Return the same plan with fewer columns."""
    kept = set(names)
    return replace(plan, feeds=tuple(feed for feed in plan.feeds if feed.column.name in kept))
