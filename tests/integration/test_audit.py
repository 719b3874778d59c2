"""The audit reads everything, and says which mart differs from raw."""

from __future__ import annotations

from pathlib import Path

from tests.integration.exactness.warehouse import Warehouse
from tidemark_warehouse.settings import Settings


def test_the_audit_names_the_mart_that_differs_from_raw(database: Settings, tmp_path: Path) -> None:
    warehouse = Warehouse(database, tmp_path, area="product")
    with warehouse.connect() as owner:
        owner.execute(
            "insert into raw.events (event_id, event_name, event_at, distinct_id)"
            " select gen_random_uuid(), 'e' || n % 3,"
            " '2026-01-30'::timestamptz + n * interval '1 hour', 'd' || n % 7"
            " from generate_series(1, 100) as n"
        )
        assert warehouse.build() == []
        assert warehouse.audit() == []

        owner.execute(
            "update marts.event_counts_monthly set unique_users = unique_users + 1"
            " where event_name = 'e0'"
        )
        (failure,) = warehouse.audit()
        assert failure.startswith("users_agree_with_raw: Got 2 results"), failure

        owner.execute("delete from marts.event_counts_hourly where event_name = 'e1'")
        assert len(warehouse.audit()) == 2
