"""Names of files, manifests, and what nobody remembers."""

from __future__ import annotations

import fcntl
import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.archiving.samples import archived, rows
from tidemark_warehouse.archiving import files, manifest, querying, verifying
from tidemark_warehouse.archiving.drafts import Draft
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import Settings


def test_each_database_has_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEMARK_HOME", str(tmp_path))
    assert files.archive_folder(Settings.from_environment()) == tmp_path / "archive" / "tidemark"
    monkeypatch.setenv("TIDEMARK_ARCHIVE", str(tmp_path / "disk"))
    monkeypatch.setenv("TIDEMARK_DATABASE", "demo")
    assert files.archive_folder(Settings.from_environment()) == tmp_path / "disk" / "demo"


def test_a_period_that_is_archived_again_takes_the_next_name(tmp_path: Path) -> None:
    assert archived(tmp_path).file == "events/2026-08.parquet"
    assert archived(tmp_path).file == "events/2026-08.2.parquet"
    files.data_path(tmp_path, "events/2026-08.parquet").unlink()
    assert archived(tmp_path).file == "events/2026-08.3.parquet"  # its manifest is still there
    files.remove(tmp_path, "events/2026-08.parquet")
    taken = {"events/2026-08.parquet"}
    assert files.free_name(tmp_path, "events", "2026-08", taken) == "events/2026-08.4.parquet"
    assert files.free_name(tmp_path, "events", "2026-08") == "events/2026-08.parquet"


def test_files_are_closed_to_others(tmp_path: Path) -> None:
    made = archived(tmp_path / "home" / "archive" / "tidemark")
    closed = [tmp_path / "home", tmp_path / "home" / "archive" / "tidemark" / "events"]
    assert {path.stat().st_mode & 0o777 for path in closed} == {0o700}
    path = files.data_path(closed[1].parent, made.file)
    assert {each.stat().st_mode & 0o777 for each in path.parent.iterdir()} == {0o600}


@pytest.mark.parametrize("name", ["../x.parquet", "/etc/x.parquet", "events/../x.parquet", "x"])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(TidemarkError, match="no name of an archived file"):
        files.data_path(tmp_path, name)
    with pytest.raises(ValueError, match="cannot be part"):
        files.free_name(tmp_path, "..", "2026-08")


def test_a_manifest_comes_back_as_it_was(tmp_path: Path) -> None:
    made = archived(tmp_path)
    assert manifest.read(tmp_path, made.file, manifest.digest(made)) == made
    path = files.manifest_path(tmp_path, made.file)
    path.write_text(json.dumps(json.loads(path.read_text()), indent=8))  # layout says nothing
    assert manifest.read(tmp_path, made.file, manifest.digest(made)) == made


def test_a_manifest_that_says_something_else_is_found(tmp_path: Path) -> None:
    made = archived(tmp_path)
    remembered = manifest.digest(made)
    for altered in (
        replace(made, row_count=made.row_count + 1),
        replace(made, last_at=None),
        replace(made, columns=made.columns[:-1]),
    ):
        manifest.write(altered, tmp_path)
        with pytest.raises(TidemarkError, match="was altered") as caught:
            manifest.read(tmp_path, made.file, remembered)
        assert str(files.manifest_path(tmp_path, made.file)) in caught.value.problem


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no JSON"),
        ("[]", "does not have its fields"),
        ("{}", "does not have its fields"),
        ('{"columns": [{}]}', "does not have its fields"),
        ('{"version": 2}', "version 2; this Tidemark knows 1"),
        ("\N{SNOWMAN}", "is no JSON"),
    ],
)
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    made = archived(tmp_path)
    files.manifest_path(tmp_path, made.file).write_text(text)
    with pytest.raises(TidemarkError, match=said):
        manifest.read(tmp_path, made.file)


def test_a_manifest_with_a_wrong_type_or_name_is_refused(tmp_path: Path) -> None:
    made = archived(tmp_path)
    path = files.manifest_path(tmp_path, made.file)
    whole = json.loads(path.read_text())
    path.write_text(json.dumps(whole | {"row_count": "many"}))
    with pytest.raises(TidemarkError, match="no good row_count"):
        manifest.read(tmp_path, made.file)
    path.write_text(json.dumps(whole | {"file": "events/2026-07.parquet"}))
    with pytest.raises(TidemarkError, match="about another file"):
        manifest.read(tmp_path, made.file)


def test_strays_are_what_nothing_remembers(tmp_path: Path) -> None:
    assert verifying.strays(tmp_path / "none", set()) == []
    known = archived(tmp_path)
    forgotten = archived(tmp_path)
    (tmp_path / "events" / "notes.txt").touch()
    assert verifying.strays(tmp_path, {known.file}) == [
        "events/2026-08.2.manifest.json",
        "events/2026-08.2.parquet",
        "events/notes.txt",
    ]
    files.remove(tmp_path, forgotten.file)
    files.remove(tmp_path, forgotten.file)
    assert verifying.strays(tmp_path, {known.file}) == ["events/notes.txt"]


def test_parts_of_the_dead_are_cleared_those_of_the_living_stay(tmp_path: Path) -> None:
    assert verifying.clear_parts(tmp_path / "none") == []
    known = archived(tmp_path)
    (tmp_path / "events" / "2026-07.parquet.part").touch()
    content = rows(10)
    with Draft(tmp_path, "events/2026-06.parquet", content.schema, "event_at", 10) as draft:
        assert verifying.clear_parts(tmp_path) == ["events/2026-07.parquet.part"]
        with (
            pytest.raises(TidemarkError, match="another process is writing"),
            Draft(tmp_path, "events/2026-06.parquet", content.schema, "event_at", 10),
        ):
            pass
        draft.write(content.to_batches()[0])
        assert draft.finish().rows == 10
    left = {path.name for path in (tmp_path / "events").iterdir()}
    assert left == {
        *("2026-06.parquet", "2026-08.manifest.json"),
        Path(known.file).name,
    }


def test_a_file_that_was_named_meanwhile_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process names its file between our opening of its `.part` and our lock."""
    part, path = tmp_path / "2026-08.parquet.part", tmp_path / "2026-08.parquet"
    part.write_bytes(b"rows")
    lock = fcntl.flock

    def late(descriptor: int, kind: int) -> None:
        if part.exists():
            part.rename(path)
        lock(descriptor, kind)

    with monkeypatch.context() as patch:
        patch.setattr(fcntl, "flock", late)
        with pytest.raises(TidemarkError, match="another process is writing"):
            files.open_part(path)
    assert path.read_bytes() == b"rows"
    with pytest.raises(TidemarkError, match="another process is writing"):
        files.open_part(path, refuse_existing=True)


def test_a_folder_that_may_not_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "archive").touch()
    with pytest.raises(TidemarkError, match=str(tmp_path / "archive")):
        archived(tmp_path / "archive")
    for look in (lambda folder: verifying.strays(folder, set()), verifying.clear_parts):
        with pytest.raises(TidemarkError, match=str(tmp_path / "archive")):
            look(tmp_path / "archive")
    with pytest.raises(TidemarkError, match=str(tmp_path / "archive")):
        querying.archived(tmp_path / "archive")
    assert [path.name for path in tmp_path.iterdir()] == ["archive"]
