"""A headless Chromium, as Debian's package `chromium` installs it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Root, as whom containers run, has no sandbox, and little shared memory; the pages are ours.
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage"]
WIDTH, HEIGHT = 1440, 900
PATIENCE_MS = 60_000  # it takes one second; a busy machine may take its time


def executable() -> str | None:
    """Return the browser of this machine, if it has one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@dataclass
class Tab:
    """A page of the browser, and what went on in it.

    Attributes:
        page: the page.
        complaints: errors and warnings of its console, exceptions, answers that are errors.
        hosts: whom it asked anything.
    """

    page: Page
    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def listen(self) -> None:
        """Begin to note what goes on."""
        self.page.on("request", lambda request: self._note(request.url))
        self.page.on("websocket", lambda socket: self._note(socket.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda message: (
                self.complaints.append(message.text)
                if message.type in ("error", "warning")
                else None
            ),
        )
        self.page.on(
            "response",
            lambda answer: (
                self.complaints.append(f"{answer.status} {answer.url}")
                if answer.status >= 400
                else None
            ),
        )

    def open(self, url: str, charts: int) -> None:
        """Open a page and wait for all of its charts and tables."""
        self.page.goto(url)
        self.wait_for(charts)

    def wait_for(self, charts: int) -> None:
        """Wait until so many charts are drawn, and nothing is under way any more."""
        self.page.wait_for_function(
            "count => document.querySelectorAll("
            "     '.js-plotly-plot .main-svg:first-child, .tidemark-table').length >= count"
            " && !document.querySelector('[data-dash-is-loading=true]')"
            " && [...document.querySelectorAll('.dash-graph')]"
            "     .every(graph => getComputedStyle(graph).visibility === 'visible')",
            arg=charts,
            timeout=PATIENCE_MS,
        )
        self.page.wait_for_load_state("networkidle", timeout=PATIENCE_MS)
        self.page.wait_for_timeout(300)  # the last drawing

    def _note(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob"):
            self.hosts.add(parts.netloc)


@contextmanager
def tab(browser: str) -> Iterator[Tab]:
    """Open a browser with one empty page.

    Args:
        browser: its program.
    """
    with sync_playwright() as player:
        started = player.chromium.launch(executable_path=browser, args=ARGUMENTS)
        found = Tab(started.new_page(viewport={"width": WIDTH, "height": HEIGHT}))
        found.listen()
        try:
            yield found
        finally:
            started.close()
