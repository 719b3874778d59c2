"""Functions that run as the owner serve every role, and nobody turns them to their own ends."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from tests.integration import look_alikes
from tests.integration.exactness.warehouse import Warehouse
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.settings import ROLES, Settings

LOADER, READER, *_ = ROLES
FIXED_PATH = "search_path=pg_catalog, pg_temp"  # temporary relations last, nothing else at all
FUNCTIONS: LiteralString = """
    select
        n.nspname,
        p.proname,
        coalesce(p.proargnames[1:p.pronargs], '{}'),
        array(
            select format_type(u.t, null)
            from unnest(p.proargtypes) with ordinality as u (t, n)
            order by u.n
        ),
        p.prorettype = 'trigger'::regtype
    from pg_proc as p
    inner join pg_namespace as n on p.pronamespace = n.oid
    where p.prosecdef and n.nspname <> 'pg_catalog'
    order by 1, 2
"""
# What gets a call past the checks of its arguments, by name, else by type; look-alikes among it.
BY_NAME: dict[str, list[Any]] = {
    "events": [["page_view"], ["*"]],
    "granularity": ["day", "hour"],
    "step_order": ["ordered", "strict"],
    "steps": ['["page_view", {"event_name": "*", "filters": []}]'],
    "exclusions": ["[]"],
    "environment": ["production"],
    "breakdown_by": [None, "country"],
    "breakdown_property": [None, "country"],
    "start_at": ["2026-03-01 00:30:00+00"],
    "end_at": ["2026-03-03 00:15:00+00"],
    "user_id": [None, "ann"],
    "conversion_window_seconds": [60],
}
BY_TYPE: dict[str, list[Any]] = {
    "regclass": ["raw.events", "pg_temp.events", "pg_temp.pg_class", "pg_temp.mine"],
    "timestamp with time zone": ["2026-03-01 00:00:00+00"],
    "date": ["2026-03-01"],
    "text": ["page_view", "pg_class"],
    "text[]": [["page_view"]],
    "jsonb": ["[]"],
    "boolean": [True],
}


@dataclass(frozen=True)
class Function:
    """A function that runs as the owner."""

    schema: str
    name: str
    arguments: tuple[str, ...]
    types: tuple[str, ...]
    is_trigger: bool

    def calls(self) -> Iterator[tuple[sql.Composed, list[Any]]]:
        """Yield calls that reach as far into it as may be."""
        choices: list[list[Any]] = [
            BY_NAME.get(name, BY_TYPE.get(kind, [1]))
            for name, kind in zip(self.arguments, self.types, strict=True)
        ]
        placeholders = sql.SQL(", ").join(
            sql.SQL("%s::pg_catalog.{}").format(sql.SQL(_short(kind))) for kind in self.types
        )
        call = sql.SQL("select * from {}({})").format(
            sql.Identifier(self.schema, self.name), placeholders
        )
        for values in itertools.islice(itertools.product(*choices), 40):
            yield call, list(values)


def _short(kind: str) -> str:
    """Return the name that a type has in pg_catalog."""
    return {"timestamp with time zone": "timestamptz", "integer": "int4", "boolean": "bool"}.get(
        kind, "float8" if kind == "double precision" else kind
    )


@pytest.fixture(scope="module")
def built(module_database: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A database whose product marts are built, with a schema in which every role sets traps."""
    warehouse = Warehouse(module_database, tmp_path_factory.mktemp("definers"))
    with warehouse.connect() as owner:
        owner.execute(
            "insert into raw.events (event_id, event_name, event_at, distinct_id, properties)"
            " select gen_random_uuid(), 'page_view', '2026-03-01 00:40:00+00'::timestamptz"
            " + n * interval '5 hours', 'ann', '{\"country\": \"DE\"}'"
            " from generate_series(1, 9) as n"
        )
        owner.execute(
            "insert into raw.feature_requests"
            " (feature_request_id, project_id, title, status, created_at)"
            " values ('f1', 'p1', 'One', 'open', '2026-03-01')"
        )
    assert warehouse.build("--select", "+tag:product", "resource_type:seed") == []
    with connect(module_database, "postgres", autocommit=True) as admin:
        for role in ROLES:
            look_alikes.open_lair(admin, role)
    return module_database


