"""How to reach the database, as the owner or as one of the roles."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict

from tidemark_warehouse.database.server.credentials import EMBEDDED, Credentials
from tidemark_warehouse.database.server.embedded import SUPERUSER
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import LOOPBACK, OWNER, ROLES, Settings

APPLICATION_NAME = "tidemark"
CONNECT_SECONDS = 10
ADDRESS = re.compile(r"^(connection failed: )?(connection to server (at|on) .*? failed: )?")
IN_DBT_VARIABLES = ("host", "port", "user", "password", "dbname")

Connection = psycopg.Connection[Any]


def server_key(settings: Settings) -> str:
    """Under which name the credentials file keeps this server's passwords."""
    if settings.database_url is None:
        return EMBEDDED
    found = _with_defaults(_from_url(settings.database_url))
    return f"{found.get('host') or 'local'}:{found['port']}"


def parameters(
    settings: Settings, role: str | None = None, database: str | None = None
) -> dict[str, str]:
    """Return the libpq parameters of a connection.

    Args:
        settings: which server and database.
        role: one of the roles of the spec; the owner (of an external server: the URL's
            user) if None.
        database: in place of the one in the settings.

    Raises:
        TidemarkError: there is no such role.
    """
    if role is not None and role not in (OWNER, SUPERUSER, *ROLES):
        raise TidemarkError(f"there is no role {role}", f"the roles are {', '.join(ROLES)}")
    if settings.database_url is None:
        found = {
            "host": LOOPBACK,
            "port": str(settings.port),
            "user": role or OWNER,
            "sslmode": "disable",  # loopback, and the wheel has none: no round trip to ask
            "gssencmode": "disable",
        }
    else:
        found = _from_url(settings.database_url)
        if role not in (None, OWNER):
            found |= {"user": str(role)}
            found.pop("password", None)
    found["dbname"] = database or settings.database
    if "password" not in found and "user" in found:
        password = Credentials(settings.home).password(server_key(settings), found["user"])
        if password is not None:
            found["password"] = password
    return found


def connect(
    settings: Settings,
    role: str | None = None,
    database: str | None = None,
    autocommit: bool = False,
) -> Connection:
    """Connect to the database as the owner, or as one of the roles.

    Without a password of ours, libpq's password file decides.

    Raises:
        TidemarkError: the server does not answer, or refuses; says what to do.
    """
    try:
        return attempt(settings, role, database, autocommit)
    except psycopg.OperationalError as error:
        raise unreachable(settings, error) from error


def attempt(
    settings: Settings,
    role: str | None = None,
    database: str | None = None,
    autocommit: bool = False,
) -> Connection:
    """Do the same, leaving the driver's own exception to a caller who wants to judge it.

    Raises:
        psycopg.OperationalError: the server does not answer, or refuses.
    """
    found = {"connect_timeout": str(CONNECT_SECONDS)} | parameters(settings, role, database)
    found |= {"application_name": APPLICATION_NAME}
    return psycopg.Connection.connect(autocommit=autocommit, **found)  # type: ignore[arg-type]


def unreachable(settings: Settings, error: psycopg.OperationalError) -> TidemarkError:
    """Say what a failed connection means for a person."""
    reason = one_line(error)
    if settings.database_url is not None:
        return TidemarkError(
            f"the server of TIDEMARK_DATABASE_URL does not let us in: {reason}",
            "check the URL, then run `tidemark up`",
        )
    place = f"{LOOPBACK}:{settings.port}"
    if "Connection refused" in reason:
        return TidemarkError(f"no server answers on {place}", "run `tidemark up`")
    return TidemarkError(
        f"the server on {place} does not let us in: {reason}",
        "run `tidemark up`; if that does not help, `tidemark doctor`",
    )


def one_line(error: BaseException) -> str:
    """Return what libpq says, without the address it repeats and its further lines."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return ADDRESS.sub("", line)


def url(settings: Settings, role: str | None = None, password_sign: str | None = None) -> str:
    """Return a libpq URL with its password, the owner's unless a role is named.

    Args:
        settings: which server and database.
        role: who is to connect.
        password_sign: what stands for the password, so that it is not in the URL.

    Raises:
        TidemarkError: the password of that role is not known here.
    """
    found = parameters(settings, role)
    if password_sign is not None:
        found["password"] = password_sign
    if role is not None and "password" not in found:
        raise TidemarkError(
            f"the password of {role} on {server_key(settings)} is not known here",
            "`tidemark up` makes the roles that are missing; that of another's making "
            "can be had from whoever made it",
        )
    user = quote(found.pop("user", ""), safe="")
    password = found.pop("password", None)
    login = f"{user}:{quote(password, safe='')}@" if password else f"{user}@" if user else ""
    database = quote(found.pop("dbname"), safe="")
    host, port = found.get("host", ""), found.get("port", "")
    if settings.database_url is None:
        found = {}
    place = ""
    if host and not set(host) & set(",:/"):
        place = f"{host}:{port}" if port else host
        found = {key: value for key, value in found.items() if key not in ("host", "port")}
    rest = f"?{urlencode(found, quote_via=quote)}" if found else ""
    return f"postgresql://{login}{place}/{database}{rest}"


def dbt_environment(settings: Settings) -> dict[str, str]:
    """Return what dbt's profile reads, and what else libpq must know for that server."""
    found = parameters(settings)
    complete = _with_defaults(found)
    environment = {
        "TIDEMARK_HOST": complete.get("host") or "localhost",
        "TIDEMARK_PORT": complete["port"],
        "TIDEMARK_USER": complete["user"],
        "TIDEMARK_PASSWORD": complete.get("password") or "",
        "TIDEMARK_DATABASE": settings.database,
        "PGTZ": "UTC",
    }
    for option in pq.Conninfo.get_defaults():
        keyword = option.keyword.decode()
        if keyword in found and keyword not in IN_DBT_VARIABLES and option.envvar:
            environment[option.envvar.decode()] = found[keyword]
    return environment


def _from_url(database_url: str) -> dict[str, str]:
    found = conninfo_to_dict(database_url)
    return {key: str(value) for key, value in found.items() if value is not None}


def _with_defaults(found: dict[str, str]) -> dict[str, str]:
    """Fill in what libpq takes for parameters not given (environment, built-in)."""
    defaults = {
        option.keyword.decode(): option.val.decode()
        for option in pq.Conninfo.get_defaults()
        if option.val is not None
    }
    return {"host": "", "port": "5432"} | defaults | found
