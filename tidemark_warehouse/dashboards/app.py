"""The pages in Vizro, as an application that `tidemark_warehouse.http.serving` shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import plotly.io as pio  # type: ignore[import-untyped]
import vizro.models as vm
from a2wsgi import WSGIMiddleware
from flask import Flask, Response
from starlette.types import ASGIApp
from vizro import Vizro
from vizro.managers import data_manager

from tidemark_warehouse.dashboards.controls import controls
from tidemark_warehouse.dashboards.graphs import TableOfWords, chart
from tidemark_warehouse.dashboards.header import Dashboards
from tidemark_warehouse.dashboards.warehouse import Warehouse
from tidemark_warehouse.database.server.roles import PEOPLE_READER, READER
from tidemark_warehouse.reporting.section import Page, Section
from tidemark_warehouse.reporting.sections import PAGES, PEOPLE_PAGE
from tidemark_warehouse.settings import Settings

# The browser itself refuses whatever is not from here.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "frame-ancestors 'none'"
)
ASSETS = Path(__file__).parent / "assets"
WORKERS = 16  # charts that are drawn at a time
# What stands on the cells of a heatmap, which Plotly would choose for a white page.
WORDS_ON_CELLS = {"vizro_light": "#141721", "vizro_dark": "#ffffff"}
COLUMNS = 2
TALL = 2  # rows
ROW_HEIGHT = "356px"  # two rows on a screen of 900 pixels


def pages(people: bool) -> tuple[Page, ...]:
    """Return the pages that are shown.

    Args:
        people: whether that about people is among them.
    """
    return (*PAGES, PEOPLE_PAGE) if people else PAGES


def build(settings: Settings, people: bool = False) -> Vizro:
    """Return the dashboards of a database.

    Args:
        settings: which server and database.
        people: show the page about people as well, as the role that may read about them.
    """
    warehouse = Warehouse(settings, PEOPLE_READER if people else READER)
    for theme, colour in WORDS_ON_CELLS.items():
        pio.templates[theme].data.heatmap = [{"textfont": {"color": colour}}]
    dashboard = Dashboards.of(warehouse, [_page(warehouse, page) for page in pages(people)])
    app = Vizro(assets_folder=str(ASSETS), serve_locally=True, update_title="").build(dashboard)
    _keep_to_itself(app.dash.server)
    return app


def asgi(app: Vizro) -> ASGIApp:
    """Return the dashboards as an ASGI application.

    Args:
        app: they.
    """
    return cast("ASGIApp", WSGIMiddleware(app.dash.server, workers=WORKERS))


def _page(warehouse: Warehouse, page: Page) -> vm.Page:
    for section in page.sections:
        data_manager[section.name] = _loader(warehouse, page, section)
    return vm.Page(
        id=page.name,
        path=f"/{page.name.replace('_', '-')}",
        title=page.title,
        components=[_component(section) for section in page.sections],
        controls=controls(warehouse, page),
        layout=vm.Grid(grid=_grid(page.sections), row_min_height=ROW_HEIGHT, row_gap="28px"),
    )


def _component(section: Section) -> vm.Graph | TableOfWords:
    source = "From " + ", ".join(f"`{mart}`" for mart in section.marts)
    if section.tabular:
        return TableOfWords.of(section, source)
    return vm.Graph(
        id=section.name,
        figure=chart(data_frame=section.name, section=section.name),
        title=section.question,
        header=section.how_to_read,
        description=source,
        extra={
            "config": {"displayModeBar": False, "responsive": True},
            "className": "tidemark-tall" if section.tall else "",
        },
    )


def _loader(warehouse: Warehouse, page: Page, section: Section) -> Any:
    """Return the function that Vizro calls with what was chosen, whenever the chart is drawn."""

    def load(**chosen: Any) -> Any:
        return warehouse.frame(page, section, chosen)

    return load


def _grid(sections: tuple[Section, ...]) -> list[list[int]]:
    """Return the places of the charts, row by row: two in a row, but for wide ones."""
    grid: list[list[int]] = []
    beside: list[int] = []
    for number, section in enumerate(sections):
        if section.wide:
            grid += [[number] * COLUMNS] * (TALL if section.tall else 1)
            continue
        beside.append(number)
        if len(beside) == COLUMNS:
            grid += [beside] * (TALL if section.tall else 1)
            beside = []
    if beside:
        grid.append(beside * COLUMNS)
    return grid


def _keep_to_itself(flask: Flask) -> None:
    @flask.after_request
    def refuse_elsewhere(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        return response
