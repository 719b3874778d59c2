"""Which database a command works on, where it may be named beside the environment."""

from __future__ import annotations

from dataclasses import replace

from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import Settings


def shown_database(database: str | None) -> Settings:
    """Return the settings of the environment, of another database if one is named.

    Args:
        database: its name; None for the usual one.

    Raises:
        TidemarkError: the name needs quotes, or the environment cannot be used.
    """
    settings = Settings.from_environment()
    return settings if database is None else replace(settings, database=checked_database(database))


def checked_database(database: str) -> str:
    """Return the name of a database, if it is one that needs no quotes.

    Raises:
        TidemarkError: it is not.
    """
    if not (database.isascii() and database.isidentifier() and database == database.lower()):
        raise TidemarkError(
            f"--database is {database!r}, which is no plain database name",
            "use lower-case letters, digits and underscores",
        )
    return database
