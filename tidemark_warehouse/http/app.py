"""The HTTP application: a route for each function of schema `api`, read from the catalog."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from html import escape
from importlib.metadata import version
from typing import Annotated, Any

import psycopg
from fastapi import Body, FastAPI, Query, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from psycopg import sql
from psycopg_pool import ConnectionPool, PoolTimeout
from starlette.exceptions import HTTPException

from tidemark_warehouse.database.server.connection import (
    APPLICATION_NAME,
    CONNECT_SECONDS,
    parameters,
)
from tidemark_warehouse.http import problems
from tidemark_warehouse.http.catalog import Function, read_functions
from tidemark_warehouse.http.guard import Guard
from tidemark_warehouse.http.values import IN_BODY, IN_URL, model_of, page_schema
from tidemark_warehouse.settings import Settings

Pool = ConnectionPool[psycopg.Connection[Any]]

CONNECTIONS = 8
WAIT_SECONDS = 10.0  # for a free connection
STATEMENT_SECONDS = 30
# The server does not wait for answers that nobody waits for, and never writes.
SESSION = (
    f"-c statement_timeout={STATEMENT_SECONDS}s -c default_transaction_read_only=on "
    "-c idle_in_transaction_session_timeout=60s -c timezone=UTC -c datestyle=ISO"
)


@contextmanager
def connections(settings: Settings, role: str) -> Iterator[Pool]:
    """Open the pool that an application asks.

    Args:
        settings: which server and database.
        role: as whom it connects: the rights of everybody who has the token.
    """
    kwargs = {
        **parameters(settings, role),
        "connect_timeout": CONNECT_SECONDS,
        "application_name": f"{APPLICATION_NAME} serve",
        "options": SESSION,
        "autocommit": True,
        "prepare_threshold": None,  # a function may be made anew while the server runs
    }
    with ConnectionPool(
        kwargs=kwargs,
        min_size=1,
        max_size=CONNECTIONS,
        timeout=WAIT_SECONDS,
        open=False,
        check=ConnectionPool.check_connection,
    ) as pool:
        yield pool


def create_app(pool: Pool, token: str) -> FastAPI:
    """Make the application.

    Args:
        pool: the connections, of the role whose rights the token gives.
        token: what each request must bring.
    """
    with pool.connection() as connection:
        functions = read_functions(connection)
    app = FastAPI(
        title="Tidemark",
        version=version("tidemark-warehouse"),
        description="The functions of schema api: figures of the marts, as rows of JSON.",
        docs_url=None,  # its page loads scripts from another host
        redoc_url=None,
        exception_handlers={
            RequestValidationError: problems.of_request,
            HTTPException: problems.of_http,
        },
    )
    app.add_middleware(Guard, token=token)
    for function in functions:
        _add_routes(app, pool, function)
    _add_pages(app, pool, functions)
    _require_token(app)
    return app


def _add_routes(app: FastAPI, pool: Pool, function: Function) -> None:
    """Add GET with arguments in the URL, and POST with a JSON body where an argument is JSON."""
    ways: list[tuple[str, dict[str, Any], Any]] = [("GET", IN_URL, Query())]
    if any(argument.type == "jsonb" for argument in function.arguments):
        ways.append(("POST", IN_BODY, Body()))
    for method, types, place in ways:
        app.add_api_route(
            f"/v1/{function.name}",
            _endpoint(pool, function, Annotated[model_of(function, types), place]),
            methods=[method],
            summary=function.summary,
            description=function.description,
            operation_id=f"{method.lower()}_{function.name}",
            response_model=None,
            responses={
                200: {
                    "description": "A page of rows.",
                    "content": {"application/json": {"schema": page_schema(function)}},
                },
                **problems.ANSWERS,
            },
        )


def _endpoint(pool: Pool, function: Function, arguments_type: Any) -> Callable[..., Response]:
    """Make what answers a function's requests; FastAPI reads the arguments by its signature."""

    def endpoint(arguments: Any) -> Response:
        try:
            return _page(pool, function, arguments)
        except psycopg.Error as error:
            return problems.of_database(error)

    endpoint.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(
                "arguments", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=arguments_type
            )
        ],
        return_annotation=Response,
    )
    return endpoint


