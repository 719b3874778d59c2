"""What failed in a build, in words that a person takes in at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
from psycopg import sql

from tidemark_warehouse.database.server import Connection
from tidemark_warehouse.dbt import artifacts

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
SHOWN_ROWS = 5
SHOWN_CHARACTERS = 200
TOLD = 10


def of_build(folder: Path, since: float, manifest: Mapping[str, Any], dbt_said: str) -> dg.Failure:
    """Return the failure of a build: reasons first, then what dbt said.

    Args:
        folder: of dbt's artifacts.
        since: when the build began, in seconds since 1970.
        manifest: of the dbt project.
        dbt_said: its errors, with or without escape codes.
    """
    results = artifacts.read(folder / artifacts.RESULTS, since)
    failed = list(artifacts.failures(results, manifest))
    said = plain(dbt_said)
    if not failed:
        return dg.Failure(said or "dbt ended before it could say what failed")
    stories = [plain(story) for story, _ in failed]
    selected = " ".join(dict.fromkeys(again for _, again in failed))
    more = [f"and {len(stories) - TOLD} more"] if len(stories) > TOLD else []
    return dg.Failure(
        "\n".join([*stories[:TOLD], *more, f"-> mend it, then tidemark build --select {selected}"]),
        metadata={"what dbt said": dg.MetadataValue.md(f"```\n{said}\n```")},
    )


def plain(text: str) -> str:
    """Return a text without the escape codes that colour it on a screen.

    Args:
        text: dbt's.
    """
    return ESCAPES.sub("", text).strip()


def of_check(
    connection: Connection, folder: Path, node: Mapping[str, Any], check: dg.AssetCheckResult
) -> dg.AssetCheckResult:
    """Return the result of a data test with what it tests, and the first rows that fail it.

    Rows about people are not shown: Dagster's history would keep them after `tidemark forget`.

    Args:
        connection: any to the database, read only.
        folder: of dbt's artifacts.
        node: of the test, in the manifest.
        check: as dagster-dbt gives it.
    """
    described = str(node.get("description") or "").strip()
    if check.passed:
        return check._replace(description=described) if described else check
    count = check.metadata.get("dagster_dbt/failed_row_count")
    rows = f"rows that fail it: {count.value}" if count is not None else "it failed"
    metadata = dict(check.metadata)
    text = compiled(folder, node)
    if text:
        metadata["query"] = dg.MetadataValue.md(f"```sql\n{text}\n```")
        if not _is_about_people(node):
            metadata |= _rows(connection, text)
    told = ". ".join(part.rstrip(".") for part in (described, rows) if part)
    return check._replace(description=told, metadata=metadata)


def compiled(folder: Path, node: Mapping[str, Any]) -> str:
    """Return the SQL of a model or test as dbt compiled it last; '' if it did not.

    Args:
        folder: of dbt's artifacts.
        node: in the manifest.
    """
    place = folder / "compiled" / str(node["package_name"]) / str(node["original_file_path"])
    for path in (place / Path(node["path"]).name, place):
        if path.is_file():
            return path.read_text(encoding="utf-8").strip()
    return ""


def _rows(connection: Connection, text: str) -> dict[str, Any]:
    query = sql.SQL("select * from ({}) as failing limit {}").format(
        sql.SQL(text),
        sql.Literal(SHOWN_ROWS),
    )
    try:
        cursor = connection.execute(query)
        names = [column.name for column in cursor.description or ()]
        records = [dg.TableRecord(dict(_cells(names, row))) for row in cursor.fetchall()]
    except psycopg.Error as error:
        return {"rows": f"cannot be shown: {plain(str(error))}"}
    if not records:
        return {}
    schema = dg.TableSchema([dg.TableColumn(name) for name in names])
    return {"rows": dg.MetadataValue.table(records, schema)}


def _cells(names: list[str], row: tuple[Any, ...]) -> Iterator[tuple[str, str]]:
    for name, value in zip(names, row, strict=True):
        yield name, "" if value is None else str(value)[:SHOWN_CHARACTERS]


def _is_about_people(node: Mapping[str, Any]) -> bool:
    """Whether what it tests, or its folder, is of the area people."""
    return "people" in node["fqn"] or any(
        ".people" in name or "employee" in name for name in node["depends_on"]["nodes"]
    )
