"""What every page of ours stands behind: sites of others get nothing through a browser.

A page on loopback is reached by every site that its user opens: the browser sends the requests. The
gate lets through what names this server in Host and, where a browser says from where it came, came
from one of its own pages.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import LOOPBACK

VARIABLE = "TIDEMARK_ALLOWED_HOSTS"  # names under which a proxy of the operator's is reached
LOOPBACK_NAMES = frozenset({LOOPBACK, "localhost", "::1"})
MOST_ANSWERS = 100  # at a time
MOST_WEBSOCKETS = 100
READING = frozenset({"GET", "HEAD", "OPTIONS"})
POLICY_VIOLATION = 1008
HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?")
# A page of ours in another site's frame is clicked without being seen.
HEADERS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def allowed_hosts(*more: str) -> frozenset[str]:
    """Return the names that a request may be for: loopback's, those given, those of the operator.

    Raises:
        TidemarkError: what the operator set is no list of names.
    """
    named = os.environ.get(VARIABLE, "").lower().replace(",", " ").split()
    for name in named:
        if not HOST.fullmatch(name) or name_of(name) != name.strip("[]"):
            raise TidemarkError(
                f"{VARIABLE} has {name!r}, which is no name of a host",
                "write names without scheme and port, separated by commas: warehouse.example.org",
            )
    return LOOPBACK_NAMES | {name.strip("[]") for name in (*more, *named)}


def name_of(host: str) -> str | None:
    """Return the name in a Host header, without its port; None if it is none."""
    match = HOST.fullmatch(host.lower())
    return match[1].strip("[]") if match else None


class Gate:
    """Middleware before an application: of HTTP and WebSockets alike."""

    def __init__(
        self, app: ASGIApp, hosts: Iterable[str], acting_paths: Iterable[str] = ()
    ) -> None:
        """Stand before an application.

        Args:
            app: it.
            hosts: the names that a request may be for.
            acting_paths: where a GET with a query would do something: there only a POST is asked.
        """
        self.app = app
        self.hosts = frozenset(hosts)
        self.acting_paths = frozenset(acting_paths)
        self.answering = 0
        self.websockets = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        refused = self._refusal(scope)
        if scope["type"] == "websocket":
            await self._open(scope, receive, send, refused)
        elif refused is not None:
            status, words = refused
            await PlainTextResponse(f"{words}\n", status, {"Connection": "close"})(
                scope, receive, send
            )
        else:
            self.answering += 1
            try:
                await self.app(scope, receive, _with_headers(send))
            finally:
                self.answering -= 1

    async def _open(
        self, scope: Scope, receive: Receive, send: Send, refused: tuple[int, str] | None
    ) -> None:
        if refused is not None or self.websockets >= MOST_WEBSOCKETS:
            await receive()
            reason = refused[1] if refused else "too many WebSockets are open"
            await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": reason})
            return
        self.websockets += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self.websockets -= 1

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Return status and reason if the request goes no further."""
        headers = Headers(scope=scope)
        method = scope.get("method", "GET")
        hosts = headers.getlist("host")
        name = name_of(hosts[0]) if len(hosts) == 1 else None
        if name is None or name not in self.hosts:
            return 403, (
                f"this server is not called {hosts[0] if hosts else 'nothing'}: its names are "
                f"{', '.join(sorted(self.hosts))}. That of a proxy belongs into {VARIABLE}."
            )
        origins = headers.getlist("origin")
        if any(not _is_same(origin, hosts[0]) for origin in origins):
            return 403, "a page of another site sent this: only pages of this server may"
        if not origins and headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            opened = (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest"))
            if method != "GET" or opened != ("navigate", "document"):
                return 403, "a page of another site asked for this: only pages of this server may"
        if (
            scope["type"] == "http"
            and method in READING
            and scope["path"].rstrip("/") in self.acting_paths
            and scope["query_string"]
        ):
            return 405, "a GET changes nothing here: send it as a POST"
        if scope["type"] == "http" and self.answering >= MOST_ANSWERS:
            return 503, "too many requests are being answered: try again"
        return None


def _is_same(origin: str, host: str) -> bool:
    """Whether the origin of a page is this very server, as the browser named it."""
    try:
        parts = urlsplit(origin.lower())
        port = parts.port
    except ValueError:
        return False
    standard = {"http": 80, "https": 443}.get(parts.scheme)
    asked = urlsplit(f"//{host.lower()}")
    return (
        standard is not None
        and parts.hostname == asked.hostname
        and (port or standard) == (asked.port or standard)
    )


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
