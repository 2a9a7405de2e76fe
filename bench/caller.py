"""The side of a contestant: call its application in process, as the runner says on stdin.

``python -m bench.caller MODULE INTERFACE`` reads one JSON object a line and answers each
with one: ``{"check": request}`` with status and body, ``{"count": request}`` with the
statements, ``{"measure": request, "times": n}`` with the microseconds of one call.
"""

from __future__ import annotations

import asyncio
import importlib
import io
import json
import os
import sqlite3
import sys
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from typing import Any

# What begins and ends a transaction or speaks to the connection is no statement of the request.
FRAME = ("BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA")
Answer = tuple[int, bytes]


class Statements:
    """Counts what SQLite is really told, whatever library tells it."""

    def __init__(self) -> None:
        self._connections: weakref.WeakSet[Any] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._last = ""
        self.count = 0

    def install(self) -> None:
        """See every connection that is opened from now on."""
        plain = sqlite3.connect

        class Seen(sqlite3.Connection):
            """A connection that can be held weakly."""

        def connect(*arguments: Any, **options: Any) -> Any:
            connection = plain(*arguments, **{"factory": Seen, **options, "check_same_thread": False})
            self._connections.add(connection)
            return connection

        sqlite3.connect = sqlite3.dbapi2.connect = connect

    def of(self, call: Callable[[], Any]) -> int:
        """Return how many statements *call* sends on the connections that are open."""
        self.count, self._last = 0, ""
        for connection in list(self._connections):
            connection.set_trace_callback(self._take)
        call()
        for connection in list(self._connections):
            connection.set_trace_callback(None)
        return self.count

    def _take(self, sql: str) -> None:
        # What SQLite does by itself for an index of full text; a trigger repeats the text that has fired it.
        if sql.lstrip().upper().startswith((*FRAME, "--")) or "'main'." in sql or sql == self._last:
            return
        with self._lock:
            self.count += 1
            self._last = sql


class WSGICaller:
    """Calls a WSGI application as a server does."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def call(self, request: Mapping[str, Any], times: int) -> Answer:
        """Send the same request again and again; return the last answer."""
        body = request["body"].encode()
        fixed = environ_of(request, len(body))
        status = ""

        def start_response(given: str, _headers: Any, _exc_info: Any = None) -> None:
            nonlocal status
            status = given

        answer = b""
        for _ in range(times):
            parts = self._app({**fixed, "wsgi.input": io.BytesIO(body)}, start_response)
            answer = b"".join(parts)
            if hasattr(parts, "close"):
                parts.close()
        return int(status[:3]), answer


class ASGICaller:
    """Calls an ASGI application on one event loop, of the kind that uvicorn takes."""

    def __init__(self, app: Any) -> None:
        import uvloop

        self._app = app
        self._loop = uvloop.new_event_loop()

    def call(self, request: Mapping[str, Any], times: int) -> Answer:
        """Send the same request again and again; return the last answer."""
        return self._loop.run_until_complete(self._call(request, times))

    async def _call(self, request: Mapping[str, Any], times: int) -> Answer:
        body = request["body"].encode()
        fixed, message = scope_of(request, len(body)), {"type": "http.request", "body": body, "more_body": False}
        status, parts = 0, []
        done = asyncio.Event()

        async def send(event: Any) -> None:
            nonlocal status
            if event["type"] == "http.response.start":
                status = event["status"]
            else:
                parts.append(event.get("body", b""))

        for _ in range(times):
            parts.clear()
            left = [message]

            async def receive(left: list[Any] = left) -> Any:
                if not left:
                    # A framework that waits for the client to go away waits until it is cancelled.
                    await done.wait()
                return left.pop()

            await self._app({**fixed, "state": {}}, receive, send)
        return status, b"".join(parts)


def environ_of(request: Mapping[str, Any], length: int) -> dict[str, Any]:
    """Return the WSGI environ of *request*, all but its body."""
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request["headers"]}
    return {
        "REQUEST_METHOD": request["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": request["path"],
        "QUERY_STRING": request["query"],
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": headers.pop("HTTP_CONTENT_TYPE", ""),
        "CONTENT_LENGTH": str(length) if length else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "HTTP_HOST": "127.0.0.1",
        **headers,
    }


def scope_of(request: Mapping[str, Any], length: int) -> dict[str, Any]:
    """Return the ASGI scope of *request*."""
    headers = [("Host", "127.0.0.1"), *request["headers"]]
    if length:
        headers.append(("Content-Length", str(length)))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request["method"],
        "scheme": "http",
        "path": request["path"],
        "raw_path": request["path"].encode(),
        "query_string": request["query"].encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }


def answer(caller: Any, statements: Statements, order: Mapping[str, Any]) -> dict[str, Any]:
    """Do what one line asks for."""
    if "check" in order:
        status, body = caller.call(order["check"], 1)
        return {"status": status, "body": body.decode()}
    if "count" in order:
        # The first call may ask what is then known for some seconds: whether the user is still active.
        caller.call(order["count"], 1)
        return {"statements": statements.of(lambda: caller.call(order["count"], 1))}
    began = time.perf_counter()
    status, _ = caller.call(order["measure"], order["times"])
    return {"us": (time.perf_counter() - began) / order["times"] * 1e6, "status": status}


def main(module: str, interface: str) -> None:
    """Serve the lines of stdin until they end."""
    # Whatever a framework prints must not stand between the answers.
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    statements = Statements()
    statements.install()
    app = importlib.import_module(module).create_app()
    caller = (ASGICaller if interface == "asgi" else WSGICaller)(app)
    out.write(json.dumps({"ready": True}) + "\n")
    for line in sys.stdin:
        out.write(json.dumps(answer(caller, statements, json.loads(line))) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
