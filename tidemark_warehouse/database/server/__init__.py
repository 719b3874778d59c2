"""The database that everything works on: the embedded server, or the one of the environment."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import psycopg

from tidemark_warehouse.database import migrate
from tidemark_warehouse.database.server import bootstrap, embedded, made, readers, rights, roles
from tidemark_warehouse.database.server.connection import (
    Connection,
    attempt,
    connect,
    dbt_environment,
    server_key,
    unreachable,
    url,
)
from tidemark_warehouse.database.server.embedded import Cluster
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import LOOPBACK, Settings

__all__ = [
    "Arrival",
    "Connection",
    "Status",
    "awaken",
    "check_made",
    "connect",
    "dbt_environment",
    "ensure_up",
    "is_ready",
    "ready",
    "reset",
    "start",
    "status",
    "stop",
    "url",
]


@dataclass(frozen=True)
class Arrival:
    """What `ensure_up` had to do.

    Attributes:
        started: whether it started the embedded server.
        migrations: names of the migrations it ran, in order.
        passwords_published: false if the embedded server's passwords could not be put into the
            user's libpq password file. (An external server's are not ours to publish.)
        advice: rights that nobody needs, and settings that we may not set, each with what to do.
        mended: what was not as it was installed in raw, and is again.
    """

    started: bool
    migrations: list[str]
    passwords_published: bool
    advice: tuple[tuple[str, str], ...] = ()
    mended: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Status:
    """What can be said of the server without changing anything.

    Attributes:
        address: where it listens, as host:port.
        pid: process of the embedded postmaster, None if it does not run or is not ours.
        version: PostgreSQL's version as it writes it; '' if the database does not let us in.
        size_bytes: size of the database.
        applied: names of the migrations that the database has.
        pending: what it lacks: names of migrations, and how many functions.
        problem: why it does not let us in, or does not fit this checkout; '' if all is well.
    """

    address: str
    pid: int | None = None
    version: str = ""
    size_bytes: int = 0
    applied: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    problem: str = ""


def ensure_up(settings: Settings, *, thorough: bool = False) -> Arrival:
    """Make the database, if it is not there, and make it ready for use: server, roles, migrations.

    Only for what is there to make one; `ready` is for the others. Where all is well this costs one
    connection and a few queries.

    Args:
        settings: which server and database.
        thorough: do every step again, and so mend what the short look does not see
            (passwords, settings of the roles, rights).

    Raises:
        TidemarkError: it cannot be made ready; says what to do.
    """
    if not thorough and is_ready(settings):
        return Arrival(False, [], True)
    started = start(settings)
    migrations, mended = bootstrap.bootstrap(settings)
    published = settings.database_url is not None or bootstrap.publish_passwords(settings)
    with connect(settings, autocommit=True) as connection:
        advice = (*rights.excessive(connection), *readers.advice(connection))
    return Arrival(started, migrations, published, advice, mended)


def is_ready(settings: Settings) -> bool:
    """Take the short look: our server, our roles, our migrations and functions; changes nothing."""
    try:
        connection = attempt(settings, autocommit=True)
    except psycopg.OperationalError:
        return False
    with connection:
        if settings.database_url is None:
            row = connection.execute("select current_setting('cluster_name')").fetchone()
            if row != (Cluster.of(settings).name,):
                return False
        if roles.missing(connection) or migrate.lacking(connection):
            return False
        # Elsewhere we may not be allowed to set them, and need not try each time.
        return settings.database_url is not None or not readers.lacking(connection)


def ready(settings: Settings) -> None:
    """Make a database that somebody has made ready for use: the server runs, no migration lacks.

    Raises:
        TidemarkError: nobody has made it, or it cannot be made ready; says what to do.
    """
    if not is_ready(settings):
        awaken(settings)
        ensure_up(settings)


def awaken(settings: Settings) -> None:
    """Start the embedded server, and refuse a database that nobody has made.

    Raises:
        TidemarkError: nobody has made it, or the server cannot run; says what to do.
    """
    made.check_home(settings)
    start(settings)
    made.check(settings)


def check_made(settings: Settings) -> None:
    """Refuse a database that nobody has made, as far as a server that runs can tell.

    Raises:
        TidemarkError: nobody has; names those there are.
    """
    made.check(settings)


def start(settings: Settings) -> bool:
    """Start the embedded server and nothing more. An external one is left alone.

    Returns:
        Whether this call started it.

    Raises:
        TidemarkError: it cannot run; says why and what to do.
    """
    return settings.database_url is None and embedded.start(Cluster.of(settings))


def stop(settings: Settings) -> bool:
    """Stop the embedded server. An external one is left alone.

    Returns:
        Whether it ran.
    """
    return settings.database_url is None and embedded.stop(Cluster.of(settings))


def reset(settings: Settings) -> Arrival:
    """Drop the database with everything in it, and make an empty one.

    Raises:
        TidemarkError: we may not, or it is none of ours; nothing is dropped then.
    """
    awaken(settings)
    bootstrap.drop_database(settings)
    return ensure_up(settings, thorough=True)


def status(settings: Settings) -> Status:
    """Look at the server and the database.

    Raises:
        TidemarkError: the home cannot be read.
    """
    if settings.database_url is None:
        address = f"{LOOPBACK}:{settings.port}"
        running = embedded.postmaster(Cluster.of(settings))
        found = Status(address, pid=running.pid if running else None)
    else:
        found = Status(server_key(settings))
    try:
        connection = attempt(settings, autocommit=True)
    except psycopg.OperationalError as error:
        return replace(found, problem=unreachable(settings, error).problem)
    with connection:
        row = connection.execute(
            "select current_setting('server_version'), pg_database_size(current_database())"
        ).fetchone()
        version, size = row or ("", 0)
        found = replace(found, version=version, size_bytes=size)
        applied = tuple(migrate.applied(connection))
        try:
            pending = tuple(migrate.lacking(connection))
        except TidemarkError as error:
            return replace(found, applied=applied, problem=error.problem)
    return replace(found, applied=applied, pending=pending)
