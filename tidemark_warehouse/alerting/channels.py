"""The kinds of channels: how messages reach a receiver, and how it says that it has them."""

from __future__ import annotations

import json
import os
import shlex
import smtplib
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from email.message import EmailMessage
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Message = Mapping[str, Any]
SECONDS = 20.0  # a receiver that does not answer by then has not received
SHOWN = 20  # messages that a person reads one by one; of a storm the others are counted


class UndeliveredError(Exception):
    """A receiver did not confirm. The text says why, without the target: that may hold a secret."""


class _Unredirected(urllib.request.HTTPRedirectHandler):
    """A redirected POST arrives as a GET without its messages: no receipt."""

    def redirect_request(self, *_: Any) -> None:
        """Follow nothing."""


OPENER = urllib.request.build_opener(_Unredirected)


def target_of(variable: str) -> str:
    """Return what an environment variable holds; '' if it is not set."""
    return os.environ.get(variable, "").strip()


def send(kind: str, variable: str, messages: Sequence[Message]) -> None:
    """Send messages, all at once, and return when the receiver has confirmed them.

    Args:
        kind: one of KINDS.
        variable: the environment variable that holds the URL, the address or the command.
        messages: what the contract lists of each, in order.

    Raises:
        UndeliveredError: it has not.
    """
    target = target_of(variable)
    if not target:
        raise UndeliveredError(f"the environment variable {variable} is not set")
    KINDS[kind](target, messages)


def _webhook(target: str, messages: Sequence[Message]) -> None:
    _post(target, {"messages": list(messages)})


def _slack(target: str, messages: Sequence[Message]) -> None:
    _post(target, {"text": text_of(messages)})


def _teams(target: str, messages: Sequence[Message]) -> None:
    """Post an adaptive card: the webhooks of Teams' workflows take nothing else."""
    lines = [
        {"type": "TextBlock", "text": line, "wrap": True} for line in text_of(messages).split("\n")
    ]
    card = {"type": "AdaptiveCard", "version": "1.4", "body": lines}
    kind = "application/vnd.microsoft.card.adaptive"
    _post(target, {"type": "message", "attachments": [{"contentType": kind, "content": card}]})


def _post(target: str, body: object) -> None:
    if urlsplit(target).scheme not in ("http", "https"):
        raise UndeliveredError("the target is no http or https URL")
    request = urllib.request.Request(  # noqa: S310  # the scheme is checked
        target,
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "User-Agent": "tidemark"},
        method="POST",
    )
    try:
        with OPENER.open(request, timeout=SECONDS) as answer:
            status = answer.status
    except urllib.error.HTTPError as error:
        status = error.code
        error.close()
    except (OSError, ValueError) as error:
        raise UndeliveredError(f"no answer: {getattr(error, 'reason', error)}") from error
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        raise UndeliveredError(f"the receiver answered {status}")


def _email(target: str, messages: Sequence[Message]) -> None:
    """Take smtp://user:password@host:587/?from=a&to=b; smtps for TLS from the start.

    Where the server offers TLS it is used, and its certificate checked; a password goes over
    nothing else.
    """
    url = urlsplit(target)
    words = parse_qs(url.query)
    if url.scheme not in ("smtp", "smtps") or not url.hostname or not words.get("to"):
        raise UndeliveredError(
            "the target is no smtp://user:password@host:port/?from=...&to=... URL"
        )
    mail = EmailMessage()
    mail["Subject"] = _subject(messages)
    mail["From"] = words.get("from", words["to"])[0]
    mail["To"] = ", ".join(words["to"])
    mail["Message-ID"] = f"<{messages[0]['delivery_id']}@tidemark>"
    mail.set_content(text_of(messages))
    tls = ssl.create_default_context()
    address = (url.hostname, url.port or 0)
    is_private = url.scheme == "smtps"
    try:
        with (
            smtplib.SMTP_SSL(*address, timeout=SECONDS, context=tls)
            if is_private
            else smtplib.SMTP(*address, timeout=SECONDS)
        ) as server:
            server.ehlo_or_helo_if_needed()  # before it nobody knows what the server offers
            if not is_private and server.has_extn("starttls"):
                server.starttls(context=tls)
                is_private = True
            if url.username and not is_private:
                raise UndeliveredError("the mail server has no TLS, and the URL has a password")
            if url.username:
                server.login(unquote(url.username), unquote(url.password or ""))
            server.send_message(mail)
    except (OSError, smtplib.SMTPException) as error:
        raise UndeliveredError(f"the mail server refused: {type(error).__name__}") from error


def _command(target: str, messages: Sequence[Message]) -> None:
    """Run a command, without a shell, with the JSON of a webhook as its input."""
    try:
        done = subprocess.run(  # whoever sets the variable is the operator
            shlex.split(target),
            input=json.dumps({"messages": list(messages)}),
            text=True,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise UndeliveredError(f"the command did not run: {type(error).__name__}") from error
    if done.returncode:
        raise UndeliveredError(f"the command ended with {done.returncode}")


def text_of(messages: Sequence[Message]) -> str:
    """Return what a person reads: a line a message, and of a storm how many more there are."""
    lines = [
        f"[{message['severity']}] {message['change']}: "
        f"{message['message'] or message['rule_id']} ({message['alert_id'][:12]})"
        for message in messages[:SHOWN]
    ]
    if len(messages) > SHOWN:
        lines.append(f"and {len(messages) - SHOWN} more: tidemark alerts")
    return "\n".join(lines)


def _subject(messages: Sequence[Message]) -> str:
    first = text_of(messages[:1])
    text = first if len(messages) == 1 else f"{len(messages)} alerts: {first}"
    return " ".join(text.split())[:200]


KINDS: dict[str, Callable[[str, Sequence[Message]], None]] = {
    "webhook": _webhook,
    "slack": _slack,
    "teams": _teams,
    "email": _email,
    "command": _command,
}
