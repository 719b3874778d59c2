"""Fixed worlds for the rules of application metrics and alerts that random ones meet too seldom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.integration.exactness.oracle import inexact
from tests.integration.exactness.warehouse import AS_OF
from tests.integration.exactness.world import World

POINTS = ("--select", "+metric_aggregates", "+metric_sketches_hourly")
ALERTS = ("--select", "+metric_alerts")


WATCHING = {
    f"intermediate.int_{name}"
    for name in ("metrics__selected", "signals__gathered", "silences__found", "periods__judged")
}
# Rules of kinds that the project's seed has none of.
SELECTING_RULES = """
    insert into seeds.alert_rules (
        rule_id, alert_type, entity_type, signal, comparison, threshold, period, entity_pattern,
        tags, metric_type
    )
    values
    (
        'huge_in_eu', 't', 'metric', 'avg', 'gt', '1e6', 'day', null,
        '{"region": "eu"}', null
    ),
    (
        'no_timers_in_eu', 't', 'metric', 'count', 'silent', null, 'week', 'api.*',
        '{"region": "eu"}', 'timer'
    )
"""


def points(*rows: tuple[str, float, str], name: str = "users.active") -> str:
    """An INSERT of points: (time, value, tags)."""
    values = ", ".join(
        f"(gen_random_uuid(), '{name}', {value}, '{at}+00', '{tags}')" for at, value, tags in rows
    )
    return (
        f"insert into raw.metric_points (point_id, name, value, recorded_at, tags) values {values}"
    )


def visits(*dates: str) -> str:
    """An INSERT of one event on each of the dates."""
    values = ", ".join(
        f"(gen_random_uuid(), 'page_view', '{day} 10:00+00', 'ann')" for day in dates
    )
    return f"insert into raw.events (event_id, event_name, event_at, distinct_id) values {values}"


def a_point_moves_to_another_month_and_another_series(world: World) -> None:
    """The old hour, day, week and month lose it, also where it was their last point."""
    world.execute(
        points(
            ("2026-01-31 23:59:59", 1, '{"a": 1, "b": 2}'),
            ("2026-02-01 00:00", 3, '{"b": 2, "a": 1}'),
            ("2026-02-01 00:00", 5, "{}"),
        )
    )
    world.build(*POINTS)
    counts = "select period_type, count(*)::integer from marts.metric_aggregates group by 1"
    assert dict(_all(world, counts)) == {"hourly": 3, "daily": 3, "weekly": 2, "monthly": 3}
    world.execute(
        "update raw.metric_points set recorded_at = '2026-03-31 10:00+00' where value = 1",
        "update raw.metric_points set tags = null where value = 3",
        "update raw.metric_points set value = 'NaN' where value = 5",
    )
    world.build(*POINTS)
    found = _all(
        world,
        "select period_start::date::text, tags::text, sum from marts.metric_aggregates"
        " where period_type = 'monthly' order by 1",
    )
    assert found == [("2026-02-01", "{}", 3.0), ("2026-03-01", '{"a": 1, "b": 2}', 1.0)]
    world.execute("delete from raw.metric_points where value = 1")


def tags_too_long_for_a_key_are_their_checksum(world: World) -> None:
    """A point with a novel in its tags stops no build, and stays apart from the others."""
    novels = "jsonb_build_object('text', (select string_agg(md5(({} + n)::text), '') {}))"
    pages = "from generate_series(1, 200) as n"
    for start in (0, 1):
        world.execute(
            "insert into raw.metric_points (point_id, name, value, recorded_at, tags)"
            f" select gen_random_uuid(), 'm', 1, '2026-02-01', {novels.format(start, pages)}"
        )
    world.build(*POINTS)
    found = _all(world, "select distinct tags from marts.metric_aggregates")
    assert [list(tags) for (tags,) in found] == [["tags_md5"]] * 2


def an_alert_stays_on_record(world: World) -> None:
    """Whatever becomes of the value, the rule and the clock; and is acknowledged in one build."""
    days = [f"2026-03-{day:02}" for day in (1, 3, 4, 5, 6, 7, 8, 9)]
    world.execute(visits(*days))
    assert world.incremental.build(*ALERTS, as_of="2026-03-04T12:00:00+00:00") == []
    (raised,) = _alerts(world)
    assert raised[1:] == ("no_sessions", "2026-03-02", 0.0, "high", "2026-03-04", False, "resolved")
    world.execute(visits("2026-03-02"))
    assert world.incremental.build(*ALERTS, as_of="2026-03-05T12:00:00+00:00") == []
    assert _alerts(world) == [raised], "a later value does not change it"
    world.execute(
        "insert into raw.alert_acknowledgements"
        f" values ('{raised[0]}', 'bob', '2026-03-05 10:00+00')"
    )
    world.build(*ALERTS)
    (acknowledged,) = _alerts(world)
    assert acknowledged == (*raised[:-2], True, "resolved")
    world.execute("delete from seeds.alert_rules where rule_id = 'no_sessions'")
    for option in ((), ("--full-refresh",)):
        failures = world.incremental.build(*ALERTS, *option, "--exclude", "resource_type:seed")
        assert failures == []
        assert _alerts(world) == [acknowledged], "the rule is gone, the alert stays"
    world.execute("delete from raw.events")
    world.build("--full-refresh")
    assert _alerts(world) == [acknowledged]


def an_alert_lasts_as_long_as_its_condition(world: World) -> None:
    """Silence is one alert; the clock alone lets it expire; what comes again is a new one."""
    world.execute(visits("2026-02-28", "2026-03-01"))
    for as_of in ("2026-03-03T00:00:00+00:00", "2026-03-09T00:00:00+00:00"):
        assert world.incremental.build(*ALERTS, as_of=as_of) == []
        (alert,) = _alerts(world)
        assert alert[1:5] == ("no_sessions", "2026-03-02", 0.0, "high")
        assert alert[5:] == ("2026-03-03", False, "firing")
    # Thirty days without a row: the series is retired, and nothing can be judged any more.
    assert world.incremental.build(*ALERTS, as_of="2026-04-02T00:00:00+00:00") == []
    assert [found[-1] for found in _alerts(world)] == ["firing"]
    assert world.incremental.build(*ALERTS, as_of="2026-04-05T00:00:00+00:00") == []
    assert [found[-1] for found in _alerts(world)] == ["expired"]
    world.execute(visits("2026-03-20"))
    assert world.incremental.build(*ALERTS, as_of="2026-04-06T00:00:00+00:00") == []
    assert [(found[2], found[-1]) for found in _alerts(world)] == [
        ("2026-03-02", "resolved"),
        ("2026-04-03", "firing"),
    ]
    world.build()


def history_tells_nobody_anything(world: World) -> None:
    """Rows of long ago, loaded today: what was then is history, and what still holds is not."""
    days = [f"2025-12-{day:02}" for day in range(1, 29) if day not in (7, 8, 20)]
    world.execute(visits(*days), visits("2026-03-01", "2026-03-05", "2026-03-06"))
    world.build(*ALERTS)
    assert [(found[2], found[-1]) for found in _alerts(world) if found[1] == "no_sessions"] == [
        ("2025-12-07", "historical"),
        ("2025-12-20", "historical"),
        ("2025-12-29", "historical"),
        ("2026-03-02", "historical"),
        ("2026-03-08", "firing"),
    ]


def a_period_is_judged_when_it_is_over(world: World) -> None:
    """The clock alone raises an alert: no row is new."""
    world.execute(visits("2026-03-08", "2026-03-10"))
    assert world.incremental.build(*ALERTS, as_of="2026-03-09T23:59:59+00:00") == []
    assert _alerts(world) == []
    assert world.incremental.build(*ALERTS, as_of=AS_OF) == []
    assert [(rule, day) for _, rule, day, *_ in _alerts(world)] == [("no_sessions", "2026-03-09")]


def a_corrected_past_makes_a_later_day_unusual(world: World) -> None:
    """The range of a day is the eight weeks before it: their change judges the day again."""
    days = [f"2026-02-{day:02} 10:00" for day in range(1, 21)]
    world.execute(
        points(*((at, 50 + 100 * (number % 2), "{}") for number, at in enumerate(days))),
        points(("2026-02-21 10:00", 150, "{}")),
    )
    world.build(*ALERTS)
    assert _alerts(world) == []
    world.execute(
        "update raw.metric_points set value = 100 where recorded_at < '2026-02-21 00:00+00'"
    )
    world.build(*ALERTS)
    assert [alert[1:4] for alert in _alerts(world)] == [("p99_unusual", "2026-02-21", 150.0)]


def a_rule_selects_points_by_tags_and_type(world: World) -> None:
    """Those of another region are not judged; a point that is retagged, or a rule, is a change."""
    world.define(SELECTING_RULES)
    here, there = '{"node": 1, "region": "eu"}', '{"region": "us"}'
    world.execute(
        points(
            *(("2026-03-08 10:00", 2e6, here), ("2026-03-08 11:00", 2, there)),
            *(("2026-03-09 10:00", 5, here), ("2026-03-09 11:00", 2e6, there)),
        )
    )
    world.build(*ALERTS)
    assert _selected(world) == [("2026-03-08", 1, 2e6), ("2026-03-09", 1, 5.0)]
    found = [alert[1:4] + alert[-1:] for alert in _alerts(world)]
    assert found == [("huge_in_eu", "2026-03-08", 2e6, "resolved")]
    world.execute(
        f"update raw.metric_points set tags = '{here}' where recorded_at = '2026-03-09 11:00+00'",
        "delete from raw.metric_points where value = 5",
    )
    world.build(*ALERTS)
    assert _selected(world) == [("2026-03-08", 1, 2e6), ("2026-03-09", 1, 2e6)]
    # The seed alone says which points are selected.
    for rule, left in (
        ('set tags = \'{"node": 1, "region": "eu"}\'', 2),
        ("set tags = '{\"region\": \"us\"}', period = 'week'", 1),
        ("set entity_pattern = 'api.*'", 0),
        ("set entity_pattern = 'users.*', tags = null, metric_type = 'gauge', period = 'day'", 2),
        ("set metric_type = null", 0),
    ):
        world.define(f"update seeds.alert_rules {rule} where rule_id = 'huge_in_eu'")
        world.build(*ALERTS)
        assert len(_selected(world)) == left, rule
        stale = inexact(world.connection, datetime.fromisoformat(AS_OF)).keys() & WATCHING
        assert not stale, rule
    world.execute("delete from raw.metric_points")


METRICS_WITNESSES: list[Callable[[World], None]] = [
    a_point_moves_to_another_month_and_another_series,
    tags_too_long_for_a_key_are_their_checksum,
    an_alert_stays_on_record,
    an_alert_lasts_as_long_as_its_condition,
    history_tells_nobody_anything,
    a_period_is_judged_when_it_is_over,
    a_corrected_past_makes_a_later_day_unusual,
    a_rule_selects_points_by_tags_and_type,
]


def _alerts(world: World) -> list[tuple[Any, ...]]:
    return _all(
        world,
        "select alert_id, rule_id, period_start::text, current_value, severity,"
        " created_at::date::text, is_acknowledged, state from marts.metric_alerts"
        " where entity_type <> 'project' order by period_start, rule_id",
    )


def _selected(world: World) -> list[tuple[Any, ...]]:
    return _all(
        world,
        "select starts_at::date::text, count::integer, avg from intermediate.int_metrics__selected"
        " order by selection, starts_at",
    )


def _all(world: World, query: str) -> list[tuple[Any, ...]]:
    return world.connection.execute(query.encode()).fetchall()
