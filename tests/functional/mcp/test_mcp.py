"""Operations as tools of the Model Context Protocol: both ages of it, permissions, refusals, hostile messages.

The official client (mcp 2.3.0) was held against a server in its modes auto, legacy and 2026-07-28; docs/mcp.md has the output.
"""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import jsonschema
import pytest
from benben_items.models import ItemRow
from msgspec import Meta
from sqlalchemy.orm import Session

from benben.kernel import Plugin
from benben.kernel.problems import Conflict
from benben.operation import operation
from benben.testing import API, assert_problem, build_api
from tests.functional.operation import gadgets

KNOWN = {
    "gadgets": "tests.functional.operation.gadgets",
    "makers": "makers_of_a_test",
    "mcp": "benben.features.mcp",
    "items": "benben_items",
    "batch": "benben.features.batch",
    "ratelimit": "benben.features.ratelimit",
}
INI = {f"plugin.{name}": "on" for name in KNOWN if name != "ratelimit"}
NOW = "2026-07-28"
META = {"io.modelcontextprotocol/protocolVersion": NOW, "io.modelcontextprotocol/clientCapabilities": {}}
Build = Callable[..., API]


@operation("makers.make", "POST", "/makers", permission="public")
def make_and_fail(dbsession: Session, how: Annotated[str, Meta(max_length=9)] = "problem") -> None:
    """Write a row, and fail."""
    from benben.operation.providers import SystemClock

    row = ItemRow(item_id=7, name="x", price=1, is_offer=None, changed_at=SystemClock().now())
    dbsession.add(row)
    if how == "problem":
        raise Conflict("Never.")
    if how == "twice":
        dbsession.flush()
        dbsession.expunge_all()
        dbsession.add(ItemRow(item_id=7, name="y", price=1, is_offer=None, changed_at=SystemClock().now()))
    if how == "bug":
        raise RuntimeError("a secret of the inside")


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Build]:
    """Build an application with the gadgets, the items and what fails."""
    built: list[API] = []

    def includeme(config: Any) -> None:
        config.add_plugin(module.PLUGIN)
        config.add_operations(make_and_fail)

    def build(**ini: str) -> API:
        given = {key.replace("__", "."): value for key, value in ini.items()}
        built.append(build_api(tmp_path, {**INI, **given}, known=KNOWN))
        return built[-1]

    module = types.ModuleType("makers_of_a_test")
    vars(module).update(PLUGIN=Plugin(name="makers"), includeme=includeme)
    monkeypatch.setitem(sys.modules, "makers_of_a_test", module)
    gadgets.TOLD.clear()
    yield build
    for found in built:
        found.close()


@pytest.fixture
def api(build: Build) -> API:
    """As it is by default."""
    return build()


def send(api: API, method: str, params: Any = None, *, headers: dict[str, str] | None = None, **said: Any) -> Any:
    """Send a message and return the whole answer."""
    message = {"jsonrpc": "2.0", "id": 1, "method": method, **({} if params is None else {"params": params}), **said}
    found = {"Accept": "application/json, text/event-stream", **(headers or {})}
    return api.post_json("/v1/mcp", message, headers=found, expect_errors=True)


def call(api: API, name: str, /, **arguments: Any) -> Any:
    """Return the result of a tool."""
    answer = send(api, "tools/call", {"name": name, "arguments": arguments})
    assert answer.status_code == 200, answer.text
    return answer.json["result"]


def stateless(api: API, method: str, *, meta: Any = META, headers: dict[str, str] | None = None, **params: Any) -> Any:
    """Send a message of the age without a handshake."""
    own = {"MCP-Protocol-Version": NOW, "Mcp-Method": method, **({"Mcp-Name": params["name"]} if "name" in params else {})}
    return send(api, method, {**params, "_meta": meta}, headers=own if headers is None else headers)


def names(answer: Any) -> list[str]:
    """Return the names of the tools of a list."""
    return [item["name"] for item in answer.json["result"]["tools"]]


