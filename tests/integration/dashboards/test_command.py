"""`tidemark dashboards`: what it refuses, and in which words."""

from __future__ import annotations

import importlib.util
import socket
from dataclasses import replace

import pytest

from tests.conftest import free_port
from tests.integration.exactness.warehouse import Warehouse
from tests.integration.running import run
from tidemark_warehouse.cli.dashboards import dashboards
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import LOOPBACK, Settings


def test_without_vizro_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "vizro" else find(name)
    )
    with pytest.raises(TidemarkError) as raised:
        dashboards()
    assert "Vizro, which is not installed" in raised.value.problem
    assert "tidemark-warehouse[dashboards]" in raised.value.remedy


def test_a_port_in_use_is_named_with_another_one(server: Settings) -> None:
    with socket.socket() as other:
        other.bind((LOOPBACK, 0))
        other.listen()
        port = other.getsockname()[1]
        code, _, err = run(server, "dashboards", "--port", str(port))
    assert code == 1
    assert f"port {port} of {LOOPBACK} cannot be had" in err
    assert f"`tidemark dashboards --port {port + 1}`" in err


def test_a_database_that_is_named_is_not_made(server: Settings) -> None:
    code, _, err = run(server, "dashboards", "--port", str(free_port()), "--database", "nosuch")
    assert code == 1
    assert "there is no database nosuch" in err
    code, _, err = run(server, "dashboards", "--database", "No such")
    assert code == 1
    assert "no plain database name" in err


def test_a_role_that_is_not_let_in_is_named_before_the_pages_open(company: Warehouse) -> None:
    # A home without passwords: those of the roles are not known there.
    settings = replace(
        company.settings,
        home=company.scratch,
        database_url=f"postgresql://tidemark_reader:wrong@{LOOPBACK}:{company.settings.port}/company",
    )
    code, _, err = run(settings, "dashboards", "--port", str(free_port()))
    assert code == 1
    assert "does not let us in" in err
