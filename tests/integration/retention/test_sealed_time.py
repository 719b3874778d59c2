"""History outlives raw: sealed buckets stay through every build, and open again exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.conftest import WorldMaker
from tests.integration.exactness.identity_witnesses import said
from tests.integration.exactness.product_witnesses import events
from tests.integration.exactness.warehouse import copy_project
from tests.integration.exactness.world import World
from tests.integration.retention.sealing import all_rows, late_rows, reopen, seal
from tests.integration.retention.sealing_witnesses import (
    SEALING_WITNESSES,
    a_restored_month_counts_once,
)


@pytest.fixture(scope="module")
def three_months(new_world: WorldMaker) -> str:
    """Three months of events of three people, built."""
    made = new_world("product")
    made.execute(
        """
        insert into raw.events
            (event_id, event_type, event_name, event_at, distinct_id, user_id, session_id,
             properties)
        select
            ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid,
            case when n % 17 = 0 then 'identify' else 'track' end,
            (array['page_view', 'search_performed', 'mission_created', 'mission_completed'])
                [n % 4 + 1],
            timestamptz '2025-12-20 00:00+00' + n * interval '7 hours 13 minutes',
            (array['anon-1', 'bob', 'cat'])[n % 3 + 1],
            case when n % 17 = 0 then 'ann' end,
            case when n % 5 = 0 then 's' || n / 10 end,
            jsonb_build_object('country', (array['DE', 'US'])[n % 2 + 1], 'path', '/' || n % 4)
        from generate_series(1, 250) as n
        """
    )
    made.build()
    return new_world.keep(made, "three_months")


@pytest.fixture
def world(new_world: WorldMaker, three_months: str) -> Iterator[World]:
    """The three months, as a world of this test's own."""
    made = new_world("product", three_months)
    yield made
    made.close()


@pytest.mark.parametrize("witness", SEALING_WITNESSES)
def test_the_rules_that_each_guard_keeps(
    witness: Callable[[World], None], new_world: WorldMaker
) -> None:
    world = new_world("product")
    witness(world)
    if witness is a_restored_month_counts_once:
        assert world.differences() == []
    world.close()


def test_edited_definitions_begin_where_raw_begins(
    new_world: WorldMaker, three_months: str, tmp_path: Path
) -> None:
    """Somebody more to exclude, another breakdown and another retention, over a sealed month."""
    project = copy_project(tmp_path / "project", "product")
    world = new_world.of_project(project, tmp_path)("product", three_months)
    world.build()
    before = all_rows(world)
    assert seal(world, "events", "2025-12") == []
    assert seal(world, "events", "2026-01") == []
    for name, row in {
        "excluded_users": "distinct_id,eq,cat",
        "event_breakdowns": "page_view,country,1",
    }.items():
        path = project / "seeds" / f"{name}.csv"
        path.write_text(path.read_text().rstrip() + f"\n{row}\n")
    retentions = project / "seeds" / "retentions.csv"
    retentions.write_text(
        retentions.read_text().replace("daily_return,page_view,*,", "daily_return,*,*,")
    )
    world.build()
    after = all_rows(world)
    first = "2026-02-01"
    for table, rows in before.items():
        if table.startswith("marts.event_counts_") and not table.endswith("weekly"):
            sealed = {key: row for key, row in rows.items() if key[0] < first}
            assert sealed == {key: row for key, row in after[table].items() if key[0] < first}
            assert rows != after[table], "cat counts no more since raw begins"
    broken = "marts.event_breakdowns_daily"
    assert {k: r for k, r in before[broken].items() if k[0] < first} == {
        k: r for k, r in after[broken].items() if k[0] < first
    }
    cohorts = [key for key in after["marts.retention_cohorts"] if key[0] == "daily_return"]
    assert min(key[3] for key in cohorts) >= first
    unedited = [key for key in after["marts.retention_cohorts"] if key[0] == "weekly_visits"]
    assert min(key[3] for key in unedited) < first
    world.close()


