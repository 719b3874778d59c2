"""dbt takes the project as it is, and so will the next dbt."""

from __future__ import annotations

from tests.conventions.conftest import Parsing


def test_dbt_parses_the_project_without_deprecations(parsing: Parsing) -> None:
    assert parsing.succeeded, (
        f"\n  {parsing.message}\n"
        "=> write it as dbt asks: `data_tests:` for tests, `arguments:` below a generic test, "
        "`config:` around meta and tags, no key that dbt does not know"
    )
