"""Blocks of records into batches that COPY takes; what does not fit is rejected with its reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from tidemark_warehouse.database.catalog import Column
from tidemark_warehouse.loading.conversion.columns import (
    TIME,
    UTC,
    Converted,
    UnfitError,
    array_of,
    convert,
    converter,
    months_of,
    written,
)
from tidemark_warehouse.loading.conversion.extraction import Errors, Extraction
from tidemark_warehouse.loading.conversion.times import MAX_DURATION
from tidemark_warehouse.loading.conversion.values import Reading, uuid5_of
from tidemark_warehouse.loading.mapping import Mapping, Mappings
from tidemark_warehouse.loading.records.blocks import Records, Values, as_list

# A line of only \\. ends the data for PostgreSQL before 18, even within quotes.
END_OF_DATA = b"\n\\."


@dataclass(frozen=True)
class Reject:
    """A row that does not fit."""

    line: int
    reason: str
    payload: str


@dataclass
class Batch:
    """Rows that are ready to be copied, and what became of the others.

    Attributes:
        records: the block they come from.
        columns: the columns that they fill.
        table: their values.
        csv: the rows as they stand in the file, if nothing had to be changed.
        delimiter: of that.
        origins: for each row its number within the block.
        rejects: what does not fit.
        skipped: how many the mapping leaves out.
        months: the months of UTC in which they are, as YYYY-MM, if the table has a time.
        lacks_id: whether the id that is made from the content is missing somewhere.
        filled: columns in which some row has a value of its own.
    """

    records: Records
    columns: tuple[str, ...]
    table: pa.Table | None = None
    csv: bytes | None = None
    delimiter: str = ","
    origins: pa.Array | None = None
    count: int = 0
    rejects: list[Reject] = field(default_factory=list)
    skipped: int = 0
    months: set[str] = field(default_factory=set)
    lacks_id: bool = False
    filled: set[str] = field(default_factory=set)

    def data(self) -> bytes:
        """Return what COPY is sent."""
        if self.csv is not None:
            return self.csv
        return b"" if self.table is None else written(self.table)

    def halves(self) -> tuple[Batch, Batch]:
        """Split it in two."""
        middle = self.count // 2
        return self._part(0, middle), self._part(middle, self.count - middle)

    def reject(self, reason: str) -> Reject:
        """Say why its only row is not taken."""
        index = 0 if self.origins is None else self.origins[0].as_py()
        return Reject(self.records.line(index), reason, self.records.payload(index))

    def _part(self, start: int, count: int) -> Batch:
        origins = pa.array(range(self.count), pa.int64()) if self.origins is None else self.origins
        table = None if self.table is None else self.table.slice(start, count)
        names = self.columns if table is None else tuple(table.column_names)
        return Batch(self.records, names, table, origins=origins.slice(start, count), count=count)


def prepare(records: Records, mappings: Mappings, reading: Reading, careful: bool = False) -> Batch:
    """Map and check the records of a block.

    Args:
        records: the block.
        mappings: what fills the columns.
        reading: how values are read.
        careful: look at every value, because the database refuses some.
    """
    return _Preparation(records, mappings, reading, careful).batch()


class _Preparation:
    def __init__(
        self, records: Records, mappings: Mappings, reading: Reading, careful: bool
    ) -> None:
        self._records = records
        self._mappings = mappings
        self._table = mappings.table
        self._reading = replace(reading, found=Counter()) if careful else reading
        self._careful = careful
        self._extraction = Extraction(records, self._reading)
        self._errors: Errors = {}
        self._times: dict[str, pa.ChunkedArray] = {}
        self._made: dict[str, pa.ChunkedArray] = {}
        self._as_it_is = mappings.fields is not None and not careful

    def batch(self) -> Batch:
        self._extraction.skip(self._mappings.skip)
        for name, mappings in self._mappings.columns.items():
            if self._is_known(name, mappings):
                self._fill(self._table.columns[name], mappings)
        filled = {name for name, v in self._made.items() if v.null_count < len(v)}
        self._check_durations()
        self._stand_in()
        self._tell_apart()
        bad = {**self._errors, **self._records.problems}
        for index in self._extraction.skipped:
            bad.pop(index, None)
        batch = Batch(self._records, tuple(self._made), filled=filled)
        batch.skipped = len(self._extraction.skipped)
        batch.rejects = [
            Reject(self._records.line(i), bad[i], self._records.payload(i)) for i in sorted(bad)
        ]
        out = bad.keys() | self._extraction.skipped
        batch.count = self._records.count - len(out)
        if out:
            kept = [index for index in range(self._records.count) if index not in out]
            batch.origins = pa.array(kept, pa.int64())
            self._made = {name: v.take(batch.origins) for name, v in self._made.items()}
            self._times = {name: v.take(batch.origins) for name, v in self._times.items()}
        if batch.count:
            self._finish(batch, whole=not out)
        return batch

    def _finish(self, batch: Batch, whole: bool) -> None:
        made_id = self._table.made_id
        batch.lacks_id = made_id is not None and (
            made_id not in self._made or self._made[made_id].null_count > 0
        )
        if self._table.time_column in self._times:
            batch.months = months_of(self._times[self._table.time_column])
        raw = self._records.raw() if whole and self._as_it_is else None
        order = self._one_to_one() if raw else None
        if raw and order and END_OF_DATA not in raw[0]:
            batch.columns = order
            batch.csv, batch.delimiter = raw
        batch.table = pa.table(self._made)

    def _one_to_one(self) -> tuple[str, ...] | None:
        """Return the column of each field, if every field fills just one and nothing else does."""
        column_of: dict[str, str] = {}
        for name in self._made:
            mappings = self._mappings.columns[name]
            sources = [source for m in mappings if not m.under for source in m.sources]
            if len(sources) != 1 or len(mappings) != 1 or sources[0].single is None:
                return None
            column_of[sources[0].single] = name
        fields = self._mappings.fields or ()
        if len(column_of) < len(self._made) or set(column_of) != set(fields):
            return None
        return tuple(column_of[field] for field in fields)

    def _is_known(self, name: str, mappings: tuple[Mapping, ...]) -> bool:
        """Leave out columns that no record of a JSON block knows: they are left as they are."""
        return (
            self._mappings.fields is not None
            or name in self._mappings.named
            or name in self._records.keys
            or self._table.columns[name].required
            or not mappings
        )

    def _fill(self, column: Column, mappings: tuple[Mapping, ...]) -> None:
        name = column.name
        if name == self._table.made_id and self._mappings.identity:
            column = replace(column, type="text")  # it becomes a uuid with what tells it apart
        if column.type == "jsonb":
            used = self._mappings.used
            taken = self._extraction.objects(mappings, used, self._errors, name)
        elif mappings:
            taken = self._extraction.column(mappings[0], self._reading.nulls_of(column))
        else:
            taken = [None] * self._records.count
        converted = None if self._careful else self._at_once(taken, column)
        if converted is None:
            converted = self._one_by_one(taken, column)
        self._made[name] = converted.values
        if converted.times is not None:
            self._times[name] = converted.times
        if converted.values is not taken or not self._is_field(mappings, taken):
            self._as_it_is = False

    def _is_field(self, mappings: tuple[Mapping, ...], taken: Values) -> bool:
        """Whether the values are a field of the file as it is."""
        if len(mappings) != 1 or len(mappings[0].sources) != 1:
            return False
        path = mappings[0].sources[0].single
        return path is not None and self._records.values(path) is taken

    def _at_once(self, taken: Values, column: Column) -> Converted | None:
        try:
            if isinstance(taken, list):
                taken = array_of(taken, column, self._records.came_of_json)
            return convert(taken, column, self._reading)
        except (UnfitError, pa.ArrowException, ValueError, OverflowError):
            return None

    def _one_by_one(self, taken: Values, column: Column) -> Converted:
        to = converter(column, self._reading)
        made: list[str | None] = []
        for index, value in enumerate(as_list(taken)):
            try:
                made.append(to(value))
            except ValueError as error:
                made.append(None)
                self._errors.setdefault(index, f"{column.name}: {error}")
        array = pa.chunked_array([pa.array(made, pa.string())])
        return Converted(array, array.cast(UTC) if column.type == TIME else None)

    def _check_durations(self) -> None:
        """Take the end off work that ends before it begins, and refuse work of over a year."""
        begin, end = self._times.get("started_at"), self._times.get("ended_at")
        if self._table.name != "time_sessions" or begin is None or end is None:
            return
        micros = pc.subtract(end.cast(pa.int64()), begin.cast(pa.int64()))
        backwards = pc.fill_null(pc.less(micros, 0), False)
        if "total_seconds" in self._made:
            known = pc.is_valid(self._made["total_seconds"])
            micros = pc.if_else(known, pa.scalar(None, pa.int64()), micros)
        if pc.any(backwards).as_py() and "session_id" in self._table.columns:
            self._find("negative", pc.less(micros, 0))
            self._as_it_is = False
            missing = pa.scalar(None, self._made["ended_at"].type)
            self._made["ended_at"] = pc.if_else(backwards, missing, self._made["ended_at"])
        too_long = pc.fill_null(pc.greater(micros, MAX_DURATION * 1_000_000), False)
        for index in pc.indices_nonzero(too_long).to_pylist():
            self._errors.setdefault(index, "from started_at to ended_at it is longer than 366 days")
        long = pc.greater(micros, int(self._reading.long_seconds * 1_000_000))
        self._find("long", pc.and_(long, pc.invert(too_long)))

    def _find(self, what: str, rows: pa.ChunkedArray) -> None:
        """Count what a person is told of."""
        count = pc.sum(rows).as_py()
        if count:
            self._reading.found[what] += count

    def _tell_apart(self) -> None:
        """Give rows that differ in what tells them apart different ids, even if their tool did not.

        Without this the second of two events with one id would be dropped as sent again.
        """
        made_id = self._table.made_id
        if not self._mappings.identity or made_id not in self._made:
            return
        others = [self._made[name] for name in self._mappings.identity if name in self._made]
        texts = [pc.fill_null(each, "None") for each in others]
        names = pc.binary_join_element_wise(self._made[made_id], *texts, ":")
        ids = [None if name is None else uuid5_of(name) for name in as_list(names)]
        self._made[made_id] = pa.chunked_array([pa.array(ids, pa.string())])
        self._as_it_is = False

    def _stand_in(self) -> None:
        """Put defaults and stand-ins in the place of nulls, and refuse what is missing still."""
        made = self._made
        spare = [name for name in self._table.missing_distinct_id if name in made]
        if "distinct_id" in made and made["distinct_id"].null_count:
            others = [made[name] for name in spare]
            made["distinct_id"] = pc.coalesce(made["distinct_id"], *others)
            self._as_it_is = False
        for name, taken in made.items():
            column = self._table.columns[name]
            if not taken.null_count:
                continue
            if column.default is not None:
                texts = taken if pa.types.is_string(taken.type) else taken.cast(pa.string())
                made[name] = pc.fill_null(texts, column.default)
                self._as_it_is = False
            elif column.required and name != self._table.made_id:
                for index in pc.indices_nonzero(pc.is_null(taken)).to_pylist():
                    self._errors.setdefault(index, _missing(name, bool(spare)))


def _missing(name: str, has_spare: bool) -> str:
    if name == "distinct_id" and has_spare:
        return "distinct_id is missing, and so are user_id and session_id"
    return f"{name} is missing"