def test_who_is_who_outlives_the_events_that_said_it(new_world: WorldMaker) -> None:
    """A track call, an identify and an alias of an archived month; a late one still counts."""
    world = new_world("product")
    world.execute(
        events(("anon", "2026-02-15 12:00", None), ("device", "2026-02-15 12:00", None)),
        said(
            ("anon", "ann", "2026-01-15 12:00", "track"),
            ("anon", "bob", "2026-01-15 12:00", "identify"),
            ("device", "anon", "2026-01-16 12:00", "alias"),
        ),
    )
    world.build()
    users = "select distinct user_id from marts.user_activity where date = '2026-02-15'"
    assert world.connection.execute(users.encode()).fetchall() == [("bob",)]
    before = all_rows(world)
    assert seal(world, "events", "2026-01") == []
    world.build("--full-refresh")
    assert all_rows(world) == before
    world.execute(said(("anon", "cat", "2026-01-20 12:00", "track")))
    world.build()
    assert world.connection.execute(users.encode()).fetchall() == [("cat",)]
    reopen(world, "events", "2026-01")
    assert world.differences() == []
    world.close()


def test_usage_sealed_before_environments_were_apart_opens_again(world: World) -> None:
    """Its environment is `*` until the period is restored; rows that are apart replace it then."""
    assert seal(world, "events", "2026-01") == []
    world.execute(
        "update marts.feature_usage set environment = '*'"
        " where date between '2026-01-01' and '2026-01-31'"
    )
    before = all_rows(world)["marts.feature_usage"]
    assert {key[2] for key in before} == {"*", "production"}
    world.build("--full-refresh")
    assert all_rows(world)["marts.feature_usage"] == before
    reopen(world, "events", "2026-01")
    world.build()
    after = all_rows(world)["marts.feature_usage"]
    assert {key[2] for key in after if "2026-01-01" <= key[1] < "2026-02-01"} == {"production"}


def test_no_number_changes_when_raw_goes(world: World) -> None:
    before = all_rows(world)
    assert seal(world, "events", "2025-12") == []
    assert seal(world, "events", "2026-01") == []
    world.build()
    assert all_rows(world) == before
    world.build("--full-refresh")
    assert all_rows(world) == before
    assert late_rows(world) == []


def test_rows_for_sealed_time_wait_and_count_once_it_is_restored(world: World) -> None:
    assert seal(world, "events", "2026-01") == []
    before = all_rows(world)
    late = "00000000-0000-4000-9000-00000000000"
    world.execute(
        # In the sealed month; and on the first whole day after it, in a week that is not whole.
        f"""
        insert into raw.events (event_id, event_name, event_at, distinct_id) values
        ('{late}1', 'page_view', '2026-01-15 12:00+00', 'dan'),
        ('{late}2', 'page_view', '2026-02-01 12:00+00', 'dan')
        """
    )
    world.build()
    after = all_rows(world)
    sealed_weeks = {row for row in late_rows(world) if row[2] == "event_counts_weekly"}
    assert sealed_weeks == {
        ("events", f"{late}1", "event_counts_weekly"),
        ("events", f"{late}2", "event_counts_weekly"),
    }
    assert {mart for _, key, mart in late_rows(world) if key == f"{late}1"} >= {
        *("event_counts_minute", "event_counts_hourly", "event_counts_daily"),
        *("event_counts_monthly", "product_sessions", "user_activity", "funnel_conversions"),
    }
    assert ("events", f"{late}2", "event_counts_daily") not in late_rows(world)
    assert after["marts.event_counts_weekly"] == before["marts.event_counts_weekly"]
    daily = after["marts.event_counts_daily"].items() - before["marts.event_counts_daily"].items()
    assert [key[0] for key, _ in daily] == ["2026-02-01 00:00:00+00:00"]
    # A build from nothing says the same.
    world.build("--full-refresh")
    assert all_rows(world) == after

    reopen(world, "events", "2026-01")
    assert world.differences() == []
    assert late_rows(world) == []


