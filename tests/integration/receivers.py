"""Receivers of alerts that listen on loopback: an HTTP server and a mailbox."""

from __future__ import annotations

import json
import ssl
import time
from datetime import UTC, datetime, timedelta
from email.message import Message as Mail
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.handlers import Message as MailHandler
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tidemark_warehouse.settings import LOOPBACK


class Receiver(ThreadingHTTPServer):
    """Keeps what it gets, and answers what it is told to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((LOOPBACK, 0), Handler)
        self.bodies: list[Any] = []
        self.status = 200
        self.pause = 0.0

    @property
    def url(self) -> str:
        """Where it listens, with a secret."""
        return f"http://{LOOPBACK}:{self.server_address[1]}/hook?token=secret"

    def messages(self) -> list[dict[str, Any]]:
        """Return what came, in order."""
        return [message for body in self.bodies for message in body["messages"]]

    def said(self) -> list[tuple[str, str]]:
        """Return of which alerts which change came."""
        return [(message["alert_id"], message["change"]) for message in self.messages()]


class Handler(BaseHTTPRequestHandler):
    """Reads a POST, waits, answers."""

    server: Receiver

    def do_POST(self) -> None:
        """Keep the body."""
        length = int(self.headers["Content-Length"])
        self.server.bodies.append(json.loads(self.rfile.read(length)))
        time.sleep(self.server.pause)
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Mailbox(MailHandler):
    """Keeps the mails that it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[Mail] = []

    def handle_message(self, message: Mail) -> None:
        """Keep one."""
        self.mails.append(message)


def certified(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Make a certificate for loopback; return a server's TLS with it, and its file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOOPBACK))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file, key_file = folder / "certificate.pem", folder / "key.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file, key_file)
    return context, file
