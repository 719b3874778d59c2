"""The warehouse of an earlier release, restored."""

from __future__ import annotations

import lzma
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tidemark_warehouse.database.server import url
from tidemark_warehouse.database.server.binaries import find
from tidemark_warehouse.database.server.bootstrap import (
    administrator,
    close_database,
    create_database,
)
from tidemark_warehouse.settings import Settings

DUMP = Path(__file__).with_name("warehouse.sql.xz")


@pytest.fixture
def earlier(new_database: Callable[[], Settings]) -> Settings:
    """Restore the warehouse of an earlier release; nothing has upgraded it yet."""
    fresh = new_database()
    settings = replace(fresh, database=f"{fresh.database}_earlier")
    with administrator(settings) as admin:
        create_database(admin, settings)
        close_database(admin, settings.database)
    restore(settings)
    return settings


def restore(settings: Settings) -> None:
    """Run the dump in an empty database, as its owner."""
    done = subprocess.run(
        [find().psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url(settings)],
        input=lzma.decompress(DUMP.read_bytes()),
        capture_output=True,
        env={**os.environ, "PGOPTIONS": "-c client_min_messages=warning"},
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
