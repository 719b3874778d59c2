"""Ports on loopback for what a command serves."""

from __future__ import annotations

import socket

from tidemark_warehouse.errors import TidemarkError
from tidemark_warehouse.settings import LOOPBACK


def address(port: int) -> str:
    """Return where the web page is."""
    return f"http://{LOOPBACK}:{port}"


def check_port(port: int, command: str) -> None:
    """See whether the port can be had.

    Args:
        port: on loopback.
        command: what wants it.

    Raises:
        TidemarkError: another program has it.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise TidemarkError(
                f"port {port} of {LOOPBACK} cannot be had: {reason}",
                f"stop the program that has it, or run `{command} --port {port + 1}`",
            ) from error
