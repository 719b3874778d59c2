"""The pages that `tidemark dashboards` serves, and where."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from tests.conftest import free_port
from tests.integration.running import begin
from tidemark_warehouse.reporting.section import Page
from tidemark_warehouse.reporting.sections import PAGES, PEOPLE_PAGE
from tidemark_warehouse.settings import LOOPBACK, Settings

EVERY_PAGE = (*PAGES, PEOPLE_PAGE)


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


def place(page: Page) -> str:
    """Return a page's path."""
    return "/" if page is PAGES[0] else f"/{page.name.replace('_', '-')}"
