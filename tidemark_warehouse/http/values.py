"""PostgreSQL's types as HTTP has them: how arguments are checked, and how both sides are described.

What a type would take is narrowed to what JSON Schema says of it: `yes` is no boolean, `1_000` no
integer, and a time has a zone. Anything else would be a guess at what somebody meant.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from typing import Annotated, Any

from psycopg.types.json import Jsonb
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, create_model
from pydantic.types import StrictBool, StrictFloat, StrictInt, StrictStr

from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.http.catalog import Function, Typed

ROWS_OF_A_PAGE = 1_000
MOST_ROWS_OF_A_PAGE = 10_000
LARGEST_OFFSET = 1_000_000_000
TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
NUMBER = re.compile(r"-?\d{1,400}(\.\d{1,400})?([eE][+-]?\d{1,4})?", re.ASCII)
WHOLE_NUMBER = re.compile(r"-?\d{1,20}", re.ASCII)


def _storable(value: str) -> str:
    """Refuse what no text of PostgreSQL can hold."""
    if "\0" in value:
        raise ValueError("has a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError("has half of a surrogate pair") from error
    return value


def _written_as(pattern: re.Pattern[str], example: str) -> Callable[[Any], Any]:
    """Make a check that a value is text of this form, before anything reads it."""

    def check(value: Any) -> Any:
        if not isinstance(value, str) or pattern.fullmatch(value) is None:
            raise ValueError(f"is not written as {example}")
        return value

    return check


def _whole_number(value: Any) -> Any:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("is no whole number")
    return value


def _finite(value: float) -> float:
    if not -sys.float_info.max <= value <= sys.float_info.max:
        raise ValueError("is beyond what a number can be")
    return float(value)


def _json(value: str) -> str:
    try:
        json.loads(value)
    except (ValueError, RecursionError) as error:
        raise ValueError("is no JSON") from error
    return value


def _as_jsonb(value: Any) -> Any:
    return None if value is None else Jsonb(value)


def _boolean(value: Any) -> Any:
    words = {"true": True, "false": False}
    if value not in words:
        raise ValueError("is neither true nor false")
    return words[value]


def _whole(check: BeforeValidator, least: int, most: int, description: str | None = None) -> Any:
    """Return the type of a whole number within bounds."""
    return Annotated[int, Field(ge=least, le=most, description=description), check]


STORABLE = AfterValidator(_storable)
NO_NUL = Field(json_schema_extra={"pattern": r"^[^\x00]*$"})
FINITE = AfterValidator(_finite)
WHOLE_IN_URL = BeforeValidator(_written_as(WHOLE_NUMBER, "a whole number"))
WHOLE_IN_BODY = BeforeValidator(_whole_number)
NUMBER_IN_URL = Annotated[float, BeforeValidator(_written_as(NUMBER, "a number")), FINITE]
NUMBER_IN_BODY = Annotated[StrictFloat | StrictInt, FINITE]
A_TIME = Annotated[
    AwareDatetime,
    BeforeValidator(_written_as(TIME, "2026-03-01T00:00:00Z (in a URL, + of a zone is %2B)")),
]
A_DATE = Annotated[
    str,
    BeforeValidator(_written_as(DATE, "2026-03-01")),
    Field(json_schema_extra={"format": "date"}),
]

# How an argument of a type comes in a URL, where all is text, and in a JSON body.
IN_URL: dict[str, Any] = {
    "text": Annotated[str, STORABLE, NO_NUL],
    "text[]": list[Annotated[str, STORABLE, NO_NUL]],
    "integer": _whole(WHOLE_IN_URL, -(2**31), 2**31 - 1),
    "bigint": _whole(WHOLE_IN_URL, -(2**63), 2**63 - 1),
    "double precision": NUMBER_IN_URL,
    "numeric": NUMBER_IN_URL,
    "boolean": Annotated[bool, BeforeValidator(_boolean)],
    "date": A_DATE,
    "timestamp with time zone": A_TIME,
    "jsonb": Annotated[
        str,
        STORABLE,
        AfterValidator(_json),
        Field(json_schema_extra={"contentMediaType": "application/json"}),
    ],
}
IN_BODY: dict[str, Any] = {
    "text": Annotated[StrictStr, STORABLE, NO_NUL],
    "text[]": list[Annotated[StrictStr, STORABLE, NO_NUL]],
    "integer": _whole(WHOLE_IN_BODY, -(2**31), 2**31 - 1),
    "bigint": _whole(WHOLE_IN_BODY, -(2**63), 2**63 - 1),
    "double precision": NUMBER_IN_BODY,
    "numeric": NUMBER_IN_BODY,
    "boolean": StrictBool,
    "date": A_DATE,
    "timestamp with time zone": A_TIME,
    "jsonb": Annotated[Any, AfterValidator(_as_jsonb)],
}

# What JSON Schema says of a column; every one may be null.
IN_ROWS: dict[str, dict[str, Any]] = {
    "text": {"type": ["string", "null"]},
    "uuid": {"type": ["string", "null"], "format": "uuid"},
    "integer": {"type": ["integer", "null"]},
    "bigint": {"type": ["integer", "null"]},
    "numeric": {"type": ["number", "null"]},
    "double precision": {"type": ["number", "null"]},
    "boolean": {"type": ["boolean", "null"]},
    "date": {"type": ["string", "null"], "format": "date"},
    "timestamp with time zone": {"type": ["string", "null"], "format": "date-time"},
    "jsonb": {},
}


def model_of(function: Function, types: dict[str, Any]) -> Any:
    """Return the pydantic model of a function's arguments, and of the page that is wanted.

    Args:
        function: whose.
        types: IN_URL or IN_BODY.

    Raises:
        TidemarkError: an argument has a type that is not known here.
    """
    fields: dict[str, Any] = {}
    for argument in function.arguments:
        if argument.type not in types:
            raise TidemarkError(
                f"argument {argument.name} of api.{function.name} has the type {argument.type}, "
                "for which there is no way over HTTP",
                "name it in tidemark_warehouse/http/values.py",
            )
        fields[argument.name] = _field(argument, types)
    check = WHOLE_IN_URL if types is IN_URL else WHOLE_IN_BODY
    fields["limit"] = (_whole(check, 1, MOST_ROWS_OF_A_PAGE, "Rows of a page."), ROWS_OF_A_PAGE)
    fields["offset"] = (_whole(check, 0, LARGEST_OFFSET, "Rows to leave out."), 0)
    place = "url" if types is IN_URL else "body"
    return create_model(f"{function.name}_{place}", __config__={"extra": "forbid"}, **fields)


def _field(argument: Typed, types: dict[str, Any]) -> tuple[Any, Any]:
    kind = types[argument.type]
    if not argument.optional:
        return kind, ...
    if types is IN_URL:
        # Left out or given: a URL has no null, and so its description none.
        return kind, Field(default_factory=lambda: None)
    return kind | None, None


def page_schema(function: Function) -> dict[str, Any]:
    """Return the JSON Schema of a page of a function's rows.

    Raises:
        TidemarkError: a column has a type that is not known here.
    """
    unknown = [column for column in function.columns if column.type not in IN_ROWS]
    if unknown:
        raise TidemarkError(
            f"column {unknown[0].name} of api.{function.name} has the type {unknown[0].type}, "
            "for which there is no way over HTTP",
            "name it in tidemark_warehouse/http/values.py",
        )
    names = [column.name for column in function.columns]
    row = {
        "type": "object",
        "properties": {column.name: IN_ROWS[column.type] for column in function.columns},
        "required": names,
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {
            "rows": {"type": "array", "items": row},
            "next_offset": {
                "type": ["integer", "null"],
                "description": "The offset of the next page; null on the last one.",
            },
        },
        "required": ["rows", "next_offset"],
    }
