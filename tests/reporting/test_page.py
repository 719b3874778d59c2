"""The page: one file, nothing from elsewhere, and the list of its sections."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from plotly.offline import get_plotlyjs  # type: ignore[import-untyped]

from tests.integration.running import run
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.reporting import page, report
from tidemark_warehouse.reporting.about import About
from tidemark_warehouse.reporting.page import Card, Facts
from tidemark_warehouse.reporting.section import Page, Section
from tidemark_warehouse.reporting.sections import PAGES, PEOPLE, PEOPLE_PAGE, SECTIONS
from tidemark_warehouse.settings import PROJECT_ROOT, Settings

NOW = datetime(2025, 3, 3, 12, 30, tzinfo=UTC)
ABOUT = About("demo & co", NOW, simulated="nobody <lives> here")
FACTS = Facts("A <title>", ABOUT, NOW)
ROWS = [{"week_start": NOW.date(), "ticket_type": "</script>", "hours": 1.5, "workflows": 2}]
HOURS = next(section for section in SECTIONS if section.name == "hours-per-week")
FULL = Card(HOURS, ROWS, "select '</script>'")
EMPTY = Card(next(section for section in SECTIONS if section.name == "efficiency"), [], "select")


STEMS = {mart: mart.split(".")[1] for section in SECTIONS for mart in section.marts} | {
    "marts.funnel_steps": "funnel_step_results"  # its alias
}


def tables_in(query: str) -> set[str]:
    """Return the tables that a query reads by itself, not through a function of schema api."""
    return set(re.findall(r"\b(?:from|join) (?!api\.)(\w+\.\w+)", query))


def without_plotly(text: str) -> str:
    """Return a page without the library, which it must have exactly once."""
    library = get_plotlyjs()
    assert text.count(library) == 1
    return text.replace(library, "")


def test_a_page_fetches_nothing() -> None:
    own = without_plotly(page.render(FACTS, [FULL, EMPTY]))
    assert "http:" not in own
    assert "https:" not in own
    assert not re.search(r"<(script|img|iframe|link)[^>]*\s(src|href)", own)
    assert "default-src 'none'" in own


def test_a_page_says_what_it_is() -> None:
    own = without_plotly(page.render(FACTS, [FULL]))
    assert "<h1>A &lt;title&gt;</h1>" in own
    assert "demo &amp; co" in own
    assert "2025-03-03 12:30 UTC" in own
    assert "nobody &lt;lives&gt; here" in own
    for text in (HOURS.question, HOURS.how_to_read, *HOURS.marts):
        assert text in own
    chosen = page.render(FACTS, [replace(FULL, chosen={"Environment": "pro<d"})])
    assert f"{HOURS.how_to_read} Environment: pro&lt;d." in chosen
    real = page.render(replace(FACTS, about=About("tidemark", None, elsewhere="demo")), [EMPTY])
    assert "Simulated" not in real
    assert "not built yet" in real
    assert "a simulated company: tidemark report --database demo" in real


def test_data_cannot_end_the_script_that_holds_them() -> None:
    own = without_plotly(page.render(FACTS, [FULL]))
    found = re.findall(r'<script type="application/json" class="data">(.*?)</script>', own)
    assert len(found) == 1
    assert json.loads(found[0])["data"][0]["name"] == "</script>"


def test_a_page_without_rows_has_no_script_and_says_what_to_load() -> None:
    text = page.render(FACTS, [Card(section, [], "") for section in SECTIONS])
    assert "<script" not in text
    needing = [section for section in SECTIONS if not section.nothing]
    # The note above the charts says so too.
    assert text.count("Nothing to show yet.") == len(needing) + (not FACTS.about.simulated)
    assert all(section.nothing in text for section in SECTIONS)
    for section in needing:
        assert all(f"raw.{table}" in text for table in section.raw_tables)


@pytest.mark.parametrize("section", [*SECTIONS, *PEOPLE], ids=lambda section: section.name)
def test_a_section_reads_the_marts_that_it_names_and_no_others(section: Section) -> None:
    read = tables_in(section.query)
    assert read <= set(section.marts)
    assert read == set(section.marts) or "api.funnel(" in section.query
    assert tables_in(section.dates) <= set(section.marts[:1])


@pytest.mark.parametrize("page", [*PAGES, PEOPLE_PAGE], ids=lambda page: page.name)
def test_a_page_offers_the_choices_that_its_sections_take(page: Page) -> None:
    taken = frozenset().union(*(section.takes for section in page.sections))
    assert taken - {"first", "last"} == {control.name for control in page.controls}
    for control in page.controls:
        assert tables_in(control.query) == ({control.mart} if control.mart else set())
        assert bool(control.mart) != bool(control.options)
    if taken & {"first", "last"}:
        assert any(section.dates for section in page.sections)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_who_reads_a_mart_with_environments_shows_one_of_them(section: Section) -> None:
    """Distinct users of two environments must not be added up, and must not be told apart late."""
    for mart in section.marts:
        if mart == "marts.dashboard_metrics":  # each widget names its environment, and shows it
            continue
        (path,) = (PROJECT_ROOT / "models").rglob(f"{STEMS[mart]}.yml")
        if "- name: environment" in path.read_text():
            assert "environment" in section.takes


def test_sections_have_names_of_their_own_and_areas_stand_together() -> None:
    names = [section.name for section in SECTIONS]
    assert len(set(names)) == len(names)
    areas = [section.area for section in SECTIONS]
    assert areas == sorted(areas, key=areas.index)


def test_an_empty_warehouse_gives_a_page_all_the_same(database: Settings, tmp_path: Path) -> None:
    code, out, err = run(database, "report", "--output", str(tmp_path / "page.html"))
    assert (code, err) == (0, "")
    assert "0 charts" in out
    assert f"nothing to show yet: {', '.join(s.name for s in SECTIONS)}" in out
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "not built yet" in text
    assert database.database in text


def test_a_page_says_which_database_it_shows() -> None:
    assert page.shows(page.render(FACTS, [EMPTY])) == ABOUT.database
    assert page.shows("<html><dt>Database</dt></html>") is None


def test_the_report_of_another_database_is_left_as_it_is(
    database: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    foreign = page.render(FACTS, [EMPTY])
    path.write_text(foreign, encoding="utf-8")
    code, _, err = run(database, "report", "--output", str(path))
    assert code == 1
    assert "is the report of the database demo & co, and is left as it is" in err
    assert f"--output report_{database.database}.html" in err
    assert path.read_text(encoding="utf-8") == foreign
    # The demo says so before it does anything.
    code, out, err = run(database, "demo", "--output", str(path), "--database", "nobodys")
    assert (code, out) == (1, "")
    assert "is left as it is" in err
    path.write_text("my own notes", encoding="utf-8")
    with pytest.raises(TidemarkError, match="is no report of Tidemark's"):
        report.write(database, path)
    path.unlink()
    assert report.write(database, path).path == report.write(database, path).path


def test_an_empty_database_names_a_simulated_one(database: Settings, tmp_path: Path) -> None:
    _, out, _ = run(database, "report", "--output", str(tmp_path / "page.html"))
    assert "there is something to see in a simulated company: " in out
    assert "nothing built yet" in out


def test_a_file_that_cannot_be_written_is_named(database: Settings, tmp_path: Path) -> None:
    with pytest.raises(TidemarkError, match="cannot be written: No such file or directory"):
        report.write(database, tmp_path / "missing" / "page.html")
