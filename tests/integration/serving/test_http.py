"""What the HTTP routes promise: who may ask, what they answer, and how they refuse."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.integration.api.test_functions import ACTING, SIGNATURES
from tests.integration.exactness.warehouse import AS_OF, Warehouse
from tests.integration.serving.conftest import HEADERS, TOKEN
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.database.server.bootstrap import administrator
from tidemark_warehouse.database.server.roles import READER
from tidemark_warehouse.http import app as application
from tidemark_warehouse.http.app import connections, create_app
from tidemark_warehouse.http.guard import LARGEST_BODY_BYTES
from tidemark_warehouse.settings import Settings

NOW_AT = datetime.fromisoformat(AS_OF)
WEEK = {
    "start_at": (NOW_AT - timedelta(days=7)).isoformat().replace("+00:00", "Z"),
    "end_at": AS_OF.replace("+00:00", "Z"),
}
SERIES = {"events": "page_view", "granularity": "day", **WEEK}
AT = "2026-03-01T00:00:00Z"


# Who may ask -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Basic {TOKEN}",
        TOKEN,
        "Bearer caf\xe9".encode("latin-1"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/clock", "/v1/health", "/v1/none", "/none", "/docs"])
def test_without_the_token_there_is_no_answer(
    app: FastAPI, path: str, header: str | bytes | None
) -> None:
    headers: Any = {} if header is None else {"Authorization": header}
    answer = TestClient(app).get(path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert TOKEN not in answer.text


def test_the_scheme_is_read_whatever_its_case(app: FastAPI) -> None:
    answer = TestClient(app).get("/v1/clock", headers={"Authorization": f"bearer {TOKEN}"})
    assert answer.status_code == 200


def test_what_says_nothing_of_anybody_needs_no_token(app: FastAPI) -> None:
    client = TestClient(app)
    assert client.get("/health").json() == {"status": "ok"}
    assert client.get("/openapi.json").status_code == 200
    page = client.get("/")
    with_token = {"Authorization": f"Bearer {TOKEN}"}
    assert client.get("/docs", headers=with_token).text == page.text
    assert page.headers["content-type"].startswith("text/html")
    for name in SIGNATURES.keys() - ACTING:
        assert f"/v1/{name}<" in page.text
    assert not re.search(r"(src|href)=\W*(https?:)?//", page.text), "needs another host"


def test_people_are_answered_about_by_the_people_reader_only(
    client: TestClient, people_client: TestClient
) -> None:
    asked = "/v1/burnout_alerts?threshold=50&days=30"
    assert people_client.get(asked).json()["rows"]
    refused = client.get(asked)
    assert refused.status_code == 403
    assert refused.json() == {
        "error": "tidemark_reader may not read about people",
        "hint": "Ask a server that was started with --people.",
    }


# What they answer ------------------------------------------------------------------------------


def test_every_function_has_a_route_with_its_arguments(app: FastAPI) -> None:
    schema = app.openapi()
    found = {}
    for path, operations in schema["paths"].items():
        if path.startswith("/v1/"):
            names = [p["name"] for p in operations["get"]["parameters"]]
            assert names[-2:] == ["limit", "offset"]
            found[path.removeprefix("/v1/")] = " ".join(names[:-2])
            assert operations["get"]["security"] == [{"token": []}]
            assert operations["get"]["description"]
    # Over HTTP nothing is written.
    assert found == {n: names for n, names in SIGNATURES.items() if n not in ACTING}
    with_body = {p for p, o in schema["paths"].items() if "post" in o}
    assert with_body == {"/v1/funnel_adhoc", "/v1/metric_percentile"}


def test_rows_are_those_of_the_function(company: Warehouse, client: TestClient) -> None:
    with connect(company.settings, READER) as reader:
        expected = reader.execute(
            "select bucket_start, breakdown_value, event_count, unique_users, is_complete"
            " from api.event_series('{page_view}', %(start_at)s, %(end_at)s, 'day')",
            WEEK,
        ).fetchall()
    answer = client.get("/v1/event_series", params=SERIES)
    assert answer.status_code == 200
    rows = answer.json()["rows"]
    assert [datetime.fromisoformat(row["bucket_start"]) for row in rows] == [r[0] for r in expected]
    assert [list(row.values())[1:] for row in rows] == [list(r[1:]) for r in expected]
    assert len(rows) == 8


def test_a_list_is_a_name_again_and_again(client: TestClient) -> None:
    names = ["page_view", "search_performed"]
    both = client.get("/v1/event_totals", params={"events": names, **WEEK})
    one = client.get("/v1/event_totals", params={"events": "page_view", **WEEK})
    (all_events,), (some,) = both.json()["rows"], one.json()["rows"]
    assert all_events["event_count"] > some["event_count"]


def test_pages_together_are_the_whole(client: TestClient) -> None:
    dates = {"start_date": "2026-02-01", "end_date": "2026-03-10"}
    whole = client.get("/v1/time_aggregations", params={**dates, "limit": 10_000}).json()
    assert whole["next_offset"] is None
    pages, offset = [], 0
    while offset is not None:
        page = client.get("/v1/time_aggregations", params={**dates, "limit": 7, "offset": offset})
        pages += page.json()["rows"]
        assert page.json()["next_offset"] in (None, offset + 7)
        offset = page.json()["next_offset"]
    assert pages == whole["rows"]
    assert len(pages) > 20


def test_a_page_that_is_full_to_the_last_row_has_no_next(client: TestClient) -> None:
    answer = client.get("/v1/event_series", params={**SERIES, "limit": 8}).json()
    assert (len(answer["rows"]), answer["next_offset"]) == (8, None)
    beyond = client.get("/v1/event_series", params={**SERIES, "offset": 8}).json()
    assert beyond == {"rows": [], "next_offset": None}


def test_json_arguments_come_in_the_url_and_in_a_body(client: TestClient) -> None:
    steps = [{"event_name": "page_view"}, "search_performed"]
    in_url = client.get("/v1/funnel_adhoc", params={"steps": json.dumps(steps)})
    in_body = client.post("/v1/funnel_adhoc", json={"steps": steps})
    assert in_url.status_code == in_body.status_code == 200
    assert in_url.json() == in_body.json()
    assert len(in_url.json()["rows"]) == 2
    of_series = {"name": "api.request.duration", "quantile": 0.5, **WEEK}
    value = client.post("/v1/metric_percentile", json={**of_series, "tags": {}}).json()
    assert value == client.post("/v1/metric_percentile", json={**of_series, "tags": None}).json()
    assert value == client.get("/v1/metric_percentile", params=of_series).json()
    assert value["rows"][0]["metric_percentile"] > 0


def test_numbers_come_as_postgresql_writes_them(client: TestClient) -> None:
    """A numeric of twenty digits is not rounded to a double on its way."""
    query = {"user_id": "none", "days": 7}
    assert client.get("/v1/time_trend", params=query).json() == {"rows": [], "next_offset": None}
    dates = {"start_date": "2026-02-01", "end_date": "2026-03-10", "limit": 10_000}
    text = client.get("/v1/time_aggregations", params=dates).text
    assert re.search(r'"avg_efficiency_ratio":\d\.\d{17,}', text)


# How they refuse -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("time_trend?user_id=u", "days is missing"),
        ("time_trend?user_id=u&days=0", "days is 0: from 1 to 730 are possible"),
        ("time_trend?user_id=u&days=seven", "days: is not written as a whole number"),
        ("time_trend?user_id=u&days=1e1", "days: is not written as a whole number"),
        ("time_trend?user_id=u&days=1_0", "days: is not written as a whole number"),
        ("time_trend?user_id=u&days=%2B7", "days: is not written as a whole number"),
        ("time_trend?user_id=u&days=%D9%A7", "days: is not written as a whole number"),
        (f"time_trend?user_id=u&days={2**31}", "days: Input should be less than or equal to"),
        (f"time_trend?user_id=u&days={'9' * 5000}", "days: is not written as a whole number"),
        ("time_trend?user_id=u%00&days=7", "user_id: has a NUL character"),
        ("time_trend?user=u&days=7", "user_id is missing"),
        ("time_trend?user_id=u&days=7&weeks=1", "there is no argument weeks"),
        ("time_trend?user_id=u&days=7&limit=0", "limit: Input should be greater than or equal"),
        ("time_trend?user_id=u&days=7&limit=10001", "limit: Input should be less than or equal"),
        ("time_trend?user_id=u&days=7&offset=-1", "offset: Input should be greater than or equal"),
        ("time_aggregations?start_date=2026-02-30&end_date=2026-03-01", "date/time field value"),
        ("time_aggregations?start_date=infinity&end_date=2026-03-01", "start_date: is not written"),
        ("time_aggregations?start_date=0001-01-01&end_date=2026-03-01", "start_date is 0001-01-01"),
        ("time_aggregations?start_date=0000-01-01&end_date=2026-03-01", "date/time field value"),
        (f"event_totals?events=a&start_at=2026-01-01T00:00:00&end_at={AT}", "start_at: is not"),
        (f"event_totals?events=a&start_at=1767225600&end_at={AT}", "start_at: is not written as"),
        (f"event_totals?events=a&start_at=infinity&end_at={AT}", "start_at: is not written as"),
        (f"event_totals?events=a&start_at=0001-01-01T00:00:00%2B14:00&end_at={AT}", "start_at is"),
        (f"event_totals?events=a&start_at=9999-12-31T23:59:59Z&end_at={AT}", "start_at is 9999"),
        (f"event_totals?events=a&start_at={AT}&end_at={AT}", "start_at .* is not before end_at"),
        (f"event_totals?start_at=2026-01-01T00:00:00Z&end_at={AT}", "events is missing"),
        (f"event_totals?events=%00&start_at=2026-01-01T00:00:00Z&end_at={AT}", "has a NUL"),
        ("funnel?funnel_name=none", 'funnel_name is "none": one of'),
        ("funnel?funnel_name=%F0%9F%8C%8A%ff", "funnel_name is .*: one of"),
        ("funnel_adhoc?steps=[", "steps: is no JSON"),
        ('funnel_adhoc?steps=["%5Cu0000"]', "unsupported Unicode escape sequence"),
        ("funnel_adhoc?steps=[]", "steps has 0 entries: from 1 to 60"),
        ('funnel_adhoc?steps=["a"]&conversion_window_seconds=NaN', "conversion_window_seconds: is"),
        ('funnel_adhoc?steps=["a"]&conversion_window_seconds=1e999', "beyond what a number can be"),
    ],
)
def test_wrong_values_are_named(client: TestClient, path: str, message: str) -> None:
    answer = client.get("/v1/" + quote(path, safe="?&=%:[]"))
    assert answer.status_code == 422, answer.text
    assert re.search(message, answer.json()["error"]), answer.text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b"[]", 422),
        (b"null", 422),
        (b'{"steps": ["a"], "more": 1}', 422),
        (b'{"steps": ["a"], "environment": 5}', 422),
        (b'{"steps": ["\\ud800"]}', 422),
        (b'{"steps": ["\\u0000"]}', 422),
        (b'{"steps": ["a"], "environment": "\\ud800"}', 422),
        (b'{"steps": ["a"], "environment": "\\u0000"}', 422),
        (b'{"steps": ["a"], "\\ud800": 1}', 422),
        (b'{"steps": ["a"], "conversion_window_seconds": NaN}', 422),
        (b'{"steps": ["a"], "conversion_window_seconds": 1' + b"0" * 400 + b"}", 422),
        (b'{"steps": ["a"], "conversion_window_seconds": "5"}', 422),
        (b'{"steps": ["a"], "limit": true}', 422),
        (b'{"steps": ["a"], "limit": 1' + b"0" * 5000 + b"}", 400),
        (b'{"steps": ["a"], "exclusions": ' + b"[" * 100_000 + b"}", 400),
        (b'{"steps": ["a"], "exclusions": ' + b"[" * 900 + b"]" * 900 + b"}", 422),
        (b"\xff\xfe", 400),
        (b'{"steps": ["a"], "x": "' + b"x" * LARGEST_BODY_BYTES + b'"}', 413),
    ],
)
def test_wrong_bodies_are_refused(client: TestClient, body: bytes, status: int) -> None:
    headers = {"content-type": "application/json"}
    answer = client.post("/v1/funnel_adhoc", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]


def test_unknown_paths_and_methods_are_refused(client: TestClient) -> None:
    assert client.get("/v1/none").status_code == 404
    refused = client.post("/v1/clock")
    both = client.delete("/v1/funnel_adhoc")
    assert (both.status_code, both.headers["allow"]) == (405, "GET, POST")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET")
    assert client.get("/v1/pg_sleep").status_code == 404


def test_what_takes_too_long_ends(company: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Health asks every mart, which takes some milliseconds."""
    monkeypatch.setattr(application, "CONNECTIONS", 1)
    with connections(company.settings, READER) as pool:
        app = create_app(pool, TOKEN)
        with pool.connection() as connection:
            connection.execute("set statement_timeout = '1ms'")
        answer = TestClient(app, headers=HEADERS).get("/v1/health")
    assert answer.status_code == 422
    assert answer.json()["error"] == "the answer takes too long"


