"""A PostgreSQL proxy that can kill a build at a statement, or do something meanwhile."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable

SSL_REQUEST = 80877103
CANCEL_REQUEST = 80877102


class Proxy:
    """Listens on loopback and forwards to a server, calling `before` ahead of each query.

    `before(number, sql)` gets the number of the query, counted from 1, and its text (of one with
    parameters: none).
    Where it returns False both connections are cut: the server never sees the query, as when the
    client was killed at that point.
    """

    def __init__(self, host: str, port: int, before: Callable[[int, str], bool]) -> None:
        self._upstream = (host, port)
        self._before = before
        self._count = 0
        self._lock = threading.Lock()
        self._error: Exception | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        if self._error is not None:
            raise self._error

    @property
    def queries(self) -> int:
        """How many queries have come by."""
        return self._count

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._upstream)
            threading.Thread(target=self._to_server, args=(client, server), daemon=True).start()
            threading.Thread(target=_copy, args=(server, client), daemon=True).start()

    def _to_server(self, client: socket.socket, server: socket.socket) -> None:
        try:
            startup = _read(client, 4)
            (length,) = struct.unpack("!I", startup)
            body = _read(client, length - 4)
            server.sendall(startup + body)
            (code,) = struct.unpack("!I", body[:4])
            if code in (SSL_REQUEST, CANCEL_REQUEST):
                startup = _read(client, 4)
                body = _read(client, struct.unpack("!I", startup)[0] - 4)
                server.sendall(startup + body)
            while True:
                head = _read(client, 5)
                kind, length = struct.unpack("!cI", head)
                body = _read(client, length - 4)
                if kind in (b"Q", b"E") and not self._allowed(_text(kind, body)):
                    break
                server.sendall(head + body)
        except (OSError, EOFError):
            pass
        except Exception as error:
            self._error = error
        finally:
            _close(client)
            _close(server)

    def _allowed(self, sql: str) -> bool:
        with self._lock:
            self._count += 1
            number = self._count
        # Outside the lock: what waits here must not keep another connection from committing.
        return self._before(number, sql)


def _text(kind: bytes, body: bytes) -> str:
    """The text of a simple query; an Execute names a statement that was sent before."""
    return body[:-1].decode() if kind == b"Q" else ""


def _read(sock: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = sock.recv(size - len(parts))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    finally:
        _close(source)
        _close(target)


def _close(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()
