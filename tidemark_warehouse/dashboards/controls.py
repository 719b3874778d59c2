"""The choices beside the charts. What there is to choose is asked anew when a page is opened."""

from __future__ import annotations

from typing import Any

import vizro.models as vm
from pydantic import PrivateAttr

from tidemark_warehouse.dashboards.warehouse import NOTHING_YET, Warehouse
from tidemark_warehouse.reporting.section import Control, Page


class Dates(vm.DatePicker):
    """Two dates, within those that the page's marts know."""

    _warehouse: Warehouse = PrivateAttr()
    _page: Page = PrivateAttr()

    @classmethod
    def of(cls, warehouse: Warehouse, page: Page) -> Dates:
        """Make the choice of a page.

        Args:
            warehouse: knows the dates.
            page: whose dates they are.
        """
        known = warehouse.span(page)
        shown = known.latest(page.days)
        made = cls(min=known.first, max=known.last, value=[shown.first, shown.last], title="Dates")
        made._warehouse, made._page = warehouse, page
        return made

    def build(self) -> Any:
        """Return Vizro's component, for the dates that there are now."""
        known = self._warehouse.span(self._page)
        shown = known.latest(self._page.days)
        # A copy: all who have the page open share this one.
        now = self.model_copy(update={"value": [shown.first, shown.last]})
        return now(known.first, known.last)


class Options(vm.Dropdown):
    """One of the options of a control."""

    _warehouse: Warehouse = PrivateAttr()
    _control: Control = PrivateAttr()

    @classmethod
    def of(cls, warehouse: Warehouse, control: Control) -> Options:
        """Make the choice of a control.

        Args:
            warehouse: knows the options.
            control: what is chosen.
        """
        known = _offered(warehouse, control)
        made = cls(options=known, value=known[0]["value"], multi=False, title=control.title)
        made._warehouse, made._control = warehouse, control
        return made

    def build(self) -> Any:
        """Return Vizro's component, with the options that there are now."""
        known = _offered(self._warehouse, self._control)
        return self.model_copy(update={"value": known[0]["value"]})(known)


def _offered(warehouse: Warehouse, control: Control) -> list[dict[str, str]]:
    known = warehouse.options(control) or {NOTHING_YET: NOTHING_YET}
    return [{"label": label, "value": value} for value, label in known.items()]


def controls(warehouse: Warehouse, page: Page) -> list[vm.Parameter]:
    """Return the choices of a page; each reaches the charts whose queries take it.

    Args:
        warehouse: knows the options.
        page: of sections.
    """
    found = []
    dated = [s.name for s in page.sections if s.takes & {"first", "last"}]
    if dated:
        found.append(_parameter(page, "dates", dated, Dates.of(warehouse, page)))
    for control in page.controls:
        taking = [s.name for s in page.sections if control.name in s.takes]
        found.append(_parameter(page, control.name, taking, Options.of(warehouse, control)))
    return found


def _parameter(page: Page, name: str, sections: list[str], selector: Any) -> vm.Parameter:
    return vm.Parameter(
        id=f"{page.name}-{name}",
        targets=[f"{section}.data_frame.{name}" for section in sections],
        selector=selector,
    )
