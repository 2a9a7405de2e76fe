"""A small WSGI application on the real server, as a process of its own.

Usage: toy.py [fd=N] [KEY=VALUE of ServerSettings ...]

It prints ``ready PORT`` once it listens and ``stopped`` when its stop hook is called; its
exit code is 1 if requests were lost.
"""

from __future__ import annotations

import io
import json
import logging
import socket
import sys
import time
from urllib.parse import parse_qs

from benben.server.settings import ServerSettings
from benben.server.waitress import serve

PIECE = b"x" * 65536


def app(environ, start_response):
    """Answer by the first segment of the path."""
    handler = HANDLERS.get(environ["PATH_INFO"].strip("/"), say_ok)
    query = {key: values[0] for key, values in parse_qs(environ["QUERY_STRING"]).items()}
    return handler(environ, start_response, query)


def say(start_response, body, status="200 OK", headers=()):
    """Answer with a body of known length."""
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body))), *headers])
    return [body]


def say_ok(environ, start_response, query):
    return say(start_response, b"ok")


def echo(environ, start_response, query):
    return say(start_response, environ["wsgi.input"].read())


def show_environ(environ, start_response, query):
    shown = {key: value for key, value in environ.items() if isinstance(value, str | None)}
    return say(start_response, json.dumps(shown).encode())


def show_state(environ, start_response, query):
    state = environ["benben.server"]
    names = ("draining", "threads", "running", "queued", "connections")
    return say(start_response, json.dumps({name: getattr(state, name) for name in names}).encode())


def sleep(environ, start_response, query):
    time.sleep(float(query["s"]))
    return say(start_response, b"slept")


def stream(environ, start_response, query):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return (PIECE for _ in range(int(query["pieces"])))


def stream_some(environ, start_response, query):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return iter([b"one", b"", b"two"])


def no_content(environ, start_response, query):
    start_response("204 No Content", [])
    return []


def not_modified(environ, start_response, query):
    start_response("304 Not Modified", [("ETag", '"1"')])
    return []


def nothing(environ, start_response, query):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return []


def too_much(environ, start_response, query):
    start_response("200 OK", [("Content-Length", "3")])
    return [b"abcdef"]


def send_file(environ, start_response, query):
    file = io.BytesIO(b"from a file")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "11")])
    return environ.get("wsgi.file_wrapper", lambda opened: [opened.read()])(file)


def fail(environ, start_response, query):
    raise ValueError("a secret that no client may see")


def fail_late(environ, start_response, query):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"begun"
    raise ValueError("in the middle")


def leave(environ, start_response, query):
    sys.exit("a plugin that exits")


HANDLERS = {
    "echo": echo,
    "environ": show_environ,
    "exit": leave,
    "fail": fail,
    "fail-late": fail_late,
    "file": send_file,
    "no-content": no_content,
    "not-modified": not_modified,
    "nothing": nothing,
    "sleep": sleep,
    "some": stream_some,
    "state": show_state,
    "stream": stream,
    "too-much": too_much,
}


def factory(global_conf, **settings):
    """Return the application for an ini file."""
    return app


def main(arguments):
    """Serve until told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    words = dict(word.split("=", 1) for word in arguments)
    sockets = [socket.socket(fileno=int(words.pop("fd")))] if "fd" in words else []
    lost = serve(
        app,
        ServerSettings.from_ini({"listen": "127.0.0.1:0", **words}),
        on_ready=lambda state: print("ready", state.addresses[0][1], flush=True),
        on_stop=lambda: print("stopped", flush=True),
        sockets=sockets,
    )
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
