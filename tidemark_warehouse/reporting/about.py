"""Which database is shown, as of when, and where there would be something to see instead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import LiteralString

from tidemark_warehouse.database.server import Connection

# What stood for "now" at the latest build; no row where nothing has been built.
AS_OF: LiteralString = """
    select c.now_at
    from api.clock() as c
    where exists (
        select
        from pg_catalog.pg_class as r
        where r.relnamespace = 'marts'::regnamespace and r.relkind in ('r', 'p')
    )
"""
# A database with a simulated company says so in its comment.
SIMULATED: LiteralString = """
    with marked as (
        select d.datname, pg_catalog.shobj_description(d.oid, 'pg_database') as mark
        from pg_catalog.pg_database as d
    )

    select m.datname, m.mark
    from marked as m
    where m.mark like 'simulated by tidemark%'
    order by m.datname <> 'demo', m.datname
"""


@dataclass(frozen=True)
class About:
    """What a reader of the charts has to know of their database.

    Attributes:
        database: its name.
        as_of: what stood for "now" when it was built last; None if nothing has been built.
        simulated: a sentence on the company that was simulated; '' if the data are real.
        elsewhere: a simulated company in another database of the server; '' if there is none.
    """

    database: str
    as_of: datetime | None
    simulated: str = ""
    elsewhere: str = ""

    @property
    def sentence(self) -> str:
        """The database and the time, in a few words."""
        when = f"as of {time_of(self.as_of)}" if self.as_of else "nothing built yet"
        return f"{self.database}, {when}"

    def offer(self, command: str) -> str:
        """Say where there is something to see; '' of a database that is simulated itself.

        Args:
            command: which would show it.
        """
        if self.simulated:
            return ""
        if self.elsewhere:
            return f"a simulated company: {command} --database {self.elsewhere}"
        return "a simulated company: make demo, then " + f"{command} --database demo"


def read(connection: Connection) -> About:
    """Return what has to be said of a connection's database; any role of ours may ask.

    Args:
        connection: to it.
    """
    simulated: dict[str, str] = dict(connection.execute(SIMULATED).fetchall())
    mark = simulated.pop(connection.info.dbname, None)
    as_of = connection.execute(AS_OF).fetchone()
    return About(
        database=connection.info.dbname,
        as_of=as_of[0] if as_of else None,
        simulated=f"No such company exists: {mark}." if mark else "",
        elsewhere=next(iter(simulated), ""),
    )


def time_of(at: datetime) -> str:
    """Write a time as the pages do."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
