"""Files of the database: what landed stays, and functions are in files of their own."""

from __future__ import annotations

import re

from tests.conventions.project import ROOT, demand
from tidemark_warehouse.database import migrate, present
from tidemark_warehouse.database.statements import statements

FUNCTION = re.compile(r"\bcreate (?:or replace )?function\b|\bon function\b", re.IGNORECASE)


def test_migrations_that_landed_say_what_they_said() -> None:
    present_now = {str(migration): migration.checksum for migration in migrate.read()}
    demand(
        [
            f"{name}: its file is gone" if name not in present_now else f"{name}: other statements"
            for name, (checksum, *_) in migrate.landed().items()
            if present_now.get(name, "-") != checksum
        ],
        "restore it: databases have run it. A change is a new migration",
    )


def test_every_migration_is_on_record() -> None:
    demand(
        [str(migration) for migration in migrate.read() if str(migration) not in migrate.landed()],
        "run `make landed`, which adds it to schema/landed.txt",
    )


def test_migrations_hold_no_functions() -> None:
    demand(
        [str(each) for each in migrate.read() if FUNCTION.search(statements(each.text))],
        "put it into database/functions/<subject>/<name>.sql, which is run when it changes",
    )


def test_every_function_is_described() -> None:
    functions = present.read(migrate.bundled() / "functions")
    demand(
        [str(each) for each in functions if f"\ncomment on function {each}(" not in each.text],
        "add `comment on function ... is` to its file: what it returns, what each argument may be",
    )
    assert len(functions) > 100


def test_functions_of_api_say_their_shape_and_what_they_refuse() -> None:
    problems = []
    for file in sorted((ROOT / "tidemark_warehouse/database/functions/api").glob("*.sql")):
        body, comment = file.read_text(encoding="utf-8").split("\ncomment on function", 1)
        said = " ".join(comment.split())
        if not re.search(r"\b[Oo]ne (row|number)\b|\bone row\b", said) and "setof" not in body:
            problems.append(f"{file.stem} does not say what one row is")
        if re.search(r"perform ops\.check_|raise exception", body) and "Refuses " not in said:
            problems.append(f"{file.stem} does not say what it refuses")
        if re.search(r"_seconds\b", body.split("as $$")[0]) and "seconds" not in said.lower():
            problems.append(f"{file.stem} does not say that its times are seconds")
    demand(
        problems,
        "its comment says what one row is, what each argument may be, units (seconds, a fraction, "
        "percent), and last `Refuses ...`: callers in SQL and over HTTP read nothing else",
    )


def test_the_files_lie_in_the_package() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for pattern in ("schema/*.sql", "schema/landed.txt", "functions/**/*.sql"):
        assert f'"database/{pattern}"' in text


def test_one_function_says_what_a_snapshot_had_not_seen() -> None:
    folders = ("macros", "models", "orchestration", "tidemark_warehouse")
    files = (file for folder in folders for file in (ROOT / folder).rglob("*.*") if file.is_file())
    demand(
        [
            str(file.relative_to(ROOT))
            for file in files
            if file.suffix in {".py", ".sql"}
            and file.stem != "is_unseen"
            and "pg_visible_in_snapshot" in file.read_text(encoding="utf-8")
        ],
        "ask ops.is_unseen(xid, snapshot)",
    )
