"""The answer of a query over the archive, as a table, CSV or JSON."""

from __future__ import annotations

from typing import IO, Literal

import duckdb
import pyarrow.csv  # type: ignore[import-untyped]
from rich.table import Table
from rich.text import Text

from tidemark_warehouse.archiving.dialect import quoted

Format = Literal["table", "csv", "json"]

_NUMBERS = ("INT", "DOUBLE", "FLOAT", "DECIMAL")
_ROW = "tidemark_row"  # a name that no column has
_AS_JSON = f"select to_json({_ROW})::varchar from {_ROW}"  # noqa: S608
_ROWS_AT_ONCE = 10_000


def as_table(answer: duckdb.DuckDBPyRelation, limit: int) -> tuple[Table, bool]:
    """Return a table of the first rows, and whether there are more; numbers stand on the right."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for name, kind in zip(answer.columns, answer.types, strict=True):
        numeric = any(word in str(kind) for word in _NUMBERS) and "[" not in str(kind)
        made.add_column(Text(name), justify="right" if numeric else "left", no_wrap=True)
    rows = _texts(answer.limit(limit + 1)).fetchall()
    for row in rows[:limit]:
        made.add_row(*(Text("") if value is None else Text(value) for value in row))
    return made, len(rows) > limit


def write_csv(answer: duckdb.DuckDBPyRelation, out: IO[bytes]) -> None:
    """Write all rows, with a heading; a null is nothing, an empty text two quotes."""
    reader = _texts(answer).to_arrow_reader(_ROWS_AT_ONCE)
    options = pyarrow.csv.WriteOptions(quoting_style="needed")
    with pyarrow.csv.CSVWriter(out, reader.schema, write_options=options) as writer:
        for batch in reader:
            writer.write_batch(batch)


def write_json(answer: duckdb.DuckDBPyRelation, out: IO[bytes]) -> None:
    """Write all rows as a JSON array of objects, a row a line; NaN and infinity are null there."""
    finite = ", ".join(
        f"case when isfinite({quoted(name)}) then {quoted(name)} end as {quoted(name)}"
        if str(kind) in ("DOUBLE", "FLOAT")
        else quoted(name)
        for name, kind in zip(answer.columns, answer.types, strict=True)
    )
    rows = answer.project(finite).query(_ROW, _AS_JSON)
    first = True
    out.write(b"[\n")
    for batch in rows.to_arrow_reader(_ROWS_AT_ONCE):
        if batch.num_rows:
            out.write(b"" if first else b",\n")
            out.write(",\n".join(batch.column(0).to_pylist()).encode())
            first = False
    out.write(b"]\n" if first else b"\n]\n")


def _texts(answer: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    return answer.project("cast(columns(*) as varchar)")
