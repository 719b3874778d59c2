"""What `tidemark doctor` looks at. Nothing is changed."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from importlib import metadata
from pathlib import Path

import psycopg

from tidemark_warehouse.cli import console
from tidemark_warehouse.database import guards, migrate, server
from tidemark_warehouse.database.server import (
    accounts,
    binaries,
    bootstrap,
    credentials,
    embedded,
    rights,
    roles,
)
from tidemark_warehouse.database.server.credentials import EMBEDDED, Credentials
from tidemark_warehouse.database.server.embedded import Cluster
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import LOOPBACK, OWNER, PROJECT_ROOT, ROLES, Settings

LEAST_FREE_BYTES = 1024**3
ENOUGH_FREE_BYTES = 5 * 1024**3
OLDEST_PYTHON = (3, 11)
SERVER = "server"


class Verdict(Enum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Result:
    """What a check found.

    Attributes:
        verdict: how it came out.
        finding: what is so.
        remedy: what to do about it; '' if all is well.
    """

    verdict: Verdict
    finding: str
    remedy: str = ""


UNSEEN = Result(Verdict.WARN, "not looked at, because the server does not let us in")


@dataclass(frozen=True)
class Check:
    """One thing to look at.

    Attributes:
        subject: what it is about.
        look: finds out; a TidemarkError that it raises is a failure.
        asks_server: whether it needs one that answers.
    """

    subject: str
    look: Callable[[Settings], Result]
    asks_server: bool = False


def verdict_of(check: Check, settings: Settings) -> Result:
    """Run a check; whatever it stumbles over is a finding as well."""
    try:
        return check.look(settings)
    except TidemarkError as error:
        return Result(Verdict.FAIL, error.problem, error.remedy)
    except (OSError, psycopg.Error) as error:
        return Result(Verdict.FAIL, str(error).strip().splitlines()[0], "see the message")


def _python(_: Settings) -> Result:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        return Result(Verdict.FAIL, version, "use Python 3.11 or later, then `make setup`")
    return Result(Verdict.OK, version)


def _programs(settings: Settings) -> Result:
    if settings.database_url is not None:
        return Result(Verdict.OK, "not needed: TIDEMARK_DATABASE_URL is set")
    found = binaries.find()
    account = accounts.for_data(Cluster.of(settings).data)
    result = accounts.current().run([found.postgres, "--version"])
    if result.returncode != 0:
        return Result(
            Verdict.FAIL,
            f"{found.postgres} does not run: {result.stderr.strip()}",
            "install the libraries it names, or set TIDEMARK_DATABASE_URL to another PostgreSQL",
        )
    return Result(Verdict.OK, f"{result.stdout.strip()}, run by the user {account.name}")


def _home(settings: Settings) -> Result:
    home = settings.home
    nearest = next(folder for folder in [home, *home.parents] if folder.exists())
    if not os.access(nearest, os.W_OK | os.X_OK):
        return Result(
            Verdict.FAIL,
            f"{nearest} cannot be written",
            "set TIDEMARK_HOME to a folder that you may write",
        )
    cluster = Cluster.of(settings)
    embedded.check_way(cluster, accounts.for_data(cluster.data))
    free = shutil.disk_usage(nearest).free
    finding = f"{home}, {console.size(free)} free"
    if free < LEAST_FREE_BYTES:
        return Result(Verdict.FAIL, finding, "free some space, or move TIDEMARK_HOME")
    if free < ENOUGH_FREE_BYTES:
        return Result(Verdict.WARN, finding, "soon free some space, or move TIDEMARK_HOME")
    return Result(Verdict.OK, finding)


def _port(settings: Settings) -> Result:
    if settings.database_url is not None:
        return Result(Verdict.OK, "not needed: TIDEMARK_DATABASE_URL is set")
    running = embedded.postmaster(Cluster.of(settings))
    if running and running.port == settings.port:
        return Result(Verdict.OK, f"{settings.port} is ours")
    user = embedded.port_user(settings.port)
    if user is None:
        return Result(Verdict.OK, f"{settings.port} is free")
    return Result(
        Verdict.FAIL,
        f"{settings.port} is in use by {user}",
        "set TIDEMARK_PORT to a free port, or stop what uses this one",
    )


def _answers(settings: Settings) -> Result:
    server.check_made(settings)
    state = server.status(settings)
    if not state.version:
        return Result(Verdict.FAIL, state.problem, "tidemark up")
    return Result(Verdict.OK, f"{state.address}, database {settings.database}")


def _version(settings: Settings) -> Result:
    with server.connect(settings, autocommit=True) as connection:
        bootstrap.check_server(connection)
        return Result(Verdict.OK, connection.info.parameter_status("server_version") or "")


def _time_zone(settings: Settings) -> Result:
    with server.connect(settings, autocommit=True) as connection:
        zone = connection.info.parameter_status("TimeZone") or ""
    if zone in ("UTC", "Etc/UTC"):
        return Result(Verdict.OK, zone)
    if "PGTZ" in os.environ:
        return Result(Verdict.WARN, f"{zone}, from PGTZ", "unset PGTZ")
    return Result(
        Verdict.WARN,
        f"sessions of the owner begin in {zone}, not in UTC",
        f"alter role current_user in database {settings.database} set timezone = 'UTC'",
    )


def _roles(settings: Settings) -> Result:
    with server.connect(settings, autocommit=True) as connection:
        absent = roles.missing(connection)
    if absent:
        return Result(Verdict.FAIL, f"missing: {', '.join(absent)}", "tidemark up")
    unknown = []
    for role in ROLES:
        try:
            server.connect(settings, role).close()
        except TidemarkError:
            unknown.append(role)
    if not unknown:
        return Result(Verdict.OK, ", ".join(ROLES))
    names = ", ".join(unknown)
    if settings.database_url is not None:
        return Result(
            Verdict.WARN,
            f"present, but we cannot log in as {names}",
            "no matter if others use them; else put their passwords into ~/.pgpass",
        )
    return Result(Verdict.FAIL, f"the password kept for {names} is not theirs", "tidemark up")


def _rights(settings: Settings) -> Result:
    with server.connect(settings, autocommit=True) as connection:
        found = rights.excessive(connection)
    if found:
        problems, remedies = zip(*found, strict=True)
        return Result(Verdict.WARN, "; ".join(problems), "; ".join(remedies))
    return Result(Verdict.OK, "no more than needed")


def _migrations(settings: Settings) -> Result:
    with server.connect(settings, autocommit=True) as connection:
        missing = migrate.lacking(connection)
        count = len(migrate.applied(connection))
    if missing:
        return Result(Verdict.FAIL, f"missing: {', '.join(missing)}", "tidemark up")
    return Result(Verdict.OK, f"{count} applied, none missing")


def _raw(settings: Settings) -> Result:
    with server.connect(settings, autocommit=True) as connection:
        faults = guards.look(connection)
    if faults:
        return Result(Verdict.FAIL, "; ".join(faults), "tidemark up (a build mends it, too)")
    return Result(Verdict.OK, "guarded as it was installed")


def _regime(settings: Settings) -> Result:
    with server.connect(settings, autocommit=True) as connection:
        row = connection.execute(
            "select pg_database_size(current_database()), pg_is_in_recovery(),"
            " to_regclass('pg_catalog.pg_dist_partition') is not null,"
            " array(select d::text from ops.distributed_tables() as d)"
        ).fetchone()
    assert row is not None  # noqa: S101  # a query without a table has one row
    size, is_standby, has_citus, distributed = row
    if is_standby:
        return Result(Verdict.FAIL, "a standby, which takes no rows", "name its primary")
    if distributed:
        tables = ", ".join(distributed)
        return Result(
            Verdict.FAIL,
            f"Citus distributes {tables}: builds over it are not exact",
            "; ".join(f"select undistribute_table('{name}')" for name in distributed),
        )
    beside = ", Citus beside it distributes none of its tables" if has_citus else ""
    return Result(Verdict.OK, f"one server, {console.size(size)}{beside}")


def _dbt(_: Settings) -> Result:
    try:
        version = metadata.version("dbt-core")
        adapter = metadata.version("dbt-postgres")
    except metadata.PackageNotFoundError as error:
        return Result(Verdict.FAIL, f"{error.name} is not installed", "make setup")
    project = PROJECT_ROOT / "dbt_project.yml"
    named = re.search(r"^profile:\s*['\"]?([\w-]+)", project.read_text(encoding="utf-8"), re.M)
    if named is None:
        return Result(Verdict.FAIL, f"{project} names no profile", "give it `profile: tidemark`")
    places = [os.environ.get("DBT_PROFILES_DIR"), PROJECT_ROOT, Path("~/.dbt").expanduser()]
    for place in places:
        file = Path(place) / "profiles.yml" if place else None
        if file is None or not file.is_file():
            continue
        if re.search(rf"^{named[1]}\s*:", file.read_text(encoding="utf-8"), re.M):
            return Result(Verdict.OK, f"{version}, postgres {adapter}, profile in {file}")
        return Result(
            Verdict.FAIL,
            f"{file}, which dbt reads, has no profile {named[1]}",
            f"add the one of {PROJECT_ROOT / 'profiles.yml.example'}",
        )
    return Result(
        Verdict.FAIL,
        "there is no profiles.yml",
        f"cp {PROJECT_ROOT / 'profiles.yml.example'} {PROJECT_ROOT / 'profiles.yml'}",
    )


def _passwords(settings: Settings) -> Result:
    kept = Credentials(settings.home)
    if not kept.path.exists():
        if settings.database_url is not None:
            return Result(Verdict.OK, "none kept here")
        return Result(Verdict.FAIL, f"{kept.path} is missing", "tidemark up")
    mode = kept.path.stat().st_mode & 0o777
    if mode & 0o077:
        return Result(
            Verdict.FAIL,
            f"others may read {kept.path} (mode {mode:04o})",
            f"chmod 600 {kept.path}",
        )
    return Result(Verdict.OK, f"{kept.path} is ours alone")


def _password_file(settings: Settings) -> Result:
    if settings.database_url is not None:
        return Result(Verdict.OK, "not needed: TIDEMARK_DATABASE_URL is set")
    kept = Credentials(settings.home)
    passwords = {role: kept.password(EMBEDDED, role) or "" for role in (OWNER, *ROLES)}
    file = credentials.password_file()
    if credentials.is_published(LOOPBACK, settings.port, passwords):
        return Result(Verdict.OK, f"{file} has ours")
    return Result(
        Verdict.WARN,
        f"{file or 'libpq'} does not have the passwords, or is not yours alone (mode 0600)",
        "tidemark up (plain `dbt build` and psql need it; `tidemark url` does not)",
    )


CHECKS = (
    Check("Python", _python),
    Check("PostgreSQL programs", _programs),
    Check("home", _home),
    Check("port", _port),
    Check(SERVER, _answers),
    Check("PostgreSQL", _version, asks_server=True),
    Check("time zone", _time_zone, asks_server=True),
    Check("roles", _roles, asks_server=True),
    Check("rights", _rights, asks_server=True),
    Check("migrations", _migrations, asks_server=True),
    Check("raw tables", _raw, asks_server=True),
    Check("regime", _regime, asks_server=True),
    Check("dbt", _dbt),
    Check("passwords", _passwords),
    Check("libpq password file", _password_file),
)
