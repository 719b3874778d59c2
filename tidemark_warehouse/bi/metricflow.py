"""dbt's semantic models and metrics, which MetricFlow reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tidemark_warehouse.bi.marts import DATE, PEOPLE, Mart
from tidemark_warehouse.bi.metrics import Metric, metrics

CATEGORICAL = ("text", "boolean", "integer", "uuid")


HEAD = (
    "# From meta.rollup of the marts, by `make renew`: what MetricFlow may be asked (docs/bi.md).\n"
)


def text(marts: Sequence[Mart]) -> str:
    """Return the yml of semantic models and metrics.

    Args:
        marts: all of them.
    """
    import yaml  # type: ignore[import-untyped]

    dumped = yaml.safe_dump({"version": 2, **content(marts)}, sort_keys=False, width=1000)
    return f"{HEAD}{dumped}"


def content(marts: Sequence[Mart]) -> dict[str, Any]:
    """Return what a yml of semantic models and metrics says.

    A metric of MetricFlow cannot refuse an answer. So there is none of a measure that does not roll
    up, nor of a mart whose rows are kept apart. Time has days and nothing finer: with hours an end
    time gives wrong numbers (its issue 2129). The marts about people are left out, for MetricFlow
    connects as dbt does, not as their role.

    Args:
        marts: all of them.
    """
    told = [mart for mart in marts if mart.schema != PEOPLE and not mart.apart]
    told = [mart for mart in told if mart.time and mart.time.type == DATE and _measures(mart)]
    return {
        "semantic_models": [_semantic_model(mart) for mart in told],
        "metrics": [metric for mart in told for metric in _metrics(mart)],
    }


def _semantic_model(mart: Mart) -> dict[str, Any]:
    assert mart.time is not None  # noqa: S101  (content leaves out what has none)
    return {
        "name": mart.model,
        "model": f"ref('{mart.model}')",
        "defaults": {"agg_time_dimension": mart.time.name},
        "primary_entity": mart.model,
        "dimensions": list(_dimensions(mart)),
        "measures": [_measure(mart, metric) for metric in _measures(mart)],
    }


def _measures(mart: Mart) -> list[Metric]:
    """Return the metrics that are aggregates of one column."""
    return [m for m in metrics(mart) if m.kind in ("sum", "min", "max", "count_distinct")]


def _dimensions(mart: Mart) -> Iterator[dict[str, Any]]:
    for column in mart.columns.values():
        if column.type == DATE:
            yield {
                "name": column.name,
                "type": "time",
                "type_params": {"time_granularity": "day"},
            }
        elif column.type in CATEGORICAL and not column.rollup:
            yield {"name": column.name, "type": "categorical"}


def _measure(mart: Mart, metric: Metric) -> dict[str, Any]:
    column = metric.of[0]
    found: dict[str, Any] = {
        "name": _name(mart, metric.name),
        "agg": metric.kind,
        "expr": column.name,
    }
    if column.rollup == "sum_not_over_time" and mart.time_of_grain:
        # A state: of a month it is that at its end.
        found["non_additive_dimension"] = {
            "name": mart.time_of_grain.name,
            "window_choice": "max",
        }
    return found


def _metrics(mart: Mart) -> Iterator[dict[str, Any]]:
    parameters: dict[str, Any]
    for metric in metrics(mart):
        if metric in _measures(mart):
            type_, parameters = "simple", {"measure": _name(mart, metric.name)}
        elif metric.kind == "ratio" and metric.times == 1:
            over, under = (_name(mart, column.name) for column in metric.of)
            type_, parameters = "ratio", {"numerator": over, "denominator": under}
        elif metric.kind == "ratio":
            over, under = (_name(mart, column.name) for column in metric.of)
            type_ = "derived"
            parameters = {
                "expr": f"{metric.times}.0 * {over} / nullif({under}, 0)",
                "metrics": [{"name": over}, {"name": under}],
            }
        else:
            continue
        yield {
            "name": _name(mart, metric.name),
            "label": f"{metric.title} ({mart.model})",
            "description": metric.description,
            "type": type_,
            "type_params": parameters,
        }


def _name(mart: Mart, name: str) -> str:
    """Return the name of a metric: MetricFlow knows them all by name, whatever the mart."""
    return f"{mart.model}_{name}"
