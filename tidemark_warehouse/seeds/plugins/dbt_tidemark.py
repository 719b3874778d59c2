"""The plugin by which plain `dbt build` checks the seeds before it does anything.

dbt loads every module on the path whose name begins with `dbt_`; `make setup` puts this folder
there.
"""

from __future__ import annotations

from pathlib import Path

from dbt.flags import get_flags
from dbt.plugins.manager import dbtPlugin

from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.seeds import refuse_wrong

PROJECT = "tidemark"
SEED = "seed"


class TidemarkPlugin(dbtPlugin):
    """Refuses a build whose seeds are wrong, with file, line, rule and remedy of each fault."""

    def initialize(self) -> None:
        """Check the seeds, where this command would load them."""
        flags = get_flags()  # type: ignore[no-untyped-call]
        if self.project_name != PROJECT or getattr(flags, "WHICH", None) not in ("build", SEED):
            return
        chosen = {str(kind) for kind in getattr(flags, "RESOURCE_TYPES", None) or (SEED,)}
        left_out = {str(kind) for kind in getattr(flags, "EXCLUDE_RESOURCE_TYPES", None) or ()}
        if SEED in left_out or not chosen & {SEED, "all", "default"}:
            return
        try:
            refuse_wrong(Path(str(flags.PROJECT_DIR)))
        except TidemarkError as error:
            raise RuntimeError(f"{error.problem}\n  -> {error.remedy}") from None


plugins = [TidemarkPlugin]
