"""Alerts reach real servers: in order, at least once, whatever happens to either side."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, LiteralString

import dagster as dg
import psycopg
import pytest
from aiosmtpd.controller import Controller

from orchestration.resources import Warehouse
from orchestration.telling import alert_deliveries
from tests.conftest import free_port
from tests.integration.receivers import Mailbox, Receiver
from tests.integration.running import begin, environment
from tidemark_warehouse.alerting import channels, outbox
from tidemark_warehouse.database.server import connect
from tidemark_warehouse.settings import LOOPBACK, Settings

Connection = psycopg.Connection[Any]
TARGET = "ALERT_TEST_TARGET"
SAID = {"severity": "low", "message": "all", "rule_id": "r", "delivery_id": "1"}
# What of the marts, dimensions and seeds a delivery reads; a build would take a minute.
TABLES = """
    create schema if not exists seeds;
    create table marts.metric_alerts (
        alert_id text, rule_id text, entity_type text, entity_id text, state text, severity text,
        alert_message text, is_acknowledged boolean default false,
        opened_at timestamptz default now(), resolved_at timestamptz
    );
    create table marts_people.metric_alerts (like marts.metric_alerts including defaults);
    create table marts_people.dim_employees (employee_id text, team_name text);
    insert into marts_people.dim_employees values ('eve', 'platform');
    create table seeds.alert_channels (
        channel text, kind text, target_variable text, rule_pattern text, minimum_severity text,
        team text, quiet_from text, quiet_to text, repeat_hours text
    );