def _page(pool: Pool, function: Function, arguments: Any) -> Response:
    """Ask for a page of rows, in the JSON of PostgreSQL: no number is rounded on the way."""
    given = [a for a in function.arguments if a.name in arguments.model_fields_set]
    values = [getattr(arguments, a.name) for a in given]
    call = sql.SQL(
        "select row_to_json(page)::text from (select * from {} as {} limit %s offset %s) as page"
    ).format(_call(function, [(a.name, a.type) for a in given]), sql.Identifier(function.name))
    with pool.connection() as connection:
        rows = connection.execute(call, [*values, arguments.limit + 1, arguments.offset]).fetchall()
    more = len(rows) > arguments.limit
    next_offset = str(arguments.offset + arguments.limit) if more else "null"
    texts = ",".join(text for (text,) in rows[: arguments.limit])
    return Response(
        f'{{"rows":[{texts}],"next_offset":{next_offset}}}', media_type="application/json"
    )


def _call(function: Function, given: Sequence[tuple[str, str]]) -> sql.Composed:
    """Return the call, with a placeholder for each argument that is given."""
    return sql.SQL("{}({})").format(
        sql.Identifier("api", function.name),
        sql.SQL(", ").join(
            sql.SQL("{} => %s::{}").format(sql.Identifier(name), sql.SQL(type_name))
            for name, type_name in given
        ),
    )


def _add_pages(app: FastAPI, pool: Pool, functions: Sequence[Function]) -> None:
    """Add what needs no token: whether it works, and what there is."""

    @app.get("/health", responses={200: {"description": "It works."}, 503: problems.ANSWERS[503]})
    def health() -> dict[str, str]:
        """Whether the server and its database answer. How the marts are: /v1/health."""
        with pool.connection(timeout=2) as connection:
            connection.execute("select 1")
        return {"status": "ok"}

    @app.get("/docs", response_class=HTMLResponse, include_in_schema=False)
    @app.get("/", response_class=HTMLResponse)
    def contents() -> str:
        """List the functions."""
        return _contents(functions)

    async def without_database(_: Any, error: Exception) -> Response:
        assert isinstance(error, psycopg.Error)  # noqa: S101  # registered for these
        return problems.of_database(error)

    app.add_exception_handler(psycopg.OperationalError, without_database)
    app.add_exception_handler(PoolTimeout, without_database)


def _contents(functions: Sequence[Function]) -> str:
    """Return a page that needs nothing from another host."""
    entries = []
    for function in functions:
        words = ", ".join(
            f"<i>{escape(a.name)}</i>" if a.optional else escape(a.name) for a in function.arguments
        )
        entries.append(
            f"<dt><code>/v1/{escape(function.name)}</code> ({words})</dt>"
            f"<dd>{escape(function.description)}</dd>"
        )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Tidemark</title>"
        "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;"
        "margin:2rem auto;padding:0 1rem}"
        "dt{margin-top:1rem}dd{margin:.2rem 0 0 1.5rem;color:#444}</style>"
        "<h1>Tidemark</h1><p>Functions over HTTP; arguments in italics may be left out. Each takes"
        " <i>limit</i> and <i>offset</i> too, and needs the header <code>Authorization: Bearer"
        " TOKEN</code>. <a href=openapi.json>openapi.json</a> has all of it.</p>"
        f"<dl>{''.join(entries)}</dl></html>"
    )


def _require_token(app: FastAPI) -> None:
    """Say in OpenAPI which routes need the token."""
    schema = app.openapi()
    schema.setdefault("components", {})["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer"}
    }
    for path, operations in schema["paths"].items():
        if path.startswith("/v1/"):
            for operation in operations.values():
                operation["security"] = [{"token": []}]