@pytest.fixture(scope="module")
def functions(built: Settings) -> list[Function]:
    with connect(built) as owner:
        found = [
            Function(schema, name, tuple(arguments), tuple(types), is_trigger)
            for schema, name, arguments, types, is_trigger in owner.execute(FUNCTIONS)
        ]
    assert {"ensure_partitions_for", "log_old_rows", "event_series"} <= {f.name for f in found}
    return found


def listening(connection: psycopg.Connection[Any]) -> list[str]:
    """Return the list into which the connection's notices go."""
    notices: list[str] = []
    connection.add_notice_handler(lambda n: notices.append(n.message_primary or ""))
    return notices


@pytest.mark.parametrize("name", ["mine", "pg_class", "events", 'o"dd'])
def test_a_loaders_own_table_is_given_no_partition(database: Settings, name: str) -> None:
    """Its default partition may be a view, whose functions would run as the owner."""
    with connect(database, LOADER, autocommit=True) as loader:
        notices = listening(loader)
        table, default = sql.Identifier(name), sql.Identifier(f"{name}_default")
        loader.execute(look_alikes.SPRING)
        loader.execute("select pg_temp.spring()")
        assert notices == [f"{look_alikes.SPRUNG}{LOADER}"]
        loader.execute(
            sql.SQL("create temp table {} (at timestamptz) partition by range (at)").format(table)
        )
        loader.execute(
            sql.SQL("create temp view {} as select now() as at where pg_temp.spring()").format(
                default
            )
        )
        for relation in (table, default):
            loader.execute(sql.SQL("grant all on {} to public").format(relation))
        with pytest.raises(psycopg.errors.InvalidParameterValue, match="is no table of raw"):
            loader.execute(
                "select ops.ensure_partitions_for(%s::regclass, now(), now())",
                [sql.Identifier("pg_temp", name).as_string(loader)],
            )
        assert look_alikes.sprung(notices, LOADER) == []


def test_a_table_of_raw_that_somebody_else_made_is_given_no_partition(database: Settings) -> None:
    with connect(database, "postgres", autocommit=True) as admin:
        admin.execute("create table raw.theirs (at timestamptz) partition by range (at)")
    with (
        connect(database, LOADER) as loader,
        pytest.raises(
            psycopg.errors.InvalidParameterValue, match=r"raw\.theirs is no table of raw"
        ),
    ):
        loader.execute("select ops.ensure_partitions_for('raw.theirs', now(), now())")


def test_a_loader_makes_no_partitions_beyond_reason(database: Settings) -> None:
    with connect(database, LOADER) as loader:
        calls = ("'0001-01-01', '1899-12-31'", "'2300-01-01', '9999-01-01'", "'-infinity', now()")
        for span in calls:
            made = f"select ops.ensure_partitions_for('raw.events', {span})"
            assert loader.execute(made.encode()).fetchone() == (0,)


def test_each_runs_on_names_that_no_caller_can_take(
    functions: list[Function], built: Settings
) -> None:
    """A new one of a project's migration joins by itself."""
    with connect(built) as owner:
        found = owner.execute(
            "select p.oid::regprocedure::text, coalesce(p.proconfig, '{}'),"
            " p.proowner = n.nspowner, has_function_privilege('public', p.oid, 'execute')"
            " from pg_proc as p inner join pg_namespace as n on p.pronamespace = n.oid"
            " where p.prosecdef and n.nspname <> 'pg_catalog'"
        ).fetchall()
    assert len(found) == len(functions)
    for name, settings, is_owners, is_public in found:
        assert FIXED_PATH in settings, name
        assert is_owners, name
        assert not is_public, name


