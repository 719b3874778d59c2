"""Forgetting a person: nothing names them any more, and every figure is what it was."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from dbt.artifacts.resources.types import NodeType
from psycopg import sql
from typer.testing import CliRunner

from tests.integration.conftest import WorldMaker
from tests.integration.exactness.identity_witnesses import said
from tests.integration.exactness.world import World
from tests.integration.retention.person import LATE, ROWS
from tests.integration.retention.sealing import late_rows
from tests.integration.running import environment
from tidemark_warehouse.archiving import apply, files, restore
from tidemark_warehouse.cli.main import application
from tidemark_warehouse.dbt import guard
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.privacy import forget

AS_OF = datetime(2026, 4, 15, tzinfo=UTC)  # December has expired by now, January has not
YEAR = (datetime(2025, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
WHO = "zq-ann"
IDS = [WHO, "zq-dev-1", "zq-dev-2"]
INSIDER = "zq-sim-internal-7"  # seeds/excluded_users.csv excludes them
ARCHIVED = 7  # files: December of three tables, sessions of four months
SCHEMAS = ("raw", "intermediate", "marts", "marts_people", "snapshots", "ops")
AUDIT = {"raw.intervention_audit_log", "marts_people.intervention_audit_log"}
# A policy removes its rows after a week.
EXPIRING = "marts.event_counts_minute"
BLANKED = {
    *("landing_page", "landed_at", "landing_event_id", "exit_page", "left_at", "exit_event_id"),
    *("referrer", "city", "metadata", "alert_id", "employee_name"),
}
PSEUDONYM = re.compile(r"forgotten-(uncounted-\w+-)?[0-9a-f]{16}")


@pytest.fixture(scope="module")
def archived(new_world: WorldMaker, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A company of all areas, built; its December is archived."""
    world = new_world()
    folder = tmp_path_factory.mktemp("forget") / "archive"
    world.execute(*ROWS)
    world.build()
    removed = apply.run(replace(world.incremental.settings, archive=folder), AS_OF)
    assert {r.candidate.rule.table_name for r in removed if r.archive_file} == {
        *("events", "metric_points", "employee_metrics", "time_sessions")
    }
    return new_world.keep(world, "archived_company"), folder


@pytest.fixture
def world(new_world: WorldMaker, archived: tuple[str, Path], tmp_path: Path) -> Iterator[World]:
    """The company; database and archive are this test's alone."""
    template, folder = archived
    made = new_world(None, template)
    shutil.copytree(folder, tmp_path / "archive")
    made.incremental.settings = replace(made.incremental.settings, archive=tmp_path / "archive")
    yield made
    made.incremental.settings = replace(made.incremental.settings, archive=None)
    made.close()


def naming(world: World, ids: list[str]) -> set[str]:
    """The tables in which any text, and the archived files in which any value, has an id."""
    pattern = f"({'|'.join(ids)})(?![a-z0-9])"
    tables = world.connection.execute(
        "select c.oid::regclass::text from pg_class as c"
        " where c.relkind in ('r', 'p') and not c.relispartition"
        " and c.relnamespace = any(%s::text[]::regnamespace[])",
        [list(SCHEMAS)],
    ).fetchall()
    found = set()
    for (table,) in tables:
        query = sql.SQL("select exists (select from {} as t where to_jsonb(t)::text ~ %s)").format(
            sql.Identifier(*table.split("."))
        )
        if world.connection.execute(query, [pattern]).fetchone() == (True,):
            found.add(table)
    folder = files.archive_folder(world.incremental.settings)
    for path in folder.glob("*/*"):
        text = (
            str(pq.read_table(path).to_pylist()) if path.suffix == ".parquet" else path.read_text()
        )
        if re.search(pattern, text):
            found.add(str(path.relative_to(folder)))
    return found


def figures(world: World, ids: list[str]) -> dict[str, Counter[str]]:
    """All rows of all models, the person under one name, without what is blanked."""
    person = re.compile("|".join(map(re.escape, ids)) + "|" + PSEUDONYM.pattern)
    found = {}
    for table, _, _ in world.incremental.tables():
        rows = world.connection.execute(
            sql.SQL("select to_jsonb(t) from {} as t").format(sql.Identifier(*table.split(".")))
        ).fetchall()
        found[table] = Counter(
            person.sub(
                "<person>",
                json.dumps({k: _shown(v) for k, v in sorted(row.items()) if k not in BLANKED}),
            )
            for (row,) in rows
        )
    del found["marts.dashboard_configurations"]
    return found


def forget_and_build(world: World, who: str) -> forget.Found:
    found = forget.erase(world.incremental.settings, who)
    world.build()
    return found


