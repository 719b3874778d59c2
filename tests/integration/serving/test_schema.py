"""`tidemark serve` keeps to its own OpenAPI description, whatever is sent: schemathesis tries."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import free_port
from tests.integration.exactness.warehouse import Warehouse
from tests.integration.running import begin
from tests.integration.serving.conftest import TOKEN
from tidemark_warehouse.settings import LOOPBACK, PROJECT_ROOT

EXAMPLES = 25  # a route, beside those that try each boundary of each argument
SEED = 20260310


@pytest.fixture
def served(company: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Everything there is, about people too, until Ctrl-C; the address."""
    monkeypatch.setenv("TIDEMARK_API_TOKEN", TOKEN)
    port = free_port()
    process = begin(company.settings, "serve", "--people", "--port", str(port))
    assert process.stdout is not None
    try:
        said = [process.stdout.readline() for _ in range(4)]
        assert said == [
            f"ready on http://{LOOPBACK}:{port}\n",
            "database  company, as tidemark_people_reader\n",
            "token     in the variable TIDEMARK_API_TOKEN\n",
            "Ctrl-C stops it\n",
        ], process.stderr and process.stderr.read()
        yield f"http://{LOOPBACK}:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert out == "stopped; the database is up until `tidemark down`\n"
    assert "Traceback" not in err


def test_schemathesis_finds_nothing(served: str, tmp_path: Path) -> None:
    """All its checks, by schemathesis.toml of this project; 5xx is one of them."""
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", str(PROJECT_ROOT / "schemathesis.toml")),
            *("run", f"{served}/openapi.json"),
            *("--header", f"Authorization: Bearer {TOKEN}", "--no-color", "--warnings", "off"),
            *("--max-examples", str(EXAMPLES), "--seed", str(SEED)),
            *("--generation-database", "none"),
        ],
        cwd=tmp_path,  # it keeps a cache
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout
    counted = re.search(r"Selected: (\d+)/(\d+)\s+Tested: (\d+)", ran.stdout)
    assert counted, ran.stdout
    selected, known, tested = map(int, counted.groups())
    assert selected == known == tested, ran.stdout
    assert known > 20  # it has read the schema
