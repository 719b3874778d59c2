"""Of which project the database was built, and whether a build of it needs dbt at all.

dbt compiles the project and stores it in the database. Until a file, a var or an option asks for
something else, a build is what the database does by itself (tidemark_warehouse.database.building).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tidemark_warehouse.database.server import Connection
from tidemark_warehouse.settings import PROJECT_ROOT

FOLDERS = ("models", "macros", "seeds", "snapshots", "tests/dbt", "dbt_packages")
SINGLE_FILES = (
    *("dbt_project.yml", "selectors.yml", "packages.yml", "dependencies.yml", "package-lock.yml"),
)
READ_BY_DBT = frozenset((".sql", ".yml", ".yaml", ".csv", ".md"))
KINDS = frozenset(("model", "seed", "snapshot", "test"))
NOTHING_TO_RUN = frozenset(("unit_test", "exposure", "source", "analysis", "metric"))
INCLUDING = ("--resource-type", "--resource-types")
EXCLUDING = ("--exclude-resource-type", "--exclude-resource-types")
# Variables by which dbt says something otherwise, but builds the same.
ONLY_WORDS = re.compile(
    "DBT_(TARGET_PATH|LOG_PATH|PROFILES_DIR|QUIET|DEBUG|PRINT|PRINTER_WIDTH|SEND_ANONYMOUS_USAGE_STATS"
    "|(NO_)?USE_COLORS(_FILE)?|LOG_(FORMAT|LEVEL|CACHE_EVENTS|FILE_MAX_BYTES)(_FILE)?)"
)
INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?"
    r"(Z|[+-](0\d|1[0-5]):?([0-5]\d)?)"
)
WINDOW = frozenset(("refresh_from", "refresh_to"))


@dataclass(frozen=True)
class Wish:
    """A build that needs no option of dbt.

    Attributes:
        kinds: what it builds: models, seeds, snapshots, data tests.
        given: the vars of the command line, but as_of.
        as_of: what stands for now; None = now.
    """

    kinds: frozenset[str] = KINDS
    given: Mapping[str, Any] | None = None
    as_of: datetime | None = None


def wish(arguments: Sequence[str]) -> Wish | None:
    """Read the options of a build; None where one of them, or a variable, is dbt's to judge.

    Args:
        arguments: what follows the words `tidemark build`.
    """
    if any(name.startswith("DBT_") and not ONLY_WORDS.fullmatch(name) for name in os.environ):
        return None
    included: set[str] = set()
    excluded: set[str] = set()
    variables = ""
    waiting = [word for argument in arguments for word in _split(argument)]
    while waiting:
        option = waiting.pop(0)
        values = []
        while waiting and not waiting[0].startswith("--"):
            values.append(waiting.pop(0))
        if option in INCLUDING and values:
            included.update(values)
        elif option in EXCLUDING and values:
            excluded.update(values)
        elif option == "--vars" and len(values) == 1:
            variables = values[0]
        else:
            return None
    if not included <= KINDS or not excluded <= KINDS | NOTHING_TO_RUN:
        return None
    given = _vars(variables)
    if given is None or WINDOW & given.keys():
        return None
    as_of = str(given.pop("as_of", "") or "")
    now = instant(as_of)
    if as_of and now is None:
        return None
    return Wish(frozenset((included or KINDS) - excluded), given, now)


def fingerprint(profile: Path) -> str:
    """Return a digest of all that dbt compiles by: files, the profile, and versions.

    Args:
        profile: the folder of the dbt profile.
    """
    digest = hashlib.sha256()
    for path in (*sorted(files(suffixes=READ_BY_DBT)), profile / "profiles.yml"):
        try:
            content = path.read_bytes()
        except OSError:
            continue
        name = path.relative_to(PROJECT_ROOT) if path.is_relative_to(PROJECT_ROOT) else path
        digest.update(f"{name} {len(content)} ".encode())
        digest.update(content)
    packages = Path(sysconfig.get_path("purelib"))
    for version in sorted(packages.glob("dbt_*.dist-info")):
        digest.update(version.name.encode())
    return digest.hexdigest()


def files(suffixes: frozenset[str] | None = None) -> Iterator[Path]:
    """Every file that dbt parses.

    Args:
        suffixes: only such files; None = all, and the folders, whose times tell of files that went.
    """
    for name in SINGLE_FILES:
        if (PROJECT_ROOT / name).exists():
            yield PROJECT_ROOT / name
    for name in FOLDERS:
        for folder, _, names in os.walk(PROJECT_ROOT / name):
            if suffixes is None:
                yield Path(folder)
            for file in names:
                if suffixes is None or os.path.splitext(file)[1] in suffixes:  # noqa: PTH122
                    yield Path(folder, file)


def stands(connection: Connection, print_: str, wanted: Wish) -> Mapping[str, Any] | None:
    """Return the vars of the last whole build, if the database stands as it left it.

    Args:
        connection: the owner's.
        print_: what `fingerprint` gives now.
        wanted: the build.

    Returns:
        Every var with its value; None where dbt has to build: the project or a var differs, the
        last build left out what this one wants, or somebody has built something else since.
    """
    row = connection.execute(
        "select kinds, vars, defaults from ops.project"
        " where fingerprint = %s and digest = ops.definitions_digest()",
        [print_],
    ).fetchone()
    if row is None:
        return None
    kinds, variables, defaults = row
    if not wanted.kinds <= set(kinds) or _plain({**defaults, **(wanted.given or {})}) != variables:
        return None
    found: Mapping[str, Any] = variables
    return found


def remember(connection: Connection, print_: str, built: Wish, invocation: str) -> None:
    """Note that the database was built of this project, so that the next build needs no dbt.

    Args:
        connection: the owner's.
        print_: what `fingerprint` gave before the build, and gives now.
        built: what was built, and succeeded.
        invocation: dbt's name for its run; nothing is noted in a database that it did not build.
    """
    defaults = _defaults()
    connection.execute(
        """
        insert into ops.project as p (fingerprint, kinds, vars, defaults, digest)
        select %(print)s, %(kinds)s, %(vars)s, %(defaults)s, ops.definitions_digest()
        from ops.settings as s
        where s.name = 'last_dbt_build' and s.value = %(invocation)s
        on conflict (is_only) do update set
            fingerprint = excluded.fingerprint,
            kinds = case
                when
                    row(p.fingerprint, p.vars, p.digest)
                    = row(excluded.fingerprint, excluded.vars, excluded.digest)
                    then p.kinds || excluded.kinds
                else excluded.kinds
            end,
            vars = excluded.vars,
            defaults = excluded.defaults,
            digest = excluded.digest,
            built_at = excluded.built_at
        """,
        {
            "print": print_,
            "kinds": sorted(built.kinds),
            "vars": json.dumps(_plain({**defaults, **(built.given or {})})),
            "defaults": json.dumps(_plain(defaults)),
            "invocation": invocation,
        },
    )


def _split(argument: str) -> Sequence[str]:
    option, is_joined, value = argument.partition("=")
    return [option, value] if is_joined and option.startswith("--") else [argument]


def _vars(text: str) -> dict[str, Any] | None:
    if not text:
        return {}
    found = _yaml(text)
    return found if isinstance(found, dict) else None


def _defaults() -> dict[str, Any]:
    content = _yaml((PROJECT_ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    found: dict[str, Any] = content.get("vars") or {}
    return found


def _yaml(text: str) -> Any:
    import yaml  # type: ignore[import-untyped]  # it takes 0.1 s, and is seldom needed

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as JSON gives them back."""
    plain: dict[str, Any] = json.loads(json.dumps(values, default=str))
    return plain


def instant(text: str) -> datetime | None:
    """Return the instant that a text names; None where dbt would refuse it."""
    if not INSTANT.fullmatch(text):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    lies_between = datetime(1970, 1, 1, tzinfo=UTC) <= found
    return found if lies_between and found < datetime.now(UTC) + timedelta(days=3652) else None
