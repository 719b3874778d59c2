"""Files that were cut off, changed by a byte, lost or exchanged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from tests.archiving.samples import archived, rows
from tidemark_warehouse.archiving import files, manifest, verifying
from tidemark_warehouse.archiving.drafts import file_sha256
from tidemark_warehouse.archiving.manifest import Manifest


def kinds(folder: Path, made: Manifest) -> list[str]:
    """Verify; each sentence has to name the file or its manifest."""
    found = verifying.verify(folder, made.file, manifest.digest(made))
    stem = str(files.data_path(folder, made.file).with_suffix(""))
    assert all(stem in problem.sentence and problem.remedy for problem in found)
    assert all(problem.error.problem == problem.sentence for problem in found)
    return [problem.kind for problem in found]


def test_a_whole_file_has_no_problem(tmp_path: Path) -> None:
    assert kinds(tmp_path, archived(tmp_path)) == []
    assert kinds(tmp_path, archived(tmp_path, count=0)) == []


def test_one_changed_byte_is_found_wherever_it_is(tmp_path: Path) -> None:
    made = archived(tmp_path)
    path = files.data_path(tmp_path, made.file)
    whole = path.read_bytes()
    places = {0, 3, 4, len(whole) - 1, len(whole) - 5, len(whole) - 9, len(whole) // 2}
    places |= set(range(0, len(whole), len(whole) // 40))
    for place in sorted(places):
        broken = bytearray(whole)
        broken[place] ^= 0x10
        path.write_bytes(broken)
        assert kinds(tmp_path, made) == ["changed"], place
    path.write_bytes(whole)
    assert kinds(tmp_path, made) == []


@pytest.mark.parametrize("kept", [0.0, 0.5, 0.999])
def test_a_file_that_is_cut_off_is_found(tmp_path: Path, kept: float) -> None:
    made = archived(tmp_path)
    path = files.data_path(tmp_path, made.file)
    path.write_bytes(path.read_bytes()[: int(made.bytes * kept)])
    assert kinds(tmp_path, made) == ["truncated"]


@pytest.mark.parametrize(
    ("harm", "expected"),
    [
        (lambda data, _: data.unlink(), ["missing"]),
        (lambda _, about: about.unlink(), ["manifest"]),
        (lambda data, about: (data.unlink(), about.unlink()), ["manifest", "missing"]),
        (lambda _, about: about.write_bytes(about.read_bytes()[:-20]), ["manifest"]),
        (lambda data, _: data.write_bytes(data.read_bytes() + b" "), ["truncated"]),
    ],
)
def test_what_is_missing_is_found(
    tmp_path: Path, harm: Callable[[Path, Path], object], expected: list[str]
) -> None:
    made = archived(tmp_path)
    harm(files.data_path(tmp_path, made.file), files.manifest_path(tmp_path, made.file))
    assert kinds(tmp_path, made) == expected


def test_another_file_with_a_fitting_manifest_is_found(tmp_path: Path) -> None:
    """Who exchanges file and manifest together is betrayed by what the database remembers."""
    made = archived(tmp_path)
    path = files.data_path(tmp_path, made.file)
    pq.write_table(rows(1_000, first=5), path)
    forged = replace(made, bytes=path.stat().st_size, file_sha256=file_sha256(path))
    manifest.write(forged, tmp_path)
    assert kinds(tmp_path, made) == ["manifest"]
    assert kinds(tmp_path, forged) == ["content"]
    path.write_bytes(b"PAR1 is not enough")
    forged = replace(made, bytes=path.stat().st_size, file_sha256=file_sha256(path))
    manifest.write(forged, tmp_path)
    assert kinds(tmp_path, forged) == ["content"]
