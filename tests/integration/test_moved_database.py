"""A database that goes elsewhere stays exact: restored, copied, upgraded, its server reset."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import free_port
from tests.integration.exactness.warehouse import Warehouse, copy_project
from tidemark_warehouse.database import guards, server
from tidemark_warehouse.database.server import accounts, binaries
from tidemark_warehouse.database.server.accounts import Account
from tidemark_warehouse.database.server.bootstrap import administrator, create_database
from tidemark_warehouse.database.server.embedded import Cluster
from tidemark_warehouse.settings import Settings

DATABASE = "moved"
DAY = "2026-03-01"
MARK = 1_000_000


@dataclass
class Moving:
    """One warehouse, wherever its database is."""

    warehouse: Warehouse

    def at(self, settings: Settings) -> Moving:
        """The same database on another server, or by another name."""
        there = replace(self.warehouse, settings=settings)
        there.manifest = self.warehouse.manifest
        return Moving(there)

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements, each in a transaction of its own; returns the rows of the last one."""
        with self.warehouse.connect() as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def add_events(self, first: int, count: int) -> None:
        """Load events of one day, each by a user of its own."""
        self.run(
            "insert into raw.events (event_id, event_name, event_at, distinct_id)"
            " select gen_random_uuid(), 'page_view', timestamptz '2026-03-01 09:00:00+00'"
            " + n * interval '1 second', 'u' || n"
            f" from generate_series({first}, {first + count - 1}) as n"
        )

    def build(self) -> None:
        """A build that succeeds."""
        assert self.warehouse.build() == []

    def counted(self) -> dict[str, tuple[int, int]]:
        """Events and users of all days, as the marts that count by adding have them."""
        return {
            grain: self.run(
                "select sum(event_count)::bigint, max(unique_users)"
                f" from marts.event_counts_{grain}"
            )[0]
            for grain in ("daily", "monthly")
        }

    def mark(self) -> None:
        """Write a wrong number: only a model that is computed again mends it."""
        self.run(f"update marts.event_counts_daily set event_count = event_count + {MARK}")

    def is_marked(self) -> bool:
        """Whether the wrong number still stands."""
        ((marked,),) = self.run(f"select max(event_count) > {MARK} from marts.event_counts_daily")
        return bool(marked)

    def next_id(self) -> int:
        """The transaction id that the server gives next, about."""
        return int(self.run("select pg_snapshot_xmax(pg_current_snapshot())::text")[0][0])

    def count_up(self, target: int) -> None:
        """Let the server give ids away until it has passed one."""
        left = target - self.next_id()
        self.run(
            f"do $$ begin for i in 1..{left} loop perform pg_current_xact_id(); commit; end loop;"
            " end $$"
        )


def everything(count: int) -> dict[str, tuple[int, int]]:
    return {"daily": (count, count), "monthly": (count, count)}


@pytest.fixture(scope="module")
def origin(server: Settings, tmp_path_factory: pytest.TempPathFactory) -> Moving:
    """A database with 63 events, three of them added to the counts of the others."""
    scratch = tmp_path_factory.mktemp("moved")
    project = copy_project(scratch / "project", "product")
    moving = Moving(Warehouse(replace(server, database=DATABASE), scratch / "dbt", project))
    moving.warehouse.renew()
    moving.count_up(6_000)
    moving.add_events(1, 60)
    moving.build()
    moving.count_up(18_000)
    moving.add_events(61, 3)
    moving.build()
    assert moving.counted() == everything(63)
    return moving


@pytest.fixture(scope="module")
def elsewhere(new_home: Callable[[], Settings]) -> Settings:
    """Another server, younger than the first."""
    settings = replace(new_home(), database="other")
    server.ensure_up(settings)
    return settings


