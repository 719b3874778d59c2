"""Each preset reads its tool's documented export: right values, nobody merged, nobody split."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.loading.reading import Mapped, Row, write
from tests.loading.tables import (
    EVENTS,
    FEATURE_REQUEST_CHANGES,
    FEATURE_REQUESTS,
    METRIC_POINTS,
    TIME_SESSIONS,
)
from tidemark_warehouse.loading.presets import find, names

LISTED = (
    *("amplitude", "clockify", "cloudwatch", "event-log", "ga4", "github", "gitlab", "grafana"),
    *("harvest", "jira", "kimai", "linear", "mixpanel", "nab", "openmetrics", "otlp", "posthog"),
    *("prometheus", "rudderstack", "segment", "snowplow", "solidtime", "toggl"),
)


def picked(rows: list[Row], *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row.get(column) for column in columns) for row in rows]


def test_there_is_a_preset_for_each_tool_and_it_says_what_it_fills() -> None:
    assert tuple(names()) == LISTED
    for name in names():
        for about in find(name).tables.values():
            assert about.fills


# Product events -------------------------------------------------------------------------------


def test_posthog_names_one_person_whatever_the_device(tmp_path: Path) -> None:
    person = "11111111-1111-4111-8111-111111111111"
    path = write(
        tmp_path,
        "a.jsonl",
        [
            {
                "uuid": "018f3a10-0000-7000-8000-000000000001",
                "event": "$pageview",
                "distinct_id": "anon-1",
                "person_id": person,
                "properties": {"$session_id": "s1", "$geoip_country_code": "DE"},
                "timestamp": "2024-05-01T10:00:00.123000+00:00",
            },
            {
                "uuid": "018f3a10-0000-7000-8000-000000000003",
                "event": "$identify",
                "distinct_id": "user-42",
                "person_id": person,
                "properties": {"$anon_distinct_id": "anon-1"},
                "timestamp": "2024-05-01T10:01:01+00:00",
            },
            {
                "uuid": "018f3a10-0000-7000-8000-000000000004",
                "event": "$create_alias",
                "distinct_id": "user-42",
                "properties": {"alias": "old-name"},
                "timestamp": "2024-05-01T10:02:00",
            },
        ],
    )
    mapped = Mapped(path, EVENTS, preset="posthog")
    assert picked(mapped.rows, "event_type", "distinct_id", "user_id", "session_id") == [
        ("page", "anon-1", person, "s1"),
        ("identify", "anon-1", person, None),
        ("alias", "old-name", "user-42", None),
    ]
    assert mapped.rows[0]["context"] == {"country": "DE"}
    assert mapped.rows[0]["event_id"] == "018f3a10-0000-7000-8000-000000000001"


def test_mixpanel_keeps_events_that_differ_under_one_insert_id(tmp_path: Path) -> None:
    def sent(event: str, who: str) -> dict[str, Any]:
        return {
            "event": event,
            "properties": {"time": 1714557600, "distinct_id": who, "$insert_id": "x1"},
        }

    events = [sent("Signup", "a"), sent("Purchase", "a"), sent("Signup", "b"), sent("Signup", "a")]
    mapped = Mapped(write(tmp_path, "a.jsonl", events), EVENTS, preset="mixpanel")
    ids = [row["event_id"] for row in mapped.rows]
    assert len(set(ids)) == 3
    assert ids[0] == ids[3]


def test_mixpanel_joins_a_device_to_its_person(tmp_path: Path) -> None:
    events = [
        {
            "event": "A",
            "properties": {"time": 1714557600, "distinct_id": "$device:d", "$device_id": "d"},
        },
        {
            "event": "B",
            "properties": {
                "time": 1714557601,
                "distinct_id": "u",
                "$device_id": "d",
                "$user_id": "u",
            },
        },
        {"event": "C", "properties": {"time": 1714557602, "distinct_id": "u"}},
    ]
    mapped = Mapped(write(tmp_path, "a.jsonl", events), EVENTS, preset="mixpanel")
    assert picked(mapped.rows, "distinct_id", "user_id") == [
        ("$device:d", None),
        ("$device:d", "u"),
        ("u", None),
    ]


@pytest.mark.parametrize("preset", ["segment", "rudderstack"])
def test_two_people_with_one_session_epoch_have_two_sessions(tmp_path: Path, preset: str) -> None:
    def sent(who: str, number: int) -> dict[str, Any]:
        return {
            "anonymousId": who,
            "context": {"sessionId": 1700000000123, "page": {"url": "https://ex.com/a"}},
            "event": "A",
            "messageId": f"m{number}",
            "timestamp": f"2023-11-14T22:13:2{number}.123Z",
            "type": "track",
        }

    path = write(tmp_path, "a.jsonl", [sent("anon-A", 1), sent("anon-B", 2), sent("anon-B", 3)])
    mapped = Mapped(path, EVENTS, preset=preset)
    assert picked(mapped.rows, "session_id", "page_url") == [
        ("anon-A:1700000000123", "https://ex.com/a"),
        ("anon-B:1700000000123", "https://ex.com/a"),
        ("anon-B:1700000000123", "https://ex.com/a"),
    ]


def test_segments_warehouse_tables_are_events(tmp_path: Path) -> None:
    pages = write(
        tmp_path,
        "pages.csv",
        "id,anonymous_id,context_ip,context_page_url,name,path,referrer,title,url,received_at,"
        "timestamp,user_id\n"
        "ajs-p1,anon-1,10.0.0.1,https://ex.com/a,Home,/a,https://google.com,A,https://ex.com/a,"
        "2023-11-22 18:14:08.615,2023-11-22 18:14:08.612,\n",
    )
    tracks = write(
        tmp_path,
        "tracks.csv",
        "id,anonymous_id,event,event_text,plan,timestamp,user_id\n"
        "m1,anon-1,signed_up,Signed Up,pro,2023-11-22 18:15:00,u1\n",
    )
    aliases = write(
        tmp_path,
        "aliases.csv",
        "id,previous_id,timestamp,user_id\nm2,anon-1,2023-11-22 18:16:00,u1\n",
    )
    columns = ("event_name", "event_type", "distinct_id", "user_id", "page_url")
    assert picked(Mapped(pages, EVENTS, preset="segment").rows, *columns) == [
        ("page_view", "page", "anon-1", None, "https://ex.com/a")
    ]
    (track,) = Mapped(tracks, EVENTS, preset="segment").rows
    assert picked([track], *columns) == [("Signed Up", "track", "anon-1", "u1", None)]
    assert track["properties"] == {"plan": "pro"}
    assert picked(Mapped(aliases, EVENTS, preset="segment").rows, *columns) == [
        ("alias", "alias", "anon-1", "u1", None)
    ]


def test_amplitude_is_a_zip_of_packed_files_and_minus_one_is_no_session(tmp_path: Path) -> None:
    def sent(number: int, session: int, user: str | None) -> dict[str, Any]:
        return {
            "uuid": f"00000000-0000-4000-8000-00000000000{number}",
            "event_type": "open",
            "event_time": f"2024-05-01 10:00:0{number}.250000",
            "device_id": f"d{number}",
            "user_id": user,
            "amplitude_id": 77,
            "session_id": session,
            "event_properties": {"n": number},
            "os_name": "ios",
        }

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number, session, user in ((1, 1714557600000, None), (2, -1, "u")):
            line = json.dumps(sent(number, session, user)).encode()
            archive.writestr(f"1/1_2024-05-01_{number}#0.json.gz", gzip.compress(line))
    mapped = Mapped(write(tmp_path, "export.zip", packed.getvalue()), EVENTS, preset="amplitude")
    assert picked(mapped.rows, "event_at", "distinct_id", "user_id", "session_id") == [
        ("2024-05-01 10:00:01.250000Z", "d1", "77", "d1:1714557600000"),
        ("2024-05-01 10:00:02.250000Z", "d2", "77", None),
    ]
    assert mapped.rows[1]["properties"] == {"n": 2}


def test_ga4_parameters_are_an_object_and_sessions_are_of_one_person(tmp_path: Path) -> None:
    record = {
        "event_timestamp": "1714557600123456",
        "event_name": "page_view",
        "user_pseudo_id": "c.1",
        "event_params": [
            {"key": "ga_session_id", "value": {"string_value": None, "int_value": "1714557600"}},
            {"key": "page_location", "value": {"string_value": "https://x/y"}},
        ],
        "geo": {"country": "Germany"},
        "device": {"category": "mobile", "web_info": {"browser": "Safari"}},
    }
    (row,) = Mapped(write(tmp_path, "a.jsonl", [record]), EVENTS, preset="ga4").rows
    assert row["event_at"] == "2024-05-01 10:00:00.123456Z"
    assert row["session_id"] == "c.1:1714557600"
    assert row["properties"] == {"ga_session_id": "1714557600", "page_location": "https://x/y"}
    assert row["context"] == {"country": "Germany", "device_type": "mobile", "browser": "Safari"}


def test_snowplows_enriched_lines_have_no_header(tmp_path: Path) -> None:
    header = find("snowplow").table("events").header
    given = {
        "app_id": "web",
        "event": "unstruct",
        "event_name": "checkout",
        "event_id": "00000000-0000-4000-8000-000000000001",
        "domain_userid": "d",
        "domain_sessionid": "s",
        "collector_tstamp": "2024-05-01 10:00:00.5",
        "unstruct_event": json.dumps({"schema": "x", "data": {"schema": "y", "data": {"n": 1}}}),
    }
    lines = [
        "\t".join((given | {"event_fingerprint": print_}).get(name, "") for name in header)
        for print_ in ("f1", "f2")
    ]
    mapped = Mapped(write(tmp_path, "a.tsv", "\n".join(lines) + "\n"), EVENTS, preset="snowplow")
    assert picked(mapped.rows, "event_name", "distinct_id", "session_id") == [
        ("checkout", "d", "s"),
        ("checkout", "d", "s"),
    ]
    assert mapped.rows[0]["properties"] == {"n": 1}
    assert len({row["event_id"] for row in mapped.rows}) == 2


# Issues ---------------------------------------------------------------------------------------


def test_github_numbers_contain_their_repository_and_pull_requests_are_left_out(
    tmp_path: Path,
) -> None:
    issue = {
        "number": 12,
        "title": "t",
        "state": "closed",
        "html_url": "https://github.com/o/r/issues/12",
        "assignee": {"login": "ann"},
        "created_at": "2024-05-01T10:00:00Z",
        "closed_at": "2024-05-02T10:00:00Z",
    }
    pull = issue | {"pull_request": {"url": "x"}}
    path = write(tmp_path, "a.json", json.dumps([issue, pull], indent=1))
    mapped = Mapped(path, FEATURE_REQUESTS, preset="github")
    assert picked(mapped.rows, "feature_request_id", "project_id", "assigned_to_id") == [
        ("o/r#12", "o/r", "ann")
    ]
    assert mapped.skipped == 1


def test_gitlabs_csv(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "a.csv",
        "Title,Issue ID,URL,State,Assignee Username,Due Date,Created At (UTC),Closed At (UTC)\n"
        "t,7,https://gitlab.com/g/s/p/-/issues/7,Closed,bob,2024-06-01,2024-05-01 10:00:00,\n",
    )
    (row,) = Mapped(path, FEATURE_REQUESTS, preset="gitlab").rows
    assert picked([row], "feature_request_id", "project_id", "status", "created_at") == [
        ("g/s/p#7", "g/s/p", "closed", "2024-05-01 10:00:00.000000Z")
    ]


def test_linear_by_api_and_as_csv(tmp_path: Path) -> None:
    node = {
        "identifier": "ENG-1",
        "title": "t",
        "team": {"key": "ENG"},
        "state": {"name": "Done"},
        "createdAt": "2024-05-01T10:00:00.000Z",
    }
    pages = write(tmp_path, "a.json", {"data": {"issues": {"nodes": [node]}}})
    table = write(
        tmp_path,
        "b.csv",
        "ID,Team,Title,Status,Created\nENG-1,ENG,t,Done,2024-05-01T10:00:00.000Z\n",
    )
    for path in (pages, table):
        assert picked(
            Mapped(path, FEATURE_REQUESTS, preset="linear").rows,
            "feature_request_id",
            "project_id",
            "status",
        ) == [("ENG-1", "ENG", "Done")]


def test_jira_pages_and_the_changelogs_in_them(tmp_path: Path) -> None:
    page = {
        "issues": [
            {
                "id": "1",
                "key": "P-1",
                "fields": {
                    "project": {"key": "P"},
                    "summary": "x",
                    "status": {"name": "Done"},
                    "created": "2024-03-01T10:00:00.000+0000",
                    "worklog": {
                        "worklogs": [
                            {
                                "id": "9",
                                "author": {"accountId": "a"},
                                "started": "2024-03-02T10:00:00.000+0000",
                                "timeSpentSeconds": 1800,
                            }
                        ]
                    },
                },
                "changelog": {
                    "histories": [
                        {
                            "id": "5",
                            "author": {"accountId": "a"},
                            "created": "2024-03-03T08:00:00.000+0000",
                            "items": [
                                {
                                    "field": "status",
                                    "from": "1",
                                    "fromString": "To Do",
                                    "to": "3",
                                    "toString": "Done",
                                },
                                {"field": "labels", "from": None, "to": "x"},
                            ],
                        }
                    ]
                },
            }
        ]
    }
    path = write(tmp_path, "page.json", json.dumps(page, indent=2))
    assert picked(
        Mapped(path, FEATURE_REQUESTS, preset="jira").rows, "feature_request_id", "status"
    ) == [("P-1", "Done")]
    changes = Mapped(path, FEATURE_REQUEST_CHANGES, preset="jira")
    assert picked(
        changes.rows, "feature_request_id", "field", "old_value", "new_value", "changed_by_id"
    ) == [("P-1", "status", "To Do", "Done", "a")]
    assert changes.skipped == 1
    assert picked(
        Mapped(path, TIME_SESSIONS, preset="jira").rows,
        "session_id",
        "instance_id",
        "total_seconds",
    ) == [("9", "P-1", "1800")]


# Time trackers --------------------------------------------------------------------------------

SESSION = ("user_id", "instance_id", "started_at", "ended_at", "total_seconds")


def test_toggls_running_timer_is_unknown_and_never_negative(tmp_path: Path) -> None:
    entries = [
        {
            "id": 1,
            "project_id": 5,
            "start": "2024-03-04T09:23:00+00:00",
            "stop": "2024-03-04T10:23:01Z",
            "duration": 3601,
            "description": "x",
            "user_id": 3,
        },
        {
            "id": 2,
            "project_id": 5,
            "start": "2024-03-04T09:23:00+00:00",
            "stop": None,
            "duration": -1709544180,
            "user_id": 3,
        },
    ]
    mapped = Mapped(write(tmp_path, "a.jsonl", entries), TIME_SESSIONS, preset="toggl")
    assert picked(mapped.rows, "user_id", "instance_id", "total_seconds", "is_active") == [
        ("3", "5:x", "3601", "false"),
        ("3", "5", None, "true"),
    ]
    assert mapped.found["negative"] == 1


def test_clockifys_report_has_date_and_time_apart(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "a.csv",
        '"Project","User","Email","Start Date","Start Time","End Date","End Time","Duration (h)",'
        '"Duration (decimal)"\n'
        '"P1","Person One","p1@example.com","03/04/2024","10:23:00 AM","03/04/2024","11:23:01 AM",'
        '"01:00:01","1.00"\n',
    )
    mapped = Mapped(path, TIME_SESSIONS, preset="clockify", timezone="UTC")
    assert picked(mapped.rows, *SESSION) == [
        (
            "p1@example.com",
            "P1",
            "2024-03-04T10:23:00+00:00",
            "2024-03-04T11:23:01+00:00",
            "3601",
        )
    ]
    unknown = Mapped(path, TIME_SESSIONS, preset="clockify")
    assert "has no time zone" in unknown.rejects[0][1]


@pytest.mark.parametrize(
    ("preset", "content", "expected"),
    [
        (
            "harvest",
            "Date,Client,Project,Task,Hours,First Name,Last Name\n2024-03-04,C,P,Dev,1.5,A,B\n",
            ("A B", "P:Dev", "2024-03-04 00:00:00.000000Z", None, "5400.0"),
        ),
        (
            "kimai",
            "Date,From,To,Duration,User,Project,Activity\n2024-03-04,09:00,10:30,5400,ann,P,Dev\n",
            ("ann", "P:Dev", "2024-03-04 09:00:00.000000Z", "2024-03-04 10:30:00.000000Z", "5400"),
        ),
        (
            "solidtime",
            {
                "data": [
                    {
                        "id": "1",
                        "user_id": "u",
                        "project_id": "p",
                        "start": "2024-03-04T09:00:00Z",
                        "end": "2024-03-04T10:00:00Z",
                        "duration": 3600,
                    }
                ]
            },
            ("u", "p", "2024-03-04T09:00:00Z", "2024-03-04T10:00:00Z", "3600"),
        ),
    ],
)
def test_other_trackers(
    tmp_path: Path, preset: str, content: Any, expected: tuple[Any, ...]
) -> None:
    path = write(tmp_path, "a.csv" if isinstance(content, str) else "a.json", content)
    mapped = Mapped(path, TIME_SESSIONS, preset=preset, timezone="UTC")
    assert not mapped.rejects
    assert picked(mapped.rows, *SESSION) == [expected]


# Metrics --------------------------------------------------------------------------------------

POINT = ("name", "value", "recorded_at", "tags")


def test_prometheus_ranges(tmp_path: Path) -> None:
    metric = {"__name__": "up", "job": "x"}
    answer = {
        "data": {"result": [{"metric": metric, "values": [[1714557600, "1"], [1714557660.5, "0"]]}]}
    }
    mapped = Mapped(write(tmp_path, "a.json", answer), METRIC_POINTS, preset="prometheus")
    assert picked(mapped.rows, *POINT) == [
        ("up", "1", "2024-05-01T10:00:00+00:00", {"job": "x"}),
        ("up", "0", "2024-05-01T10:01:00.500000+00:00", {"job": "x"}),
    ]


def test_the_text_format_of_metrics(tmp_path: Path) -> None:
    text = (
        "# TYPE http_requests counter\n# UNIT http_requests requests\n"
        'http_requests_total{code="200",path="a\\"b"} 5 1714557600\n'
        "# TYPE up gauge\nup 1 1714557600000\nbroken\n# EOF\n"
    )
    mapped = Mapped(write(tmp_path, "a.prom", text), METRIC_POINTS, preset="openmetrics")
    assert picked(mapped.rows, *POINT, "metric_type", "unit") == [
        (
            "http_requests_total",
            "5",
            "2024-05-01T10:00:00+00:00",
            {"code": "200", "path": 'a"b'},
            "counter",
            "requests",
        ),
        ("up", "1", "2024-05-01T10:00:00+00:00", {}, "gauge", None),
    ]
    assert [line for line, _ in mapped.rejects] == [6]


def test_cloudwatch_in_its_three_forms(tmp_path: Path) -> None:
    data = {
        "MetricDataResults": [
            {"Id": "m1", "Label": "CPU", "Timestamps": ["2024-05-01T10:00:00Z"], "Values": [1.5]}
        ]
    }
    statistics = {
        "Label": "CPU",
        "Datapoints": [{"Timestamp": "2024-05-01T10:00:00Z", "Average": 2.5, "Unit": "Percent"}],
    }
    stream = {
        "metric_name": "CPU",
        "namespace": "AWS/EC2",
        "dimensions": {"InstanceId": "i"},
        "timestamp": 1714557600000,
        "value": {"sum": 3.0, "count": 2.0},
        "unit": "Percent",
    }
    found = [
        picked(
            Mapped(write(tmp_path, "a.json", each), METRIC_POINTS, preset="cloudwatch").rows,
            "name",
            "value",
        )
        for each in (data, statistics, stream)
    ]
    assert found == [
        [("CPU", "1.5")],
        [("CPU.Average", "2.5")],
        [("CPU.sum", "3"), ("CPU.count", "2")],
    ]


def test_otlp_gauges_sums_and_histograms(tmp_path: Path) -> None:
    def point(**value: Any) -> dict[str, Any]:
        attributes = [{"key": "route", "value": {"stringValue": "/a"}}]
        return {"timeUnixNano": "1714557600000000000", "attributes": attributes} | value

    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "api"}}]}
    metrics = [
        {"name": "g", "unit": "s", "gauge": {"dataPoints": [point(asDouble=1.5)]}},
        {"name": "c", "sum": {"dataPoints": [point(asInt="7")], "isMonotonic": True}},
        {"name": "h", "histogram": {"dataPoints": [point(sum=9.5, count="3")]}},
    ]
    record = {"resourceMetrics": [{"resource": resource, "scopeMetrics": [{"metrics": metrics}]}]}
    mapped = Mapped(write(tmp_path, "a.json", record), METRIC_POINTS, preset="otlp")
    assert picked(mapped.rows, "name", "value", "metric_type", "unit") == [
        ("g", "1.5", "gauge", "s"),
        ("c", "7", "counter", None),
        ("h.sum", "9.5", "histogram", None),
        ("h.count", "3", "histogram", None),
    ]
    assert mapped.rows[0]["tags"] == {"route": "/a", "service": "api"}
    assert mapped.rows[0]["recorded_at"] == "2024-05-01T10:00:00+00:00"


def test_nab_and_grafana(tmp_path: Path) -> None:
    nab = write(tmp_path, "ec2_cpu.csv", "timestamp,value\n2014-02-14 14:30:00,0.132\n")
    assert picked(Mapped(nab, METRIC_POINTS, preset="nab").rows, *POINT[:3]) == [
        ("ec2_cpu", "0.132", "2014-02-14 14:30:00.000000Z")
    ]
    wide = write(
        tmp_path,
        "panel.csv",
        '"Time","{__name__=""up"", job=""x""}","load"\n1704067200000,1,0.5\n1704067215000,0,\n',
    )
    assert picked(Mapped(wide, METRIC_POINTS, preset="grafana").rows, *POINT) == [
        ("up", "1", "2024-01-01 00:00:00.000000Z", {"job": "x"}),
        ("load", "0.5", "2024-01-01 00:00:00.000000Z", {}),
        ("up", "0", "2024-01-01 00:00:15.000000Z", {"job": "x"}),
    ]
