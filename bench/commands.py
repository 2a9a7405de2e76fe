"""How each server is started: one worker, and four threads where a server has threads."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

THREADS = 4
Command = Callable[[Any, int], list[str]]


def granian(contestant: Any, port: int) -> list[str]:
    """One worker of granian."""
    options = f"--interface wsgi --factory --workers 1 --blocking-threads {THREADS} --host 127.0.0.1 --port {port} --no-log"
    return [str(contestant.python), "-m", "bench.serve_granian", *options.split(), f"{contestant.module}:create_app"]


def uvicorn(contestant: Any, port: int) -> list[str]:
    """One worker of uvicorn with uvloop and httptools, its standard extra."""
    options = f"--factory --workers 1 --host 127.0.0.1 --port {port} --log-level warning --no-access-log"
    return [str(contestant.python), "-m", "uvicorn", *options.split(), f"{contestant.module}:create_app"]


def gunicorn(contestant: Any, port: int) -> list[str]:
    """One worker of gunicorn with threads."""
    options = f"--workers 1 --worker-class gthread --threads {THREADS} --bind 127.0.0.1:{port} --log-level warning"
    return [str(contestant.python), "-m", "gunicorn", *options.split(), f"{contestant.module}:create_app()"]


def waitress(contestant: Any, port: int) -> list[str]:
    """Plain waitress; it would else write a line for every request that waits."""
    options = f"--listen 127.0.0.1:{port} --threads {THREADS} --call"
    return [str(contestant.python), "-m", "waitress", *options.split(), f"{contestant.module}:create_quiet_app"]


def benben_serve(contestant: Any, port: int) -> list[str]:
    """Benben's own command, which is waitress with limits and drain."""
    program = str(Path(sys.executable).with_name("benben"))
    return [program, "serve", contestant.ini, "--listen", f"127.0.0.1:{port}", "--threads", str(THREADS), "--quiet"]


def kinto_start(contestant: Any, port: int) -> list[str]:
    """Kinto's own command, which is waitress."""
    return [str(contestant.python.with_name("kinto")), "start", "--ini", "bench/kinto.ini", "--port", str(port)]
