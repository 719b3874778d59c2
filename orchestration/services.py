"""Dagster's services as `dagster dev` starts them, with our web page; `tidemark dev` runs it."""

from __future__ import annotations

import sys
from typing import Any

from dagster._cli import dev
from dagster_shared.cli import WorkspaceOpts

STARTING = "open_ipc_subprocess"
ITS_PAGE, OURS = "dagster_webserver", "orchestration.web"


def main() -> None:
    """Start web page, daemon and code server, and end with any of them.

    The command line is: the workspace's file, host and port of the page, the log level.
    """
    workspace, host, port, log_level = sys.argv[1:]
    start_process = getattr(dev, STARTING)

    def start(command: list[str], **named: Any) -> Any:
        return start_process([OURS if word == ITS_PAGE else word for word in command], **named)

    setattr(dev, STARTING, start)
    dev.dev_command_impl(
        code_server_log_level=log_level,
        log_level=log_level,
        log_format="colored",
        port=port,
        host=host,
        use_legacy_code_server_behavior=False,
        shutdown_pipe=None,
        verbose=False,
        workspace_opts=WorkspaceOpts(workspace=(workspace,)),
    )


if __name__ == "__main__":
    main()
