"""The application over a simulated company, asked without a network."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.integration.exactness.warehouse import Warehouse
from tidemark_warehouse.database.server.roles import PEOPLE_READER, READER
from tidemark_warehouse.http.app import connections, create_app

TOKEN = "a-token-of-the-tests"  # noqa: S105
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def app(company: Warehouse) -> Iterator[FastAPI]:
    with connections(company.settings, READER) as pool:
        yield create_app(pool, TOKEN)


@pytest.fixture(scope="module")
def people_app(company: Warehouse) -> Iterator[FastAPI]:
    with connections(company.settings, PEOPLE_READER) as pool:
        yield create_app(pool, TOKEN)


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    """Someone who has the token; an error of the application is an answer, as over a network."""
    return TestClient(app, headers=HEADERS, raise_server_exceptions=False)


@pytest.fixture
def people_client(people_app: FastAPI) -> TestClient:
    return TestClient(people_app, headers=HEADERS, raise_server_exceptions=False)
