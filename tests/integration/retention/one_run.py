"""`python -m tests.integration.retention.one_run AS_OF`: one run of retention, to be killed."""

from __future__ import annotations

import sys
from datetime import datetime

from tidemark_warehouse.archiving import apply
from tidemark_warehouse.settings import Settings

if __name__ == "__main__":
    apply.run(Settings.from_environment(), datetime.fromisoformat(sys.argv[1]))
