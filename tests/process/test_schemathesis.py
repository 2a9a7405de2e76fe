"""Thousands of cases made from the OpenAPI document, against a running server with every plugin on.

No answer is an error of the server, has a status, a type or headers that are not in the document,
breaks the schema that the document gives it, takes what the document says is wrong, or shows a
row that was deleted. Chains of requests follow the links of the document.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.servers import free_port

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent
# Left out are two checks that make a key of the API beside the token of the header; two credentials are refused.
CHECKS = ("--checks", "all", "--exclude-checks", "positive_data_acceptance,unsupported_method")
# What ends the caller's own token, and streams that do not end.
LEFT_OUT = "/auth/|/live|/realtime|/logout|/login|revoke|oidc"
FEWEST = 5_000
MIGRATED_WITHIN_S = 30
PASSWORD = "correct horse battery\n"


@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.parametrize(
    ("caller", "examples"),
    [("admin", 25), ("ada", 10), ("", 10)],
    ids=["an administrator", "a user without roles", "nobody"],
)
def test_no_case_of_the_document_breaks_it(tmp_path: Path, database_url: str, caller: str, examples: int) -> None:
    """More than 5,000 cases each, on SQLite and on PostgreSQL; each caller with the document that is theirs."""
    text = (ROOT / "development.ini").read_text()
    for name in ("ratelimit", "quota", "realtime", "live", "oidc"):
        text = text.replace(f"plugin.{name} = on", f"plugin.{name} = off")
    text = re.sub(r"(?m)^sqlalchemy\.url = .*$", f"sqlalchemy.url = {database_url}", text)
    (tmp_path / "app.ini").write_text(text)
    port = free_port()
    server = subprocess.Popen([TOOLS / "benben", "serve", "app.ini", "--listen", f"127.0.0.1:{port}", "--quiet"], cwd=tmp_path)
    try:
        _wait(port)
        command = [
            TOOLS / "schemathesis",
            "run",
            f"http://127.0.0.1:{port}/openapi.json",
            *_credentials(tmp_path, caller),
            *("--phases", "coverage,fuzzing,stateful", "--max-examples", str(examples), *CHECKS, "--seed", "1"),
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


def _credentials(folder: Path, caller: str) -> list[str]:
    if not caller:
        return []

    def benben(*words: str) -> str:
        command: list[Any] = [TOOLS / "benben", words[0], "app.ini", *words[1:]]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, input=PASSWORD).stdout

    if caller != "admin":
        benben("user", "add", caller, "--password-stdin")
    return ["--header", f"Authorization: Bearer {benben('token', caller).split()[-1]}"]


def _wait(port: int) -> None:
    for _ in range(MIGRATED_WITHIN_S * 10):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live"):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the server does not answer")
