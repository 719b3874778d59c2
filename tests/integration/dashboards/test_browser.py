"""The dashboards as a person sees them, in headless Chromium: every page, and nothing from afar."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import pytest

from tests.integration.dashboards.browser import Tab, executable
from tests.integration.dashboards.pages import EVERY_PAGE, dashboards, place
from tests.integration.exactness.warehouse import Warehouse
from tidemark_warehouse.reporting.section import Page
from tidemark_warehouse.reporting.sections import PAGES, PEOPLE_PAGE
from tidemark_warehouse.settings import Settings

pytestmark = pytest.mark.skipif(
    executable() is None, reason="no Chromium on this machine (Debian's package is called chromium)"
)


@pytest.fixture(scope="module")
def empty(without_rows: Settings) -> Iterator[str]:
    with dashboards(without_rows, "--people") as address:
        yield address


def drawn(found: Tab) -> dict[str, int]:
    """Return how many marks each chart has, bars, lines, points, and cells each table."""
    marks: dict[str, int] = found.page.evaluate(
        """() => Object.fromEntries([
            ...[...document.querySelectorAll('.dash-graph')].map(graph => [
                graph.id,
                graph.querySelectorAll(
                    '.points path, .scatterlayer path, .heatmaplayer image, .textpoint text'
                ).length,
            ]),
            ...[...document.querySelectorAll('.tidemark-table')].map(table => [
                table.parentElement.id, table.querySelectorAll('td').length,
            ]),
        ])"""
    )
    return marks


def choose(found: Tab, control: str, option: str) -> None:
    """Choose an option of a dropdown."""
    found.page.locator(f"#{control} .dash-dropdown").click()
    found.page.get_by_role("option", name=option, exact=True).click()


@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: page.name)
def test_every_page_draws_every_chart_and_asks_nobody_else(
    browser: Tab, full: str, page: Page
) -> None:
    browser.open(full + place(page), len(page.sections))
    marks = drawn(browser)
    assert set(marks) == {section.name for section in page.sections}
    assert all(count or name == "rejected-rows" for name, count in marks.items()), marks
    for section in page.sections:
        assert browser.page.get_by_text(section.question, exact=True).is_visible()
    assert browser.complaints == []
    assert browser.hosts == {full.removeprefix("http://")}
    browser.hosts.clear()


@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: page.name)
def test_an_empty_warehouse_is_pages_of_empty_charts(browser: Tab, empty: str, page: Page) -> None:
    browser.open(empty + place(page), len(page.sections))
    said = browser.page.locator(".dash-graph .annotation-text, .tidemark-empty p")
    expected = [s for s in page.sections if s.name != "freshness"]  # which empty marts are as well
    assert said.count() == len(expected)
    words = sorted(text.split(".")[0].split("Load")[0] for text in said.all_text_contents())
    assert words == sorted((s.nothing or "Nothing to show.").split(".")[0] for s in expected)
    assert browser.complaints == []
    assert browser.hosts == {empty.removeprefix("http://")}
    browser.hosts.clear()


def test_another_environment_is_another_picture(browser: Tab, full: str) -> None:
    page = next(page for page in PAGES if page.name == "product")
    browser.open(full + place(page), len(page.sections))
    highest = "() => Math.max(...document.querySelector('#sessions .js-plotly-plot').data[0].y)"
    before = browser.page.evaluate(highest)
    with browser.page.expect_response(lambda answer: "_dash-update-component" in answer.url):
        choose(browser, "product-environment", "staging")
    browser.page.wait_for_function(f"before => ({highest})() === before * 10", arg=before)
    browser.wait_for(len(page.sections))
    assert browser.complaints == []


def test_other_dates_are_another_picture(browser: Tab, full: str) -> None:
    page = next(page for page in PAGES if page.name == "delivery")
    browser.open(full + place(page), len(page.sections))
    chart = "document.querySelector('#cumulative-flow .js-plotly-plot')"
    dates = f"() => new Set({chart}.data[0].x).size"
    assert browser.page.evaluate(dates) > 30
    browser.page.locator("#delivery-dates button").first.click()
    days = browser.page.locator(".mantine-DatePickerInput-day:not([disabled])")
    days.nth(1).click()
    days.nth(4).click()
    browser.page.wait_for_function(f"() => ({dates})() === 4")
    browser.wait_for(len(page.sections))
    assert browser.complaints == []


def test_what_a_page_shows_is_a_csv_file(browser: Tab, full: str) -> None:
    page = next(page for page in PAGES if page.name == "delivery")
    browser.open(full + place(page), len(page.sections))
    with browser.page.expect_download() as download:
        browser.page.locator("#tidemark-csv").click()
    assert download.value.suggested_filename == "tidemark-delivery.csv"
    with download.value.path().open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["chart"] for row in rows} == {section.name for section in page.sections}
    drawn_weeks = [row for row in rows if (row["chart"], row["series"]) == ("velocity", "one week")]
    heights = "() => [...document.querySelector('#velocity .js-plotly-plot')._fullData[0].y]"
    assert [int(row["y"]) for row in drawn_weeks] == browser.page.evaluate(heights)
    assert browser.complaints == []


def test_a_table_is_in_the_csv_file_cell_by_cell(browser: Tab, full: str) -> None:
    page = next(page for page in PAGES if page.name == "projects")
    browser.open(full + place(page), len(page.sections))
    with browser.page.expect_download() as download:
        browser.page.locator("#tidemark-csv").click()
    with download.value.path().open(newline="", encoding="utf-8") as file:
        cells = [row for row in csv.DictReader(file) if row["chart"] == "project-state"]
    assert {cell["series"] for cell in cells} >= {"project", "overdue"}
    assert [cell["y"] for cell in cells] == browser.page.locator("td").all_text_contents()
    assert browser.complaints == []


def test_on_paper_charts_are_as_wide_as_it_and_the_database_is_named(
    browser: Tab, full: str
) -> None:
    page = next(page for page in PAGES if page.name == "app_metrics")
    browser.open(full + place(page), len(page.sections))
    widths = "() => [...document.querySelectorAll('.main-svg')].map(drawn => drawn.clientWidth)"
    on_screen = browser.page.evaluate(widths)
    assert max(on_screen) > 900
    browser.page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
    assert 500 < min(browser.page.evaluate(widths)) <= max(browser.page.evaluate(widths)) < 700
    assert browser.page.locator(".tidemark-database").is_visible()
    assert not browser.page.locator("#nav-panel").is_visible()
    browser.page.evaluate("() => window.dispatchEvent(new Event('afterprint'))")
    assert browser.page.evaluate(widths) == on_screen
    assert browser.complaints == []


def test_the_page_about_people_is_not_there_for_everybody(browser: Tab, company: Warehouse) -> None:
    with dashboards(company.settings) as address:
        browser.open(address, len(PAGES[0].sections))
        named = browser.page.locator("#nav-panel").inner_text()
        assert all(page.title in named for page in PAGES)
        assert PEOPLE_PAGE.title not in named
        browser.page.goto(f"{address}/people")
        browser.page.get_by_text("This page could not be found").wait_for()
        assert browser.page.locator(".dash-graph").count() == 0
