"""`tidemark serve` as a process: what strangers get, and those who never end."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.conftest import free_port
from tests.http import sockets
from tests.integration.running import begin
from tidemark_warehouse.database.server.processes import wait_until
from tidemark_warehouse.http import tokens
from tidemark_warehouse.settings import LOOPBACK, Settings

PATH = "/v1/clock"


@pytest.fixture(scope="module")
def port(module_database: Settings) -> Iterator[int]:
    port = free_port()
    process = begin(module_database, "serve", "--port", str(port))
    try:
        assert wait_until(lambda: process.poll() is not None or answers(port), 60)
        yield port
    finally:
        process.terminate()
        process.communicate()


@pytest.fixture(scope="module")
def token(port: int, module_database: Settings) -> dict[str, str]:
    word = tokens.token_of(module_database, people=False).word
    return {"Authorization": f"Bearer {word}"}


def answers(port: int) -> bool:
    try:
        return sockets.request(port, "/health")[0] == 200
    except OSError:
        return False


def test_who_has_the_token_is_answered(port: int, token: dict[str, str]) -> None:
    for host in (f"{LOOPBACK}:{port}", "localhost", f"[::1]:{port}"):
        status, answer = sockets.request(port, PATH, headers={**token, "Host": host})
        assert status == 200
        assert json.loads(answer.splitlines()[-1])["rows"]


@pytest.mark.parametrize("path", ["/", "/health", "/openapi.json", PATH])
def test_a_page_of_another_site_learns_nothing(port: int, token: dict[str, str], path: str) -> None:
    for headers in (
        {"Host": "evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    ):
        for with_token in ({}, token):
            status, answer = sockets.request(port, path, headers={**with_token, **headers})
            assert status == 403
            assert "now_at" not in answer


def test_half_sent_requests_keep_nobody_out(port: int, token: dict[str, str]) -> None:
    with sockets.half_sent(port) as held:
        for _ in range(10):
            assert sockets.request(port, PATH, headers=token)[0] == 200
        assert all(sockets.ends(connection, 20) for connection in held)
