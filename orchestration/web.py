"""Dagster's web page behind the gate: `python -m orchestration.web`, with the options of its own.

Its own server answers whoever asks: a page of another web site launched runs by a GET.
"""

from __future__ import annotations

from typing import Any

from dagster_webserver import cli
from dagster_webserver.app import create_app_from_workspace_process_context

from tidemark_warehouse.http import gate, serving
from tidemark_warehouse.settings import LOOPBACK

HOSTING = "host_dagster_ui_with_workspace_process_context"
GRAPHQL = "/graphql"


def main() -> None:
    """Run Dagster's own command, with our server in place of its."""
    if not callable(getattr(cli, HOSTING, None)):
        raise SystemExit(f"this Dagster has no {HOSTING}: its page cannot be guarded")
    setattr(cli, HOSTING, host)
    cli.main()  # type: ignore[no-untyped-call]


def host(
    workspace_process_context: Any,
    host: str | None,
    port: int | None,
    path_prefix: str,
    log_level: str,
    live_data_poll_rate: int | None = None,
) -> None:
    """Serve the page until the process is told to stop; called by Dagster's command."""
    app = create_app_from_workspace_process_context(
        workspace_process_context, path_prefix, live_data_poll_rate
    )
    serving.run(
        serving.server(
            app, gate.allowed_hosts(), acting_paths=[path_prefix + GRAPHQL], log_level=log_level
        ),
        serving.listening(host or LOOPBACK, port or 0),
    )


if __name__ == "__main__":
    main()
