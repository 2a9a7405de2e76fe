"""FastAPI: types declared once are parsing, validation, filtering of answers, injection and documents.

The steps of docs/seeds/fastapi.md by their numbers. What is shown here once is shown in depth by
tests/functional/operation and tests/functional/docs.
"""

from __future__ import annotations

import datetime
import http.client
import inspect
import json
import socket
import subprocess
import sys
import threading
import time
import types
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from openapi_spec_validator import OpenAPIV31SpecValidator
from waitress.server import create_server

from benben.cli import main
from benben.kernel import Plugin
from benben.operation import Operation, Scope, operation
from benben.testing import API, assert_problem, build_api
from tests.functional.operation import gadgets
from tests.seeds import twelve_lines
from tests.servers import free_port

GADGETS = {"gadgets": "tests.functional.operation.gadgets", "docs": "benben.features.docs"}
START_TIMEOUT_S = 30
Build = Callable[..., API]


@operation("readers.list", "GET", "/readers", permission="public")
def readers_by_key(limit: uuid.UUID | None = None, since: datetime.datetime | None = None) -> list[str]:
    """Tell what came."""
    return [str(limit)]


@dataclass
class Counted:
    """What a stream of a test yields."""

    number: int


@operation("readers.unbounded", "GET", "/endless", permission="public")
def endless(lock: gadgets.Lock, fails_at: int = 0) -> Iterator[Counted]:
    """Yield until nobody listens."""
    number = 0
    while True:
        number += 1
        if number == fails_at:
            raise ValueError("planted")
        lock.uses += 1
        yield Counted(number)
        time.sleep(0.01)


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Build]:
    """Build an application of operations that are given."""
    built = []

    def build(*operations: Operation) -> API:
        def includeme(config: Any) -> None:
            config.add_plugin(module.PLUGIN)
            config.add_provider(gadgets.Lock, gadgets.lock)
            config.add_operations(*operations)

        module = types.ModuleType("readers_of_a_test")
        vars(module).update(PLUGIN=Plugin(name="readers"), includeme=includeme)
        monkeypatch.setitem(sys.modules, "readers_of_a_test", module)
        known = {"readers": "readers_of_a_test", "docs": "benben.features.docs"}
        found = build_api(tmp_path, {"plugin.readers": "on", "plugin.docs": "on"}, known=known)
        built.append(found)
        return found

    yield build
    for found in built:
        found.close()


@pytest.fixture
def twelve(tmp_path: Path) -> Iterator[API]:
    """The application of the twelve lines."""
    known = {"twelve": "tests.seeds.twelve_lines", "docs": "benben.features.docs"}
    found = build_api(tmp_path, {"plugin.twelve": "on", "plugin.docs": "on"}, known=known)
    yield found
    found.close()


@pytest.fixture
def api(tmp_path: Path) -> Iterator[API]:
    """The gadgets."""
    gadgets.TOLD.clear()
    found = build_api(tmp_path, {"plugin.gadgets": "on", "plugin.docs": "on"}, known=GADGETS)
    yield found
    found.close()


def faults(response: Any) -> list[tuple[str, str, str]]:
    """Return the place of every fault."""
    return [(item["in"], item["pointer"], item["code"]) for item in response.json["errors"]]


def test_2_1_1_twelve_lines_are_a_plugin(tmp_path: Path) -> None:
    """A GET and a POST with a nested list and an answer of its own; `benben serve` starts it, and no other file is edited."""
    code = inspect.getsource(twelve_lines).partition("# The twelve lines.\n")[2]
    (tmp_path / "app.ini").write_text(
        "[app:main]\nuse = egg:benben\nbenben.secret = 0123456789012345678901234567890123456789\n"
        "sqlalchemy.url = sqlite:///%(here)s/x.sqlite\nplugin.twelve = on\nplugin.twelve.include = tests.seeds.twelve_lines\n"
    )
    body = {"email": "ann@example.org", "friends": [{"name": "bob"}]}
    with served(tmp_path / "app.ini") as port:
        made = ask(port, "POST", "/v1/readers", json.dumps(body))
        listed = ask(port, "GET", "/v1/readers?limit=3")

    assert len([line for line in code.splitlines() if line.strip()]) <= 12
    assert made == (201, {"email": "ann@example.org", "friends": 1})
    assert listed == (200, ["int 3", "NoneType None"])


