"""Mappings: which fields of a file fill which column of a table, and how."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field, replace

from tidemark_warehouse.database.catalog import Column, Table
from tidemark_warehouse.errors import TidemarkError, did_you_mean
from tidemark_warehouse.loading.records.blocks import locate

REST = "*"
SEQUENCE = "_sequence"  # a column of temporary tables only: what --order-by names
KINDS = ("number", "boolean", "json", "object", "labels", "text")

_PLACE = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Place:
    """One field in a source.

    Attributes:
        paths: names of fields or paths into nested ones; the first that has a value counts.
        kind: what is made of it: a number, a truth value, JSON or an object; '' as it is.
    """

    paths: tuple[str, ...]
    kind: str = ""


@dataclass(frozen=True)
class Source:
    """Where a value comes from: a field, a constant, or a text made of several fields.

    Attributes:
        text: as it was written.
        parts: texts and fields in turn; a single field is taken as it is.
        recode: what stands for each value; other values are taken as missing.
        others_skip: leave rows out whose value is not in `recode`.
        when: only for rows in which each of these paths has one of these values (`*`: any).
        unless: only for rows in which no such path has one of these values.
        match: what of the value is taken: the groups of a regular expression, joined by `#`.
        without: keys that are left out of an object.
        none: values that mean that there is none, as texts.
    """

    text: str
    parts: tuple[str | Place, ...]
    recode: Dict[str, str] | None = None
    others_skip: bool = False
    when: Dict[str, frozenset[str]] = field(default_factory=dict)
    unless: Dict[str, frozenset[str]] = field(default_factory=dict)
    match: str = ""
    without: frozenset[str] = frozenset()
    none: frozenset[str] = frozenset()

    @classmethod
    def of(cls, text: str) -> Source:
        """Read `path` or `{a|b}:{c:number}`: braces are replaced by values.

        Raises:
            TidemarkError: a brace asks for an unknown kind.
        """
        pieces = _PLACE.split(text)
        if len(pieces) == 1:
            return cls(text, (Place((text,)),))
        parts: list[str | Place] = []
        for number, piece in enumerate(pieces):
            if number % 2:
                names, colon, kind = piece.rpartition(":")
                if not colon or kind not in KINDS:
                    names, kind = piece, ""
                parts.append(Place(tuple(name.strip() for name in names.split("|")), kind))
            elif piece:
                parts.append(piece)
        return cls(text, tuple(parts))

    @classmethod
    def constant(cls, text: str) -> Source:
        """Return a text that stands in every row."""
        return cls(repr(text), (text,))

    @property
    def places(self) -> tuple[Place, ...]:
        """The fields in it."""
        return tuple(part for part in self.parts if isinstance(part, Place))

    @property
    def paths(self) -> tuple[str, ...]:
        """All paths that it reads as values."""
        return tuple(path for place in self.places for path in place.paths)

    @property
    def single(self) -> str | None:
        """The only path of a source that takes a field as it is; else None."""
        plain = not (
            self.recode or self.when or self.unless or self.match or self.without or self.none
        )
        alone = len(self.parts) == 1 and len(self.paths) == 1 and not self.places[0].kind
        return self.paths[0] if plain and alone else None

    @property
    def takes_rest(self) -> bool:
        """Whether it takes all fields that nothing else uses."""
        return self.text == REST

    def literal(self, fields: Iterable[str]) -> Source:
        """Return the source as a plain name, if braces belong to the name of a field."""
        return replace(self, parts=(Place((self.text,)),)) if self.text in set(fields) else self


@dataclass(frozen=True)
class Mapping:
    """What fills a column, or a key of a jsonb column: the first source that has a value.

    Attributes:
        column: the column.
        under: the keys under which the value is put, if the column is jsonb.
        sources: the choices, in order.
        asked: whether a person asked for it, so that a missing field is an error.
    """

    column: str
    sources: tuple[Source, ...]
    under: tuple[str, ...] = ()
    asked: bool = False

    @property
    def target(self) -> str:
        """The column and the keys, as they are written."""
        return ".".join((self.column, *self.under))

    def said(self) -> str:
        """Say where its values come from."""
        return ", else ".join(
            "all other fields" if source.takes_rest else source.text for source in self.sources
        )


@dataclass(frozen=True)
class Mappings:
    """All that fills a table from one file.

    Attributes:
        table: the table.
        columns: for each loaded column, in the table's order, what fills it and its keys.
        fields: names of the file's fields in order; None for JSON.
        used: the fields that something takes whole.
        named: columns that a person or a preset named.
        identity: columns that tell apart rows whose tool gave them one id.
        skip: rows in which each of these paths has one of these values are left out.
    """

    table: Table
    columns: Dict[str, tuple[Mapping, ...]]
    fields: tuple[str, ...] | None
    used: frozenset[str]
    named: frozenset[str]
    identity: tuple[str, ...] = ()
    skip: Dict[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def nothing(cls, table: Table) -> Mappings:
        """Return what fills nothing, before a file is opened."""
        return cls(table, {}, (), frozenset(), frozenset())

    def unused(self, names: Iterable[str]) -> list[str]:
        """List those of a file's fields of which no column takes anything."""
        known = list(names)
        mapped = [source for each in self.all() for source in each.sources]
        if any(source.takes_rest for source in mapped):
            return []
        read = {path for source in mapped for path in (*source.paths, *source.when)} | self.used
        touched = {found[0] for path in read if (found := locate(path, known))}
        return [name for name in known if name not in touched and not name.startswith("_")]

    def all(self) -> list[Mapping]:
        """Return every mapping."""
        return [mapping for mappings in self.columns.values() for mapping in mappings]

    def told(self) -> dict[str, str]:
        """Return for each column and key where its values come from, for the ledger."""
        return {mapping.target: mapping.said() for mapping in self.all()}

    def described(self) -> dict[str, str]:
        """Say for each column in a few words where its values come from."""
        made = {}
        for name, mappings in self.columns.items():
            parts = [m.said() if not m.under else f"{m.target} from {m.said()}" for m in mappings]
            if name == "distinct_id":
                parts += [f"else {n}" for n in self.table.missing_distinct_id if n in self.columns]
            made[name] = ", ".join(part for part in parts if part)
        return made


