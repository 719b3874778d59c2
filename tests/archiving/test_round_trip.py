"""Rows of every type go into a file and come back as they were."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg import sql

from tidemark_warehouse.archiving import manifest, stored_types, verifying
from tidemark_warehouse.archiving.reading import copy_into
from tidemark_warehouse.archiving.tables import ArchivedTable, Column
from tidemark_warehouse.archiving.writing import write_rows
from tidemark_warehouse.database import server
from tidemark_warehouse.database.catalog import read_table, table_names
from tidemark_warehouse.settings import Settings

Row = tuple[str | None, ...]

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
TRICKY = st.sampled_from(["", " ", "\\N", "\\.", "\n\\.\n", '"', '""', ",", "null", "\r\n", "\t"])
TIMES = st.one_of(
    st.datetimes().map(str),
    st.sampled_from(
        [
            *("infinity", "-infinity", "0044-03-15 12:00:00 BC", "4713-01-01 BC", "0001-01-01"),
            *("9999-12-31 23:59:59.999999", "10000-01-01", "294276-12-30 23:59:59.999999"),
        ]
    ),
)
DATES = st.one_of(
    st.dates().map(str),
    st.sampled_from(["infinity", "-infinity", "4713-01-01 BC", "5874897-12-31", "10000-01-01"]),
)
JSON = st.sampled_from(
    ["null", "{}", '""', "1.10", "1e400", '{"a": [1.0, {"b": "\\u00e9\\n,\\""}]}', "[[]]", "true"]
)
NUMBERS = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=True, places=3).map(str),
    st.sampled_from(["0.00", "1e-50", "1e60", "-0", "NaN", "1.500"]),
)


def integers(bits: int) -> st.SearchStrategy[str]:
    return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1).map(str)


# Each type that a raw table has, and some that it could have.
VALUES: dict[str, st.SearchStrategy[str]] = {
    "uuid": st.uuids().map(str),
    "text": TEXTS | TRICKY,
    "jsonb": JSON,
    "json": JSON,
    "numeric": NUMBERS,
    "double precision": st.floats().map(repr),
    "boolean": st.booleans().map(str),
    "integer": integers(32),
    "bigint": integers(64),
    "smallint": integers(16),
    "date": DATES,
    "timestamp with time zone": TIMES,
    "timestamp without time zone": TIMES,
    "real": st.floats(width=32).map(repr),
    "bytea": st.binary(max_size=5).map(lambda data: "\\x" + data.hex()),
    "interval": st.sampled_from(["1 year -3 days 04:05:06.000007", "-00:00:01", "0"]),
    "text[]": st.sampled_from(["{}", '{a,NULL,"",",\\""}', "{{a},{b}}"]),
    "character varying(20)": TRICKY,
    "character(3)": st.sampled_from(["", "a", "abc"]),
}
KEY, TIME = "key", "at"
TABLE = ArchivedTable(
    "samples",
    (
        Column(KEY, "bigint"),
        Column(TIME, "timestamp with time zone"),
        *(Column(f"a {kind}", kind) for kind in VALUES),
    ),
    (KEY,),
    TIME,
)
NAMES = sql.SQL(", ").join(sql.Identifier(column.name) for column in TABLE.columns)


@pytest.fixture(scope="module")
def connection(module_database: Settings) -> Iterator[server.Connection]:
    with server.connect(module_database, autocommit=True) as connection:
        connection.execute("set timezone to 'Asia/Kathmandu'")
        columns = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(column.name), sql.SQL(column.type))
            for column in TABLE.columns
        )
        for kind, name in (("", "samples"), ("temporary", "back")):
            connection.execute(
                sql.SQL("create {} table {} ({})").format(
                    sql.SQL(kind), sql.Identifier(name), columns
                )
            )
        yield connection


@pytest.fixture(scope="module")
def numbered(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    numbers = itertools.count()
    return lambda: tmp_path_factory.mktemp(f"archive{next(numbers)}")


def difference(connection: server.Connection) -> list[tuple[str]]:
    """Compare both tables as PostgreSQL writes their rows: -0 is not 0 there."""
    return connection.execute(
        "(select samples::text from samples except all select back::text from back) union all "
        "(select back::text from back except all select samples::text from samples)"
    ).fetchall()


# One row in which every type has its hardest value; and no row at all.
HARD = (
    *("infinity", "00000000-0000-0000-0000-000000000000", "\n\\.\n", "null", '{"a":1,"a":2}'),
    *("NaN", "-0.0", None, "-2147483648", "-9223372036854775808", "-32768", "4713-01-01 BC"),
    *("-infinity", "infinity", "nan", "\\x00", "-00:00:01", '{a,NULL,""}', "", ""),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(TIMES, *(st.none() | values for values in VALUES.values())), max_size=6))
@example([HARD])
@example([])
@example([("2026-08-01", *(None for _ in VALUES))])
def test_rows_come_back_as_they_were(
    module_database: Settings,
    connection: server.Connection,
    numbered: Callable[[], Path],
    rows: list[Row],
) -> None:
    with connection.transaction():
        connection.execute("truncate samples, back")
        for number, row in enumerate(rows):
            connection.execute(
                sql.SQL("insert into samples ({}) values ({})").format(
                    NAMES,
                    sql.SQL(", ").join(
                        sql.SQL("{}::{}").format(sql.Literal(value), sql.SQL(column.type))
                        for value, column in zip((str(number), *row), TABLE.columns, strict=True)
                    ),
                )
            )
    folder = numbered()
    url = server.url(module_database)
    made = write_rows(url, "select * from samples", TABLE, "2026-08", folder)
    assert made.row_count == len(rows)
    assert verifying.verify(folder, made.file, manifest.digest(made)) == []
    with connection.transaction(), connection.cursor() as cursor:
        assert copy_into(cursor, folder, made, sql.Identifier("back")) == len(rows)
    assert difference(connection) == []
    for column, stored in zip(TABLE.columns, made.columns, strict=True):
        noted = stored.note == stored_types.OUT_OF_RANGE
        assert (stored.stored == "text") >= noted
        assert noted <= (column in stored_types.ranged(TABLE.columns))


def test_every_raw_type_is_among_them(connection: server.Connection) -> None:
    found = {
        column.type
        for name in table_names(connection)
        for column in read_table(connection, name).columns.values()
    }
    assert found <= set(VALUES)