def test_2_1_2_both_faults_are_named_and_good_values_have_their_types(twelve: API) -> None:
    """Each with its place, what is expected, and a word for programs. A `+` that was not escaped is a space."""
    refused = twelve.get("/v1/readers?limit=abc&since=zz", expect_errors=True)

    assert_problem(refused, 400, "invalid-input")
    assert faults(refused) == [("query", "limit", "type"), ("query", "since", "format")]
    assert refused.json["errors"][0]["detail"] == "Must be a whole number."
    assert twelve.get("/v1/readers?since=2027-01-01T00:00:00Z").json == ["int 25", "datetime 2027-01-01 00:00:00+00:00"]
    assert twelve.get("/v1/readers?since=2027-01-01T01:00:00%2B01:00").json[1] == "datetime 2027-01-01 00:00:00+00:00"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=true", "type"),
        ("limit=", "type"),
        ("limit=1.0", "type"),
        ("limit=1&limit=2", "repeated"),
        ("limit=0", "range"),
        ("limit=101", "range"),
        ("limit=%D9%A3", "type"),
        ("limit=1_0", "type"),
        ("since=2027-01-01T00:00:00+00:00", "format"),
        ("since=2027-01-01T00:00:00", "format"),
        ("limt=3", "unknown"),
    ],
)
def test_2_1_2_what_the_schema_does_not_say_the_parser_does_not_take(twelve: API, query: str, code: str) -> None:
    """The trap: a parser that is kinder than the document."""
    assert [found for _, _, found in faults(twelve.get(f"/v1/readers?{query}", expect_errors=True))] == [code]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ('{"friends": []}', "/email"),
        ('{"email": "x", "friends": []}', "/email"),
        ('{"email": "a@b", "friends": [{}]}', "/friends/0/name"),
        ('{"email": "a@b", "friends": [{"name": "x", "number": "1"}]}', "/friends/0/number"),
        ('{"email": "a@b", "friends": [{"name": "x", "number": true}]}', "/friends/0/number"),
        ('{"email": "a@b", "friends": {}}', "/friends"),
        ('{"email": "a@b", "friends": [], "frends": []}', "/frends"),
    ],
)
def test_2_1_2_a_body_is_held_against_its_types(twelve: API, body: str, place: str) -> None:
    """A text is no number and true is none, whatever they could be made to be."""
    refused = twelve.post("/v1/readers", body, content_type="application/json", expect_errors=True)

    assert [(where, pointer) for where, pointer, _ in faults(refused)] == [("body", place)]