def test_a_person_is_all_ids_of_the_chain(new_world: WorldMaker) -> None:
    """By identities and events, from any id of it; not what others share, unless it leads there."""
    made = new_world("product")
    made.execute(
        "insert into raw.identities values ('d9', 'u9', null), ('u9', 'u10', null)",
        said(
            ("anon", "u10", "2026-01-01 10:00", "alias"),
            ("phone", "u9", "2026-01-01 10:00", "track"),
            ("server", "u10", "2026-01-01 10:00", "track"),
            ("server", "bob", "2026-01-02 10:00", "track"),
            ("old", "u9", "2026-01-01 10:00", "identify"),
            ("old", "bob", "2026-01-02 10:00", "identify"),
        ),
    )
    found = {
        who: made.connection.execute("select ops.person_ids(%s)", [who]).fetchone()
        for who in ("d9", "u9", "u10", "anon", "bob")
    }
    made.close()
    theirs = (["anon", "d9", "old", "phone", "u10", "u9"],)
    assert found == {
        **dict.fromkeys(("d9", "u9", "u10", "anon"), theirs),
        "bob": (["bob", "old", "server"],),
    }


def test_nothing_names_the_person_and_every_figure_stays(world: World) -> None:
    settings = world.incremental.settings
    people = [*IDS, INSIDER]
    before = figures(world, people)
    for alerts in ("marts.metric_alerts", "marts_people.metric_alerts"):
        assert any("<person>" in row and '_acknowledged": true' in row for row in before[alerts])
    assert len(naming(world, IDS)) > 40

    found = forget.erase(settings, "zq-dev-1")  # any of the ids
    assert set(found.remaining) == {"raw.intervention_audit_log"}
    assert len(found.archived) == ARCHIVED
    assert forget.erase(settings, INSIDER).rows["raw.events"] > 10
    assert forget.is_unfinished(settings)  # the marts have not followed
    assert forget.look(settings, WHO).is_nothing
    world.build()
    assert not forget.is_unfinished(settings)

    after = figures(world, people)
    for table, rows in before.items():
        assert after[table] == rows, table
    assert naming(world, people) == AUDIT
    # In buckets that are partly sealed it was counted before: it is not late.
    assert late_rows(world) == []
    ((properties, context, page_url),) = world.connection.execute(
        "select properties, context, page_url from raw.events"
        " where distinct_id like 'forgotten-%' and properties <> '{}' limit 1"
    ).fetchall()
    assert properties.keys() == {"country", "path", "plan"}
    assert (context, page_url) == ({"browser": "b", "device_type": "mobile"}, None)
    cities = world.connection.execute(
        "select city from raw.sessions where city is not null"
    ).fetchall()
    assert ("Graz",) not in cities
    assert ("Linz",) in cities
    assert _value(world, "select count(*) from raw.rejected_rows") == 1
    assert _value(world, "select count(*) from raw.feature_request_changes") == 2

    # Who was excluded stays so.
    assert _value(
        world,
        "select count(*) from raw.events where distinct_id like 'forgotten-uncounted-all-%'",
    )

    # Again: nothing is found, nothing changes.
    assert forget_and_build(world, WHO).is_nothing
    assert figures(world, people) == after

    # Restored, the archived rows say the same as the kept state: nothing names the person.
    for table in ("events", "metric_points", "employee_metrics", "time_sessions"):
        assert restore.run(settings, table, *YEAR)
    assert [line for line in world.differences() if not line.startswith(EXPIRING)] == []
    assert naming(world, people) == AUDIT


