"""Chunks of plain data at once: columns in, CSV out."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from tidemark_warehouse.loading import columns
from tidemark_warehouse.loading.batches import Batch
from tidemark_warehouse.loading.columns import UnfitError
from tidemark_warehouse.loading.mapping import Plan
from tidemark_warehouse.loading.sources import Chunk
from tidemark_warehouse.loading.tables import Column
from tidemark_warehouse.loading.values import Converter, Reading

MAX_BYTES = 64 << 20
# A line of only \\. ends the data for PostgreSQL before 18, even within quotes.
END_OF_DATA = b"\n\\."


class ColumnConverter:
    """Turns chunks into batches, as long as the mapping and the values are plain."""

    def __init__(self, plan: Plan, converters: Mapping[str, Converter], reading: Reading) -> None:
        self._table = plan.table
        self._converters = converters
        self._reading = reading
        self._plain = _plain_sources(plan)
        self._as_it_is = _as_it_is(plan, self._plain)

    def batch(self, chunk: Chunk, plan: Plan) -> Batch | None:
        """Turn a chunk into a batch; None if its rows must be looked at one by one."""
        if self._plain is None:
            return None
        if self._as_it_is:
            batch = self._raw(chunk, self._as_it_is)
            if batch:
                return batch
            self._as_it_is = None  # the next chunks hardly are better
        sources = {name: self._plain[name] for name in plan.columns}
        fields = dict.fromkeys(f for s in sources.values() if isinstance(s, list) for f in s)
        table = chunk.table(list(fields))
        if table is None or table.nbytes > MAX_BYTES:
            return None
        try:
            return self._converted(plan, sources, table)
        except UnfitError:
            return None

    def _converted(
        self, plan: Plan, sources: dict[str, list[str] | str], table: pa.Table
    ) -> Batch | None:
        made: dict[str, pa.ChunkedArray] = {}
        batch = Batch(plan.columns, table.num_rows)
        for feed in plan.feeds:
            name = feed.column.name
            source = sources[name]
            if isinstance(source, str):
                made[name] = _repeated(self._constant(name, source), table)
                continue
            parts = [columns.convert(table[field], feed.column, self._reading) for field in source]
            made[name] = _first([part.values for part in parts], table)
            if name == self._table.time_column:
                batch.months = columns.months_of(_first([part.times for part in parts], table))
            if made[name].null_count < table.num_rows:
                batch.filled.add(name)
        self._fill(made)
        made_id = self._table.made_id
        batch.lacks_id = made_id is not None and (
            made_id not in made or made[made_id].null_count > 0
        )
        batch.csv = columns.written(list(made.values()), list(made))
        return None if END_OF_DATA in batch.csv else batch

    def _raw(self, chunk: Chunk, targets: dict[str, str]) -> Batch | None:
        """Take a chunk's own text, if it holds nothing that COPY would take otherwise than we.

        Args:
            chunk: the rows.
            targets: the column that each of its fields fills.
        """
        raw = chunk.raw()
        known = [(field, self._table.columns[name]) for field, name in targets.items()]
        checked = {field: column for field, column in known if self._is_checked(column)}
        table = chunk.table(list(checked))
        if raw is None or table is None or END_OF_DATA in raw[0]:
            return None
        batch = Batch(tuple(targets.values()), table.num_rows, csv=raw[0], delimiter=raw[1])
        made_id = self._table.made_id
        batch.lacks_id = made_id is not None and made_id not in batch.columns
        for field, column in checked.items():
            values = table[field]
            try:
                made = columns.convert(values, column, self._reading)
            except UnfitError:
                return None
            changed = made.values is not values
            missing = column.name != made_id and made.values.null_count
            if changed or (missing and (column.required or column.default is not None)):
                return None
            if column.name == made_id:
                batch.lacks_id = made.values.null_count > 0
            if column.name == self._table.time_column:
                batch.months = columns.months_of(made.times)
        return batch

    def _is_checked(self, column: Column) -> bool:
        """Whether COPY takes, or this loader changes, what is not in order in this column."""
        plain_text = column.type == "text" and not column.key and not column.allowed
        return not plain_text or column.required or column.default is not None

    def _constant(self, name: str, text: str) -> str | None:
        try:
            return self._converters[name](text)
        except ValueError as error:
            raise UnfitError from error

    def _fill(self, made: dict[str, pa.ChunkedArray]) -> None:
        """Put defaults and stand-ins in the place of nulls.

        Raises:
            UnfitError: a required value is missing.
        """
        if "distinct_id" in made:
            spare = [made[name] for name in self._table.missing_distinct_id if name in made]
            made["distinct_id"] = pc.coalesce(made["distinct_id"], *spare)
        for name, values in made.items():
            column = self._table.columns[name]
            if not values.null_count:
                continue
            if column.default is not None:
                if not pa.types.is_string(values.type):
                    raise UnfitError
                made[name] = values.fill_null(column.default)
            elif column.required and name != self._table.made_id:
                raise UnfitError


def _plain_sources(plan: Plan) -> dict[str, list[str] | str] | None:
    """Return for each column its fields or its constant; None if some column needs more work."""
    found: dict[str, list[str] | str] = {}
    for feed in plan.feeds:
        if feed.members or feed.rest:
            return None
        fields: list[str] = []
        for wish in feed.wishes:
            source = wish.source
            if source is None:
                if len(feed.wishes) > 1 or wish.constant is None:
                    return None
                found[feed.column.name] = wish.constant
                continue
            nested = set(".[") & set(source.path) if plan.fields is None else False
            known = plan.fields is None or source.path in plan.fields
            if nested or not known or source.recode is not None or source.when:
                return None
            fields.append(source.path)
        found.setdefault(feed.column.name, fields)
    return found


def _as_it_is(plan: Plan, plain: dict[str, list[str] | str] | None) -> dict[str, str] | None:
    """Return the column of each field, if every field fills just one and nothing else does."""
    if plan.fields is None or plain is None:
        return None
    columns_of = {
        source[0]: name
        for name, source in plain.items()
        if isinstance(source, list) and len(source) == 1
    }
    if len(columns_of) < len(plain) or set(columns_of) != set(plan.fields):
        return None
    return {field: columns_of[field] for field in plan.fields}


def _first(parts: list[pa.ChunkedArray], table: pa.Table) -> pa.ChunkedArray:
    """Return for each row the first value that is there."""
    if not parts:
        return _repeated(None, table)
    return parts[0] if len(parts) == 1 else pc.coalesce(*parts)


def _repeated(value: str | None, table: pa.Table) -> pa.ChunkedArray:
    return pa.chunked_array([pa.repeat(pa.scalar(value, pa.string()), table.num_rows)])