def test_2_1_3_the_document_is_valid_and_complete(twelve: API) -> None:
    """Bounds, default, docstring, refusals; of who may call, see `x-permission` and `security` in tests/functional/docs."""
    document = twelve.get("/openapi.json").json
    listed, made = (document["paths"]["/v1/readers"][method] for method in ("get", "post"))
    limit = next(item["schema"] for item in listed["parameters"] if item.get("name") == "limit")
    body = made["requestBody"]["content"]["application/json"]["schema"]

    assert document["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    assert (limit["minimum"], limit["maximum"], limit["default"]) == (1, 100, 25)
    assert listed["summary"] == "Tell what came."
    assert {"400", "406"} <= set(listed["responses"])
    assert {"201", "400", "413", "415"} <= set(made["responses"])
    assert body["properties"]["friends"]["items"]["properties"]["number"]["default"] == 1
    assert set(made["responses"]["201"]["content"]["application/json"]["schema"]["properties"]) == {"email", "friends"}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_2_1_3_schemathesis_finds_nothing(tmp_path: Path) -> None:
    """Of its checks all but one, over a socket; tests/process has the same for every plugin.

    The one that is left out sends `1.0` for an integer, which JSON Schema allows and the parser does not take.
    """
    (tmp_path / "app.ini").write_text(
        "[app:main]\nuse = egg:benben\nbenben.secret = 0123456789012345678901234567890123456789\nplugin.docs = on\n"
        "sqlalchemy.url = sqlite:///%(here)s/x.sqlite\nplugin.twelve = on\nplugin.twelve.include = tests.seeds.twelve_lines\n"
    )
    schemathesis = Path(sys.executable).with_name("schemathesis")
    with served(tmp_path / "app.ini") as port:
        url = f"http://127.0.0.1:{port}/openapi.json"
        found = subprocess.run(
            [
                schemathesis,
                "run",
                url,
                "--checks",
                "all",
                "--exclude-checks",
                "positive_data_acceptance",
                "--max-examples",
                "100",
                "--no-color",
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    assert found.returncode == 0, found.stdout


def test_2_1_4_only_what_is_declared_leaves_the_server(api: API, caplog: pytest.LogCaptureFixture) -> None:
    """More is cut off; less is a 500 with the id of the request, whose reason is in the log alone."""
    assert "password_hash" not in api.get("/v1/secret").json
    refused = api.get("/v1/secret?wrong=missing", expect_errors=True)

    assert refused.status_code == 500
    assert refused.json["instance"] == refused.headers["X-Request-Id"]
    assert "number" not in refused.text
    assert f"request {refused.json['instance']}: operation gadgets.secret answers what it does not declare" in caplog.text


def test_2_1_5_a_type_is_changed_in_one_place(build: Build) -> None:
    """Message and document follow."""
    api = build(readers_by_key)
    refused = api.get("/v1/readers?limit=abc&since=zz", expect_errors=True).json["errors"][0]
    listed = api.get("/openapi.json").json["paths"]["/v1/readers"]["get"]["parameters"]

    assert "UUID" in refused["detail"]
    assert next(item["schema"] for item in listed if item.get("name") == "limit")["format"] == "uuid"


def test_2_1_6_what_is_provided_is_made_once_and_given_back(api: API) -> None:
    """Used twice in one request; after success and after a failure."""
    assert api.get("/v1/locked").json["same"] is True
    api.get("/v1/locked?fails=true", expect_errors=True)

    assert gadgets.TOLD == ["taken", "given back after 2", "taken", "failed ValueError"]


@pytest.mark.parametrize("accept", ["application/jsonl", "text/event-stream"])
def test_2_1_6_a_client_that_goes_away_ends_what_was_provided(build: Build, accept: str) -> None:
    """Once, over a real socket, in the middle of a stream that has no end."""
    api = build(endless)
    gadgets.TOLD.clear()
    with listening(api) as port:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            client.sendall(f"GET /v1/endless HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\n\r\n".encode())
            received = b""
            while b'"number":3' not in received:
                received += client.recv(4096)
        assert gadgets.TOLD == ["taken"]
        wait_until(lambda: len(gadgets.TOLD) > 1)
        time.sleep(0.1)

    assert len(gadgets.TOLD) == 2, gadgets.TOLD
    assert gadgets.TOLD[1].startswith(("given back", "failed GeneratorExit"))


def test_2_1_6_a_stream_that_fails_over_a_socket_ends_it_too(build: Build) -> None:
    """Once; the client of lines sees a body that was cut, not a whole one."""
    api = build(endless)
    gadgets.TOLD.clear()
    with listening(api) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/v1/endless?fails_at=3", headers={"Accept": "text/event-stream"})
        text = connection.getresponse().read().decode()
        connection.close()

    assert "event: error" in text
    assert gadgets.TOLD == ["taken", "failed ValueError"]


def test_2_1_6_a_command_and_a_job_end_it_as_well(tmp_path: Path, api: API) -> None:
    """The beat: outside of any request, where FastAPI injects nothing."""
    (tmp_path / "app.ini").write_text(
        "[app:main]\nuse = egg:benben\nbenben.secret = 0123456789012345678901234567890123456789\n"
        "sqlalchemy.url = sqlite:///%(here)s/x.sqlite\nplugin.gadgets = on\n"
        "plugin.gadgets.include = tests.functional.operation.gadgets\n"
    )
    ran = CliRunner().invoke(main, ["call", str(tmp_path / "app.ini"), "gadgets.locked"])
    failed = CliRunner().invoke(main, ["call", str(tmp_path / "app.ini"), "gadgets.locked", "--fails", "true"])
    outcome: list[Any] = []

    def job() -> None:
        with Scope(api.registry):
            outcome.append(gadgets.locked()["same"])

    thread = threading.Thread(target=job)
    thread.start()
    thread.join(10)

    assert (ran.exit_code, failed.exit_code, outcome) == (0, 1, [True])
    assert gadgets.TOLD == ["taken", "given back after 2", "taken", "failed ValueError", "taken", "given back after 2"]


def test_2_1_6_a_test_replaces_it_by_one_line(api: API) -> None:
    """For as long as the block is open."""
    other = gadgets.Lock()
    with api.registry.providers.replaced(gadgets.Lock, lambda _scope: other):
        api.get("/v1/locked")
    api.get("/v1/locked")

    assert other.uses == 2
    assert gadgets.TOLD == ["taken", "given back after 2"]


def test_2_1_7_a_function_that_yields_is_lines_or_events(api: API) -> None:
    """Numbered from behind the last one that the client has seen; keep-alives: tests/functional/operation."""
    lines = api.get("/v1/count?most=2")
    events = api.get("/v1/count?most=1", headers={"Accept": "text/event-stream", "Last-Event-ID": "7"})

    assert lines.content_type == "application/jsonl"
    assert [json.loads(line) for line in lines.text.splitlines()] == [{"name": "n", "number": 1}, {"name": "n", "number": 2}]
    assert (events.content_type, events.text) == ("text/event-stream", 'id: 8\ndata: {"name":"n","number":1}\n\n')


def test_2_1_7_a_stream_that_breaks_says_so(api: API) -> None:
    """Half of the items must not look like all of them; what was taken is given back."""
    text = api.get("/v1/count?fails_at=2", headers={"Accept": "text/event-stream"}).text

    assert text.startswith("id: 1\n")
    assert "event: error\n" in text
    assert gadgets.TOLD == ["taken", "failed ValueError"]


def test_2_1_8_the_documents_load_nothing_from_elsewhere(twelve: API) -> None:
    """Every address in the page is our own, and is there; tests/functional/docs opens it in a browser without a network."""
    for path in ("/docs", "/redoc"):
        page = twelve.get(path)
        used = [found for word in ("src", "href") for found in page.html.find_all(attrs={word: True})] if page.html else []
        addresses = [item.get("src") or item.get("href") for item in used]
        assert addresses, path
        for address in addresses:
            assert "//" not in address, address
            assert twelve.get(address.partition("#")[0] or path).status_code == 200


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait at most ten seconds."""
    deadline = time.monotonic() + 10
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.02)


@contextmanager
def listening(api: API) -> Iterator[int]:
    """Serve *api* on a port of this machine by waitress, in a thread."""
    server = create_server(api.app, host="127.0.0.1", port=0, threads=4, clear_untrusted_proxy_headers=True)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server.effective_port
    finally:
        server.close()
        thread.join(5)


@contextmanager
def served(ini: Path) -> Iterator[int]:
    """Run `benben serve` until the block ends, which begins when it answers."""
    port = free_port()
    benben = Path(sys.executable).with_name("benben")
    root = Path(__file__).resolve().parents[2]
    command = [str(benben), "serve", str(ini), "--listen", f"127.0.0.1:{port}", "--quiet"]
    process = subprocess.Popen(command, cwd=ini.parent, env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"})
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def ask(port: int, method: str, path: str, body: str | None = None) -> tuple[int, Any]:
    """Return status and document of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()