def test_nothing_of_ours_is_everybodys(built: Settings) -> None:
    """No function and no relation is granted to PUBLIC, and no role makes any in a schema.

    But ops.current_xid(), the default of _xid: whoever may insert evaluates it, with no more than
    pg_current_xact_id() gives anyway.
    """
    with connect(built) as owner:
        found = owner.execute(
            "select n.nspname || '.' || p.proname from pg_proc as p"
            " inner join pg_namespace as n on p.pronamespace = n.oid"
            " where n.nspname !~ '^pg_|^information_schema$|^lair_'"
            " and has_function_privilege('public', p.oid, 'execute')"
            " and p.oid <> 'ops.current_xid()'::regprocedure"
            " union all select c.oid::regclass::text from pg_class as c"
            " inner join pg_namespace as n on c.relnamespace = n.oid"
            " cross join lateral aclexplode(c.relacl) as a"
            " where n.nspname !~ '^pg_|^information_schema$|^lair_' and a.grantee = 0"
            " union all select n.nspname from pg_namespace as n cross join unnest(%s::text[]) as r"
            " where n.nspname !~ '^pg_|^lair_' and has_schema_privilege(r, n.oid, 'create')",
            [list(ROLES)],
        ).fetchall()
    assert found == []


@pytest.mark.parametrize("role", ROLES)
def test_look_alikes_never_run_as_the_owner(
    built: Settings, functions: list[Function], role: str
) -> None:
    """Every function, by every role, over temporary relations, functions, operators and casts."""
    with connect(built, role, autocommit=True) as caller:
        notices = listening(caller)
        caller.execute("set default_transaction_read_only = off")
        assert look_alikes.set_traps(caller) > 500
        caller.execute(
            "create table pg_temp.mine (at pg_catalog.timestamptz) partition by range (at)"
        )
        answered = set()
        for function in functions:
            if function.is_trigger:
                statement = sql.SQL(
                    "create trigger t after update on pg_temp.own referencing old table as old_rows"
                    " for each statement execute function {}('raw.events')"
                ).format(sql.Identifier(function.schema, function.name))
                caller.execute("create table if not exists pg_temp.own (word sly)")
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    caller.execute(statement)
                continue
            for call, values in function.calls():
                try:
                    caller.execute(call, values)
                except psycopg.Error:
                    continue
                answered.add(function.name)
        assert look_alikes.sprung(notices, role) == []
    expected = {
        LOADER: {"ensure_partitions_for"},
        READER: {"event_series", "event_totals", "funnel_adhoc", "health", "clock"},
    }
    assert answered >= expected[LOADER if role == LOADER else READER]


def test_look_alikes_do_not_run_in_the_triggers_of_raw(built: Settings) -> None:
    with connect(built, LOADER, autocommit=True) as loader:
        notices = listening(loader)
        look_alikes.set_traps(loader)
        loader.execute(
            "update raw.feature_requests set status = 'done', updated_at = pg_catalog.now()"
            " where feature_request_id operator(pg_catalog.=) 'f1'"
        )
        assert look_alikes.sprung(notices, LOADER) == []
    with connect(built) as owner:
        changes = "select count(*) from raw.feature_request_changes where field = 'status'"
        assert owner.execute(changes).fetchone() == (1,)


def test_a_careless_function_would_be_found(built: Settings) -> None:
    """The traps are none that nothing springs: each kind of name is one, where no path is fixed."""
    names = {
        "a_relation": b"select count(*) from events",
        "a_function": b"select date_trunc('day'::text, now(), 'UTC'::text)",
        "an_operator": b"select 'a'::text = 'b'::text",
    }
    for name, body in names.items():
        with connect(built, autocommit=True) as owner:
            owner.execute(
                b"create function ops.careless() returns void language plpgsql security definer"
                b" as $$ begin perform (" + body + b"); end $$"
            )
            owner.execute(f"grant execute on function ops.careless() to {LOADER}".encode())
        try:
            with connect(built, LOADER, autocommit=True) as caller:
                notices = listening(caller)
                look_alikes.set_traps(caller)
                caller.execute("select ops.careless()")
                assert look_alikes.sprung(notices, LOADER), name
        finally:
            with connect(built, autocommit=True) as owner:
                owner.execute("drop function ops.careless()")