"""


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv(TARGET, server.url)
        yield server
        server.shutdown()


@pytest.fixture
def owner(database: Settings) -> Iterator[Connection]:
    with connect(database, autocommit=True) as connection:
        connection.execute(TABLES)
        yield connection


def channel(owner: Connection, kind: str = "webhook", **columns: str) -> None:
    columns = {"channel": "ops", "kind": kind, "target_variable": TARGET} | columns
    owner.execute(
        f"insert into seeds.alert_channels ({', '.join(columns)})"
        f" values ({', '.join(['%s'] * len(columns))})".encode(),
        list(columns.values()),
    )


def alert(owner: Connection, name: str, mart: str = "marts", **columns: str) -> None:
    columns = {
        "alert_id": name, "rule_id": "rule", "entity_type": "metric", "entity_id": "m",
        "state": "firing", "severity": "high", "alert_message": f"{name} is odd",
    } | columns  # fmt: skip
    owner.execute(
        f"insert into {mart}.metric_alerts ({', '.join(columns)})"
        f" values ({', '.join(['%s'] * len(columns))})".encode(),
        list(columns.values()),
    )


def update(owner: Connection, name: str, changes: str) -> None:
    owner.execute(f"update marts.metric_alerts set {changes} where alert_id = '{name}'".encode())


def deliver(owner: Connection) -> list[outbox.Outcome]:
    return list(outbox.deliver(owner, at_once=True))


def test_a_webhook_gets_what_the_contract_lists(owner: Connection, receiver: Receiver) -> None:
    channel(owner)
    alert(owner, "a", opened_at="2026-03-02 00:00+00")
    assert deliver(owner) == [outbox.Outcome("ops", 1, 0)]
    ((message,),) = [body["messages"] for body in receiver.bodies]
    ((delivery_id,),) = owner.execute("select delivery_id::text from ops.alert_deliveries")
    assert message == {
        "delivery_id": delivery_id,
        "alert_id": "a",
        "change": "opened",
        "rule_id": "rule",
        "entity_type": "metric",
        "entity_id": "m",
        "severity": "high",
        "message": "a is odd",
        "at": "2026-03-02T00:00:00+00:00",
    }
    assert deliver(owner) == [], "what was confirmed is not told again"


def test_each_change_is_told_once_and_in_order(owner: Connection, receiver: Receiver) -> None:
    channel(owner, repeat_hours="1")
    alert(owner, "a", severity="low")
    alert(owner, "seen", is_acknowledged="true")
    alert(owner, "over", state="resolved", resolved_at="2026-03-02 00:00+00")
    for name in ("expired", "historical", "withdrawn"):
        alert(owner, name, state=name)
    deliver(owner)
    update(owner, "a", "severity = 'critical'")
    deliver(owner)
    update(owner, "a", "severity = 'high'")
    deliver(owner)
    later = "update ops.alert_deliveries set delivered_at = delivered_at - interval '61 minutes'"
    owner.execute(later)
    deliver(owner)
    update(owner, "a", "is_acknowledged = true")
    owner.execute(later)
    deliver(owner)
    update(owner, "a", "state = 'resolved', resolved_at = now()")
    deliver(owner)
    # A correction that lets the condition go on is news.
    update(owner, "a", "state = 'firing', is_acknowledged = false, resolved_at = null")
    deliver(owner)
    changes = ("opened", "risen", "repeated", "resolved", "opened")
    assert receiver.said() == [("a", change) for change in changes]


def test_what_fails_is_told_and_that_it_works_again(owner: Connection, receiver: Receiver) -> None:
    failed = (
        "insert into ops.refreshes (relation, kind, started_at, seconds, message)"
        " values ('marts.x', 'model', now(), 1, 'duplicate key: ann'), ('y', 'test', now(), 1, '!')"
    )
    channel(owner)
    channel(owner, channel="metrics", rule_pattern="p99*")
    channel(owner, channel="urgent", minimum_severity="critical")
    channel(owner, channel="team", team="platform")
    channel(owner, channel="models", rule_pattern="failed_model")
    assert deliver(owner) == []
    owner.execute(failed)
    assert deliver(owner) == [outbox.Outcome("models", 1, 0), outbox.Outcome("ops", 2, 0)]
    (_, messages) = [body["messages"] for body in receiver.bodies]
    assert {message["rule_id"] for message in messages} == {"failed_model", "failed_test"}
    assert {message["message"] for message in messages} == {
        "model marts.x failed; tidemark status says why",
        "test y failed; tidemark status says why",
    }
    assert deliver(owner) == []
    owner.execute(
        "insert into ops.watermarks (relation, model, seen, fingerprint, shape, settings,"
        " reads, as_of, built_at) values ('marts.x', 'model.tidemark.x',"
        " ops.current_snapshot(), '', '', '', '{}', now(), now() + interval '5 seconds')"
    )
    assert deliver(owner) == [outbox.Outcome("models", 1, 0), outbox.Outcome("ops", 1, 0)]
    (message,) = receiver.bodies[-1]["messages"]
    assert message["change"] == "resolved"
    assert message["message"] == "model marts.x works again"
    assert deliver(owner) == []


def test_nothing_is_lost_while_the_receiver_is_down(owner: Connection, receiver: Receiver) -> None:
    channel(owner)
    alert(owner, "a")
    for receiver.status in (500, 302, 404):
        (outcome,) = deliver(owner)
        assert outcome == outbox.Outcome(
            "ops", 0, 1, f"the receiver answered {receiver.status}", failed=True
        )
    update(owner, "a", "state = 'resolved', resolved_at = now()")
    assert [o.remark for o in outbox.deliver(owner)] == [
        "rests after a failure; --now tries it at once"
    ]
    failures: LiteralString = (
        "select failures, retry_at - clock_timestamp() > interval '3 minutes'"
        " from ops.channel_failures"
    )
    assert owner.execute(failures).fetchall() == [(3, True)]
    receiver.bodies.clear()
    receiver.status = 202
    assert deliver(owner) == [outbox.Outcome("ops", 2, 0)]
    assert receiver.said() == [("a", "opened"), ("a", "resolved")]
    assert owner.execute(failures).fetchall() == []


def test_no_word_of_a_failure_has_the_target(
    owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel(owner)
    alert(owner, "a")
    for target, remark in {
        f"http://{LOOPBACK}:9/?token=secret": "no answer",
        "ftp://host/secret": "the target is no http",
    }.items():
        monkeypatch.setenv(TARGET, target)
        (outcome,) = deliver(owner)
        assert (outcome.failed, outcome.waiting) == (True, 1)
        assert remark in (outcome.remark or "")
        assert "secret" not in (outcome.remark or "")


def test_a_channel_without_a_target_is_off(
    owner: Connection, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel(owner)
    alert(owner, "a")
    monkeypatch.delenv(TARGET)
    assert deliver(owner) == []
    update(owner, "a", "state = 'resolved', resolved_at = now()")
    monkeypatch.setenv(TARGET, receiver.url)
    assert deliver(owner) == [], "it was over before there was anybody to tell"


def test_a_killed_delivery_goes_on_with_the_same_ids(
    owner: Connection, receiver: Receiver, database: Settings
) -> None:
    channel(owner)
    alert(owner, "a")
    receiver.pause = 5
    process = begin(database, "alerts", "deliver")
    deadline = time.monotonic() + 60
    while not receiver.bodies and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    receiver.pause = 0
    # The server notices that the client is gone, and gives its lock back.
    while not (outcomes := deliver(owner)) or not outcomes[0].sent:
        assert time.monotonic() < deadline, outcomes
        time.sleep(0.2)
    first, second = receiver.messages()
    assert first == second, "at least once, and the same id says so"
    assert deliver(owner) == []


def test_a_storm_comes_in_one_piece(owner: Connection, receiver: Receiver) -> None:
    channel(owner)
    for number in range(40):
        alert(owner, f"a{number:02}")
    assert deliver(owner) == [outbox.Outcome("ops", 40, 0)]
    assert [len(body["messages"]) for body in receiver.bodies] == [40]


def test_channels_are_told_what_their_rows_say(owner: Connection, receiver: Receiver) -> None:
    for name, columns in {
        "all": {},
        "api": {"rule_pattern": "api.*_x"},
        "bad": {"minimum_severity": "high"},
        "platform": {"team": "platform"},
        "people": {"team": "*"},
        "quiet": {"quiet_from": "0", "quiet_to": "24"},
        "loud": {"quiet_from": "0", "quiet_to": "0"},
    }.items():
        channel(owner, **({"channel": name, "minimum_severity": "low"} | columns))
    alert(owner, "a", severity="medium", rule_id="api.p99_x")
    alert(owner, "b", severity="high", rule_id="apiXp99yx")
    alert(owner, "eve", "marts_people", entity_type="employee", entity_id="eve")
    alert(owner, "team", "marts_people", entity_type="team", entity_id="core")
    assert {o.channel: o.remark for o in deliver(owner) if o.remark} == {"quiet": "quiet hours"}
    told: dict[str, set[str]] = {}
    for name, alert_id in owner.execute("select channel, alert_id from ops.alert_deliveries"):
        told.setdefault(name, set()).add(alert_id)
    assert told == {
        "all": {"a", "b"}, "api": {"a"}, "bad": {"b"}, "quiet": {"a", "b"}, "loud": {"a", "b"},
        "platform": {"eve"}, "people": {"eve", "team"},
    }  # fmt: skip
    update(owner, "b", "severity = 'low', state = 'resolved', resolved_at = now()")
    deliver(owner)
    told_bad = owner.execute(
        "select change from ops.alert_deliveries where channel = 'bad' order by place"
    )
    assert told_bad.fetchall() == [("opened",), ("resolved",)], "who was told of it hears its end"


def test_quiet_hours_may_lie_over_midnight(owner: Connection) -> None:
    hours = owner.execute(
        "select array_agg(h) from generate_series(0, 23) as h"
        " where ops.is_quiet(22, 7, timestamptz '2026-03-02 00:30+00' + h * interval '1 hour')"
    ).fetchone()
    assert hours == ([0, 1, 2, 3, 4, 5, 6, 22, 23],)


def test_alerts_of_the_release_before_are_told_to_nobody(
    owner: Connection, receiver: Receiver
) -> None:
    channel(owner)
    alert(owner, "old")
    alert(owner, "new")
    owner.execute("insert into ops.untold_alerts values ('old')")
    deliver(owner)
    assert receiver.said() == [("new", "opened")]


def test_chats_and_commands_get_theirs(
    owner: Connection, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    channel(owner, "slack")
    file = tmp_path / "messages.json"
    code = "import sys; open(sys.argv[1], 'w').write(sys.stdin.read())"
    monkeypatch.setenv("ALERT_TEST_COMMAND", f'{sys.executable} -c "{code}" {file}')
    channel(owner, "command", channel="run", target_variable="ALERT_TEST_COMMAND")
    for number in range(22):
        alert(owner, f"a{number:02}")
    assert [outcome.failed for outcome in deliver(owner)] == [False, False]
    (body,) = receiver.bodies
    lines = body["text"].split("\n")
    assert lines[0] == "[high] opened: a00 is odd (a00)"
    assert lines[20:] == ["and 2 more: tidemark alerts"]
    channels.send("teams", TARGET, [{"alert_id": "x", "change": "opened", **SAID}])
    (card,) = receiver.bodies[1]["attachments"]
    assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert [block["text"] for block in card["content"]["body"]] == ["[low] opened: all (x)"]
    assert len(json.loads(file.read_text())["messages"]) == 22
    monkeypatch.setenv("ALERT_TEST_COMMAND", f"{sys.executable} -c raise(SystemExit(3))")
    with pytest.raises(channels.UndeliveredError, match="the command ended with 3"):
        channels.send("command", "ALERT_TEST_COMMAND", [])


def test_mail_reaches_a_mail_server_and_waits_for_one(
    owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    box, port = Mailbox(), free_port()
    monkeypatch.setenv(
        TARGET, f"smtp://{LOOPBACK}:{port}/?from=t@a.example&to=x@a.example&to=y@b.example"
    )
    channel(owner, "email")
    alert(owner, "a")
    alert(owner, "b", alert_message="b\nSubject: forged")
    (outcome,) = deliver(owner)
    assert (outcome.sent, outcome.waiting, outcome.failed) == (0, 2, True)
    assert outcome.remark == "the mail server refused: ConnectionRefusedError"
    server = Controller(box, hostname=LOOPBACK, port=port)
    server.start()
    try:
        assert deliver(owner) == [outbox.Outcome("ops", 2, 0)]
    finally:
        server.stop()
    (mail,) = box.mails
    assert mail["Subject"] == "2 alerts: [high] opened: a is odd (a)"
    assert (mail["From"], mail["X-RcptTo"]) == ("t@a.example", "x@a.example, y@b.example")
    assert mail.get_all("Subject") == [mail["Subject"]]
    text = mail.get_payload(decode=True)
    assert isinstance(text, bytes)
    assert text.decode().startswith("[high] opened: a is odd (a)")


def test_a_watcher_tells_by_itself_and_says_a_failure_once(
    owner: Connection, database: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "PAUSE_SECONDS", 0.1)
    channel(owner)
    receiver.status = 500
    alert(owner, "a")
    said: list[str] = []
    stop = threading.Event()
    arguments = (lambda: connect(database, autocommit=True), said.append, stop)
    teller = threading.Thread(target=outbox.keep_delivering, args=arguments, daemon=True)
    teller.start()
    wait_for(lambda: bool(said))
    receiver.status = 200
    owner.execute("update ops.channel_failures set retry_at = now()")
    wait_for(lambda: len(said) > 1)
    stop.set()
    teller.join(timeout=20)
    assert said == [
        "ops: 0 messages sent, 1 waiting (the receiver answered 500)",
        "ops: 1 message sent",
    ]


def test_a_tick_of_dagster_tells_what_is_due(
    database: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, setting in environment(database).items():
        monkeypatch.setenv(name, setting)

    def tick() -> str:
        context = dg.build_sensor_context(resources={"warehouse": Warehouse()})
        skipped = alert_deliveries(context)
        assert isinstance(skipped, dg.SkipReason)
        return skipped.skip_message or ""

    assert "there are no alerts to deliver yet" in tick()
    with connect(database, autocommit=True) as owner:
        owner.execute(TABLES)
        channel(owner)
        alert(owner, "a")
    assert tick() == "ops: 1 message sent"
    assert tick() == "nothing is due to a channel that is on"
    assert receiver.said() == [("a", "opened")]


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