@pytest.mark.parametrize(
    ("wanted", "given"),
    [("2025-06-18", "2025-06-18"), ("2025-11-25", "2025-11-25"), ("1999-01-01", "2025-11-25"), (7, "2025-11-25")],
)
def test_a_handshake_settles_the_version(api: API, wanted: Any, given: str) -> None:
    """One that is not known is answered with ours; then the client says that it is ready."""
    said = send(api, "initialize", {"protocolVersion": wanted, "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}})
    ready = api.post_json("/v1/mcp", {"jsonrpc": "2.0", "method": "notifications/initialized"})

    assert said.json["result"]["protocolVersion"] == given
    assert said.json["result"]["capabilities"] == {"tools": {}}
    assert said.json["result"]["serverInfo"]["name"] == "benben"
    assert "Mcp-Session-Id" not in said.headers
    assert (ready.status_code, ready.body) == (202, b"")
    assert send(api, "ping").json["result"] == {}


def test_a_server_is_discovered_without_a_handshake(build: Build) -> None:
    """It says which versions there are, and what the operator wants programs to know."""
    found = stateless(build(mcp__instructions="Ask for items."), "server/discover").json["result"]

    assert found["supportedVersions"] == [NOW]
    assert (found["resultType"], found["instructions"], found["cacheScope"]) == ("complete", "Ask for items.", "private")


def test_a_tool_says_what_it_takes_and_what_it_does(api: API) -> None:
    """In schemas that are valid, and in hints by the method."""
    tools = {item["name"]: item for item in send(api, "tools/list").json["result"]["tools"]}

    for item in tools.values():
        for word in ("inputSchema", "outputSchema"):
            jsonschema.Draft202012Validator.check_schema(item.get(word, {}))
        assert item.get("outputSchema", {"type": "object"})["type"] == "object"
    added, counted = tools["gadgets.add"], tools["gadgets.count"]
    assert added["inputSchema"]["required"] == ["a"]
    assert added["inputSchema"]["properties"]["b"]["maximum"] == 10
    assert added["annotations"]["readOnlyHint"] is False
    assert (counted["annotations"]["readOnlyHint"], counted["annotations"]["destructiveHint"]) == (True, False)
    assert tools["gadgets.forget"]["annotations"]["destructiveHint"] is True
    assert "outputSchema" not in added
    assert {"gadgets.greet.v1", "gadgets.greet.v3"} <= set(tools)


def test_a_tool_answers_what_its_endpoint_does(api: API) -> None:
    """A text always, an object too where it is one; nothing where there is nothing."""
    shown = call(api, "gadgets.secret")

    assert shown["structuredContent"] == {"name": "ann", "number": 1}
    assert json.loads(shown["content"][0]["text"]) == shown["structuredContent"]
    assert call(api, "gadgets.add", a=2, b=3) == {"content": [{"type": "text", "text": "5"}]}
    assert call(api, "gadgets.forget") == {"content": []}
    assert call(api, "gadgets.greet.v3", name="ann")["content"][0]["text"] == '"hi ann"'
    found = stateless(api, "tools/call", name="gadgets.add", arguments={"a": 2})
    assert found.json["result"] == {"content": [{"type": "text", "text": "3"}], "resultType": "complete"}


def test_a_stream_is_a_list_with_an_end(build: Build) -> None:
    """Cut where the operator wants it; what was taken is given back."""
    api = build(mcp__max_items="2")

    assert call(api, "gadgets.count", most=2)["structuredContent"]["has_more"] is False
    cut = call(api, "gadgets.count", most=1_000_000)["structuredContent"]
    assert ([item["number"] for item in cut["items"]], cut["has_more"]) == ([1, 2], True)
    assert len(gadgets.TOLD) == 4


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"a": "2"}, [("/a", "type")]),
        ({"a": True}, [("/a", "type")]),
        ({"a": 1.5}, [("/a", "type")]),
        ({"b": 99}, [("/a", "required"), ("/b", "range")]),
        ({"a": 1, "c": 1}, [("/c", "unknown")]),
        ([], [("", "type")]),
        (None, [("", "type")]),
        ("x", [("", "type")]),
    ],
)
def test_arguments_are_judged_as_a_body_is(api: API, arguments: Any, expected: list[tuple[str, str]]) -> None:
    """The program sees the problem of the endpoint, and can mend its call."""
    result = send(api, "tools/call", {"name": "gadgets.add", "arguments": arguments}).json["result"]

    assert result["isError"] is True
    assert result["structuredContent"]["type"] == "/problems/invalid-input"
    assert [(item["pointer"], item["code"]) for item in result["structuredContent"]["errors"]] == expected


