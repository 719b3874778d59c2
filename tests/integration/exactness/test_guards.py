"""Each guard of the engine is needed: with any one removed, its witness no longer holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from dbt.contracts.graph.manifest import Manifest

from tests.integration.conftest import WorldMaker
from tests.integration.exactness import funnel_witnesses, product_witnesses, witnesses
from tests.integration.exactness.warehouse import copy_project
from tests.integration.exactness.world import World
from tests.integration.retention import sealing_witnesses


@dataclass(frozen=True)
class Guard:
    """A line of the engine, what stands there without the guard, and the world that then breaks."""

    name: str
    file: str
    line: str
    without: str
    witness: Callable[[World], None]


GUARDS = [
    Guard(
        "old versions of changed rows belong to the scope",
        "changed_rows.sql",
        "where c.relation = ",
        "where c.kind = 'new' and c.relation = ",
        witnesses.a_workflow_moves_to_another_user,
    ),
    Guard(
        "new is what was not visible, not what is larger than the largest id",
        "changed_rows.sql",
        "ops.is_unseen({{ xid }}, '{{ tide.seen }}'::pg_snapshot)",
        "{{ xid }} >= pg_snapshot_xmax('{{ tide.seen }}'::pg_snapshot)::text::bigint",
        witnesses.an_older_transaction_commits_after_a_build,
    ),
    Guard(
        "a build reads one snapshot, that of its watermark",
        "begin_build.sql",
        "repeatable read;",
        "read committed;",
        product_witnesses.an_event_commits_while_counts_are_built,
    ),
    Guard(
        "a model is locked while it is built",
        "begin_build.sql",
        "lock table {{ relation }} in share row exclusive mode",
        "select 1",
        witnesses.two_builds_meet,
    ),
    Guard(
        "a user who was counted before is not counted again",
        "narrowed_only.sql",
        "'(\\\\g<1>)'",
        "'true'",
        product_witnesses.new_events_are_added_to_counts,
    ),
    Guard(
        "a user who was counted in another bucket counts in this one",
        "narrowed_only.sql",
        "tide.counted_buckets > 1",
        "false",
        product_witnesses.known_users_are_added_to_two_buckets,
    ),
    Guard(
        "nothing is added to a key that is computed again",
        "find_additions.sql",
        "or ({{ quoted_list(keys, 'n') }}) in (",
        "or false and ({{ quoted_list(keys, 'n') }}) in (",
        product_witnesses.new_events_are_added_to_counts,
    ),
    Guard(
        "what stands is kept where nothing better was read",
        "keep_better.sql",
        "s.reads_from > '-infinity'\n            and {{ same_key(keys, 's', 't') }}",
        "false",
        funnel_witnesses.new_events_better_an_attempt,
    ),
    Guard(
        "what stands and may have changed is read again",
        "keep_better.sql",
        "t.{{ began }} >= s.reads_from",
        "false",
        funnel_witnesses.a_late_event_breaks_a_strict_attempt,
    ),
    Guard(
        "keys without rows are deleted",
        "write_rows.sql",
        "t.ctid = m.standing and m.equal is null",
        "t.ctid = m.standing and m.equal is null and exists ("
        "select from pg_temp.tide_result as r where "
        "{% for c in config.get('unique_key') %}t.{{ c }} is not distinct from r.{{ c }} and "
        "{% endfor %} true)",
        witnesses.a_key_loses_its_last_row,
    ),
    Guard(
        "rows and watermark are one transaction",
        "incremental.sql",
        "{%- do write_rows(target_relation, tide) -%}\n"
        "        {%- do settle_late_rows(tide) -%}\n"
        "        {%- do say_where_history_starts(tide) -%}\n"
        "        {%- do store_watermark(target_relation, tide) -%}",
        "{%- do tide.update({'written': 0, 'deleted': 0}) -%}\n"
        "        {%- do store_watermark(target_relation, tide) -%}\n"
        "        {%- do run_query('create temporary table kept as select * from tide_scope') "
        "if not tide.whole -%}\n"
        "        {%- do adapter.commit() -%}\n"
        "        {%- call statement('begin_again', auto_begin=true) -%} select 1 {%- endcall -%}\n"
        "        {%- do run_query('create temporary table tide_scope as select * from kept') "
        "if not tide.whole -%}\n"
        "        {%- do write_rows(target_relation, tide) -%}",
        witnesses.a_build_is_killed_at_every_statement,
    ),
    Guard(
        "an edited definition is a change",
        "read_tide.sql",
        "reshaped or edited or refilled as stale",
        "reshaped or refilled as stale",
        witnesses.a_definition_is_edited,
    ),
    Guard(
        "the definition includes the views beneath",
        "read_tide.sql",
        "pg_get_viewdef('{{ view }}'::regclass)",
        "'{{ view }}'",
        witnesses.a_staging_view_is_edited,
    ),
    Guard(
        "a table that was filled anew resets its readers",
        "read_tide.sql",
        "reshaped or edited or refilled as stale",
        "reshaped or edited as stale",
        witnesses.a_mart_is_dropped,
    ),
    Guard(
        "sealed rows are not deleted",
        "write_rows.sql",
        "and not {{ is_kept('t', tide) }}",
        "and not false",
        sealing_witnesses.rows_of_sealed_time_stay,
    ),
    Guard(
        "sealed rows are not written",
        "write_rows.sql",
        """
                    and not {{ is_sealed('r', tide) }}
