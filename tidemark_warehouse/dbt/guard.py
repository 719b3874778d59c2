"""`tidemark-dbt`: dbt on Tidemark's database, which never outlives the process that started it.

A Dagster run that is killed takes nothing with it: its dbt went on, and wrote beside the retry.
Dagster therefore starts this small program in place of dbt. It starts dbt, and when its own parent
dies it tells dbt to stop: dbt then cancels its statements, and each open transaction rolls back.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from tidemark_warehouse import supervision
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import PROJECT_ROOT

if TYPE_CHECKING:
    from tidemark_warehouse.settings import Settings

# How dbt is asked to end, and how long it then has: less in all than the 25 seconds for which
# dagster-dbt waits for a cancelled one. (After SIGINT in a long statement it took 0.3 to 1.1 s.)
STAGES = ((signal.SIGINT, 12.0), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))
INTERRUPTED = 128 + signal.SIGINT
PLUGINS = Path(__file__).parent.parent / "seeds" / "plugins"  # dbt finds them on its path
PROFILE_EXAMPLE = PROJECT_ROOT / "profiles.yml.example"


def main() -> None:
    """Run dbt with the arguments of the command line, and exit with its status."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        # dagster-dbt asks in every run; dbt itself takes 1.6 s and looks on PyPI for a newer one.
        print(f"dbt-core {metadata.version('dbt-core')}")
        return
    from tidemark_warehouse.database import server
    from tidemark_warehouse.settings import Settings

    try:
        settings = Settings.from_environment()
        server.check_made(settings)
        status = run(arguments, environment(settings), supervised=True)
    except TidemarkError as error:
        sys.exit(f"tidemark-dbt: {error.problem}\n  -> {error.remedy}")
    sys.exit(status)


def executable(name: str = "tidemark-dbt") -> Path:
    """Return a console script of this Python, whether or not its folder is on the PATH.

    Args:
        name: of the script.

    Raises:
        TidemarkError: it is not installed.
    """
    path = Path(sysconfig.get_path("scripts")) / name
    if not path.exists():
        raise TidemarkError(f"{path} is missing", "run `make setup` again")
    return path


def environment(settings: Settings) -> dict[str, str]:
    """Return the environment in which dbt finds the database and a profile.

    Args:
        settings: which server and database.
    """
    from tidemark_warehouse.database import server

    found = {**os.environ, **server.dbt_environment(settings)}
    # The URL is said in parts now, where its escapes and options cannot be misread.
    found.pop("TIDEMARK_DATABASE_URL", None)
    found["DBT_PROFILES_DIR"] = str(profiles_folder(settings))
    paths = [str(PLUGINS), *filter(None, [os.environ.get("PYTHONPATH")])]
    found["PYTHONPATH"] = os.pathsep.join(paths)
    return found


def profiles_folder(settings: Settings) -> Path:
    """Return the folder of the dbt profile: the user's own, else one of ours in the home.

    Args:
        settings: says where the home is.
    """
    from tidemark_warehouse.database.server import files

    named = os.environ.get("DBT_PROFILES_DIR")
    if named:
        return Path(named).expanduser().absolute()
    if (PROJECT_ROOT / "profiles.yml").exists():
        return PROJECT_ROOT
    personal = Path.home() / ".dbt"
    if _has_profile(personal / "profiles.yml"):
        return personal
    files.prepare_home(settings.home)
    with files.explained(settings.home):
        folder = settings.home / "dbt"
        folder.mkdir(exist_ok=True)
        ours, text = folder / "profiles.yml", PROFILE_EXAMPLE.read_text(encoding="utf-8")
        if not ours.exists() or ours.read_text(encoding="utf-8") != text:
            files.write_private(ours, text)
    return folder


def run(arguments: Sequence[str], variables: Mapping[str, str], *, supervised: bool) -> int:
    """Run dbt in the project's root until it ends, and return its exit status.

    SIGINT, SIGTERM and SIGHUP stop dbt: first politely, so that it cancels its statements, at
    last by force. A second signal hurries it on. To be called from the main thread, because of
    the signals.

    Args:
        arguments: what follows the word dbt.
        variables: dbt's environment.
        supervised: another program started this one and waits for it, so its end stops dbt too.
            Else a person did: their shell may end first, and what `nohup` ignores stays ignored.

    Returns:
        dbt's exit status; 128 + n if signal n ended it; `INTERRUPTED` if a person stopped it.
    """
    command = [str(executable("dbt")), *arguments]
    parent = os.getppid()
    with supervision.signals(even_ignored=supervised) as received:
        if supervised:
            supervision.die_with_parent(supervision.PARENT_DIED)
        child = subprocess.Popen(
            command,
            cwd=PROJECT_ROOT,
            env=dict(variables),
            process_group=0,  # a Ctrl-C in the terminal reaches dbt once, by way of this process
            preexec_fn=_die_with_guard,
        )
        stopped = supervision.watch(
            child, received, STAGES, lambda: not supervised or os.getppid() == parent
        )
    status = child.wait()
    if stopped and not supervised:
        return INTERRUPTED
    return status if status >= 0 else 128 - status


def _die_with_guard() -> None:
    """In the child, before dbt: should this guard itself be killed, dbt stops all the same."""
    supervision.die_with_parent(signal.SIGINT)


def _has_profile(path: Path) -> bool:
    try:
        return bool(re.search(r"^tidemark:", path.read_text(encoding="utf-8"), re.MULTILINE))
    except OSError:
        return False
