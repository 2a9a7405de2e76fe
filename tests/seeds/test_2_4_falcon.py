"""Falcon: bare speed, nothing hidden, strict HTTP, and a routing table that can be read.

The steps of docs/seeds/falcon.md by their numbers. tests/process/server, tests/functional/http and
tests/unit/kernel/test_mapper show the same in depth; times are measured in bench/, never here.
"""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from benben.cli import main
from benben.testing import API, build_api, statements_of
from tests.servers import free_port

GIB = 2**30
MOST_MIB = 60
INI = """\
[app:main]
use = egg:benben
benben.secret = 0123456789012345678901234567890123456789
benben.migrate = auto
benben.max_body_bytes = 3000000000
sqlalchemy.url = sqlite:///%(here)s/app.sqlite
plugin.todos = on
service.todos.permission.read = public
service.todos.permission.write = public
plugin.swallow = on
plugin.swallow.include = tests.seeds.swallow
{more}
[server:main]
use = egg:benben
max_body_bytes = 3000000000
"""


class Server:
    """A server on a real socket; every request has a connection of its own."""

    def __init__(self, folder: Path) -> None:
        (folder / "app.ini").write_text(INI.format(more=""))
        self.port = free_port()
        words = ["serve", "app.ini", "--listen", f"127.0.0.1:{self.port}", "--quiet"]
        code = f"import sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r}); from benben.cli import main; main({words!r})"
        self.process = subprocess.Popen([sys.executable, "-c", code], cwd=folder)
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                break
            except OSError:
                time.sleep(0.1)

    def ask(self, method: str, target: str, headers: Any = None, body: bytes | None = None) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers in lower case and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, target, body, dict(headers or {}))
        answer = connection.getresponse()
        found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        connection.close()
        return found

    def say(self, raw: bytes) -> bytes:
        """Return what comes back for *raw*, until the server closes or is silent."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as connection:
            connection.sendall(raw)
            connection.settimeout(2)
            found = b""
            try:
                while piece := connection.recv(65_536):
                    found += piece
            except TimeoutError:
                pass
            return found

    def resident_mib(self, name: str = "VmRSS") -> float:
        """Return the memory of the process."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Todos for everybody, on a real socket, and one of them."""
    found = Server(tmp_path_factory.mktemp("falcon"))
    found.ask("POST", "/v1/todos", JSON, b'{"task": "tea"}')
    yield found
    found.process.terminate()
    found.process.wait(30)


JSON = {"Content-Type": "application/json"}


def test_2_4_1_an_answer_that_needs_no_database_asks_none(tmp_path: Path) -> None:
    """`python -m bench.run --only routes` measures it: 15 microseconds, on the machine where Pyramid's own takes 7."""
    api = build_api(tmp_path, {"plugin.swallow": "on", "plugin.swallow.include": "tests.seeds.swallow"})

    with statements_of(api) as sent:
        assert api.get("/plugin99/thing9/1").text == "last"

    assert sent == []
    api.close()


def test_2_4_2_what_is_off_stands_around_no_view(tmp_path: Path) -> None:
    """Neither its tween nor a part of a band; `benben routes --cost` measures what each one adds."""
    (tmp_path / "app.ini").write_text(INI.format(more=""))
    without = listed(tmp_path, "--tweens")
    (tmp_path / "app.ini").write_text(
        INI.format(more="plugin.compression = on\nplugin.cors = on\ncors.origins = http://localhost")
    )
    with_both = listed(tmp_path, "--tweens")

    assert "compression" not in json.dumps(without)
    assert "cors" not in json.dumps(without)
    assert "compression" in json.dumps(with_both)
    assert "cors" in json.dumps(with_both)


def test_2_4_3_the_last_of_a_thousand_routes_is_found_as_the_first(tmp_path: Path) -> None:
    """By an index: no more than two patterns are tried; the benchmark finds 1.04 times the first."""
    api = build_api(tmp_path, {"plugin.swallow": "on", "plugin.swallow.include": "tests.seeds.swallow"})
    mapper: Any = api.app.routes_mapper

    assert len(mapper.get_routes()) > 1000
    for plugin in (0, 50, 99):
        assert len(mapper._candidates(f"/plugin{plugin}/thing9/7")) <= 2
    assert api.get("/plugin99/thing9/7").text == "last"
    api.close()


def test_2_4_4_the_routes_are_a_table_for_people_and_for_programs(tmp_path: Path) -> None:
    """Methods, view, plugin, schema, permission and rule."""
    (tmp_path / "app.ini").write_text(INI.format(more=""))
    rows = {(row["path"], tuple(row["methods"])): row for row in listed(tmp_path)}

    made = rows["/v1/todos", ("POST",)]
    assert (made["plugin"], made["permission"], made["rule"]) == ("todos", "todos.write", "public")
    assert made["schema"].endswith(":TodoSchema")
    assert "/v1/todos/{key}" in CliRunner().invoke(main, ["routes", str(tmp_path / "app.ini")]).stdout


