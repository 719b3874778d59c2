"""dbt's report of a build: where it lies, what failed, and the same of a build without dbt."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from tidemark_warehouse.database.outcomes import Outcome
from tidemark_warehouse.settings import PROJECT_ROOT

RESULTS = "run_results.json"
SCHEMA = "https://schemas.getdbt.com/dbt/run-results/v6.json"
FAILED = frozenset(("error", "fail", "runtime error", "partial success"))


def folder(options: Sequence[str]) -> Path:
    """Return the folder into which dbt writes what it did.

    Args:
        options: those of dbt.
    """
    named = os.environ.get("DBT_TARGET_PATH", "target")
    for place, option in enumerate(options):
        if option.startswith("--target-path="):
            named = option.partition("=")[2]
        elif option == "--target-path" and place + 1 < len(options):
            named = options[place + 1]
    return PROJECT_ROOT / named


def read(path: Path, since: float) -> Mapping[str, Any]:
    """Return an artifact; an empty one if it cannot be read, or is older.

    Args:
        path: of the file.
        since: when the build began; older artifacts tell of another.
    """
    try:
        if path.stat().st_mtime < since:
            return {}
        content: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content


def failures(results: Mapping[str, Any], manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what failed, as kind and name with the reason, and what to select to do it again.

    Args:
        results: dbt's report.
        manifest: says which model a test belongs to.
    """
    for node in results.get("results", ()):
        if node.get("status") not in FAILED:
            continue
        kind, _, name = str(node["unique_id"]).split(".")[:3]
        tested = manifest.get("nodes", {}).get(node["unique_id"], {}).get("attached_node")
        again = name if kind == "test" else f"{name}+"
        selected = str(tested).split(".")[2] + "+" if tested else again
        yield f"{kind} {name}: {first_reason(node.get('message'))}", selected


def first_reason(message: str | None) -> str:
    """Return the line that says most: dbt's first one often only says where it happened.

    Args:
        message: dbt's, of what failed.
    """
    lines = [line.strip() for line in (message or "").strip().splitlines()]
    return lines[1] if len(lines) > 1 and " in " in lines[0] else "".join(lines[:1])


def write(
    target: Path, outcomes: Iterable[Outcome], began: datetime, options: Sequence[str]
) -> None:
    """Write the report of a build without dbt in dbt's own form.

    Args:
        target: the folder of the artifacts.
        outcomes: what ran.
        began: when the build began.
        options: with which it was asked for.
    """
    ended = datetime.now(UTC)
    report = {
        "metadata": {
            "dbt_schema_version": SCHEMA,
            "dbt_version": "",
            "generated_at": _iso(ended),
            "invocation_id": str(uuid4()),
            "invocation_started_at": _iso(began),
            "env": {},
        },
        "results": [_result(outcome) for outcome in outcomes],
        "elapsed_time": (ended - began).total_seconds(),
        "args": {"which": "build", "invocation_command": " ".join(["tidemark build", *options])},
    }
    target.mkdir(parents=True, exist_ok=True)
    draft = target / f"{RESULTS}.{os.getpid()}"
    draft.write_text(json.dumps(report), encoding="utf-8")
    draft.replace(target / RESULTS)


def _result(outcome: Outcome) -> dict[str, Any]:
    ended = outcome.began + timedelta(seconds=outcome.seconds)
    return {
        "unique_id": outcome.unique_id,
        "status": outcome.status,
        "timing": [
            {
                "name": "execute",
                "started_at": _iso(outcome.began),
                "completed_at": _iso(ended),
            }
        ],
        "thread_id": "MainThread",
        "execution_time": outcome.seconds,
        "adapter_response": {"rows_affected": outcome.rows},
        "message": outcome.message,
        "failures": outcome.failures,
        "compiled": None,
        "compiled_code": None,
        "relation_name": None,
        "batch_results": None,
    }


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