def test_killed_on_its_way_it_is_finished_by_a_next_call(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = world.incremental.settings
    # Not yet consumed, and some of it late for sealed time.
    world.execute(*LATE)
    named = naming(world, IDS)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    # After the new files were written, in the transaction.
    monkeypatch.setattr(forget, "_exchange", stop)
    with pytest.raises(KeyboardInterrupt):
        forget.erase(settings, WHO)
    monkeypatch.undo()
    count, problems, unknown = restore.verify(settings)
    assert (count, problems, len(unknown)) == (ARCHIVED, [], 2 * ARCHIVED)
    assert named <= naming(world, IDS)
    # After the transaction, before the old files were deleted and the marts followed.
    calls: Iterator[Callable[..., None]] = iter([apply.delete_stale_files, stop])
    monkeypatch.setattr(forget, "delete_stale_files", lambda *given: next(calls)(*given))
    with pytest.raises(KeyboardInterrupt):
        forget.erase(settings, WHO)
    monkeypatch.undo()
    assert forget_and_build(world, WHO).is_nothing
    assert restore.verify(settings) == (ARCHIVED, [], [])
    assert naming(world, IDS) == AUDIT
    assert not forget.is_unfinished(settings)
    (late,) = {key for table, key, _ in late_rows(world) if table == "events"}
    assert {key for table, key, _ in late_rows(world) if table == "employee_metrics"}
    assert late.endswith("1")  # came late before the erasure, and was unseen by then


def test_a_damaged_archive_is_refused_before_anything_is_changed(world: World) -> None:
    settings = world.incremental.settings
    path = sorted(files.archive_folder(settings).glob("metric_points/*.parquet"))[0]
    path.write_bytes(path.read_bytes()[:-10])
    named = naming_tables(world)
    with pytest.raises(TidemarkError, match="is cut off"):
        forget.erase(settings, WHO)
    assert naming_tables(world) == named
    assert _value(world, "select count(*) from ops.erasures") == 0


def test_a_pseudonym_that_would_count_otherwise_is_refused(world: World) -> None:
    world.execute("insert into seeds.excluded_users values ('user_id', 'neq', 'zq-ann')")
    with pytest.raises(TidemarkError, match="would count otherwise") as refused:
        forget.erase(world.incremental.settings, WHO)
    assert WHO not in str(refused.value)
    assert _value(world, "select count(*) from ops.erasures") == 0
    assert "seeds.excluded_users" in forget.look(world.incremental.settings, WHO).remaining


def test_the_command_reports_asks_and_builds(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(world.incremental.settings).items():
        monkeypatch.setenv(name, value)
    builds: list[tuple[str, ...]] = []

    def build(arguments: Any, _: object, *, supervised: bool) -> int:
        builds.append(tuple(arguments))
        assert not supervised
        return len(world.incremental.build()) if len(builds) > 1 else 1

    monkeypatch.setattr(guard, "run", build)

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(application(), ["forget", *arguments])
        return result.exit_code, result.output

    code, out = run(WHO, "--dry-run")
    assert (code, builds) == (0, [])
    assert "raw.events" in out
    assert "events/2025-12.parquet" in out
    assert "stays 1 row of raw.intervention_audit_log: an audit log is only ever added to" in out
    code, out = run(WHO)  # the build fails
    assert code == 1
    assert "not finished" in out
    code, out = run(WHO, "--yes")
    assert code == 0
    assert "nothing of this person is left" in out
    assert "every mart has followed" in out
    code, out = run(WHO)
    assert (code, len(builds)) == (0, 2)
    assert naming(world, IDS) == AUDIT
    logged = world.connection.execute("select rows, archive_files, by_role from ops.erasures")
    ((rows, count, role),) = logged.fetchall()
    assert rows["raw.employees"] == 1
    assert (count, role) == (ARCHIVED, "tidemark_owner")


def test_every_place_that_names_a_person_is_known(world: World) -> None:
    known = set(
        world.connection.execute(
            "select relation, column_name from ops.person_columns()"
        ).fetchall()
    )
    raw = world.connection.execute(
        "select 'raw.' || c.relname, a.attname from pg_attribute as a"
        " inner join pg_class as c on a.attrelid = c.oid"
        " where c.relnamespace = 'raw'::regnamespace and c.relkind in ('r', 'p')"
        " and not c.relispartition and a.attnum > 0"
        " and a.attname ~ '(user|distinct|employee|assigned_to|_by|actor)_id$'"
    ).fetchall()
    assert {table for table, _ in set(raw) - known} == {"raw.intervention_audit_log"}
    for node in world.incremental.manifest.nodes.values():
        name = f"{node.schema}.{node.alias}"
        if node.resource_type != NodeType.Model:
            continue
        if node.config.meta.get("refresh", {}).get("frozen_by"):
            columns = {"user_id", "distinct_id", "employee_id", "tags"} & node.columns.keys()
            assert {(name, column) for column in columns} <= known
        if node.config.meta.get("depends_on_its_past"):
            assert name in _value(
                world, "select prosrc from pg_proc where proname = 'replace_person'"
            )


def test_only_the_owner_may(world: World) -> None:
    allowed = world.connection.execute(
        "select p.proname from pg_proc as p, unnest(array['tidemark_loader', 'tidemark_reader',"
        " 'tidemark_people_reader']) as r (role) where p.pronamespace = 'ops'::regnamespace"
        " and p.proname ~ 'person|pseudonym|rename' and has_function_privilege(r.role, p.oid,"
        " 'execute')"
    ).fetchall()
    assert allowed == []
    for role in ("tidemark_loader", "tidemark_people_reader"):
        assert not _value(world, f"select has_table_privilege('{role}', 'ops.erasures', 'select')")


def naming_tables(world: World) -> list[tuple[Any, ...]]:
    return world.connection.execute(
        "select relation, row_count from ops.person_rows(%s)", [IDS]
    ).fetchall()


def _shown(value: object) -> object:
    """Sums of doubles may end in another bit when equal times are ordered by another id."""
    return f"{value:.9g}" if isinstance(value, float) else value


def _value(world: World, query: str) -> Any:
    row = world.connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]
