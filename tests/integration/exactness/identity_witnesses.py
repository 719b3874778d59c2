"""Fixed worlds for who is who: chains of identities that grow, break and close."""

from __future__ import annotations

from collections.abc import Callable

from tests.integration.exactness.product_witnesses import events
from tests.integration.exactness.world import World


def said(*rows: tuple[str, str, str, str]) -> str:
    """An INSERT of events that name both ids: (distinct_id, user_id, time, event_type)."""
    values = ", ".join(
        f"(gen_random_uuid(), '{kind}', 'page_view', '{at}+00', '{who}', '{user}')"
        for who, user, at, kind in rows
    )
    return (
        "insert into raw.events"
        " (event_id, event_type, event_name, event_at, distinct_id, user_id)"
        f" values {values}"
    )


def one_person_with_three_ids_is_one_user(world: World) -> None:
    """A track call with both ids, a server's call, an alias, and identities in a chain."""
    world.execute(
        said(
            ("anon-1", "carol", "2026-01-31 18:00", "track"),
            ("carol", "carol", "2026-01-31 18:01", "track"),
            ("device", "dave", "2026-01-31 18:02", "alias"),
        ),
        events(("dave", "2026-01-31 18:03", None), ("d9", "2026-01-31 18:04", None)),
        events(("u10", "2026-01-31 18:05", None)),
        "insert into raw.identities values ('d9', 'u9', null), ('u9', 'u10', null)",
    )
    world.build()
    assert _users(world) == ["carol", "dave", "u10"]
    (count,) = world.connection.execute(
        "select user_count from marts.daily_active_users where date = '2026-01-31'"
    ).fetchone() or (None,)
    assert count == 3


def a_new_link_moves_all_that_lead_to_it(world: World) -> None:
    """The past of every id on the way is re-assigned, and given back when the link goes."""
    world.execute(
        events(*((who, f"2026-01-31 1{n}:00", None) for n, who in enumerate("abcdxy"))),
        "insert into raw.identities values ('a', 'b', null), ('b', 'c', null), ('x', 'b', null)",
    )
    world.build()
    assert _users(world) == ["c", "d", "y"]
    world.execute("insert into raw.identities values ('c', 'd', null)")
    world.build()
    assert _users(world) == ["d", "y"]
    world.execute("update raw.identities set user_id = 'y' where distinct_id = 'b'")
    world.build()
    assert _users(world) == ["d", "y"]
    world.execute("delete from raw.identities where distinct_id = 'b'")
    world.build()
    assert _users(world) == ["b", "d", "y"]


def a_loop_closes_and_opens(world: World) -> None:
    """A loop ends at its smallest id, whatever leads into it."""
    world.execute(
        events(*((who, f"2026-01-31 1{n}:00", None) for n, who in enumerate("abcd"))),
        "insert into raw.identities values ('d', 'c', null), ('c', 'b', null), ('a', 'd', null)",
    )
    world.build()
    assert _users(world) == ["b"]
    world.execute("insert into raw.identities values ('b', 'd', null)")
    world.build()
    assert _users(world) == ["b"]
    world.execute("update raw.identities set user_id = 'a' where distinct_id = 'b'")
    world.build()
    assert _users(world) == ["a"]
    world.execute("delete from raw.identities where distinct_id = 'c'")
    world.build()
    assert _users(world) == ["c"]


def the_latest_event_with_both_ids_wins(world: World) -> None:
    """Late ones, ones of one instant, ones that are re-timed, and ones that are taken back."""
    world.execute(
        events(("anon-1", "2026-01-31 18:00", None)),
        said(("anon-1", "ann", "2026-02-02 10:00", "track")),
    )
    world.build()
    assert _users(world) == ["ann"]
    world.execute(said(("anon-1", "bob", "2026-02-01 10:00", "identify")))
    world.build()
    assert _users(world) == ["ann"]
    world.execute(
        said(
            ("anon-1", "cat", "2026-02-02 10:00", "identify"),
            ("anon-1", "zoe", "2026-02-02 10:00", "track"),
        )
    )
    world.build()
    assert _users(world) == ["cat"]
    world.execute(
        "update raw.events set event_at = '2026-02-01 09:00+00' where user_id = 'cat'",
        "update raw.events set event_at = '2026-02-03 09:00+00' where user_id = 'bob'",
    )
    world.build()
    assert _users(world) == ["bob"]
    world.execute("delete from raw.events where user_id in ('bob', 'zoe')")
    world.build()
    assert _users(world) == ["ann"]
    world.execute("delete from raw.events where user_id is not null")
    world.build()
    assert _users(world) == ["anon-1"]


IDENTITY_WITNESSES: list[Callable[[World], None]] = [
    one_person_with_three_ids_is_one_user,
    a_new_link_moves_all_that_lead_to_it,
    a_loop_closes_and_opens,
    the_latest_event_with_both_ids_wins,
]


def _users(world: World) -> list[str]:
    rows = world.connection.execute(
        "select distinct user_id from marts.user_activity order by user_id"
    ).fetchall()
    return [user for (user,) in rows]