def test_a_database_that_is_gone_is_said(
    new_database: Callable[[], Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = new_database()
    monkeypatch.setattr(application, "WAIT_SECONDS", 0.5)
    with connections(settings, READER) as pool:
        client = TestClient(create_app(pool, TOKEN), headers=HEADERS)
        assert client.get("/v1/clock").status_code == 200
        with administrator(settings) as admin:
            admin.execute(f"drop database {settings.database} with (force)".encode())
        for path in ("/v1/clock", "/health"):
            answer = client.get(path)
            assert answer.status_code == 503
            assert answer.json()["error"] == "the database does not answer"
            assert int(answer.headers["retry-after"]) > 0


def test_connections_never_write(company: Warehouse) -> None:
    with connections(company.settings, READER) as pool, pool.connection() as connection:
        shown = connection.execute(
            "select current_setting('default_transaction_read_only'),"
            " current_setting('statement_timeout'), current_user"
        ).fetchone()
    assert shown == ("on", "30s", READER)


def test_marts_that_are_missing_are_named(database: Settings) -> None:
    with connections(database, READER) as pool:
        client = TestClient(create_app(pool, TOKEN), headers=HEADERS)
        for path, params in (
            ("event_series", SERIES),
            ("time_trend", {"user_id": "u", "days": 7}),
            ("metric_percentile", {"name": "n", "quantile": 0.5, **WEEK}),
        ):
            answer = client.get(f"/v1/{path}", params=params)
            assert answer.status_code == 409, answer.text
            assert answer.json()["hint"] == "Run: tidemark build"
        assert client.get("/v1/health").json()["rows"] == []
