"""Thousands of cases made from the OpenAPI document, against a running server with every plugin on.

No answer is an error of the server, has a status or a type that is not in the document, or breaks
the schema that the document gives it.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import free_port

ROOT = Path(__file__).parents[2]
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
# What ends the caller's own token, and streams that do not end.
LEFT_OUT = "/auth/|/live|/realtime|/logout|/login|revoke|oidc"
FEWEST = 5_000


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_no_case_of_the_document_breaks_it(tmp_path: Path) -> None:
    """More than 5,000 cases, with the token of an administrator."""
    text = (ROOT / "development.ini").read_text()
    for name in ("ratelimit", "quota", "realtime", "live", "oidc"):
        text = text.replace(f"plugin.{name} = on", f"plugin.{name} = off")
    (tmp_path / "app.ini").write_text(text)
    port = free_port()
    benben = Path(sys.executable).with_name("benben")
    server = subprocess.Popen([benben, "serve", "app.ini", "--listen", f"127.0.0.1:{port}", "--quiet"], cwd=tmp_path)
    try:
        _wait(port)
        token = subprocess.run([benben, "token", "app.ini", "admin"], cwd=tmp_path, capture_output=True, text=True, check=True)
        command = [
            Path(sys.executable).with_name("schemathesis"),
            "run",
            f"http://127.0.0.1:{port}/openapi.json",
            *("--header", f"Authorization: Bearer {token.stdout.split()[-1]}"),
            *("--phases", "coverage,fuzzing", "--max-examples", "25", "--checks", CHECKS, "--seed", "1"),
            *("--exclude-path-regex", LEFT_OUT, "--exclude-path", "/metrics", "--max-failures", "20"),
        ]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    finally:
        server.terminate()
        server.wait(30)

    cases = re.search(r"(\d+) generated", done.stdout)
    assert done.returncode == 0, done.stdout[-20_000:]
    assert cases is not None
    assert int(cases[1]) >= FEWEST


def _wait(port: int) -> None:
    import time
    import urllib.request

    for _ in range(300):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live"):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the server does not answer")
