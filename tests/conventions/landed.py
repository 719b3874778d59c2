"""The record of the migrations that landed: `make landed` adds new ones."""

from __future__ import annotations

from tests.conventions.project import ROOT
from tidemark_warehouse.database import migrate

RECORD = ROOT / "tidemark_warehouse" / "database" / "schema" / "landed.txt"


def add_new() -> None:
    """Append the migrations that the record lacks."""
    known = migrate.landed()
    with RECORD.open("a", encoding="utf-8") as record:
        for migration in migrate.read():
            if str(migration) not in known:
                record.write(f"{migration} {migration.checksum}\n")


if __name__ == "__main__":
    add_new()
