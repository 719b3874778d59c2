"""The question whether every table equals its stored definition."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import psycopg


def inexact(connection: psycopg.Connection[Any], as_of: datetime) -> dict[str, int]:
    """Name the tables that differ from their stored definition over what they read.

    By induction over what they read, a warehouse without any equals one built from nothing.
    A model that depends on its past has to find nothing more to do.
    """
    rows = connection.execute(
        "select relation, ops.differences(relation, %s) from ops.programs", [as_of]
    )
    return {relation: differences for relation, differences in rows if differences}
