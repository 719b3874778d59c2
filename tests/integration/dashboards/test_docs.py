"""The dbt docs as one file: `make docs`."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from dbt.cli.main import dbtRunner

from tests.integration.dashboards.browser import executable, tab
from tests.integration.exactness.warehouse import Warehouse
from tidemark_warehouse.database import server
from tidemark_warehouse.settings import PROJECT_ROOT


@pytest.fixture(scope="module")
def docs(company: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the docs of the company's warehouse."""
    folder = tmp_path_factory.mktemp("docs")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.dbt_environment(company.settings).items():
            patch.setenv(name, value)
        assert "TIDEMARK_DATABASE_URL" not in os.environ
        outcome = dbtRunner().invoke(
            [
                *("--quiet", "--log-level-file", "none", "docs", "generate", "--static"),
                *("--project-dir", str(PROJECT_ROOT), "--profiles-dir", str(company.scratch)),
                *("--target-path", str(folder), "--log-path", str(folder)),
            ]
        )
    assert outcome.success, outcome.exception
    return folder / "static_index.html"


def test_the_docs_are_one_file_with_every_mart_and_the_words_of_the_project(docs: Path) -> None:
    text = docs.read_text(encoding="utf-8")
    assert "A warehouse for teams that build software." in text
    assert "Who uses the product in one environment" in text  # an exposure
    assert '"unique_id": "model.tidemark.session_stats"' in text
    assert re.search(r'"send_anonymous_usage_stats": false', text)
    assert not re.search(r"<(script|img|iframe|link)[^>]*\s(src|href)=[\"']?https?:", text)


@pytest.mark.skipif(
    executable() is None, reason="no Chromium on this machine (Debian's package is called chromium)"
)
def test_the_docs_ask_nobody_for_anything(docs: Path) -> None:
    browser = executable()
    assert browser
    with tab(browser) as found:
        found.page.goto(f"{docs.as_uri()}#!/model/model.tidemark.session_stats")
        found.page.get_by_text("How many sessions were there").first.wait_for()
        assert found.hosts <= {""}  # the file itself