def parse_map(text: str) -> Mapping:
    """Read `column=source`.

    Raises:
        TidemarkError: it has another form.
    """
    column, under, value = _parse("--map", "column=source.path", text)
    return Mapping(column, (Source.of(value),), under, asked=True)


def parse_set(text: str) -> Mapping:
    """Read `column=value`.

    Raises:
        TidemarkError: it has another form.
    """
    column, under, value = _parse("--set", "column=value", text)
    return Mapping(column, (Source.constant(value),), under, asked=True)


def merged(mappings: Iterable[Mapping]) -> tuple[Mapping, ...]:
    """Make choices of mappings that were given for the same target."""
    found: dict[str, Mapping] = {}
    for mapping in mappings:
        before = found.get(mapping.target)
        found[mapping.target] = (
            replace(before, sources=before.sources + mapping.sources) if before else mapping
        )
    return tuple(found.values())


def resolve(
    table: Table,
    asked: Sequence[Mapping],
    preset: Sequence[Mapping],
    fields: Sequence[str] | None,
) -> Mappings:
    """Decide what fills each column.

    What was asked for wins over the preset, and that over a field of the column's own name. Such a
    field is not taken by its name if something else was told to take it.

    Args:
        table: the table to load.
        asked: the `--map` and `--set` of a person.
        preset: those of a preset.
        fields: the file's fields; None if each record has its own (JSON).

    Raises:
        TidemarkError: a column or a field does not exist, or a required column has no source.
    """
    if fields is not None:
        asked = [replace(m, sources=tuple(s.literal(fields) for s in m.sources)) for m in asked]
    for mapping in asked:
        _check_column(table, mapping)
        if fields is not None:
            _check_fields(mapping, fields)
    told = {mapping.target for mapping in asked}
    mappings = [*asked]
    mappings += [
        kept for m in preset if m.target not in told and (kept := _present(m, fields)) is not None
    ]
    taken = {path for m in mappings for source in m.sources for path in source.paths}
    used = set(taken)
    columns: dict[str, tuple[Mapping, ...]] = {}
    for column in table.columns.values():
        own = [mapping for mapping in mappings if mapping.column == column.name]
        by_name = column.name not in taken and (fields is None or column.name in fields)
        if by_name and not any(not mapping.under for mapping in own):
            own.insert(0, Mapping(column.name, (Source.of(column.name),)))
            used.add(column.name)
        if own or _stood_in_for(table, column.name, mappings, fields):
            columns[column.name] = tuple(own)
    made = Mappings(
        table,
        columns,
        None if fields is None else tuple(fields),
        frozenset(used),
        frozenset(mapping.column for mapping in mappings),
    )
    _check_required(made)
    return made


