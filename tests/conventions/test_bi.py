"""BI tools get a metric for every measure of every mart, and none that adds up what must not be."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import yaml  # type: ignore[import-untyped]

from tests.conventions import renew
from tests.conventions.project import Project, demand
from tidemark_warehouse.bi import metabase, metricflow, superset, writing
from tidemark_warehouse.bi.marts import ADDED, PEOPLE, Mart, read
from tidemark_warehouse.bi.metrics import metrics
from tidemark_warehouse.errors import TidemarkError

URL = f"postgresql://tidemark_reader:{superset.PASSWORD}@127.0.0.1:54329/tidemark"
PLAIN_SUM = re.compile(r'SUM\("\w+"\)')
# What Superset's importer requires and knows; it refuses a file with any other key.
DATASET = {
    *("table_name", "schema", "description", "main_dttm_col", "sql", "filter_select_enabled"),
    *("uuid", "columns", "metrics", "version", "database_uuid"),
}
COLUMN = {
    *("column_name", "verbose_name", "is_dttm", "is_active", "type", "groupby", "filterable"),
    *("expression", "description"),
}
METRIC = {"metric_name", "verbose_name", "metric_type", "expression", "description"}
AGGREGATES = {"sum", "min", "max", "count", "distinct"}
OPERATORS = {"case", "and", "=", "/", "*", "field"} | AGGREGATES


@pytest.fixture(scope="module")
def marts(project: Project) -> list[Mart]:
    return read(project.manifest)


def datasets(marts: list[Mart]) -> Iterator[tuple[Mart, dict[str, Any]]]:
    """Yield each mart with its dataset in Superset."""
    files = superset.files(marts, "Tidemark", URL, "UTC")
    for mart in marts:
        yield mart, files[f"datasets/Tidemark/{mart.schema}/{mart.name}.yaml"]


def test_every_mart_and_every_measure_has_a_metric(project: Project, marts: list[Mart]) -> None:
    assert {str(mart) for mart in marts} == {model.relation for model in project.marts}
    for mart, dataset in datasets(marts):
        names = [metric["metric_name"] for metric in dataset["metrics"]]
        assert len(names) == len(set(names)), mart
        assert {column.name for column in mart.measures} <= set(names), mart
    measured = metabase.files(marts, "Tidemark")
    for mart in marts:
        folder = f"databases/tidemark/schemas/{mart.schema}/tables/{mart.name}/measures"
        for column in mart.measures:
            assert f"{folder}/{column.name}.yaml" in measured


def test_nothing_is_summed_but_what_is_additive(marts: list[Mart]) -> None:
    problems = []
    for mart, dataset in datasets(marts):
        for metric in dataset["metrics"]:
            sql, column = metric["expression"], mart.columns.get(metric["metric_name"])
            if column is None or column.rollup is None:  # a count
                assert sql.startswith("COUNT("), sql
            elif column.rollup in ("none", "min", "max"):
                problems += [f"{mart}: {sql}"] if "SUM" in sql.upper() else []
            elif PLAIN_SUM.fullmatch(sql) and (column.rollup != "sum" or mart.apart):
                problems += [f"{mart}: {sql}"]
        for listed in dataset["columns"]:
            column = mart.columns[listed["column_name"]]
            if column.rollup not in (None, "sum") or (column.rollup and mart.apart):
                problems += [f"{mart}.{column.name} is a column, which a tool would sum"]
    demand(problems, "a measure that must not be summed is a metric that is null over several rows")


def test_metabase_sums_nothing_but_what_is_additive(marts: list[Mart]) -> None:
    problems = []
    for path, content in metabase.files(marts, "Tidemark").items():
        _, _, _, schema, _, table, _, file = path.split("/")
        mart = next(mart for mart in marts if (mart.schema, mart.name) == (schema, table))
        column = mart.columns.get(file.removesuffix(".yaml"))
        (clause,) = content["definition"]["stages"][0]["aggregation"]
        used = list(operators(clause))
        assert set(used) <= OPERATORS, used
        if column and column.rollup == "none":
            problems += [path] if used[:2] != ["case", "="] or "sum" in used else []
        elif column and (mart.apart or column.rollup == "sum_not_over_time"):
            problems += [path] if used[0] != "case" else []
    demand(problems, "a measure that must not be summed is null over several rows")


def operators(clause: Any) -> Iterator[str]:
    """Yield the operators of a clause of MBQL, each before those of its arguments."""
    if isinstance(clause, list):
        if (
            clause
            and isinstance(clause[0], str)
            and len(clause) > 1
            and clause[1].__class__ is dict
        ):
            yield clause[0]
        for part in clause:
            yield from operators(part)


def test_superset_can_read_every_file(marts: list[Mart]) -> None:
    files = superset.files(marts, "Tidemark", URL, "UTC")
    database = files["databases/Tidemark.yaml"]
    assert files["metadata.yaml"]["version"] == database["version"] == "1.0.0"
    assert len({content["uuid"] for path, content in files.items() if "uuid" in content}) == (
        len(marts) + 1
    )
    for mart, dataset in datasets(marts):
        assert set(dataset) == DATASET
        assert dataset["database_uuid"] == database["uuid"]
        columns = [column["column_name"] for column in dataset["columns"]]
        assert dataset["main_dttm_col"] in [None, *columns], mart
        assert set(mart.grain) <= set(columns), mart
        assert {frozenset(column) for column in dataset["columns"]} == {frozenset(COLUMN)}
        assert {frozenset(metric) for metric in dataset["metrics"]} == {frozenset(METRIC)}


def test_ids_of_metabase_are_its_own_and_stay(marts: list[Mart]) -> None:
    files = metabase.files(marts, "Tidemark")
    ids = [content["entity_id"] for content in files.values()]
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{21}", id_) for id_ in ids)
    assert len(ids) == len(set(ids))
    assert ids == [content["entity_id"] for content in metabase.files(marts, "Tidemark").values()]


@pytest.mark.parametrize(
    ("column", "meta", "problem"),
    [
        ("unique_users", {"rollup": "sometimes"}, "there is no rollup 'sometimes'"),
        ("unique_users", {"rollup": "ratio"}, "`of` two columns"),
        ("unique_users", {"rollup": "none", "of": ["a", "b"]}, "`of` two columns"),
        ("event_count", {"rollup": "ratio", "of": ["unique_users", "gone"]}, "gone, which is no"),
        ("environment", {"counts": "event_count"}, "counts event_count, a column"),
    ],
)
def test_what_has_no_meaning_is_refused(
    project: Project, column: str, meta: dict[str, Any], problem: str
) -> None:
    node = copy.deepcopy(project.by_name["event_counts_daily"].node)
    node["columns"][column]["config"]["meta"] = meta
    with pytest.raises(TidemarkError, match=re.escape(problem)):
        read({"nodes": {"x": node}})


def test_a_state_needs_a_time_in_its_key_and_apart_a_column_of_it(project: Project) -> None:
    node = copy.deepcopy(project.by_name["project_summary"].node)
    node["columns"]["total_features"]["config"]["meta"] = {"rollup": "sum_not_over_time"}
    node["config"]["meta"] = {"apart": ["project_title"]}
    with pytest.raises(TidemarkError, match=r"no time.*|project_title") as raised:
        read({"nodes": {"x": node}})
    assert "no time" in str(raised.value)
    assert "project_title" in str(raised.value)


def test_the_same_marts_give_the_same_zip(marts: list[Mart], tmp_path: Path) -> None:
    files = superset.files(marts[:3], "Tidemark", URL, "UTC")
    writing.write(files, tmp_path / "superset.zip")
    first = (tmp_path / "superset.zip").read_bytes()
    writing.write(files, tmp_path / "superset.zip")
    assert (tmp_path / "superset.zip").read_bytes() == first
    with ZipFile(tmp_path / "superset.zip") as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {"superset"}
        read_back = yaml.safe_load(archive.read("superset/metadata.yaml"))
    assert read_back == files["metadata.yaml"]


def test_a_folder_with_something_in_it_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    with pytest.raises(TidemarkError, match="left as it is"):
        writing.write({"metadata.yaml": {}}, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_no_password_is_written(marts: list[Mart]) -> None:
    text = json.dumps(superset.files(marts, "Tidemark", URL, "UTC"))
    assert re.findall(r"//\w+:([^@]*)@", text) == [superset.PASSWORD]


def test_names_of_metrics_are_names_of_no_other_column(marts: list[Mart]) -> None:
    demand(
        [
            f"{mart}.{metric.name}"
            for mart in marts
            for metric in metrics(mart)
            if metric.name in mart.columns and not mart.columns[metric.name].rollup
        ],
        "call it by another word: `counts` of the column",
    )


def test_superset_tells_time_as_the_marts_do(marts: list[Mart]) -> None:
    files = superset.files(marts, "Tidemark", URL, "Europe/Berlin")
    parameters = files["databases/Tidemark.yaml"]["extra"]["engine_params"]
    assert parameters == {"connect_args": {"options": "-c timezone=UTC"}}
    dataset = files["datasets/Tidemark/marts/event_counts_hourly.yaml"]
    columns = {column["column_name"]: column for column in dataset["columns"]}
    assert dataset["main_dttm_col"] == "date"
    assert columns["date"]["expression"] is None
    assert columns["bucket_start"]["expression"] == "\"bucket_start\" AT TIME ZONE 'Europe/Berlin'"


def test_semantic_models_are_those_of_the_marts(project: Project, marts: list[Mart]) -> None:
    stands = renew.SEMANTIC_MODELS.read_text(encoding="utf-8").splitlines()
    wanted = metricflow.text(marts).splitlines()
    demand(sorted(set(stands) ^ set(wanted))[:20], f"run `{renew.COMMAND}`")
    assert len(project.manifest["semantic_models"]) == len(
        metricflow.content(marts)["semantic_models"]
    )


def test_metricflow_knows_no_metric_that_is_wrong_somewhere(marts: list[Mart]) -> None:
    content = metricflow.content(marts)
    told = {model["name"]: model for model in content["semantic_models"]}
    for mart in marts:
        if mart.apart or mart.schema == PEOPLE:
            assert mart.model not in told
            continue
        for measure in told.get(mart.model, {}).get("measures", ()):
            column = mart.columns[measure["expr"]]
            if measure["agg"] == "sum":
                assert column.rollup in ADDED, measure
                is_state = column.rollup == "sum_not_over_time"
                assert is_state == ("non_additive_dimension" in measure), measure
            else:
                assert measure["agg"] == (column.rollup or "count_distinct"), measure
    grains = {
        dimension["type_params"]["time_granularity"]
        for model in told.values()
        for dimension in model["dimensions"]
        if dimension["type"] == "time"
    }
    assert grains == {"day"}
    names = [metric["name"] for metric in content["metrics"]]
    assert len(names) == len(set(names)) > 50
