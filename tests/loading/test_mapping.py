"""Which field fills which column: names, options, presets."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.loading.tables import EVENTS, PROJECTS
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.loading.conversion.extraction import Errors, Extraction
from tidemark_warehouse.loading.conversion.values import Reading
from tidemark_warehouse.loading.mapping import Mappings, merged, parse_map, parse_set, resolve
from tidemark_warehouse.loading.presets import find, names
from tidemark_warehouse.loading.records.blocks import RowRecords, as_list, locate, walk
from tidemark_warehouse.loading.records.csv_files import CsvRows

FIELDS = ("event_id", "event_name", "event_at", "user_id", "price", "case:concept:name", "a.b")


def plan(*options: str, fields: tuple[str, ...] | None = FIELDS) -> Mappings:
    asked = [parse_set(option[1:]) if option[0] == "!" else parse_map(option) for option in options]
    return resolve(EVENTS, merged(asked), (), fields)


def value(made: Mappings, column: str, row: Any) -> object:
    records: RowRecords
    if isinstance(row, dict):
        records = RowRecords({})
        records.add(1, row, None)
    else:
        records = CsvRows(made.fields or (), {})
        records.take(1, row, "")
    extraction, errors = Extraction(records, Reading()), Errors()
    mappings = made.columns[column]
    if EVENTS.columns[column].type == "jsonb":
        (found,) = as_list(extraction.objects(mappings, made.used, errors, column))
    else:
        (found,) = as_list(extraction.column(mappings[0]))
    if errors:
        raise ValueError(errors[0])
    return found


def test_fields_of_a_columns_name_are_taken_by_themselves() -> None:
    made = plan()
    assert tuple(made.columns) == ("event_id", "event_name", "event_at", "distinct_id", "user_id")
    assert made.unused(FIELDS) == ["price", "case:concept:name", "a.b"]


def test_a_field_that_was_mapped_elsewhere_is_not_taken_by_its_name_too() -> None:
    made = resolve(
        EVENTS, [parse_map("event_name=event_type")], (), ("event_type", "event_at", "user_id")
    )
    assert "event_type" not in made.columns


def test_several_maps_of_one_column_are_choices_in_order() -> None:
    made = plan("page_url=price", "page_url=case:concept:name")
    row = ["e", "n", "t", "u", "", "case 7", ""]
    assert value(made, "page_url", row) == "case 7"


def test_a_name_with_dots_or_colons_wins_over_a_path() -> None:
    made = plan("page_url=a.b", "referrer=case:concept:name")
    row = ["e", "n", "t", "u", "1", "case 7", "dotted"]
    assert value(made, "page_url", row) == "dotted"
    assert value(made, "referrer", row) == "case 7"


def test_paths_go_into_objects_and_lists() -> None:
    record = {"user": {"id": "u1", "a.b": {"c": 1}}, "items": [{"sku": "x"}, {"sku": "y"}]}
    assert walk(record, ["user", "id"]) == "u1"
    assert walk(record, ["user", "a", "b", "c"]) == 1
    assert walk(record, ["items", "1", "sku"]) == "y"
    assert walk(record, ["items", "2", "sku"]) is None
    made = plan("user_id=user.id", "page_url=items[0].sku", fields=None)
    assert value(made, "user_id", record) == "u1"
    assert value(made, "page_url", record) == "x"
    assert locate("user.name.first", ["user", "user.name"]) == ("user.name", ("first",))


KEYS = st.sampled_from(["a", "a.a", "b"])
NESTED = st.recursive(
    st.none() | st.integers(0, 9),
    lambda inner: st.dictionaries(KEYS, inner, max_size=2) | st.lists(inner, max_size=2),
    max_leaves=6,
)


@settings(max_examples=300)
@given(
    st.lists(st.fixed_dictionaries({"a": NESTED}), min_size=1, max_size=3),
    st.lists(st.sampled_from("aab0"), max_size=3).map(lambda parts: ".".join(["a", *parts])),
)
def test_a_column_of_a_path_is_the_path_in_each_record(
    rows: list[dict[str, Any]], path: str
) -> None:
    records = RowRecords({})
    records.extend(1, rows, [b""] * len(rows))
    found = locate(path, records.keys)
    expected = [walk(row.get(found[0]), found[1]) if found else None for row in rows]
    assert records.values(path) == expected, (rows, path)
    assert records.knows(path) or not any(value is not None for value in expected)


def test_a_path_looks_into_a_cell_that_is_json() -> None:
    made = plan("page_url=price.amount")
    assert value(made, "page_url", ["e", "n", "t", "u", '{"amount": 5}', "", ""]) == 5
    assert value(made, "page_url", ["e", "n", "t", "u", "12", "", ""]) is None


def test_a_star_takes_all_that_is_left() -> None:
    made = plan("properties=*", "!properties.source=import")
    row = ["e", "n", "t", "u", "9.50", "", "x"]
    assert value(made, "properties", row) == {
        "price": "9.50",
        "a.b": "x",
        "source": "import",
    }
    assert made.unused(FIELDS) == []
    loose = plan("properties=*", fields=None)
    assert value(loose, "properties", {"event_name": "n", "plan": "pro"}) == {"plan": "pro"}


def test_a_field_is_put_under_a_key_of_what_is_there() -> None:
    fields = ("event_name", "event_at", "user_id", "properties", "repo")
    made = plan("properties.git.repo=repo", fields=fields)
    row = ["n", "t", "u", '{"git": {"sha": "1"}}', "r"]
    assert value(made, "properties", row) == {"git": {"sha": "1", "repo": "r"}}
    with pytest.raises(ValueError, match="must be a JSON object"):
        value(made, "properties", ["n", "t", "u", "[1]", "r"])


def test_constants_and_what_stands_in_for_a_distinct_id() -> None:
    made = plan("!environment=staging")
    assert value(made, "environment", [""] * len(FIELDS)) == "staging"
    assert "distinct_id" in made.columns


@pytest.mark.parametrize(
    ("options", "problem", "remedy"),
    [
        (("evnt_name=price",), "no column evnt_name", "did you mean event_name"),
        (("event_name=prise",), "no field prise", "did you mean price"),
        (("!colour=red",), "--set: raw.events has no column colour", "it has event_id"),
        (("user_id.x=price",), "only jsonb has keys", ""),
        (("user_id=*",), "only jsonb has keys", ""),
    ],
)
def test_a_wrong_option_names_what_is_near(
    options: tuple[str, ...], problem: str, remedy: str
) -> None:
    with pytest.raises(TidemarkError) as caught:
        plan(*options)
    assert problem in caught.value.problem
    assert remedy in caught.value.remedy


@pytest.mark.parametrize("text", ["event_name", "=x", "a..b=x", "event_name="])
def test_an_option_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(TidemarkError, match="not of the form"):
        parse_map(text)


def test_a_required_column_that_nothing_fills_is_named() -> None:
    with pytest.raises(
        TidemarkError, match=r"nothing fills event_name, distinct_id of raw\.events"
    ):
        resolve(EVENTS, (), (), ("event_at", "price"))
    with pytest.raises(TidemarkError, match=r"nothing fills project_id .*, which is required"):
        resolve(PROJECTS, (), (), ("id", "title"))


def test_an_option_replaces_the_presets_line_for_that_column() -> None:
    preset = find("segment").table("events").mappings
    made = resolve(EVENTS, [parse_map("event_name=label")], preset, None)
    record = {"type": "track", "event": "Signed Up", "label": "signup", "anonymousId": "a"}
    assert value(made, "event_name", record) == "signup"
    assert value(made, "distinct_id", record) == "a"


def test_every_preset_fills_columns_that_exist() -> None:
    for name in names():
        preset = find(name)
        assert preset.summary
        if "events" in preset.tables:
            for mapping in preset.table("events").mappings:
                assert mapping.column in EVENTS.columns


def test_a_preset_that_does_not_fit_says_what_it_is_for() -> None:
    with pytest.raises(TidemarkError, match=r"the preset posthog has nothing for raw\.projects"):
        find("posthog").table("projects")
    with pytest.raises(TidemarkError, match="no preset posthok") as caught:
        find("posthok")
    assert "posthog" in caught.value.remedy


def test_several_fields_make_one_text_and_none_where_one_is_missing() -> None:
    made = plan("session_id={user_id}:{price|a.b}", "page_url=x {price}")
    assert value(made, "session_id", ["e", "n", "t", "u", "", "", "7"]) == "u:7"
    assert value(made, "session_id", ["e", "n", "t", "", "1", "", "7"]) is None
    assert value(made, "page_url", ["e", "n", "t", "u", "5", "", ""]) == "x 5"


def test_a_cell_is_text_unless_the_map_says_otherwise() -> None:
    made = plan("properties.n={price:number}", "properties.t=price", "properties.b={a.b:boolean}")
    row = ["e", "n", "t", "u", "1.50", "", "true"]
    assert value(made, "properties", row) == {"n": Decimal("1.50"), "t": "1.50", "b": True}
    text = ["e", "n", "t", "u", "007", "", "x"]
    assert value(made, "properties", text) == {"n": "007", "t": "007", "b": "x"}


def test_keys_and_values_are_an_object_if_the_map_says_so() -> None:
    made = plan("properties={params:object}", "session_id=params.session", fields=None)
    params = [
        {"key": "session", "value": {"string_value": None, "int_value": 7}},
        {"key": "page", "value": {"string_value": "x", "int_value": None}},
    ]
    assert value(made, "properties", {"params": params}) == {"session": 7, "page": "x"}
    assert value(made, "session_id", {"params": params}) == 7