def test_what_waits_is_not_removed(world: World) -> None:
    assert seal(world, "events", "2026-01") == []
    world.execute(
        "insert into raw.events (event_id, event_name, event_at, distinct_id)"
        " values (gen_random_uuid(), 'page_view', '2026-01-15 12:00+00', 'dan')"
    )
    objections = seal(world, "events", "2026-01")
    assert any("has not consumed all of its rows" in line for line in objections)
    world.build()
    assert seal(world, "events", "2026-01") == [
        "1 late rows wait for sealed time: tidemark restore, build, and they count"
    ]


def test_a_row_that_waited_and_was_deleted_waits_no_more(world: World) -> None:
    assert seal(world, "events", "2026-01") == []
    world.execute(
        "insert into raw.events (event_id, event_name, event_at, distinct_id)"
        " values (gen_random_uuid(), 'page_view', '2026-01-15 12:00+00', 'dan')"
    )
    world.build()
    assert late_rows(world)
    world.execute("delete from raw.events where event_at = '2026-01-15 12:00+00'")
    world.build()
    assert late_rows(world) == []
    reopen(world, "events", "2026-01")
    assert world.differences() == []


def test_sealed_again_after_a_restore(world: World) -> None:
    before = all_rows(world)
    for _ in range(2):
        assert seal(world, "events", "2026-01") == []
        world.build()
        assert all_rows(world) == before
        reopen(world, "events", "2026-01")
        assert seal(world, "events", "2026-01") != []  # not before it is built
        world.build()
        assert all_rows(world) == before


def test_a_dropped_mart_begins_with_the_first_whole_bucket(world: World) -> None:
    before = all_rows(world)
    assert seal(world, "events", "2025-12") == []
    world.execute("drop table marts.event_counts_weekly", "drop table marts.product_sessions")
    world.build()
    after = all_rows(world)
    weeks = {key for key in before["marts.event_counts_weekly"] if key[0] >= "2026-01-05"}
    assert after["marts.event_counts_weekly"] == {
        key: row for key, row in before["marts.event_counts_weekly"].items() if key in weeks
    }
    # Made of kept state, it loses nothing.
    assert after["marts.product_sessions"] == before["marts.product_sessions"]


def test_dropped_state_is_refused_before_the_marts_lose_by_it(world: World) -> None:
    before = all_rows(world)
    assert seal(world, "events", "2025-12") == []
    world.execute("drop table intermediate.int_visits__cut")
    failures = world.incremental.build()
    assert any("int_visits__cut has been dropped" in line for line in failures)
    reopen(world, "events", "2025-12")
    world.build()
    assert all_rows(world) == before


def test_another_zone_or_timeout_is_refused(world: World) -> None:
    assert seal(world, "events", "2025-12") == []
    failures = world.incremental.build(zone="Asia/Kolkata")
    assert any("buckets whose raw rows are archived were made with UTC" in f for f in failures)
    reopen(world, "events", "2025-12")
    world.zone = "Asia/Kolkata"
    assert world.differences() == []


def test_a_zone_beside_utc_seals_the_days_that_a_month_cuts(new_world: WorldMaker) -> None:
    world = new_world("product")
    world.zone = "America/New_York"
    values = ", ".join(
        f"(gen_random_uuid(), 'page_view', '{at}', 'ann')"
        for at in ("2026-01-31 23:30+00", "2026-02-01 04:30+00", "2026-02-01 05:30+00")
    )
    insert = "insert into raw.events (event_id, event_name, event_at, distinct_id) values "
    world.execute(insert + values)
    world.build()
    before = all_rows(world)
    assert seal(world, "events", "2026-01") == []
    world.build("--full-refresh")
    assert all_rows(world) == before
    # The local 31 January lasts until 05:00: an event of 04:45 belongs to it, in a whole month.
    world.execute(insert + "(gen_random_uuid(), 'page_view', '2026-02-01 04:45+00', 'ann')")
    world.build()
    after = all_rows(world)
    assert after["marts.event_counts_daily"] == before["marts.event_counts_daily"]
    assert after["marts.event_counts_hourly"] != before["marts.event_counts_hourly"]
    reopen(world, "events", "2026-01")
    assert world.differences() == []
    world.close()
