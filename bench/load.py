"""``wrk``: one thread, sixteen connections, the same request again and again."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass

from bench.works import Request

CONNECTIONS = 16
REPORT = """
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('\\nRESULT {"requests":%d,"us":%d,"bytes":%d,"socket":%d,"status":%d,"p50":%d,"p99":%d}\\n',
    summary.requests, summary.duration, summary.bytes, e.connect + e.read + e.write + e.timeout, e.status,
    latency:percentile(50), latency:percentile(99)))
end
"""


@dataclass(frozen=True)
class Load:
    """What one run of wrk has seen."""

    per_s: float
    p50_ms: float
    p99_ms: float


def run_wrk(port: int, request: Request, seconds: int) -> Load:
    """Send *request* for some seconds.

    Raises: RuntimeError: not every answer was a success; the figure would be worth nothing.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(lua(request))
        script.flush()
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "30s", "-s", script.name]
        url = f"http://127.0.0.1:{port}{request.target}"
        done = subprocess.run([*command, url], capture_output=True, text=True, check=True)
    seen = json.loads(done.stdout.partition("RESULT ")[2])
    if seen["socket"] or seen["status"] or not seen["requests"]:
        failed = f"{seen['status']} of {seen['requests']} answers were errors, {seen['socket']} connections failed"
        raise RuntimeError(f"{request.method} {request.target}: {failed}")
    return Load(seen["requests"] / seen["us"] * 1e6, seen["p50"] / 1000, seen["p99"] / 1000)


def lua(request: Request) -> str:
    """Return the script that makes wrk send *request* and report in a form for machines."""
    lines = [f"wrk.method = {json.dumps(request.method)}"]
    if request.body:
        # A long bracket takes everything as it is; JSON holds none of this level.
        lines.append(f"wrk.body = [==[{request.body}]==]")
    lines += [f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}" for name, value in request.headers]
    return "\n".join(lines) + REPORT


def require_wrk() -> None:
    """Raise RuntimeError with the cure if wrk is missing."""
    if shutil.which("wrk") is None:
        raise RuntimeError("wrk is not installed; scripts/system-packages wrk installs it")
