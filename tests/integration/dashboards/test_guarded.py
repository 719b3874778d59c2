"""`tidemark dashboards` as a process: what strangers get, and those who never end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import free_port
from tests.http import sockets
from tests.integration.exactness.warehouse import Warehouse
from tests.integration.running import begin
from tidemark_warehouse.database.server.processes import wait_until
from tidemark_warehouse.settings import LOOPBACK

UPDATE = b'{"output": "x", "inputs": []}'


@pytest.fixture(scope="module")
def port(company: Warehouse) -> Iterator[int]:
    port = free_port()
    process = begin(company.settings, "dashboards", "--port", str(port))
    try:
        assert wait_until(lambda: process.poll() is not None or answers(port), 120)
        yield port
    finally:
        process.terminate()
        process.communicate()


def answers(port: int) -> bool:
    try:
        return sockets.request(port, "/")[0] == 200
    except OSError:
        return False


def test_this_machine_is_answered_under_its_own_names(port: int) -> None:
    for host in (f"{LOOPBACK}:{port}", f"localhost:{port}", "localhost"):
        status, answer = sockets.request(port, "/_dash-layout", headers={"Host": host})
        assert status == 200
        assert "content-security-policy: default-src 'self';" in answer.lower()


@pytest.mark.parametrize("path", ["/", "/_dash-layout", "/_dash-dependencies"])
def test_a_page_of_another_site_learns_nothing(port: int, path: str) -> None:
    for headers in (
        {"Host": f"elsewhere.example:{port}"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    ):
        assert sockets.request(port, path, headers=headers)[0] == 403
    foreign = {"Origin": "https://elsewhere.example", "Content-Type": "application/json"}
    assert sockets.request(port, "/_dash-update-component", "POST", foreign, UPDATE)[0] == 403


def test_half_sent_requests_keep_nobody_out(port: int) -> None:
    with sockets.half_sent(port) as held:
        for _ in range(10):
            assert sockets.request(port, "/")[0] == 200
        assert all(sockets.ends(connection, 20) for connection in held)
