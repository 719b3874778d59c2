"""What the embedded server is told: its settings and who may connect."""

from __future__ import annotations

import os
from pathlib import Path

from tidemark_warehouse.settings import LOOPBACK

MEBIBYTE = 1024 * 1024
SMALL_SHARED_MEMORY = 1024 * MEBIBYTE

HBA = f"""\
# Written by Tidemark at each start.
# TYPE  DATABASE  USER  ADDRESS          METHOD
host    all       all   {LOOPBACK}/32     scram-sha-256
"""


def render(port: int, cluster_name: str, hba_file: Path) -> str:
    """Return the text of the server's configuration file.

    A setting of your own goes in with `alter system`, which overrides this file.

    Args:
        port: the loopback TCP port.
        cluster_name: stands in the title of every process of the server.
        hba_file: the file that says who may connect.
    """
    memory = memory_bytes() // MEBIBYTE
    values = {
        "hba_file": _quoted(hba_file),
        "listen_addresses": f"'{LOOPBACK}'",
        "port": str(port),
        "unix_socket_directories": "''",
        "cluster_name": f"'{cluster_name}'",
        "password_encryption": "'scram-sha-256'",
        "max_connections": "100",
        "max_locks_per_transaction": "256",  # a query locks each partition it may read
        "client_connection_check_interval": "'2s'",  # a killed client's query ends
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "lc_messages": "'C'",
        "default_text_search_config": "'pg_catalog.english'",
        "dynamic_shared_memory_type": f"'{_shared_memory_type()}'",
        "shared_buffers": f"'{_between(128, memory // 4, 4096)}MB'",
        "effective_cache_size": f"'{max(256, memory * 5 // 8)}MB'",
        "work_mem": "'64MB'",
        "maintenance_work_mem": f"'{_between(64, memory // 16, 1024)}MB'",
        "max_wal_size": "'4GB'",
        "checkpoint_timeout": "'15min'",
        "wal_compression": "on",
        "random_page_cost": "1.1",
        "jit": "off",  # the wheel has none
        "log_checkpoints": "off",
        "log_line_prefix": "'%m [%p] %q%u@%d '",
    }
    lines = [f"{name} = {value}" for name, value in values.items()]
    return "\n".join(["# Written by Tidemark at each start; see `alter system`.", *lines, ""])


def memory_bytes() -> int:
    """Return the memory of the machine, or of the container if that has less."""
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    except OSError:
        return physical
    return min(physical, int(limit)) if limit.isdigit() else physical


def _shared_memory_type() -> str:
    """Where parallel queries share memory.

    A container's /dev/shm often has 64 MB, and a parallel hash join then fails; System V
    memory has no such limit.
    """
    try:
        shared = os.statvfs("/dev/shm")  # noqa: S108 (asked for its size, not written)
    except OSError:
        return "posix"
    return "posix" if shared.f_blocks * shared.f_frsize >= SMALL_SHARED_MEMORY else "sysv"


def _between(least: int, value: int, most: int) -> int:
    return max(least, min(value, most))


def _quoted(path: Path) -> str:
    """Write a path as a string of the configuration file."""
    escaped = str(path).replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