""",
        """
                    and not false
""",
        sealing_witnesses.rows_for_sealed_time_are_not_written,
    ),
    Guard(
        "restored time is computed again and not added to",
        "find_additions.sql",
        "or {{ is_reopened('n', tide) }}",
        "or false",
        sealing_witnesses.a_restored_month_counts_once,
    ),
]
AREA_OF_PRODUCT = (
    *product_witnesses.PRODUCT_WITNESSES,
    *funnel_witnesses.FUNNEL_WITNESSES,
    *sealing_witnesses.SEALING_WITNESSES,
)


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name.replace(" ", "_"))
def test_the_flagship_fails_without(guard: Guard, new_world: WorldMaker, tmp_path: Path) -> None:
    area = "product" if guard.witness in AREA_OF_PRODUCT else "time_tracking"
    with ExitStack() as edits:
        if guard.witness is witnesses.two_builds_meet:  # dbt runs as a program of its own, too
            new_world = new_world.of_project(edited_copy(guard, area, tmp_path), tmp_path)
        else:
            for warehouse in (new_world.incremental, new_world.nothing):
                edits.enter_context(edited(warehouse.manifest, guard))
        world = new_world(area)
        edits.callback(world.close)
        with pytest.raises(AssertionError):
            guard.witness(world)
            assert world.differences() == []


def edited_copy(guard: Guard, area: str, folder: Path) -> Path:
    """Copy the project without the guard; returns the copy's folder."""
    project = copy_project(folder / "project", area)
    macro = project / "macros" / "incremental" / guard.file
    macro.write_text(macro.read_text().replace(guard.line, guard.without))
    return project


@contextmanager
def edited(manifest: Manifest, guard: Guard) -> Iterator[None]:
    """Take the guard out of a parsed project for a while: parsing it again takes far longer."""
    path = f"macros/incremental/{guard.file}"
    macros = [
        macro
        for macro in manifest.macros.values()
        if macro.original_file_path == path and guard.line in macro.macro_sql
    ]
    assert [macro.macro_sql.count(guard.line) for macro in macros] == [1], (
        f"{guard.file} no longer has the line of: {guard.name}"
    )
    whole = macros[0].macro_sql
    macros[0].macro_sql = whole.replace(guard.line, guard.without)
    try:
        yield
    finally:
        macros[0].macro_sql = whole