def _parse(option: str, form: str, text: str) -> tuple[str, tuple[str, ...], str]:
    target, equals, value = text.partition("=")
    column, *under = target.strip().split(".")
    if not equals or not column or not all(under) or (option == "--map" and not value):
        raise TidemarkError(f"{option} {text!r} is not of the form {form}")
    return column, tuple(under), value


def _check_column(table: Table, mapping: Mapping) -> None:
    option = "--map" if any(s.places for s in mapping.sources) else "--set"
    column = table.columns.get(mapping.column)
    if column is None:
        raise TidemarkError(
            f"{option}: raw.{table.name} has no column {mapping.column}",
            f"{did_you_mean(mapping.column, table.columns)}it has {', '.join(table.columns)}",
        )
    rest = any(source.takes_rest for source in mapping.sources)
    if column.type != "jsonb" and (mapping.under or rest):
        what = mapping.target if mapping.under else f"{mapping.column}=*"
        raise TidemarkError(
            f"{option} {what}: the column {mapping.column} is {column.type}, "
            "and only jsonb has keys",
        )


def _check_fields(mapping: Mapping, fields: Sequence[str]) -> None:
    for source in mapping.sources:
        for place in source.places:
            if source.takes_rest or any(_is_there(path, fields) for path in place.paths):
                continue
            wrong = place.paths[0]
            raise TidemarkError(
                f"--map: the file has no field {wrong}",
                f"{did_you_mean(wrong, fields)}it has {', '.join(fields)}",
            )


def _check_required(made: Mappings) -> None:
    table = made.table
    missing = [
        column.name
        for column in table.columns.values()
        if column.required and column.name not in made.columns and column.name != table.made_id
    ]
    if missing and made.fields is not None:
        raise TidemarkError(
            f"nothing fills {', '.join(missing)} of raw.{table.name}, which "
            f"{'is' if len(missing) == 1 else 'are'} required",
            f"the file has the fields {', '.join(made.fields)}: name one with "
            f"--map {missing[0]}=FIELD, or give a constant with --set {missing[0]}=VALUE",
        )


def _stood_in_for(
    table: Table, column: str, mappings: Sequence[Mapping], fields: Sequence[str] | None
) -> bool:
    """Whether other columns' values stand in for this one's."""
    if column != "distinct_id":
        return False
    named = {mapping.column for mapping in mappings} | set(fields or ())
    return any(name in named for name in table.missing_distinct_id)


def _present(mapping: Mapping, fields: Sequence[str] | None) -> Mapping | None:
    """Keep the choices of a preset whose fields the file has; None if there is none."""
    if fields is None:
        return mapping
    kept = tuple(
        source
        for source in mapping.sources
        if source.takes_rest
        or all(any(_is_there(path, fields) for path in place.paths) for place in source.places)
    )
    return replace(mapping, sources=kept) if kept else None


def _is_there(path: str, fields: Sequence[str]) -> bool:
    return path.startswith("_") or locate(path, fields) is not None


def with_sequence(table: Table) -> Table:
    """Return the table as it is staged where a field says which of two rows is later."""
    column = Column(SEQUENCE, "numeric", required=False, default=None, key=False)
    return replace(table, columns=table.columns | {SEQUENCE: column})
