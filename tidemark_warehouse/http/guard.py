"""What stands before the application: no token, no answer; and no body beyond reason."""

from __future__ import annotations

import hmac

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tidemark_warehouse.http import problems

OPEN_PATHS = frozenset({"/", "/health", "/openapi.json"})  # say nothing of anybody
LARGEST_BODY_BYTES = 1_000_000


class Guard:
    """Middleware that checks the token before anything reads the request."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app = app
        self.expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(b"authorization", b"")
        scheme, _, token = given.partition(b" ")
        allowed = hmac.compare_digest(scheme.title() + b" " + token.strip(), self.expected)
        if scope["path"] not in OPEN_PATHS and not allowed:
            refusal = problems.answer(
                401,
                "this needs the token" if not given else "this is not the token",
                "Send the header Authorization: Bearer TOKEN; tidemark serve says where it is.",
                {"WWW-Authenticate": 'Bearer realm="tidemark"'},
            )
            await refusal(scope, receive, send)
            return
        body = await _body(receive)
        if body is None:
            refusal = problems.answer(
                413,
                f"the body is larger than {LARGEST_BODY_BYTES:,} bytes",
                headers={"Connection": "close"},
            )
            await refusal(scope, receive, send)
            return
        await self.app(scope, _again(body, receive), send)


async def _body(receive: Receive) -> bytes | None:
    """Read the body; None if it is too large."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b""  # who asked has gone
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """Give the application a body that was read already."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