def test_who_may_not_neither_sees_nor_uses_a_tool(api: API) -> None:
    """A stranger is asked who calls; a known caller is told; scopes of the credentials count."""
    stranger = send(api, "tools/call", {"name": "gadgets.make", "arguments": {}})
    bob, ann = api.by("bob"), api.by("ann", "owner")
    narrow = api.by("ann", "owner", "scope=gadgets.use")

    assert_problem(stranger, 401, "unauthenticated")
    assert "WWW-Authenticate" in stranger.headers
    assert "gadgets.make" not in names(send(bob, "tools/list"))
    assert call(bob, "gadgets.make")["structuredContent"]["status"] == 403
    assert call(narrow, "gadgets.make")["structuredContent"]["status"] == 403
    assert "gadgets.make" in names(send(ann, "tools/list"))
    made = call(ann, "gadgets.make", gadget={"name": "g", "madeOn": "2027-01-01"})
    assert made["structuredContent"]["name"] == "g"


def test_the_ini_says_what_is_a_tool_and_for_whom(build: Build) -> None:
    """By name, and by the rules that its endpoint has; what has no endpoint any more is no tool."""
    api = build(mcp__tools="items.* gadgets.add", service__items__methods="GET", service__items__permission__read="role:reader")

    assert names(send(api, "tools/list")) == ["gadgets.add"]
    assert names(send(api.by("rita", "reader"), "tools/list")) == ["gadgets.add", "items.list", "items.show"]
    assert send(api.by("rita", "reader"), "tools/call", {"name": "items.update"}).json["error"]["code"] == -32602
    assert send(api, "tools/call", {"name": "gadgets.count"}).json["error"]["code"] == -32602


def test_nobody_speaks_where_the_ini_says_so(build: Build) -> None:
    """The permission of the endpoint itself."""
    assert_problem(send(build(service__mcp__permission__write="authenticated"), "ping"), 401)


@pytest.mark.parametrize(("how", "status"), [("problem", 409), ("twice", 409), ("bug", 500)])
def test_what_a_tool_wrote_before_its_refusal_is_undone(api: API, how: str, status: int) -> None:
    """As for an endpoint; of a failure the program learns no more than any other caller."""
    result = call(api, "makers.make", how=how)

    assert result["isError"] is True
    assert result["structuredContent"]["status"] == status
    assert "secret" not in json.dumps(result)
    assert call(api, "items.list")["structuredContent"]["items"] == []
    call(api.by("ann"), "items.update", item_id=7, item={"name": "x", "price": "1.00"})
    assert len(call(api, "items.list")["structuredContent"]["items"]) == 1


def test_an_answer_that_is_not_declared_is_a_failure(api: API, caplog: pytest.LogCaptureFixture) -> None:
    """Its reason is in the log alone."""
    result = call(api, "gadgets.secret", wrong="missing")

    assert result["structuredContent"]["status"] == 500
    assert "answers what it does not declare" in caplog.text
    assert "declare" not in json.dumps(result)


def test_a_tool_counts_for_the_rate_of_its_caller(build: Build) -> None:
    """Beside the message that asks for it."""
    ini = {"plugin__ratelimit": "on", "ratelimit__default": "5/minute", "ratelimit__anonymous": "5/minute"}
    api = build(**ini).by("ann")
    found = [send(api, "tools/call", {"name": "gadgets.add", "arguments": {"a": 1}}) for _ in range(3)]

    assert [item.json.get("result", {}).get("isError", False) for item in found] == [False, False, True]
    assert found[-1].json["result"]["structuredContent"]["status"] == 429


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{", 400, -32700),
        ('{"a": 1, "a": 2}', 400, -32700),
        ("\xff", 400, -32700),
        ("[" * 10_000, 400, -32700),
        ("[]", 400, -32600),
        ('[{"jsonrpc": "2.0", "id": 1, "method": "ping"}]', 400, -32600),
        ("null", 400, -32600),
        ("7", 400, -32600),
        ('{"id": 1, "method": "ping"}', 400, -32600),
        ('{"jsonrpc": "2.0", "id": 1, "method": 7}', 400, -32600),
        ('{"jsonrpc": "2.0", "id": null, "method": "ping"}', 400, -32600),
        ('{"jsonrpc": "2.0", "id": true, "method": "ping"}', 400, -32600),
        ('{"jsonrpc": "2.0", "id": 1.5, "method": "ping"}', 400, -32600),
        ('{"jsonrpc": "2.0", "id": 1, "result": {}}', 400, -32600),
        ('{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": []}', 400, -32602),
        ('{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"_meta": 1}}', 400, -32602),
        ('{"jsonrpc": "2.0", "id": 1, "method": "resources/list"}', 404, -32601),
        ('{"jsonrpc": "2.0", "id": 1, "method": "server/discover"}', 404, -32601),
        ('{"jsonrpc": "2.0", "id": 1, "method": "tools/call"}', 400, -32602),
        ('{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": ["gadgets.add"]}}', 400, -32602),
        ('{"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"cursor": "x"}}', 400, -32602),
    ],
)
def test_what_is_no_message_is_refused(api: API, body: str, status: int, code: int) -> None:
    """In the words of JSON-RPC."""
    answer = api.post("/v1/mcp", body.encode("latin-1"), content_type="application/json", expect_errors=True)

    assert (answer.status_code, answer.json["error"]["code"], answer.json["jsonrpc"]) == (status, code, "2.0")
    assert "id" in answer.json


