"""Alerts by mail: what the server has to offer before it is trusted with anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from tests.conftest import free_port
from tests.integration.receivers import Mailbox, certified
from tidemark_warehouse.alerting import channels
from tidemark_warehouse.settings import LOOPBACK

TARGET = "ALERT_TEST_TARGET"


def test_tls_is_used_where_it_is_offered_and_a_password_goes_over_nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    box, port = Mailbox(), free_port()
    words = f"{LOOPBACK}:{port}/?to=x@a.example"
    message = {
        **{"delivery_id": "1", "alert_id": "x", "change": "opened", "rule_id": "r"},
        **{"severity": "low", "message": "all"},
    }
    context, certificate = certified(tmp_path)

    def send(user: str = "") -> None:
        monkeypatch.setenv(TARGET, f"smtp://{user}{words}")
        channels.send("email", TARGET, [message])

    plain = Controller(box, hostname=LOOPBACK, port=port)
    plain.start()
    try:
        with pytest.raises(channels.UndeliveredError, match="no TLS, and the URL has a password"):
            send("ann:secret@")
    finally:
        plain.stop()
    private = Controller(
        box, hostname=LOOPBACK, port=port, tls_context=context, require_starttls=True
    )
    private.start()
    try:
        with pytest.raises(channels.UndeliveredError, match="SSLCertVerificationError"):
            send()
        assert box.mails == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        send()
    finally:
        private.stop()
    assert len(box.mails) == 1, "the server takes nothing before STARTTLS"
