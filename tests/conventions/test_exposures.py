"""The exposures name what dashboards and report read, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conventions.project import Project
from tidemark_warehouse.reporting.section import Page
from tidemark_warehouse.reporting.sections import PAGES, PEOPLE_PAGE

EVERY_PAGE = (*PAGES, PEOPLE_PAGE)


def exposures(project: Project) -> dict[str, dict[str, Any]]:
    """Return every exposure, by name."""
    return {exposure["name"]: exposure for exposure in project.manifest["exposures"].values()}


def read_by(project: Project, exposure: dict[str, Any]) -> set[str]:
    """Return the tables that an exposure says it reads, as schema.table."""
    nodes = project.manifest["nodes"]
    read = [nodes[unique_id] for unique_id in exposure["depends_on"]["nodes"]]
    return {f"{node['schema']}.{node['alias']}" for node in read}


@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: page.name)
def test_a_page_is_an_exposure_of_just_the_marts_that_it_reads(
    project: Project, page: Page
) -> None:
    exposure = exposures(project)[f"{page.name}_page"]
    assert exposure["config"]["meta"] == {"page": page.name}
    assert exposure["type"] == "dashboard"
    assert exposure["label"] == f"Dashboards: {page.title}"
    assert read_by(project, exposure) == page.marts


def test_the_report_is_an_exposure_of_its_pages(project: Project) -> None:
    report = exposures(project)["report"]
    assert report["config"]["meta"] == {"pages": [page.name for page in PAGES]}
    assert read_by(project, report) == set().union(*(page.marts for page in PAGES))


def test_each_has_an_owner_and_a_description(project: Project) -> None:
    for exposure in exposures(project).values():
        assert exposure["owner"]["email"]
        assert exposure["owner"]["name"]
        assert exposure["description"]
        assert exposure["maturity"]


def test_no_exposure_is_of_a_page_that_is_gone(project: Project) -> None:
    named = {exposure["config"]["meta"].get("page") for exposure in exposures(project).values()}
    assert named - {None} == {page.name for page in EVERY_PAGE}


def test_only_the_page_about_people_reads_about_people(project: Project) -> None:
    readers = {
        name
        for name, exposure in exposures(project).items()
        if any(table.startswith("marts_people.") for table in read_by(project, exposure))
    }
    assert readers == {"people_page"}
