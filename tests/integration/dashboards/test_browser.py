"""The dashboards as a person sees them, in headless Chromium: every page, and nothing from afar."""

from __future__ import annotations

import csv
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.conftest import free_port
from tests.integration.dashboards.browser import HEIGHT, WIDTH, Tab, executable, tab
from tests.integration.exactness.warehouse import Warehouse
from tests.integration.running import begin
from tidemark_warehouse.reporting.section import Page
from tidemark_warehouse.reporting.sections import PAGES, PEOPLE_PAGE
from tidemark_warehouse.settings import LOOPBACK, Settings

BROWSER = executable()
EVERY_PAGE = (*PAGES, PEOPLE_PAGE)

pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="no Chromium on this machine (Debian's package is called chromium)"
)


@contextmanager
def dashboards(settings: Settings, *options: str) -> Iterator[str]:
    """Run `tidemark dashboards`; yields where it is."""
    port = free_port()
    process = begin(settings, "dashboards", "--port", str(port), *options)
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert f"http://{LOOPBACK}:{port}" in said, said + process.communicate()[1]
        yield f"http://{LOOPBACK}:{port}"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
        assert (process.returncode, err) == (0, "")
    finally:
        process.kill()


@pytest.fixture(scope="module")
def browser() -> Iterator[Tab]:
    assert BROWSER
    with tab(BROWSER) as found:
        yield found


@pytest.fixture(scope="module")
def full(two_environments: Settings) -> Iterator[str]:
    with dashboards(two_environments, "--people") as address:
        yield address


@pytest.fixture(scope="module")
def empty(without_rows: Settings) -> Iterator[str]:
    with dashboards(without_rows, "--people") as address:
        yield address


def place(page: Page) -> str:
    """Return a page's path."""
    return "/" if page is PAGES[0] else f"/{page.name.replace('_', '-')}"


def drawn(found: Tab) -> dict[str, int]:
    """Return how many marks each chart has: bars, lines, points, cells."""
    marks: dict[str, int] = found.page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('.dash-graph')].map(graph => [
            graph.id,
            graph.querySelectorAll(
                '.points path, .scatterlayer path, .heatmaplayer image, .table .column-cell'
            ).length,
        ]))"""
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
    assert all(marks.values()), marks  # of no rejected row there is a header
    for section in page.sections:
        assert browser.page.get_by_text(section.question, exact=True).is_visible()
    assert browser.complaints == []
    assert browser.hosts == {full.removeprefix("http://")}
    browser.hosts.clear()


@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: page.name)
def test_an_empty_warehouse_is_pages_of_empty_charts(browser: Tab, empty: str, page: Page) -> None:
    browser.open(empty + place(page), len(page.sections))
    said = browser.page.locator(".dash-graph .annotation-text")
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


@pytest.mark.parametrize("width", [800, 390])
@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: page.name)
def test_every_chart_has_its_room_on_every_screen(
    browser: Tab, full: str, page: Page, width: int
) -> None:
    browser.page.set_viewport_size({"width": width, "height": HEIGHT})
    try:
        browser.open(full + place(page), len(page.sections))
        rooms = browser.page.evaluate(
            "() => [...document.querySelectorAll('.dash-graph')].map(graph => {"
            " const room = graph.getBoundingClientRect();"
            " return [graph.id, room.width, room.height, room.right] })"
        )
        for name, wide, high, right in rooms:
            assert (wide > 250, high > 150, right <= width) == (True, True, True), name
    finally:
        browser.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})


def test_the_page_about_people_is_not_there_for_everybody(browser: Tab, company: Warehouse) -> None:
    with dashboards(company.settings) as address:
        browser.open(address, len(PAGES[0].sections))
        named = browser.page.locator("#nav-panel").inner_text()
        assert all(page.title in named for page in PAGES)
        assert PEOPLE_PAGE.title not in named
        browser.page.goto(f"{address}/people")
        browser.page.get_by_text("This page could not be found").wait_for()
        assert browser.page.locator(".dash-graph").count() == 0
