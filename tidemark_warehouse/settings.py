"""Where Tidemark's server and files are, as the environment says."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import platformdirs

from tidemark_warehouse.errors import TidemarkError

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DEFAULT_PORT = 54329
LOOPBACK = "127.0.0.1"
OWNER = "tidemark_owner"
ROLES = (
    "tidemark_loader",
    "tidemark_reader",
    "tidemark_people_reader",
    "tidemark_operator",
)


@dataclass(frozen=True)
class Settings:
    """What the environment decides; nothing here is read at import.

    Attributes:
        home: folder of the embedded server's data, passwords and log (`TIDEMARK_HOME`).
        database: the database that commands work on (`TIDEMARK_DATABASE`, else the one that
            `TIDEMARK_DATABASE_URL` names).
        port: loopback TCP port of the embedded server (`TIDEMARK_PORT`).
        database_url: another PostgreSQL in place of the embedded one (`TIDEMARK_DATABASE_URL`).
        archive: folder of the databases' archives, None if it is in the home (`TIDEMARK_ARCHIVE`).
    """

    home: Path
    database: str
    port: int
    database_url: str | None
    archive: Path | None = None

    @classmethod
    def from_environment(cls) -> Settings:
        """Read the environment.

        Raises:
            TidemarkError: a variable has a value that cannot be used.
        """
        database_url = os.environ.get("TIDEMARK_DATABASE_URL") or None
        port = os.environ.get("TIDEMARK_PORT") or str(DEFAULT_PORT)
        if database_url:
            port = str(DEFAULT_PORT)  # the URL has its own
        elif not (port.isascii() and port.isdigit() and 1024 <= int(port) <= 65535):
            raise TidemarkError(
                f"TIDEMARK_PORT is {port!r}, which is no port between 1024 and 65535",
                f"unset it to use {DEFAULT_PORT}, or choose a free port",
            )
        named_by_url = database_of(database_url) if database_url else None
        database = os.environ.get("TIDEMARK_DATABASE")
        if database and not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", database):
            raise TidemarkError(
                f"TIDEMARK_DATABASE is {database!r}, which is no plain database name",
                "use lower-case letters, digits and underscores",
            )
        home = os.environ.get("TIDEMARK_HOME")
        archive = os.environ.get("TIDEMARK_ARCHIVE")
        return cls(
            home=Path(home).expanduser().absolute() if home else default_home(),
            database=database or named_by_url or "tidemark",
            port=int(port),
            database_url=database_url,
            archive=Path(archive).expanduser().absolute() if archive else None,
        )


def database_of(database_url: str) -> str | None:
    """Return the database that a libpq URL (or keyword string) names.

    Raises:
        TidemarkError: libpq does not understand it. The message does not repeat it, because
            it may hold a password.
    """
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        name = conninfo_to_dict(database_url).get("dbname")
    except ProgrammingError as error:
        raise TidemarkError(
            "TIDEMARK_DATABASE_URL is no PostgreSQL URL",
            "write postgresql://user:password@host:port/database "
            "(special characters of the password as %XX)",
        ) from error
    return str(name) if name else None


def default_home() -> Path:
    """Return the user's own data folder, which no project tool copies or scans.

    PostgreSQL refuses to run as root, so root's server runs as another user, who may not enter
    root's own folders: root's home is therefore /var/lib/tidemark.
    """
    if os.geteuid() == 0:
        return Path("/var/lib/tidemark")
    return Path(platformdirs.user_data_dir("tidemark", appauthor=False))


@cache
def project_vars() -> dict[str, Any]:
    """Return the vars of dbt_project.yml, which the models read too."""
    import yaml  # type: ignore[import-untyped]

    read = yaml.safe_load((PROJECT_ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    return dict(read.get("vars") or {})
