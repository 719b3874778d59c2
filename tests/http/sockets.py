"""What a browser, a stranger and a machine that goes on for ever send, byte by byte."""

from __future__ import annotations

import base64
import contextlib
import os
import socket
import threading
from collections.abc import Iterator, Mapping

from tidemark_warehouse.settings import LOOPBACK

SECONDS = 60.0
MANY = 400


def request(
    port: int,
    path: str = "/",
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> tuple[int, str]:
    """Send a request as it is said here, and nothing else; return status and answer."""
    said = {"Host": f"{LOOPBACK}:{port}", "Connection": "close", **(headers or {})}
    if body:
        said["Content-Length"] = str(len(body))
    lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in said.items() if v), "", ""]
    with socket.create_connection((LOOPBACK, port), SECONDS) as connection:
        connection.sendall("\r\n".join(lines).encode() + body)
        answer = everything(connection)
    head, _, rest = answer.partition("\r\n\r\n")
    return int(head.split()[1]), head + "\n\n" + rest


def websocket(port: int, path: str, headers: Mapping[str, str]) -> int:
    """Ask for a WebSocket; return the status of the answer, 101 if it opens."""
    key = base64.b64encode(os.urandom(16)).decode()
    said = {
        "Host": f"{LOOPBACK}:{port}",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": "graphql-ws",
        "Sec-WebSocket-Key": key,
        **headers,
    }
    lines = [f"GET {path} HTTP/1.1", *(f"{k}: {v}" for k, v in said.items()), "", ""]
    with socket.create_connection((LOOPBACK, port), SECONDS) as connection:
        connection.sendall("\r\n".join(lines).encode())
        return int(connection.recv(4096).split()[1])


def everything(connection: socket.socket) -> str:
    """Read until the other end closes."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts).decode(errors="replace")


@contextlib.contextmanager
def half_sent(port: int, number: int = MANY) -> Iterator[list[socket.socket]]:
    """Hold so many connections open, on each of which half a request was sent."""
    with contextlib.ExitStack() as opened:
        made = []
        for _ in range(number):
            connection = socket.create_connection((LOOPBACK, port), SECONDS)
            opened.enter_context(connection)
            with contextlib.suppress(ConnectionError):
                connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: ")
            made.append(connection)
        yield made


def ends(connection: socket.socket, seconds: float) -> bool:
    """Whether the other end closes the connection within so many seconds."""
    connection.settimeout(seconds)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


@contextlib.contextmanager
def dripping(connection: socket.socket, seconds: float) -> Iterator[None]:
    """Send a byte now and then, for ever."""
    stopped = threading.Event()

    def drip() -> None:
        with contextlib.suppress(OSError):
            while not stopped.wait(seconds):
                connection.sendall(b"x")

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()
