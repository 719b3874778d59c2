"""A seed's file as rows with their lines, or why it cannot be read as such."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from tidemark_warehouse.seeds.faults import Fault, listed, nearest

NOTHING = ("", "null")  # what dbt takes for an empty cell, in any case
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Not to be seen, and not to be meant: control characters, and marks of order and of bytes.
INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060\ufeff]")
AS_UTF8 = "save it as UTF-8 (in Excel: CSV UTF-8), or: iconv -f {} -t UTF-8 {} > new.csv"
QUOTED = 'put a text that holds a comma in double quotes: "a, b"'


@dataclass(frozen=True)
class Row:
    """A row of a seed.

    Attributes:
        line: on which it begins.
        cells: by column; None where nothing is written.
    """

    line: int
    cells: dict[str, str | None]


@dataclass
class Seed:
    """A seed as its file says it.

    Attributes:
        file: from the project's root.
        rows: that could be read.
        faults: why others could not.
    """

    file: str
    rows: list[Row]
    faults: list[Fault]


def read(root: Path, file: str, columns: Sequence[str], optional: Set[str] = frozenset()) -> Seed:
    """Read a seed's file.

    Args:
        root: of the project.
        file: from there.
        columns: that its header must name, in any order.
        optional: those of them that it may leave out.
    """
    seed = Seed(file, [], [])
    try:
        content = (root / file).read_bytes()
    except FileNotFoundError:
        remedy = f"restore it, or write one with the header {','.join(columns)}"
        seed.faults.append(Fault(file, 1, "the file is missing", remedy))
        return seed
    text = _decoded(seed, content)
    if text is not None:
        _read_rows(seed, text, columns, optional)
    return seed


def _decoded(seed: Seed, content: bytes) -> str | None:
    """Return the text; None, with a fault, where it is in another encoding than UTF-8."""
    beginning = content[:1000]
    if content.startswith(UTF16) or beginning.count(0) > len(beginning) // 4:
        problem = "the file is in UTF-16, not in UTF-8"
        seed.faults.append(Fault(seed.file, 1, problem, AS_UTF8.format("UTF-16", seed.file)))
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = len(re.split(rb"\r\n|\r|\n", content[: error.start]))
        problem = f"the byte 0x{content[error.start]:02X} is not UTF-8"
        remedy = AS_UTF8.format("LATIN1", seed.file)
        seed.faults.append(Fault(seed.file, line, problem, remedy))
        return None


def _read_rows(seed: Seed, text: str, columns: Sequence[str], optional: Set[str]) -> None:
    records = _records(seed, text)
    first = next(records, None)
    if first is None:
        if not seed.faults:
            remedy = (
                f"its first line has to be {','.join(columns)}; without rows below it means none"
            )
            seed.faults.append(Fault(seed.file, 1, "the file is empty", remedy))
        return
    line, _, header = first
    if not _is_header(seed, line, header, columns, optional):
        return
    for line, last, cells in records:
        if len(cells) != len(header):
            seed.faults.append(_miscounted(seed.file, line, last, cells, header))
            continue
        values = [None if cell.strip().lower() in NOTHING else cell for cell in cells]
        left_out = dict.fromkeys(optional)
        row = Row(line, left_out | dict(zip(header, values, strict=True)))
        found = list(_badly_written(seed.file, line, dict(zip(header, cells, strict=True))))
        seed.faults += found
        if not found and any(value is not None for value in values):
            seed.rows.append(row)


def _records(seed: Seed, text: str) -> Iterator[tuple[int, int, list[str]]]:
    """Yield the first line, the last line and the cells of each row that has any."""
    # As dbt opens it: whatever ends a line, a line feed is read.
    lines = io.StringIO(text, newline=None)
    reader = csv.reader(lines, strict=True)
    line = 1
    try:
        for cells in reader:
            if cells:
                yield line, reader.line_num, cells
            line = reader.line_num + 1
    except csv.Error as error:
        unclosed = "unexpected end" in str(error)
        problem = (
            "a double quote is opened here and never closed"
            if unclosed
            else "a double quote is closed in the middle of a text"
            if "expected after" in str(error)
            else str(error)
        )
        remedy = 'close it; a double quote within a quoted text is written twice: "say ""hi"""'
        seed.faults.append(Fault(seed.file, line, problem, remedy))


def _is_header(
    seed: Seed, line: int, header: Sequence[str], columns: Sequence[str], optional: Set[str]
) -> bool:
    """Whether the header names each column once; adds what is wrong with it."""

    def add(problem: str, remedy: str) -> None:
        seed.faults.append(Fault(seed.file, line, problem, remedy))

    right = ",".join(columns)
    for separator, name in SEPARATORS.items():
        if len(header) < len(columns) and separator in "".join(header):
            add(f"columns are separated by {name}", f"separate them by commas: {right}")
            return False
    doubled = [name for name, count in Counter(header).items() if count > 1]
    missing = [name for name in columns if name not in header]
    unknown = [name for name in header if name not in columns]
    if doubled:
        add(f"the column {listed(doubled)} stands twice in the header", "name each column once")
    for name in unknown:
        meant = nearest(name, missing)
        if meant:
            missing.remove(meant)
            add(f'the header has "{name}" in place of {meant}', f"rename it to {meant}")
        else:
            add(
                f'the header has an unknown column "{name}"',
                f"take it away with its cells; the columns are {right}",
            )
    missing = [name for name in missing if name not in optional]
    for name in missing:
        add(
            f"the header lacks the column {name}",
            f"add it, and to each row a cell (empty = none); the columns are {right}",
        )
    return not (doubled or missing or unknown)


def _miscounted(
    file: str, line: int, last: int, cells: Sequence[str], header: Sequence[str]
) -> Fault:
    problem = f"the row has {len(cells)} cells in place of {len(header)}"
    separators = [name for sign, name in SEPARATORS.items() if len(cells) == 1 and sign in cells[0]]
    if separators:
        return Fault(file, line, f"{problem}: {separators[0]} separate them", "write commas")
    if last > line:
        remedy = f"it ends in line {last} only: close the double quote that is open"
    elif len(cells) > len(header):
        remedy = f"take away a comma, or {QUOTED}"
    else:
        remedy = "write a comma for each empty cell, too"
    return Fault(file, line, problem, remedy)


def _badly_written(file: str, line: int, cells: dict[str, str]) -> Iterator[Fault]:
    for column, cell in cells.items():
        hidden = INVISIBLE.search(cell)
        if hidden:
            problem = f"{column} holds the invisible character U+{ord(hidden[0]):04X}"
            yield Fault(file, line, problem, "write the text anew, by hand")
        elif cell != cell.strip():
            problem = f"{column} begins or ends with a blank: {cell!r}"
            yield Fault(file, line, problem, "take the blank away")