@pytest.fixture(scope="module")
def dump(origin: Moving, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database as pg_dump writes it."""
    file = tmp_path_factory.mktemp("dump") / "database.dump"
    url = server.url(origin.warehouse.settings)
    client("pg_dump", "--format=custom", f"--file={file}", url)
    return file


def client(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs."""
    subprocess.run([binaries.find().folder / program, *arguments], check=True)


def restore(dump: Path, settings: Settings) -> None:
    with administrator(settings) as admin:
        admin.execute(f"drop database if exists {settings.database} with (force)".encode())
        create_database(admin, settings)
    client(
        "pg_restore", "--exit-on-error", f"--dbname={server.url(settings, 'postgres')}", str(dump)
    )


@pytest.mark.parametrize("ids", [0, 12_000, 40_000], ids=["below", "within", "above"])
def test_a_restored_dump_is_computed_whole_once_wherever_the_server_counts(
    origin: Moving, dump: Path, elsewhere: Settings, ids: int
) -> None:
    moved = origin.at(replace(elsewhere, database=DATABASE))
    restore(dump, moved.warehouse.settings)
    moved.count_up(ids)
    moved.add_events(64, 2)
    moved.mark()
    moved.build()
    assert moved.counted() == everything(65), "what was written before the first build counts"
    moved.mark()
    moved.build()
    assert moved.is_marked(), "with nothing new nothing is computed"
    moved.run(f"update marts.event_counts_daily set event_count = event_count - {MARK}")
    moved.add_events(66, 3)
    moved.build()
    assert moved.counted() == everything(68)
    moved.build()
    assert moved.counted() == everything(68)


def test_a_dump_of_a_restored_database_is_restored_again(
    origin: Moving, dump: Path, elsewhere: Settings, tmp_path: Path
) -> None:
    moved = origin.at(replace(elsewhere, database=DATABASE))
    restore(dump, moved.warehouse.settings)
    moved.build()
    moved.add_events(64, 2)
    again = tmp_path / "again.dump"
    url = server.url(moved.warehouse.settings)
    client("pg_dump", "--format=custom", f"--file={again}", url)
    home = origin.at(replace(origin.warehouse.settings, database=f"{DATABASE}_again"))
    restore(again, home.warehouse.settings)
    ((waits,),) = home.run("select ops.clock_state()")
    assert waits == "moved"
    home.run("select ops.settle_clock()")
    assert home.run("select count(*) from raw.events where _xid >= ops.current_xid()") == [(0,)]


def test_a_copied_database_computes_nothing_that_did_not_change(origin: Moving) -> None:
    copied = origin.at(replace(origin.warehouse.settings, database=DATABASE))
    kept = replace(origin.warehouse.settings, database="kept")
    with administrator(kept) as admin:
        admin.execute(f"drop database if exists {kept.database} with (force)".encode())
        create_database(admin, kept, template=DATABASE)
        # The project was parsed for the name: the copy takes it.
        admin.execute(f"alter database {DATABASE} rename to original")
        admin.execute(f"alter database kept rename to {DATABASE}")
    try:
        continues(copied)
    finally:
        with administrator(kept) as admin:
            admin.execute(f"drop database {DATABASE} with (force)")
            admin.execute(f"alter database original rename to {DATABASE}")


def continues(moving: Moving) -> None:
    """What was counted stands, and what comes is added once."""
    assert moving.run("select ops.clock_state()") in ([("here",)], [("set back",)])
    ((before, _),) = {moving.counted()["daily"]}
    moving.mark()
    moving.build()
    assert moving.is_marked(), "with nothing new nothing is computed"
    moving.run(f"update marts.event_counts_daily set event_count = event_count - {MARK}")
    moving.add_events(before + 1, 3)
    moving.build()
    assert moving.counted() == everything(before + 3)
    moving.build()
    assert moving.counted() == everything(before + 3)


def chown(cluster: Cluster, account: Account) -> None:
    """Give a server's files to the user who runs it."""
    for folder, _, names in os.walk(cluster.data):
        os.chown(folder, account.uid, account.gid)
        for name in names:
            os.chown(Path(folder) / name, account.uid, account.gid)


EVENT = (
    b"insert into raw.events (event_id, event_name, event_at, distinct_id)"
    b" values (gen_random_uuid(), 'x', '2026-03-01', 'd') returning _xid"
)
UNSEEN = (
    b"select count(*) from raw.events as r cross join ops.watermarks as w"
    b" where not pg_visible_in_snapshot(r._xid::text::xid8, w.seen)"
)
# As a build stores it.
WATERMARK = (
    b"insert into ops.watermarks"
    b" (relation, model, seen, fingerprint, shape, settings, reads, as_of)"
    b" values ('marts.a', 'a', ops.current_snapshot(), '', '', '', '{raw.events}', now())"
    b" on conflict (relation) do update set seen = excluded.seen"
)


@pytest.mark.parametrize(
    "options",
    [(), ("--next-transaction-id=30000",), ("--epoch=1",), ("--next-transaction-id=3000",)],
    ids=["as it is", "forward", "an epoch on", "back"],
)
def test_a_copied_server_whose_ids_were_reset_goes_on(
    new_home: Callable[[], Settings], options: tuple[str, ...]
) -> None:
    original, settings = new_home(), new_home()
    server.ensure_up(original)
    with server.connect(original, autocommit=True) as owner:
        owner.execute(
            "do $$ begin for i in 1..9000 loop perform pg_current_xact_id(); commit; end loop;"
            " end $$"
        )
        owner.execute(EVENT)
        owner.execute("select ops.settle_clock(), ops.mend_guards()")
        owner.execute(WATERMARK)
    for database in ("postgres", "template1", original.database):
        # Rows stay visible wherever the counter is.
        with server.connect(original, "postgres", database=database, autocommit=True) as admin:
            admin.execute("vacuum (freeze)")
    server.stop(original)
    cluster, account = Cluster.of(settings), accounts.for_data(Cluster.of(original).data)
    shutil.copytree(original.home, settings.home, dirs_exist_ok=True)
    chown(cluster, account)
    done = account.run([binaries.find().folder / "pg_resetwal", "--force", *options, cluster.data])
    assert done.returncode == 0, done.stderr

    server.start(settings)
    with server.connect(settings, autocommit=True) as owner:
        assert owner.execute(UNSEEN).fetchone() == (0,)
        owner.execute(EVENT)
        state = owner.execute("select ops.clock_state()").fetchone()
        assert state == ("set back" if options == ("--next-transaction-id=3000",) else "here",)
        assert guards.settle(owner) == []
        assert owner.execute(UNSEEN).fetchone() == (1,), "written before anybody had noticed"
        owner.execute(EVENT)
        assert owner.execute(UNSEEN).fetchone() == (2,)
        resets = "select count(*) from ops.changes where kind = 'reset'"
        assert owner.execute(resets).fetchone() == (0,)
        owner.execute(WATERMARK)
        assert owner.execute(UNSEEN).fetchone() == (0,)
        owner.execute(EVENT)
        assert owner.execute(UNSEEN).fetchone() == (1,)


def test_an_upgraded_server_goes_on(new_home: Callable[[], Settings]) -> None:
    """pg_upgrade keeps rows and counter; the catalog and the server's identifier are new."""
    settings = new_home()
    server.ensure_up(settings)
    with server.connect(settings, autocommit=True) as owner:
        ((before,),) = owner.execute(EVENT).fetchall()
    server.stop(settings)
    upgrade(Cluster.of(settings))
    server.start(settings)
    with server.connect(settings, autocommit=True) as owner:
        assert owner.execute("select ops.clock_state()").fetchone() == ("here",)
        assert guards.settle(owner) == []
        ((after,),) = owner.execute(EVENT).fetchall()
        assert before < after < before + 10_000


def upgrade(cluster: Cluster) -> None:
    """Run pg_upgrade from a stopped server's files into new ones, which take their place."""
    account, programs = accounts.for_data(cluster.data), binaries.find().folder
    work = Path(tempfile.mkdtemp(prefix="tidemark-upgrade-"))
    os.chown(work, account.uid, account.gid)
    old, new = work / "old", work / "new"
    shutil.move(cluster.data, old)
    trusted = "local all all trust\nhost all all 127.0.0.1/32 trust\n"
    try:
        made = account.run(
            [
                *(programs / "initdb", "-D", new, "-U", "postgres", "-E", "UTF8"),
                *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            ]
        )
        assert made.returncode == 0, made.stderr
        kept = (old / "pg_hba.conf").read_text()
        for folder in (old, new):
            (folder / "pg_hba.conf").write_text(trusted)
        steps = " ".join(
            shlex.quote(str(word))
            for word in (
                *(programs / "pg_upgrade", "-b", programs, "-B", programs, "-d", old, "-D", new),
                *("-U", "postgres", "-p", free_port(), "-P", free_port()),
            )
        )
        done = account.run(["/bin/sh", "-c", f"cd {shlex.quote(str(work))} && {steps}"])
        assert done.returncode == 0, done.stdout
        (new / "pg_hba.conf").write_text(kept)
        shutil.move(new, cluster.data)
        chown(cluster, account)
    finally:
        shutil.rmtree(work)
