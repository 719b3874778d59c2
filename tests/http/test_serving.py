"""The server of our pages, with real sockets: whom it answers, and how long it waits for whom."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from tests.http import sockets
from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.http import gate, serving
from tidemark_warehouse.settings import LOOPBACK

SHORT = 0.6  # in place of the seconds that a server has patience
LARGE = "x" * 30_000_000  # more than the buffers of both ends hold


class Page:
    """An application that notes what reaches it."""

    def __init__(self) -> None:
        self.acted: list[str] = []

    async def act(self, request: Request) -> PlainTextResponse:
        """Do what a stranger shall not."""
        self.acted.append(f"{request.method} {(await request.body()).decode()}")
        return PlainTextResponse("done")

    async def large(self, _: Request) -> PlainTextResponse:
        """Answer at length."""
        return PlainTextResponse(LARGE)

    async def socket(self, websocket: WebSocket) -> None:
        """Open."""
        await websocket.accept(subprotocol="graphql-ws")
        self.acted.append("websocket")
        await websocket.close()

    @property
    def app(self) -> Starlette:
        """The application."""
        return Starlette(
            routes=[
                Route("/act", self.act, methods=["GET", "POST", "OPTIONS"]),
                Route("/graphql", self.act, methods=["GET", "POST"]),
                Route("/large", self.large),
                WebSocketRoute("/socket", self.socket),
            ]
        )


@contextlib.contextmanager
def shown(page: Page) -> Iterator[int]:
    """Serve a page; yields its port."""
    listener = serving.listening(LOOPBACK, 0)
    port = listener.getsockname()[1]
    made = serving.server(page.app, gate.allowed_hosts(), acting_paths=["/graphql"])
    with serving.Beside(made, listener):
        yield port


@pytest.fixture
def page() -> Page:
    return Page()


@pytest.fixture
def port(page: Page, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(serving, "HEAD_SECONDS", SHORT)
    monkeypatch.setattr(serving, "BODY_SECONDS", SHORT)
    monkeypatch.setattr(serving, "READING_SECONDS", SHORT)
    with shown(page) as port:
        yield port


# Whom it answers -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
def test_the_names_of_loopback_are_answered(page: Page, port: int, name: str) -> None:
    for host in (name, f"{name}:{port}", f"{name}:1"):
        status, answer = sockets.request(port, "/act", headers={"Host": host})
        assert (status, answer.splitlines()[-1]) == (200, "done")
    assert len(page.acted) == 3


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example"),
        *(
            "user@localhost",
            "localhost:80@evil.example",
            "127.0.0.2",
            "0.0.0.0",  # noqa: S104
            "[::]",
            "2130706433",
        ),
        *("", "localhost,evil.example", "localhost evil.example", "localhost/", "localhost:port"),
    ],
)
def test_any_other_name_is_refused(page: Page, port: int, host: str) -> None:
    """A site can have its own name lead to loopback, and would read along."""
    for method in ("GET", "POST"):
        status, answer = sockets.request(port, "/act", method, {"Host": host}, b"x")
        assert status in (400, 403), answer
    assert sockets.websocket(port, "/socket", {"Host": host or "none.example"}) == 403
    assert page.acted == []


@pytest.mark.parametrize(
    "origin",
    [
        *("https://evil.example", "http://localhost.evil.example", "null", "file://"),
        *("http://127.0.0.1:1", "http://localhost", "https://127.0.0.1", "chrome-extension://abc"),
        *("http://127.0.0.1@evil.example", "http://[", "127.0.0.1"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_a_page_of_another_site_reaches_nothing(
    page: Page, port: int, origin: str, method: str
) -> None:
    status, _ = sockets.request(port, "/act", method, {"Origin": origin})
    assert status == 403
    assert sockets.websocket(port, "/socket", {"Origin": origin}) == 403
    assert page.acted == []


def test_a_page_of_its_own_is_answered(page: Page, port: int) -> None:
    own = {"Origin": f"http://127.0.0.1:{port}", "Sec-Fetch-Site": "same-origin"}
    assert sockets.request(port, "/act", "POST", own, b"run")[0] == 200
    assert sockets.websocket(port, "/socket", own) == 101
    assert page.acted == ["POST run", "websocket"]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_without_an_origin_the_browser_still_says_from_where_it_came(
    page: Page, port: int, site: str
) -> None:
    image = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    assert sockets.request(port, "/act", headers=image)[0] == 403
    frame = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
    assert sockets.request(port, "/act", headers=frame)[0] == 403
    form = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert sockets.request(port, "/act", "POST", form, b"x")[0] == 403
    assert page.acted == []
    assert sockets.request(port, "/act", headers=form)[0] == 200, "a link to the page"


@pytest.mark.parametrize("path", ["/graphql?query=mutation", "/graphql/?query=x"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_get_changes_nothing(page: Page, port: int, path: str, method: str) -> None:
    assert sockets.request(port, path, method)[0] == 405
    assert page.acted == []
    assert sockets.request(port, "/graphql", "POST", body=b"mutation")[0] == 200


def test_no_other_site_frames_a_page(port: int) -> None:
    _, answer = sockets.request(port, "/act")
    assert "x-frame-options: deny" in answer.lower()
    assert "cross-origin-resource-policy: same-origin" in answer.lower()


def test_an_operator_names_a_proxys_host(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(gate.VARIABLE, "Warehouse.example.org, other.example.org")
    with shown(page) as port:
        behind = {"Host": "warehouse.example.org", "Origin": "https://warehouse.example.org"}
        assert sockets.request(port, "/act", "POST", behind, b"x")[0] == 200
        assert sockets.request(port, "/act", headers={"Host": "evil.example"})[0] == 403
    for wrong in ("https://warehouse.example.org", "warehouse.example.org:443", "*"):
        monkeypatch.setenv(gate.VARIABLE, wrong)
        with pytest.raises(TidemarkError, match="is no name of a host"):
            gate.allowed_hosts()


def test_so_many_are_answered_at_a_time(
    page: Page, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "MOST_ANSWERS", 0)
    assert sockets.request(port, "/act")[0] == 503
    monkeypatch.setattr(gate, "MOST_WEBSOCKETS", 0)
    assert sockets.websocket(port, "/socket", {}) == 403


# How long it waits -----------------------------------------------------------------------------


def test_400_half_sent_requests_keep_nobody_out(page: Page) -> None:
    with shown(page) as port, sockets.half_sent(port) as held:
        began = time.monotonic()
        for _ in range(20):
            assert sockets.request(port, "/act")[0] == 200
        assert time.monotonic() - began < 5
        assert sum(sockets.ends(connection, 0.01) for connection in held) >= 200


def test_who_is_being_answered_is_not_thrown_out(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shown(page) as port, socket.create_connection((LOOPBACK, port)) as reader:
        reader.sendall(
            f"GET /large HTTP/1.1\r\nHost: {LOOPBACK}\r\nConnection: close\r\n\r\n".encode()
        )
        assert reader.recv(1) == b"H"
        with sockets.half_sent(port):
            assert len(sockets.everything(reader)) > len(LARGE)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"G",
        b"GET /act HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ",
        b"POST /act HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\nabc",
        b"POST /act HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n3",
        # A second request is no better than the first, nor a body after its answer.
        b"GET /act HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /act HTTP/1.1\r\nX: ",
        b"POST /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\nabc",
    ],
)
@pytest.mark.parametrize("drips", [False, True])
def test_half_a_request_ends(port: int, sent: bytes, drips: bool) -> None:
    """A byte now and then is no reason to wait for longer."""
    with socket.create_connection((LOOPBACK, port)) as connection:
        connection.sendall(sent)
        with sockets.dripping(connection, SHORT / 4) if drips else contextlib.nullcontext():
            began = time.monotonic()
            connection.settimeout(20)
            with contextlib.suppress(ConnectionError):
                while connection.recv(65536):
                    pass
            assert time.monotonic() - began < 10
    assert sockets.request(port, "/act")[0] == 200


def test_who_does_not_take_the_answer_is_not_waited_for(port: int) -> None:
    with socket.create_connection((LOOPBACK, port)) as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.sendall(f"GET /large HTTP/1.1\r\nHost: {LOOPBACK}\r\n\r\n".encode())
        time.sleep(SHORT * 4)
        assert len(sockets.everything(reader)) < len(LARGE)


def test_a_connection_that_is_kept_is_used_again(page: Page, port: int) -> None:
    with socket.create_connection((LOOPBACK, port)) as connection:
        for number in range(3):
            connection.sendall(f"GET /act HTTP/1.1\r\nHost: {LOOPBACK}\r\n\r\n".encode())
            answer = b""
            while not answer.endswith(b"done"):
                answer += connection.recv(65536)
            assert len(page.acted) == number + 1
            time.sleep(SHORT * 1.5)
