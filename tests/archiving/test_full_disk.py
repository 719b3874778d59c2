"""A disk that takes no more: nothing is left behind, and the line says how much is needed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.archiving.samples import archived
from tidemark_warehouse.archiving import files, manifest
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import PROJECT_ROOT

# The kernel refuses what goes beyond the limit, in the middle of a file.
LIMITED = """
import resource, sys
from pathlib import Path
from tidemark_warehouse.errors import TidemarkError
from tests.archiving.samples import archived

resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    archived(Path(sys.argv[1]), count=20_000)
except TidemarkError as error:
    print(error.problem, error.remedy, sep="|")
"""


@pytest.mark.parametrize("room", [0, 100, 20_000, 150_000])
def test_a_file_that_does_not_fit_leaves_nothing(tmp_path: Path, room: int) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path), str(room)],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    problem, remedy = ran.stdout.strip().split("|")
    assert "no space for 2026-08.parquet" in problem
    assert str(tmp_path) in problem
    assert "needs about" in problem
    assert "MB are free" in problem
    assert "TIDEMARK_ARCHIVE" in remedy
    assert list((tmp_path / "events").iterdir()) == []
    assert archived(tmp_path, count=20_000).bytes > 150_000  # the next run has room


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_told_from_other_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = archived(tmp_path)
    monkeypatch.setattr(files, "open_part", lambda *_, **__: os.open("/dev/full", os.O_RDWR))
    with pytest.raises(TidemarkError, match=r"no space for 2026-08\.2\.parquet in the archive"):
        archived(tmp_path)
    with pytest.raises(TidemarkError, match=r"no space for 2026-08\.manifest\.json .* needs 0\.0"):
        manifest.write(made, tmp_path)
    assert sorted(path.name for path in (tmp_path / "events").iterdir()) == [
        "2026-08.manifest.json",
        "2026-08.parquet",
    ]
