"""JSON in cells: filters of events, and values that may be JSON."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from tidemark_warehouse.seeds.faults import listed, nearest

COMPARING = ("gt", "gte", "lt", "lte")
VALUED = ("eq", "neq", "contains")
BARE = ("is_set", "is_not_set")
OPERATORS = (*VALUED, *COMPARING, *BARE)
OBJECT_EXAMPLE = 'write it as {"region": "eu"}'
EXAMPLE = 'write it as [{"property": "plan", "operator": "eq", "value": "pro"}]'
BEGINS_AS_JSON = re.compile(r'"|\[\s*(["\d\]-]|true|false|null)')
TYPOGRAPHIC = "\u201c\u201d\u201e\u201f\u2018\u2019\u00ab\u00bb"
MOST_DIGITS = 1000
Problem = tuple[str, str]  # the rule that is broken, and the remedy


def filters_problem(text: str) -> Problem | None:
    """Return which rule a cell of filters breaks, and the remedy; None where it breaks none.

    The database says the same of rows that come otherwise: `ops.filters_problem`.
    """
    try:
        rules = parsed(text)
    except ValueError as error:
        return f"is no JSON ({error})", _json_remedy(text, EXAMPLE)
    if not isinstance(rules, list):
        return "is not a JSON array", EXAMPLE
    for rule in rules:
        problem = _filter_problem(rule)
        if problem:
            return problem
    return None


def json_problem(text: str) -> Problem | None:
    """Return what is wrong with a value that begins as JSON and is none; None if nothing is."""
    if not BEGINS_AS_JSON.match(text):
        return None
    try:
        parsed(text)
    except ValueError as error:
        return f"begins as JSON and is none ({error})", _json_remedy(text, EXAMPLE)
    return None


def object_problem(text: str) -> Problem | None:
    """Return why a text is no JSON object, and the remedy; None if it is one."""
    try:
        found = parsed(text)
    except ValueError as error:
        return f"is no JSON ({error})", _json_remedy(text, OBJECT_EXAMPLE)
    return None if isinstance(found, dict) else ("is not a JSON object", OBJECT_EXAMPLE)


def parsed(text: str) -> Any:
    """Read JSON as strictly as the database does.

    Raises:
        ValueError: it is none; says why.
    """
    found = json.loads(text, parse_constant=_refuse, parse_float=_number, parse_int=_number)
    if "\\u0000" in text:
        raise ValueError("it holds the character U+0000")
    json.dumps(found, ensure_ascii=False, default=str).encode()  # no half of a surrogate pair
    return found


def _filter_problem(rule: Any) -> Problem | None:
    if not isinstance(rule, dict):
        return f"has the entry {json.dumps(rule, default=str)}, which is no JSON object", EXAMPLE
    if not isinstance(rule.get("property"), str):
        return "has an entry that names no property", EXAMPLE
    operator = rule.get("operator")
    if operator not in OPERATORS:
        meant = nearest(str(operator), OPERATORS)
        remedy = f"write {meant}" if meant else f"write one of {listed(OPERATORS)}"
        return f'has the unknown operator "{operator}"', remedy
    unknown = [name for name in rule if name not in ("property", "operator", "value")]
    if unknown:
        return f'has an entry with the unknown key "{unknown[0]}"', EXAMPLE
    value = rule.get("value")
    if operator in VALUED and "value" not in rule:
        return f"has the operator {operator} without a value", 'add "value": ...'
    if operator in COMPARING and not isinstance(value, Decimal):
        return f"compares by {operator} with what is no number", 'write "value": 10, without quotes'
    if operator == "contains" and not all(
        isinstance(item, str | Decimal) for item in (value if isinstance(value, list) else [value])
    ):
        return (
            "has the operator contains without a text",
            'write "value": "text", or a list of texts',
        )
    return None


def _json_remedy(text: str, example: str) -> str:
    if any(sign in text for sign in TYPOGRAPHIC):
        return 'replace the typographic quotation marks by plain ones: "'
    return example + ", with each double quote doubled in the file"


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no JSON number")


def _number(digits: str) -> Decimal:
    number = Decimal(digits)
    if abs(number.adjusted()) > MOST_DIGITS:
        raise ValueError(f"{digits[:20]} is out of range")
    return number
