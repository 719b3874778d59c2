"""The server of every page of ours: behind the gate, and patient with nobody for long.

uvicorn waits for the rest of a request for ever. 400 requests of which only half was sent took a
service away from everybody else.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterable
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from tidemark_warehouse.http.gate import Gate

HEAD_SECONDS = (
    10.0  # from the connection, or the first byte of a further request, to the last header
)
BODY_SECONDS = 60.0  # from the last header to the end of the body
READING_SECONDS = 60.0  # who has asked takes the answer as it comes
MOST_CONNECTIONS = 200
GOODBYE_SECONDS = 5


class Patience(H11Protocol):
    """HTTP with an end to all waiting, and room for whoever asks."""

    _timer: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _waits_for: object = None

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Remember when the connection was made."""
        super().__init__(*arguments, **named)
        self._made_at = self.loop.time()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request; whoever has waited longest makes room for it."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            self._make_room()
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Read on; a byte now and then is no reason to wait for longer."""
        super().data_received(data)
        self._wait()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._wait()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Leave the connection to the WebSocket's own protocol."""
        self._stop_waiting()
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._stop_waiting()
        self.resume_writing()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Wait for a reader, but not for ever."""
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(READING_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on writing."""
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        super().resume_writing()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being answered on this connection."""
        return self.cycle is None or self.cycle.response_complete

    def _wait(self) -> None:
        """Set the clock for what is missing of the request, once for each part of it."""
        missing = self._missing()
        if missing == self._waits_for:
            return
        self._stop_waiting()
        if missing is not None and self.transport.get_protocol() is self:
            self._waits_for = missing
            seconds = HEAD_SECONDS if missing is h11.IDLE else BODY_SECONDS
            self._timer = self.loop.call_later(seconds, self.transport.abort)

    def _missing(self) -> object:
        """Return the state of h11 that stands for what is missing; None if nothing is."""
        state = self.conn.their_state
        if state is h11.IDLE and self.cycle is not None and not self.conn.trailing_data[0]:
            return None  # between two requests, where uvicorn has a clock of its own
        return state if state in (h11.IDLE, h11.SEND_BODY) else None

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._waits_for = None

    def _make_room(self) -> None:
        """Close the idle connection that was made first; this one, if all are being answered."""
        others = [c for c in self.connections if isinstance(c, Patience) and c is not self]
        idle = [c for c in others if c.is_idle and not c.transport.is_closing()]
        oldest = min(idle, key=lambda c: c._made_at, default=self)
        oldest.transport.abort()
        oldest.connections.discard(oldest)


def server(
    app: ASGIApp,
    hosts: Iterable[str],
    *,
    acting_paths: Iterable[str] = (),
    log_level: str = "warning",
) -> uvicorn.Server:
    """Return the server of an application, which has not begun.

    Args:
        app: the application.
        hosts: the names that a request may be for (`gate.allowed_hosts`).
        acting_paths: where a GET with a query would do something.
        log_level: uvicorn's.
    """
    return uvicorn.Server(
        uvicorn.Config(
            Gate(app, hosts, acting_paths),
            http=Patience,
            log_level=log_level,
            server_header=False,
            timeout_graceful_shutdown=GOODBYE_SECONDS,
        )
    )


def run(serving: uvicorn.Server, listener: socket.socket) -> None:
    """Serve until Ctrl-C, in the main thread."""
    with contextlib.suppress(KeyboardInterrupt):  # which uvicorn raises once it has ended
        serving.run(sockets=[listener])


class Beside:
    """A server in a thread, while the main thread waits for something else."""

    def __init__(self, serving: uvicorn.Server, listener: socket.socket) -> None:
        self._serving = serving
        self._thread = threading.Thread(target=run, args=[serving, listener], daemon=True)

    def __enter__(self) -> Beside:
        """Begin to serve."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End, and wait until it has."""
        self._serving.should_exit = True
        self._thread.join()


def listening(host: str, port: int) -> socket.socket:
    """Take a port, 0 for a free one.

    Raises:
        OSError: it cannot be had.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except BaseException:
        listener.close()
        raise
    return listener
