"""dbt's manifest for Dagster: parsed when the project has changed, and by one process only."""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tidemark_warehouse.dbt import guard, project
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import PROJECT_ROOT

# A folder of Dagster's own: a `dbt build` in a terminal writes target/manifest.json in place, so a
# run that begins at that moment would read half of it.
FOLDER = PROJECT_ROOT / "target" / "dagster"
MANIFEST = FOLDER / "manifest.json"


def load() -> Mapping[str, Any]:
    """Return the manifest, parsed anew if the project has changed since.

    Only a main process parses. The processes in which a Dagster code server runs its runs take
    the manifest that the server has: parsing in each took longer than the build itself.

    Raises:
        TidemarkError: the project cannot be parsed; says what dbt said.
    """
    if multiprocessing.parent_process() is None and is_stale():
        FOLDER.mkdir(parents=True, exist_ok=True)
        with _locked(FOLDER / "manifest.lock"):
            if is_stale():
                _parse()
    manifest: Mapping[str, Any] = json.loads(MANIFEST.read_text(encoding="utf-8"))
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test":
            _place(node)
    return manifest


def is_stale() -> bool:
    """Whether the manifest is missing, or older than a file of the project."""
    try:
        parsed_at = MANIFEST.stat().st_mtime_ns
    except FileNotFoundError:
        return True
    return any(path.stat().st_mtime_ns > parsed_at for path in project.files())


def _place(test: dict[str, Any]) -> None:
    """Make a test of several tables a check of the first that it names.

    dagster-dbt makes no check of it otherwise, unless its author said in `meta` where it belongs.
    """
    models = [node for node in test["depends_on"]["nodes"] if node.startswith("model.")]
    meta = test["config"]["meta"]
    if len(models) > 1 and not test.get("attached_node") and "dagster" not in meta:
        _, package, name = models[0].split(".")[:3]
        meta["dagster"] = {"ref": {"name": name, "package": package}}


def _parse() -> None:
    """Let dbt parse into a folder beside, and put the result in its place in one step."""
    began = time.time_ns()
    folder = FOLDER / "parse"
    result = subprocess.run(
        [
            *(str(guard.executable()), "--quiet", "--no-use-colors", "parse"),
            *("--target-path", str(folder), "--log-path", str(folder)),
        ],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        story = (result.stdout + result.stderr).strip()
        raise TidemarkError(f"dbt cannot parse the project:\n{story}", "mend it, then reload")
    draft = folder / "manifest.json"
    os.utime(draft, ns=(began, began))  # what was edited meanwhile is newer
    draft.replace(MANIFEST)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    load()
