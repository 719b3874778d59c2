"""The first build after an upgrade: marts get new columns, in archived time too."""

from __future__ import annotations

from pathlib import Path

from tests.integration.exactness.warehouse import Warehouse
from tidemark_warehouse.database.server import connect, ensure_up
from tidemark_warehouse.database.server.connection import Connection
from tidemark_warehouse.settings import Settings

AS_OF = "2026-11-15T12:00:00+00:00"
# The first instant of events that is not archived; the week before it is archived in part.
RAW_BEGINS = "2026-10-01"
UNITS = {"minute": "minute", "hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month"}
USAGE = "select feature_name, date, usage_count, unique_users from marts.feature_usage"
LINKS = (
    "select distinct on (distinct_id) distinct_id, user_id from {} as i"
    " where {} order by distinct_id, event_at desc"
)


def rows(connection: Connection, query: str) -> list[tuple[object, ...]]:
    """Return the rows of a query, sorted."""
    return sorted(connection.execute(query.encode()).fetchall(), key=str)


def test_archived_time_gets_the_columns_that_are_new(earlier: Settings, tmp_path: Path) -> None:
    """There is nothing left to compute them from: what a mart said stays, and fills them."""
    archived = f"where bucket_start < '{RAW_BEGINS}'"
    count = "select bucket_start, environment, event_name, event_count, unique_users from {} {}"
    marts = [f"marts.event_counts_{name}" for name in UNITS]
    with connect(earlier) as connection:
        counted = {mart: rows(connection, count.format(mart, archived)) for mart in marts}
        used = rows(connection, f"{USAGE} where date < '{RAW_BEGINS}'")
        links = rows(
            connection,
            LINKS.format("intermediate.int_identifications__dated", f"event_at < '{RAW_BEGINS}'"),
        )
    assert len(used) > 10
    assert len(links) > 5
    ensure_up(earlier)
    warehouse = Warehouse(earlier, tmp_path, area="product")
    assert warehouse.build("--no-partial-parse", as_of=AS_OF) == []
    with connect(earlier, autocommit=True) as connection:
        for mart in marts:
            assert rows(connection, count.format(mart, archived)) == counted[mart]
            assert rows(connection, f"select 1 from {mart} where date <> bucket_start::date") == []
            assert rows(connection, f"select 1 from {mart} where date is null") == []
        every = f"{USAGE} where environment = '*'"
        assert rows(connection, every) == used, "not told apart any more"
        apart = f"{USAGE} where environment <> '*'"
        assert len(rows(connection, f"{apart} and date >= '{RAW_BEGINS}'")) > 10
        assert rows(connection, f"{apart} and date < '{RAW_BEGINS}'") == []
        assert rows(connection, LINKS.format("ops.kept_identifications", "true")) == links
        landed = "select 1 from intermediate.int_visits__cut where landing_page is not null"
        assert len(rows(connection, f"{landed} and ended_at < '{RAW_BEGINS}'")) > 10
        assert rows(connection, f"{landed} and landed_at is null") == []
        told = rows(connection, "select relation, started_at from ops.refreshes")
        assert warehouse.build(as_of=AS_OF) == []
        assert rows(connection, "select relation, started_at from ops.refreshes") == told
