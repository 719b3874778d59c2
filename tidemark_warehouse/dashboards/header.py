"""What stands above every page: which database it shows, and as of when."""

from __future__ import annotations

from typing import Any

import vizro.models as vm
from dash import html
from pydantic import PrivateAttr

from tidemark_warehouse.dashboards.warehouse import Warehouse


class Dashboards(vm.Dashboard):
    """The pages, under a header that asks the database anew when a page is opened."""

    _warehouse: Warehouse = PrivateAttr()

    @classmethod
    def of(cls, warehouse: Warehouse, pages: list[vm.Page]) -> Dashboards:
        """Make the dashboards of a warehouse.

        Args:
            warehouse: whose.
            pages: they.
        """
        made = cls(title="Tidemark", theme="vizro_light", pages=pages)
        made._warehouse = warehouse
        return made

    def custom_header(self) -> Any:
        """Return the database, its time, where there is something to see, and the page's export."""
        about = self._warehouse.about()
        notes = [html.Span(about.sentence, className="tidemark-database")]
        if about.simulated:
            notes.append(html.Span("simulated", className="tidemark-note", title=about.simulated))
        elif about.as_of is None:
            offer = f"There is something to see in {about.offer('tidemark dashboards')}"
            notes.append(html.Span(offer, className="tidemark-note"))
        # What they do stands in assets/export.js.
        return [
            *notes,
            html.Button("CSV", id="tidemark-csv", title="What the charts show, as one CSV file"),
            html.Button("Print", id="tidemark-print", title="The page on paper, or as PDF"),
        ]