@pytest.mark.parametrize(
    ("meta", "headers", "code"),
    [
        ({}, None, -32602),
        ({**META, "io.modelcontextprotocol/clientCapabilities": []}, None, -32602),
        ({**META, "io.modelcontextprotocol/protocolVersion": 7}, None, -32602),
        (META, {}, -32020),
        (META, {"MCP-Protocol-Version": "2025-11-25", "Mcp-Method": "tools/list"}, -32020),
        (META, {"MCP-Protocol-Version": NOW, "Mcp-Method": "tools/call"}, -32020),
        (META, {"MCP-Protocol-Version": NOW, "Mcp-Method": "=?base64?!?="}, -32020),
        (
            {**META, "io.modelcontextprotocol/protocolVersion": "2099-01-01"},
            {"MCP-Protocol-Version": "2099-01-01", "Mcp-Method": "tools/list"},
            -32022,
        ),
    ],
)
def test_a_message_without_a_handshake_says_everything_itself(
    api: API, meta: dict[str, Any], headers: dict[str, str] | None, code: int
) -> None:
    """And says it once."""
    answer = stateless(api, "tools/list", meta=meta, headers=headers)

    assert (answer.status_code, answer.json["error"]["code"]) == (400, code)


def test_a_name_in_a_header_may_be_encoded(api: API) -> None:
    """`=?base64?...?=`, where ASCII is not enough; it has to be that of the message."""
    headers = {"MCP-Protocol-Version": NOW, "Mcp-Method": "tools/call", "Mcp-Name": "=?base64?Z2FkZ2V0cy5hZGQ=?="}

    assert "result" in stateless(api, "tools/call", headers=headers, name="gadgets.add", arguments={"a": 1}).json
    assert stateless(api, "tools/call", headers=headers, name="gadgets.count").json["error"]["code"] == -32020


def test_a_version_that_nobody_knows_is_refused(api: API) -> None:
    """In a header, of requests and of notifications."""
    for said in ({}, {"id": None}):
        message = {"jsonrpc": "2.0", "method": "ping", "id": 1} if not said else {"jsonrpc": "2.0", "method": "notifications/x"}
        answer = api.post_json("/v1/mcp", message, headers={"MCP-Protocol-Version": "1999-01-01"}, expect_errors=True)
        assert (answer.status_code, answer.json["error"]["code"]) == (400, -32022)
        assert answer.json["error"]["data"]["supported"] == [NOW]


def test_pages_of_other_origins_are_refused(build: Build) -> None:
    """A name that leads to this machine may be anybody's."""
    api = build(mcp__origins="https://app.example.org")

    assert_problem(send(api, "ping", headers={"Origin": "https://evil.example.org"}), 403, "mcp-origin-refused")
    assert_problem(send(api, "ping", headers={"Origin": "null"}), 403, "mcp-origin-refused")
    assert send(api, "ping", headers={"Origin": "https://app.example.org"}).status_code == 200
    assert send(api, "ping", headers={"Origin": "http://localhost"}).status_code == 200


def test_there_is_one_method_and_one_type(api: API) -> None:
    """No stream to open, no session to end."""
    for method in ("GET", "DELETE"):
        assert api.request("/v1/mcp", method=method, expect_errors=True).status_code == 405
    assert api.post("/v1/mcp", "{}", content_type="text/plain", expect_errors=True).status_code == 415


def test_a_batch_holds_no_message(api: API) -> None:
    """Its refusals have no status."""
    part = {"method": "POST", "path": "/v1/mcp", "body": {"jsonrpc": "2.0", "id": 1, "method": "ping"}}
    answer = api.by("ann").post_json("/v1/batch", {"requests": [part]}, expect_errors=True)

    assert answer.json["responses"][0]["body"]["type"] == "/problems/mcp-in-batch"