def test_2_4_5_head_is_get_without_a_body(server: Server) -> None:
    """With every header, the length too."""
    got, head = server.ask("GET", "/v1/todos/1"), server.ask("HEAD", "/v1/todos/1")
    own = {"date", "x-request-id"}

    assert (head[0], head[2]) == (200, b"")
    assert {name: value for name, value in head[1].items() if name not in own} == {
        name: value for name, value in got[1].items() if name not in own
    }


@pytest.mark.parametrize(
    ("method", "target", "headers", "body", "status", "said"),
    [
        ("OPTIONS", "/v1/todos/1", {}, None, 204, ("allow", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT")),
        ("POST", "/v1/todos/1", JSON, b"{}", 405, ("allow", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT")),
        ("GET", "/v1/todos/1", {"Accept": "image/png"}, None, 406, ("content-type", "application/problem+json")),
        ("POST", "/v1/todos", {"Content-Type": "text/plain"}, b"tea", 415, ("accept-post", "application/json")),
        ("POST", "/v1/todos", {**JSON, "Content-Length": "4000000000"}, None, 413, ("content-type", "application/problem+json")),
        ("GET", "/v1/todos", {"X-Long": "x" * 300_000}, None, 431, ("content-type", "application/problem+json")),
        ("POST", "/v1/todos", JSON, b'{"task": "tea",}', 400, ("offset", "15")),
        ("POST", "/v1/todos", JSON, b'{"task": "a", "task": "b"}', 400, ("content-type", "application/problem+json")),
        ("POST", "/v1/todos", JSON, b'{"task": NaN}', 400, ("content-type", "application/problem+json")),
        ("GET", "/v1/todos/%ff", {}, None, 400, ("content-type", "application/problem+json")),
        ("GET", "/v1/todos", {"Cookie": "a=1; b=2", "Forwarded": "for=1.1.1.1, for=2.2.2.2"}, None, 200, ("etag", '"')),
        ("BREW", "/v1/todos", {}, None, 501, ("content-type", "application/problem+json")),
    ],
    ids=lambda value: str(value)[:20],
)
def test_2_4_5_the_table_of_http(
    server: Server, method: str, target: str, headers: Any, body: bytes | None, status: int, said: tuple[str, str]
) -> None:
    """Each row over a real socket; `said` is a header that begins so, or holds it, or a member of the problem."""
    found_status, found_headers, found_body = server.ask(method, target, headers, body)

    assert found_status == status
    name, expected = said
    if name == "offset":
        assert expected in found_body.decode()
    else:
        assert expected in found_headers[name]


def test_2_4_5_a_refused_body_is_not_asked_for(server: Server) -> None:
    """Expect: 100-continue is answered by the refusal, not by 100."""
    head = b"POST /v1/todos HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"

    assert server.say(head + b"Content-Length: 4000000000\r\n\r\n").startswith(b"HTTP/1.1 413")
    assert server.say(head + b"Content-Length: 15\r\n\r\n").startswith(b"HTTP/1.1 100")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_2_4_6_a_gibibyte_passes_in_little_memory(server: Server) -> None:
    """The server keeps a large body in a file until the view reads it, piece by piece."""
    before = server.resident_mib()

    def pieces() -> Iterator[bytes]:
        piece = b"x" * 2**20
        for _ in range(GIB // len(piece)):
            yield piece

    headers = {"Content-Length": str(GIB), "Content-Type": "application/octet-stream"}
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}/swallow", pieces(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=250) as answer:
        assert json.load(answer) == {"bytes": GIB}

    assert server.resident_mib("VmHWM") - before < MOST_MIB


def test_2_4_7_two_applications_of_one_process_share_nothing(tmp_path: Path) -> None:
    """Neither routes nor rows nor settings; and a request needs no server."""
    keys = {"plugin.todos": "on", "service.todos.permission.read": "public"}
    first = build_api(tmp_path / "first", {**keys, "service.todos.permission.write": "public"})
    second = build_api(tmp_path / "second", {**keys, "benben.prefix": "/v2", "plugin.quotes": "on"}, known={**KNOWN})

    first.post_json("/v1/todos", {"task": "tea"})

    assert first.get("/v2/todos", expect_errors=True).status_code == 404
    assert second.get("/v2/todos").json["items"] == []
    assert second.post_json("/v2/todos", {"task": "x"}, expect_errors=True).status_code in (401, 403)
    assert first.get("/v1/quote", expect_errors=True).status_code == 404
    for number in range(1000):
        assert first.get(f"/v1/todos?limit={number % 5 + 1}").status_code == 200
    for api in (first, second):
        close(api)


KNOWN = {"todos": "benben_todos", "quotes": "benben_quotes"}


def close(api: API) -> None:
    """End an application."""
    api.close()


def listed(folder: Path, *options: str) -> Any:
    """Return what `benben routes` lists, for programs."""
    done = CliRunner().invoke(main, ["routes", str(folder / "app.ini"), "--json", *options])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)
