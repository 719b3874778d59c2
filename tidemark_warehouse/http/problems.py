"""What can go wrong, as an HTTP status and a line that says what to do."""

from __future__ import annotations

import json
from typing import Any

import psycopg
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from psycopg_pool import PoolTimeout
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import Route

NOT_BUILT = {"55000", "42P01", "3F000"}  # says a function, or PostgreSQL of a table or schema
TOO_LONG = "57014"
NOT_ALLOWED = "42501"
RETRY_SECONDS = "5"


class Problem(BaseModel):
    """What is wrong, and what to do about it."""

    error: str
    hint: str | None = None


# What any route may answer besides its rows.
ANSWERS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The request cannot be read."},
    401: {"model": Problem, "description": "No token, or a wrong one."},
    403: {"model": Problem, "description": "The token's role may not ask this."},
    409: {"model": Problem, "description": "A mart has not been built yet."},
    413: {"model": Problem, "description": "The body is too large."},
    422: {
        "model": Problem,
        "description": "An argument is wrong, or asks for too much.",
    },
    503: {"model": Problem, "description": "The database does not answer now."},
}


def answer(
    status: int, error: str, hint: str | None = None, headers: dict[str, str] | None = None
) -> Response:
    """Return a problem. Written in ASCII, for a text may hold what UTF-8 cannot say."""
    return Response(
        json.dumps({"error": error, "hint": hint}),
        status,
        headers,
        media_type="application/json",
    )


def of_database(error: psycopg.Error) -> Response:
    """Say what an error of the database means for who asked."""
    state = error.sqlstate or ""
    message = error.diag.message_primary or str(error).strip() or type(error).__name__
    hint = error.diag.message_hint
    if state == NOT_ALLOWED:
        return answer(403, message, "Ask a server that was started with --people.")
    if state in NOT_BUILT:
        return answer(409, message, hint or "Run: tidemark build")
    if state == TOO_LONG:
        return answer(
            422,
            "the answer takes too long",
            "Ask for a shorter range, or for coarser buckets.",
        )
    # Values that a type or a function refuses, and questions beyond a limit of PostgreSQL.
    if state[:2] in ("22", "54") or state == "P0001":
        return answer(422, message, hint)
    if isinstance(error, psycopg.OperationalError | PoolTimeout):
        return answer(
            503, "the database does not answer", "tidemark status", {"Retry-After": RETRY_SECONDS}
        )
    raise error


async def of_request(_: Request, error: Exception) -> Response:
    """Name the first argument that is wrong."""
    assert isinstance(error, RequestValidationError)  # noqa: S101  # registered for these
    first = error.errors()[0]
    place = [str(part) for part in first["loc"] if part not in ("query", "body")]
    name = place[0] if place else "the request"
    words = str(first["msg"]).removeprefix("Value error, ")
    if first["type"] == "json_invalid":
        return answer(400, "the body is no JSON")
    if first["type"] == "missing":
        return answer(422, f"{name} is missing")
    if first["type"] == "extra_forbidden":
        return answer(422, f"there is no argument {name}")
    return answer(422, f"{name}: {words}")


async def of_http(request: Request, error: Exception) -> Response:
    """Say unknown paths and wrong methods as everything else is said."""
    assert isinstance(error, HTTPException)  # noqa: S101  # registered for these
    headers = dict(error.headers or {})
    if error.status_code == 405:
        # Starlette names the methods of the first route of the path only.
        routes = [r for r in request.app.routes if isinstance(r, Route) and r.methods]
        methods = {m for r in routes if r.path == request.url.path for m in r.methods or ()}
        headers["Allow"] = ", ".join(sorted(methods))
        return answer(405, "this path does not take this method", headers=headers)
    if error.status_code == 404:
        return answer(404, "there is nothing at this path", "GET / lists what there is.")
    return answer(error.status_code, str(error.detail), headers=headers)
