"""What people mean by a zone or a time is what a build takes it for, or it is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.integration.exactness.warehouse import AS_OF, Warehouse
from tidemark_warehouse.settings import Settings

ONE_MODEL = ("--select", "int_periods__ended", "--exclude", "resource_type:seed")


@pytest.fixture(scope="module")
def warehouse(server: Settings, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    made = Warehouse(replace(server, database="clock"), tmp_path_factory.mktemp("clock"))
    made.renew()
    return made


def built(warehouse: Warehouse) -> int:
    with warehouse.connect() as owner:
        row = owner.execute("select count(*) from ops.watermarks").fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("utc", "write UTC"),
        ("GMT", "write UTC"),
        ("Etc/UTC", "write UTC"),
        ("", "write UTC"),
        ("europe/berlin", "write Europe/Berlin"),
        ("Europe/Berlim", "unknown"),
        ("Berlin", "abbreviation"),
        ("CET", "abbreviation"),
        ("EST", "abbreviation"),
        ("EST5EDT", "offset"),
        ("UTC+2", "offset"),
        ("Etc/GMT+2", "offset"),
        ("+02", "offset"),
        ("+02:00", "offset"),
        ("posix/Europe/Berlin", "abbreviation"),
    ],
)
def test_a_zone_that_is_no_place_is_refused(warehouse: Warehouse, zone: str, said: str) -> None:
    before = built(warehouse)
    failures = warehouse.build(*ONE_MODEL, zone=zone)
    assert failures
    assert said in failures[0]
    assert "reporting_timezone" in failures[0]
    assert built(warehouse) == before


@pytest.mark.parametrize(
    "as_of",
    [
        *("2026-03-10", "2026-03-10T12:00:00", "2026-02-30T12:00:00Z", "2026-13-01T00:00:00Z"),
        *("now", "yesterday", "infinity", "0026-03-10T12:00:00Z", "9999-12-31T00:00:00Z"),
        *("2026-03-10T25:00:00Z", "2026-03-10T12:00:00 CET", "1773144000"),
    ],
)
def test_an_as_of_that_is_no_instant_is_refused(warehouse: Warehouse, as_of: str) -> None:
    before = built(warehouse)
    failures = warehouse.build(*ONE_MODEL, as_of=as_of)
    assert failures
    assert "the var as_of" in failures[0]
    assert built(warehouse) == before


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Port-au-Prince", "US/Eastern"])
@pytest.mark.parametrize("as_of", [AS_OF, "2026-03-10T12:00Z", "2026-03-10 12:00:00.5+0530"])
def test_a_place_and_an_instant_are_taken(warehouse: Warehouse, zone: str, as_of: str) -> None:
    assert warehouse.build(*ONE_MODEL, zone=zone, as_of=as_of) == []
