"""The passwords: one private file in Tidemark's home, and the user's libpq password file."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from tidemark_warehouse.database.server import files
from tidemark_warehouse.errors import TidemarkError

EMBEDDED = "embedded"  # the home's own server, whatever its port
ENTROPY_BYTES = 24


class Credentials:
    """The passwords that Tidemark made, by server ('embedded' or 'host:port') and role."""

    def __init__(self, home: Path) -> None:
        self.path = home / "credentials.json"

    def password(self, server: str, role: str) -> str | None:
        """Return the password of a role, or None if Tidemark did not make it."""
        return self._read().get(server, {}).get(role)

    def ensure(self, server: str, roles: Iterable[str]) -> dict[str, str]:
        """Return the passwords of these roles; those that are missing are made and kept."""
        wanted = list(roles)
        known = self._read().get(server, {})
        if any(role not in known for role in wanted):
            known = self._merge(server, {role: new_password() for role in wanted}, replace=False)
        return {role: known[role] for role in wanted}

    def keep(self, server: str, passwords: dict[str, str]) -> None:
        """Keep these passwords in place of older ones."""
        self._merge(server, passwords, replace=True)

    def _merge(self, server: str, passwords: dict[str, str], replace: bool) -> dict[str, str]:
        home = self.path.parent
        files.prepare_home(home)
        with files.explained(home), files.locked(home / "credentials.lock"):
            everything = self._read()
            known = everything.get(server, {})
            everything[server] = known | passwords if replace else passwords | known
            files.write_private(self.path, json.dumps(everything, indent=4) + "\n")
        return everything[server]

    def _read(self) -> dict[str, dict[str, str]]:
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise TidemarkError(
                f"the passwords in {self.path} cannot be read: {error}",
                "run as the user who owns the file; if it is damaged, delete it, "
                "then `tidemark down` and `tidemark up` make new passwords",
            ) from error
        if not isinstance(content, dict):
            return {}
        return {server: dict(roles) for server, roles in content.items()}


def new_password() -> str:
    """Return a random password of letters, digits, - and _."""
    return secrets.token_urlsafe(ENTROPY_BYTES)


def password_file() -> Path | None:
    """Return the file in which libpq looks passwords up (`PGPASSFILE`, else ~/.pgpass).

    None if there can be none: the user has no home folder, or the path is no ordinary file.
    """
    named = os.environ.get("PGPASSFILE")
    try:
        path = Path(named) if named else Path.home() / ".pgpass"
    except RuntimeError:
        return None
    path = path.resolve()
    usable = path.is_file() if path.exists() else path.parent.is_dir()
    return path if usable else None


def is_published(host: str, port: int, passwords: Mapping[str, str]) -> bool:
    """Whether the password file has the right line for each role, and libpq would read it."""
    path = password_file()
    try:
        if path is None or path.stat().st_mode & 0o077:
            return False
        present = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return False
    return all(f"{_key(host, port, role)}{word}" in present for role, word in passwords.items())


def publish(host: str, port: int, passwords: Mapping[str, str]) -> bool:
    """Put one line for each role into the password file, so that psql and dbt need no typing.

    A line of ours is replaced where it stands; a new one goes to the top, since libpq takes the
    first that fits. All other lines stay as they are.

    Returns:
        Whether the file now has them. It may be impossible: no home folder, a read-only one.
    """
    path = password_file()
    if path is None:
        return False
    if is_published(host, port, passwords):
        return True
    try:
        _rewrite(path, {_key(host, port, role): word for role, word in passwords.items()})
    except (OSError, ValueError):
        return False
    return True


def _key(host: str, port: int, role: str) -> str:
    return f"{host}:{port}:*:{role}:"


def _rewrite(path: Path, passwords: Mapping[str, str]) -> None:
    """Replace the file while holding a lock on it, so that two homes do not undo each other."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_ino != path.stat().st_ino:
                continue  # somebody replaced it while we waited
            lines = path.read_text(encoding="utf-8").splitlines()
            for key, word in passwords.items():
                places = [n for n, line in enumerate(lines) if line.startswith(key)]
                if places:
                    lines[places[0]] = key + word
                else:
                    lines.insert(0, key + word)
            files.write_private(path, "\n".join(lines) + "\n")
            return
        finally:
            os.close(descriptor)
