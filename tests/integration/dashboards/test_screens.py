"""Whether every page can be read on every screen, by day and by night, and so the report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.dashboards import reading
from tests.integration.dashboards.browser import HEIGHT, WIDTH, Tab, executable
from tests.integration.dashboards.pages import EVERY_PAGE, place
from tests.integration.exactness.warehouse import Warehouse
from tidemark_warehouse.reporting import report
from tidemark_warehouse.reporting.section import Page

WIDTHS = (WIDTH, 800, 390)
CONTRAST = ["color-contrast"]
WHOLE = 1800  # pixels, in which the longest page lies whole where it has two columns
REDRAWN_MS = 600
ROOMS = """() => [...document.querySelectorAll('.dash-graph')].map(graph => {
    const room = graph.getBoundingClientRect();
    return [graph.id, room.width, room.height, room.right];
})"""

pytestmark = pytest.mark.skipif(
    executable() is None, reason="no Chromium on this machine (Debian's package is called chromium)"
)


@pytest.fixture(autouse=True)
def _usual_screen(browser: Tab) -> Iterator[None]:
    yield
    browser.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    browser.page.emulate_media(color_scheme="light")


def turn(found: Tab, mode: str) -> None:
    """Choose the light or the dark theme."""
    now = "() => document.documentElement.dataset.bsTheme"
    if found.page.evaluate(now) != mode:
        found.page.locator("#theme-toggle").click()
        found.page.wait_for_function(f"mode => ({now})() === mode", arg=mode)
        found.page.wait_for_timeout(REDRAWN_MS)


def resize(found: Tab, width: int, height: int) -> None:
    """Give the page another screen, and let its charts follow."""
    found.page.set_viewport_size({"width": width, "height": height})
    found.page.wait_for_timeout(REDRAWN_MS)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: page.name)
def test_every_page_can_be_read_on_every_screen(
    browser: Tab, full: str, page: Page, width: int
) -> None:
    browser.page.set_viewport_size({"width": width, "height": HEIGHT})
    browser.open(full + place(page), len(page.sections))
    assert reading.barriers(browser.page) == []
    for name, wide, high, right in browser.page.evaluate(ROOMS):
        assert (wide > 250, high > 150, right <= width) == (True, True, True), name
    assert reading.cut_off(browser.page) == []
    # The rest depends on the theme, and that of drawings on nothing else.
    if width == WIDTH:
        resize(browser, WIDTH, WHOLE)
        assert reading.too_pale(browser.page) == []
    turn(browser, "dark")
    assert reading.barriers(browser.page, CONTRAST) == []
    if width == WIDTH:
        assert reading.too_pale(browser.page) == []
    turn(browser, "light")
    assert browser.complaints == []
    assert browser.hosts == {full.removeprefix("http://")}


def test_a_calendar_that_is_open_has_names(browser: Tab, full: str) -> None:
    page = next(page for page in EVERY_PAGE if page.name == "delivery")
    browser.open(full + place(page), len(page.sections))
    browser.page.locator("#delivery-dates button").first.click()
    browser.page.get_by_role("button", name="Earlier").wait_for()
    assert reading.barriers(browser.page, ["button-name", "aria-dialog-name"]) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_report_can_be_read_on_every_screen(
    browser: Tab, company: Warehouse, tmp_path: Path, width: int
) -> None:
    written = report.write(company.settings, tmp_path / "report.html")
    browser.hosts.clear()
    browser.page.set_viewport_size({"width": width, "height": HEIGHT})
    browser.page.goto(written.path.as_uri())
    browser.page.wait_for_timeout(REDRAWN_MS)
    if width == WIDTH:
        high = browser.page.evaluate("document.documentElement.scrollHeight")
        resize(browser, WIDTH, high)
    assert reading.barriers(browser.page) == []
    assert reading.cut_off(browser.page) == []
    if width == WIDTH:
        assert reading.too_pale(browser.page) == []
    browser.page.emulate_media(color_scheme="dark")
    browser.page.wait_for_timeout(REDRAWN_MS)
    assert reading.barriers(browser.page, CONTRAST) == []
    if width == WIDTH:
        assert reading.too_pale(browser.page) == []
    assert browser.complaints == []
    assert browser.hosts <= {""}  # the file itself


def test_what_cannot_be_read_is_found(browser: Tab) -> None:
    browser.page.goto("about:blank")
    browser.page.set_content(
        """<html lang="en"><title>x</title><body style="background: white"><main><h1>Words</h1>
        <button></button>
        <p style="color: #999">pale</p>
        <p style="width: 40px; overflow: hidden; white-space: nowrap">much too long for it</p>
        <p style="white-space: nowrap; width: 2000px; text-align: right">far away</p>
        <div class="js-plotly-plot"><svg width="200" height="40"><text x="5" y="20">one</text>
        <text x="6" y="21">two</text></svg></div></main>"""
    )
    assert any(found.startswith("button-name") for found in reading.barriers(browser.page))
    assert sorted(reading.cut_off(browser.page)) == [
        "beyond the screen: far away",
        *("cut off at a side: much too long for it", "one over the other: one and two"),
    ]
    assert [words.split(" (")[0] for words in reading.too_pale(browser.page)] == ["2.85: pale"]
