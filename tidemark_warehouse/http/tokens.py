"""The token that a request must bring: of the environment, else of a private file in the home."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tidemark_warehouse.database.server import files
from tidemark_warehouse.database.server.credentials import new_password
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import Settings

VARIABLE = "TIDEMARK_API_TOKEN"
SHORTEST = 16


@dataclass(frozen=True)
class Token:
    """A token.

    Attributes:
        word: what a request must bring.
        origin: where a person finds it: a file, or the variable.
        chosen: whether a person set it.
    """

    word: str
    origin: str
    chosen: bool


def token_of(settings: Settings, people: bool) -> Token:
    """Return the token of the environment, else the one of the home, made at first.

    Args:
        settings: say where the home is.
        people: whether it opens what is about people; that has a token of its own.

    Raises:
        TidemarkError: it is too short, or its file cannot be read or written.
    """
    given = os.environ.get(VARIABLE)
    if given is not None:
        if len(given) < SHORTEST or not given.isascii() or not given.isprintable() or " " in given:
            raise TidemarkError(
                f"{VARIABLE} is no token: it needs {SHORTEST} characters of ASCII without a space",
                f"unset {VARIABLE} to have one made",
            )
        return Token(given, f"the variable {VARIABLE}", chosen=True)
    path = settings.home / ("api_people_token" if people else "api_token")
    return Token(_kept(path), str(path), chosen=False)


def _kept(path: Path) -> str:
    files.prepare_home(path.parent)
    with files.explained(path.parent), files.locked(path.parent / "api_token.lock"):
        if not path.exists():
            files.write_private(path, new_password() + "\n")
        if path.stat().st_mode & 0o077:
            raise TidemarkError(f"others may read {path}", f"chmod 600 {path}")
        word = path.read_text(encoding="utf-8").strip()
    if len(word) < SHORTEST:
        raise TidemarkError(f"{path} holds no token", f"rm {path}; the next start makes a new one")
    return word
