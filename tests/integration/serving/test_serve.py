"""The command `tidemark serve`: where it listens, and its token."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tidemark_warehouse.cli.serve import is_loopback, listening, serve
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.http.tokens import token_of
from tidemark_warehouse.settings import LOOPBACK, Settings


def settings_in(home: Path) -> Settings:
    return Settings(home, "tidemark", 54399, None)


def test_a_token_is_made_once_and_is_ours_alone(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "home")
    made = token_of(settings, people=False)
    file = Path(made.origin)
    assert file.read_text() == made.word + "\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(made.word) >= 32
    assert token_of(settings, people=False) == made
    assert not made.chosen
    file.chmod(0o640)
    with pytest.raises(TidemarkError, match="others may read"):
        token_of(settings, people=False)


def test_people_have_a_token_of_their_own(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "home")
    words = {token_of(settings, people).word for people in (False, True)}
    assert len(words) == 2


@pytest.mark.parametrize(
    "word", ["", "short", "with a space in the middle", "with-ü-in-the-middle"]
)
def test_a_token_that_is_none_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    monkeypatch.setenv("TIDEMARK_API_TOKEN", word)
    with pytest.raises(TidemarkError, match="is no token") as refused:
        token_of(settings_in(tmp_path / "home"), people=False)
    assert not word or word not in refused.value.problem


def test_a_damaged_token_file_is_named(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "home")
    file = Path(token_of(settings, people=False).origin)
    file.write_text("\n")
    with pytest.raises(TidemarkError, match="holds no token"):
        token_of(settings, people=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org"])  # noqa: S104
def test_beyond_loopback_needs_a_token_that_somebody_chose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("TIDEMARK_HOME", str(tmp_path / "home"))
    with pytest.raises(TidemarkError, match="nobody has chosen a token") as refused:
        serve(host=host)
    assert "TIDEMARK_API_TOKEN" in refused.value.remedy


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        *(("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True)),
        *(("0.0.0.0", False), ("::", False), ("10.0.0.1", False), ("localhost.org", False)),  # noqa: S104
    ],
)
def test_loopback_is_told_from_the_rest(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(TidemarkError, match=f"{LOOPBACK}:{port} cannot be had"):
            listening(LOOPBACK, port)
    with pytest.raises(TidemarkError, match="cannot be had"):
        listening("no.such.host.invalid", port)
