"""Takes the pictures of the docs, from dashboards that run: see docs/dashboards.md.

python -m tests.integration.dashboards.pictures http://127.0.0.1:8050
"""

from __future__ import annotations

import sys

from tests.integration.dashboards.browser import executable, tab
from tidemark_warehouse.reporting.sections import PAGES, PEOPLE_PAGE
from tidemark_warehouse.settings import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "docs" / "images"


def main(address: str) -> None:
    """Take a picture of each page.

    Args:
        address: of `tidemark dashboards --people`.
    """
    browser = executable()
    if browser is None:
        sys.exit("no Chromium on this machine")
    with tab(browser) as found:
        for page in (*PAGES, PEOPLE_PAGE):
            path = "" if page is PAGES[0] else page.name.replace("_", "-")
            found.open(f"{address}/{path}", len(page.sections))
            found.page.screenshot(path=FOLDER / f"dashboard_{page.name}.png")
        sys.exit("\n".join(found.complaints) or None)


if __name__ == "__main__":
    main(sys.argv[1])
