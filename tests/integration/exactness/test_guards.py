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
from tidemark_warehouse.settings import PROJECT_ROOT


@dataclass(frozen=True)
class Guard:
    """A line of the engine, what stands there without the guard, and the world that then breaks."""

    name: str
    file: str
    line: str
    without: str
    witness: Callable[[World], None]

    @property
    def is_function(self) -> bool:
        """Whether it stands in a function of the database, not in a macro."""
        return (FUNCTIONS / self.file).exists()

    def edited(self, path: Path) -> str:
        """Return a file's text without the guard."""
        text = path.read_text()
        assert text.count(self.line) == 1, f"{self.file} no longer has the line of: {self.name}"
        return text.replace(self.line, self.without)


FUNCTIONS = PROJECT_ROOT / "tidemark_warehouse" / "database" / "functions" / "engine"


# Watermark first, rows in a second transaction.
TWO_TRANSACTIONS = """
    {%- set mark = "ops.watermarks where relation = '" ~ program.relation ~ "'" -%}
    {%- set before = run_query('select seen::text from ' ~ mark).rows[0][0] -%}
    {%- do refresh(program.relation) -%}
    {%- set after = run_query('select seen::text from ' ~ mark).rows[0][0] -%}
    {%- set update = "update ops.watermarks set seen = '" -%}
    {%- set of_it = "' where relation = '" ~ program.relation ~ "'" -%}
    {%- do run_query('rollback; begin; ' ~ update ~ after ~ of_it) -%}
    {%- do adapter.commit() -%}
    {%- call statement('again', auto_begin=true) -%} rollback; {{ program.opening }} {%- endcall -%}
    {%- do run_query(update ~ before ~ of_it) -%}
    {%- do refresh(program.relation) -%}
"""

GUARDS = [
    Guard(
        "old versions of changed rows belong to the scope",
        "changed.sql",
        "where c.relation = ",
        "where c.kind = 'new' and c.relation = ",
        witnesses.a_workflow_moves_to_another_user,
    ),
    Guard(
        "new is what was not visible, not what is larger than the largest id",
        "changed.sql",
        "or {{ xid }} = any(($1).unfinished)",
        "or false",
        witnesses.an_older_transaction_commits_after_a_build,
    ),
    Guard(
        "a build reads one snapshot, that of its watermark",
        "program.sql",
        "repeatable read;",
        "read committed;",
        product_witnesses.an_event_commits_while_counts_are_built,
    ),
    Guard(
        "a model is locked while it is built",
        "program.sql",
        "lock table {{ relation.include(database=false) }} in share row exclusive mode",
        "select 1",
        witnesses.two_builds_meet,
    ),
    Guard(
        "a user who was counted before is not counted again",
        "narrowed_only.sql",
        "(not ($1).is_adding or ({{ condition }}))",
        "true",
        product_witnesses.new_events_are_added_to_counts,
    ),
    Guard(
        "a user who was counted in another bucket counts in this one",
        "narrowed_only.sql",
        "($1).is_one_bucket or (",
        "true or (",
        product_witnesses.known_users_are_added_to_two_buckets,
    ),
    Guard(
        "nothing is added to a key that is computed again",
        "delta_merge.sql",
        "or ({{ quoted_list(keys, 'n') }}) in (",
        "or false and ({{ quoted_list(keys, 'n') }}) in (",
        product_witnesses.new_events_are_added_to_counts,
    ),
    Guard(
        "what stands is kept where nothing better was read",
        "retain_best.sql",
        "s.reads_from > '-infinity'\n                and {{ same_key(keys, 's', 't') }}",
        "false",
        funnel_witnesses.new_events_better_an_attempt,
    ),
    Guard(
        "what stands and may have changed is read again",
        "retain_best.sql",
        "t.{{ began }} >= s.reads_from",
        "false",
        funnel_witnesses.a_late_event_breaks_a_strict_attempt,
    ),
    Guard(
        "keys without rows are deleted",
        "delete_text.sql",
        "as t where %2$s not exists",
        "as t where %2$s exists (select 1 from pg_temp.result as r where %3$s) and not exists",
        witnesses.a_key_loses_its_last_row,
    ),
    Guard(
        "rows and watermark are one transaction",
        "tidemark_incremental.sql",
        "{%- do refresh(program.relation) -%}",
        TWO_TRANSACTIONS,
        witnesses.a_build_is_killed_at_every_statement,
    ),
    Guard(
        "an edited definition is a change",
        "refresh.sql",
        "is_whole or is_edited or is_reshaped",
        "is_whole or is_reshaped",
        witnesses.a_definition_is_edited,
    ),
    Guard(
        "the definition includes the views beneath",
        "fingerprint.sql",
        "pg_get_viewdef(name::regclass)",
        "name",
        witnesses.a_staging_view_is_edited,
    ),
    Guard(
        "a table that was filled anew resets its readers",
        "refresh.sql",
        "or ops.is_refilled(program, last)",
        "or false",
        witnesses.a_mart_is_dropped,
    ),
    Guard(
        "sealed rows are not deleted",
        "delete_text.sql",
        "and not %6$s returning",
        "returning",
        sealing_witnesses.rows_of_sealed_time_stay,
    ),
    Guard(
        "sealed rows are not written",
        "insert_text.sql",
        "and not %6$s order by",
        "order by",
        sealing_witnesses.rows_for_sealed_time_are_not_written,
    ),
    Guard(
        "restored time is computed again and not added to",
        "delta_merge.sql",
        "or {{ frozen_conditions().reopened | replace('{row}', 'n') }}",
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
        if guard.is_function:
            pass
        elif guard.witness is witnesses.two_builds_meet:  # dbt runs as a program of its own, too
            new_world = new_world.of_project(edited_copy(guard, area, tmp_path), tmp_path)
        else:
            for warehouse in (new_world.incremental, new_world.nothing):
                edits.enter_context(edited(warehouse.manifest, guard))
        world = new_world.walking(area) if guard.is_function else new_world(area)
        edits.callback(world.close)
        if guard.is_function:
            world.execute(guard.edited(FUNCTIONS / guard.file))
        with pytest.raises(AssertionError):
            guard.witness(world)
            assert world.differences() == []


def edited_copy(guard: Guard, area: str, folder: Path) -> Path:
    """Copy the project without the guard; returns the copy's folder."""
    project = copy_project(folder / "project", area)
    (macro,) = (project / "macros").rglob(guard.file)
    macro.write_text(guard.edited(macro))
    return project


@contextmanager
def edited(manifest: Manifest, guard: Guard) -> Iterator[None]:
    """Take the guard out of a parsed project for a while: parsing it again takes far longer."""
    macros = [
        macro
        for macro in manifest.macros.values()
        if Path(macro.original_file_path).name == guard.file and guard.line in macro.macro_sql
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
