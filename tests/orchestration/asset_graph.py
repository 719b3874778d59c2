"""The asset graph as text: `make renew` writes it anew."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

SNAPSHOT = Path(__file__).with_name("asset_graph.txt")
UPDATE = "make renew"


def text_of(defs: dg.Definitions) -> str:
    """Write each asset with its group, and what it is made from."""
    lines = []
    for spec in sorted(defs.resolve_all_asset_specs(), key=lambda spec: spec.key.to_user_string()):
        lines.append(f"{spec.key.to_user_string()} [{spec.group_name}]")
        lines += sorted(f"    {dep.asset_key.to_user_string()}" for dep in spec.deps)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    from orchestration.definitions import defs

    SNAPSHOT.write_text(text_of(defs), encoding="utf-8")
