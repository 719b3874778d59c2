"""The demo's two builds: everything through Dagster, and what has changed by plain dbt."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidemark_warehouse.database.server import Connection, files
from tidemark_warehouse.dbt import guard, manifest
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import PROJECT_ROOT, Settings

JOB = "build_everything"
RUN_ID = re.compile(rf" - {JOB} - ([0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}) - ")
FAILED = ("error", "fail", "runtime error", "partial success")
STOP_SECONDS = 10.0
PARSED = "partial_parse.msgpack"  # what dbt keeps of a parse


@dataclass(frozen=True)
class DagsterRun:
    """A build through Dagster.

    Attributes:
        run_id: by which Dagster knows it; '' if it did not say.
        models: tables and views that were built.
        tests: tests that held.
    """

    run_id: str
    models: int
    tests: int


@dataclass(frozen=True)
class Recomputed:
    """What an incremental build came to.

    Attributes:
        keys: by table, how many keys were computed again, in the order of the build; those of
            the others are 0.
        rows_written: by table.
        seconds: how long dbt spent in the models, added up.
    """

    keys: Mapping[str, int]
    rows_written: Mapping[str, int]
    seconds: float

    @property
    def total(self) -> int:
        """Keys computed again in all tables."""
        return sum(self.keys.values())


def parse_ahead(settings: Settings) -> subprocess.Popen[bytes]:
    """Let dbt parse the project for Dagster while something else is done.

    What goes wrong is no matter here: Dagster tries again, and says what it is.

    Args:
        settings: which server and database.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "tidemark_warehouse.dbt.manifest"],
        cwd=PROJECT_ROOT,
        env=_environment(settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def build_through_dagster(
    settings: Settings, dagster_home: Path, parsing: subprocess.Popen[bytes]
) -> DagsterRun:
    """Let Dagster build and test everything, in one process that ends with the run.

    Args:
        settings: which server and database.
        dagster_home: where Dagster keeps the run, for the UI to show.
        parsing: see `parse_ahead`.

    Raises:
        TidemarkError: a model or a test failed; says which.
    """
    folder = settings.home / "dagster" / "dbt"  # as orchestration.resources.Warehouse has it
    log = _folder(settings) / "dagster.log"
    parsing.wait()
    _take_parse(manifest.FOLDER / "parse", folder)
    began = time.time()
    dg = guard.executable("dg")
    command = [str(dg), "launch", "--job", JOB, "--module-name", "orchestration.definitions"]
    status = _run(command, log, _environment(settings) | {"DAGSTER_HOME": str(dagster_home)})
    results = _results(folder, began)
    if status != 0:
        raise _failure("the build through Dagster", results, log)
    found = RUN_ID.search(log.read_text(encoding="utf-8", errors="replace"))
    return DagsterRun(
        run_id=found[1] if found else "",
        models=sum(_is(node, "model") for node in results),
        tests=sum(_is(node, "test") for node in results if node["status"] == "pass"),
    )


def build_incrementally(settings: Settings, connection: Connection) -> Recomputed:
    """Run a plain `dbt build`, and see what it computed again.

    Args:
        settings: which server and database.
        connection: an autocommit connection of the database's owner.

    Raises:
        TidemarkError: a model or a test failed; says which.
    """
    folder = _folder(settings)
    log = folder / "dbt-build.log"
    _take_parse(settings.home / "dagster" / "dbt", folder)
    clock = connection.execute("select clock_timestamp()").fetchone()
    began = time.time()
    # In a folder of its own, so that `tidemark status` goes on to speak of the person's builds.
    options = ["--target-path", str(folder), "--log-path", str(folder)]
    command = [str(guard.executable()), "--quiet", "--no-use-colors", "build", *options]
    status = _run(command, log, _environment(settings))
    results = _results(folder, began)
    if status != 0:
        raise _failure("the incremental build", results, log)
    built = connection.execute(
        "select relation, rows_scoped, rows_written from ops.watermarks "
        "where built_at >= %s order by built_at",
        clock,
    ).fetchall()
    return Recomputed(
        keys={relation: scoped for relation, scoped, _ in built},
        rows_written={relation: written for relation, _, written in built},
        seconds=sum(node["execution_time"] for node in results if _is(node, "model")),
    )


def _environment(settings: Settings) -> dict[str, str]:
    """Return the environment that means these settings, whatever the person's own names."""
    return os.environ | {
        "TIDEMARK_HOME": str(settings.home),
        "TIDEMARK_PORT": str(settings.port),
        "TIDEMARK_DATABASE": settings.database,
    }


def _run(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> int:
    """Run a program to its end. A Ctrl-C reaches it too: it gets the time to end well."""
    with (
        log.open("w", encoding="utf-8") as file,
        subprocess.Popen(
            command,
            cwd=PROJECT_ROOT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        ) as child,
    ):
        try:
            return child.wait()
        except KeyboardInterrupt:
            try:
                child.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:  # it was not a Ctrl-C, but a signal to us alone
                child.terminate()
            raise


def _folder(settings: Settings) -> Path:
    """Return the folder of what the demo's programs leave behind."""
    folder = settings.home / "demo"
    with files.explained(settings.home):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def _take_parse(source: Path, folder: Path) -> None:
    """Save dbt a parse (3 s) where another folder has its result; dbt sees whether it fits."""
    if (source / PARSED).exists() and not (folder / PARSED).exists():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / PARSED, folder / PARSED)


def _results(folder: Path, since: float) -> list[Mapping[str, Any]]:
    """Return what dbt says of each node that it has run since a moment."""
    path = folder / "run_results.json"
    if not path.exists() or path.stat().st_mtime < since:
        return []
    results: list[Mapping[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["results"]
    return results


def _is(node: Mapping[str, Any], kind: str) -> bool:
    return str(node["unique_id"]).startswith(f"{kind}.")


def _failure(what: str, results: Sequence[Mapping[str, Any]], log: Path) -> TidemarkError:
    """Return an error that names what failed first."""
    failed = next(_failures(results), None)
    return TidemarkError(
        f"{what} failed" + (f": {failed}" if failed else ""), f"all that it said is in {log}"
    )


def _failures(results: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for node in results:
        if node["status"] in FAILED:
            kind, _, name = str(node["unique_id"]).split(".")[:3]
            message = " ".join(str(node.get("message") or "").split())
            yield f"{kind} {name}: {message}"
