"""Operations over HTTP and as calls: one judgement, injection, answers that are checked."""

from __future__ import annotations

import datetime
import json
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import pytest
from msgspec import Meta

from benben.kernel.mistakes import ConfigurationMistakes
from benben.kernel.problems import InvalidInput
from benben.operation import Clock, Scope, operation
from benben.testing import API, assert_problem, build_api
from tests.functional.operation import gadgets

INI = {"plugin.gadgets": "on", "plugin.docs": "on"}
KNOWN = {"gadgets": "tests.functional.operation.gadgets", "docs": "benben.features.docs"}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[API]:
    """The gadgets."""
    gadgets.TOLD.clear()
    found = build_api(tmp_path, INI, known=KNOWN)
    yield found
    found.close()


def test_every_type_comes_as_its_value(api: API) -> None:
    """From texts of the address."""
    query = "flag=true&price=1.50&on=2027-01-31&at=2027-01-31T10:00:00Z&time=13:45:00&colour=red&size=s&tags=a&tags=b"
    answer = api.get(f"/v1/types/5?{query}&key=00000000-0000-4000-8000-000000000001", headers={"User-Agent": "x"}).json

    kinds = answer.pop("kinds")
    assert list(kinds.values()) == ["int", "bool", "Decimal", "date", "datetime", "time", "UUID", "Colour", "str", "list", "str"]
    assert (answer["price"], answer["tags"], answer["agent"]) == ("1.50", ["a", "b"], "x")


def test_what_is_left_out_takes_its_default(api: API) -> None:
    """Of the function itself."""
    answer = api.get("/v1/types/5").json

    assert (answer["flag"], answer["price"], answer["colour"], answer["size"], answer["tags"]) == (False, None, "blue", "m", None)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("flag=1", [("flag", "type")]),
        ("price=1.555", [("price", "scale")]),
        ("on=31.1.2027&at=now", [("on", "format"), ("at", "format")]),
        ("at=2027-01-31T10:00:00", [("at", "format")]),
        ("time=25:00", [("time", "format")]),
        ("colour=green&size=x", [("colour", "choice"), ("size", "choice")]),
        ("tags=a&tags=b&tags=c", [("tags", "length")]),
        ("flag=true&flag=true", [("flag", "repeated")]),
        ("colur=red", [("colur", "unknown")]),
    ],
)
def test_what_is_wrong_is_told_with_its_place(api: API, query: str, expected: list[tuple[str, str]]) -> None:
    """All of it."""
    body = assert_problem(api.get(f"/v1/types/5?{query}", expect_errors=True), 400, "invalid-input")

    assert [(fault["pointer"], fault["code"]) for fault in body["errors"]] == expected
    assert {fault["in"] for fault in body["errors"]} == {"query"}


def test_a_body_is_an_object_of_its_class(api: API) -> None:
    """With objects inside it, and names as the class writes them on the wire."""
    owner = api.by("ann", "owner")
    sent = {"name": "g", "madeOn": "2027-01-01", "parts": [{"name": "bolt"}], "colour": "blue"}

    made = owner.post_json("/v1/gadgets?dry=true", sent)
    refused = owner.post_json("/v1/gadgets", {"name": 1, "parts": [{"name": "longer"}, {}], "colr": 1}, expect_errors=True)

    assert made.status_code == 201
    assert made.json == {**sent, "parts": [{"name": "bolt", "number": 1}]}
    told = [(fault["pointer"], fault["code"]) for fault in refused.json["errors"]]
    assert told == [
        ("/name", "type"),
        ("/madeOn", "required"),
        ("/parts/0/name", "length"),
        ("/parts/1/name", "required"),
        ("/colr", "unknown"),
    ]


def test_plain_parameters_of_a_writing_method_are_members_of_the_body(api: API) -> None:
    """One function of two numbers."""
    assert api.post_json("/v1/add", {"a": 2, "b": 3}).json == 5
    assert api.post_json("/v1/add", {"a": 2}).json == 3
    refused = api.post_json("/v1/add", {"a": "x", "b": 99, "c": 1}, expect_errors=True).json["errors"]
    assert [(fault["pointer"], fault["code"]) for fault in refused] == [("/a", "type"), ("/b", "range"), ("/c", "unknown")]
    assert api.post_json("/v1/add", [], expect_errors=True).json["errors"][0]["pointer"] == ""


def test_a_call_is_judged_as_a_request_is(api: API) -> None:
    """And tells the same."""
    assert gadgets.add(2, b=3) == 5
    with pytest.raises(InvalidInput) as caught:
        gadgets.add("x", b=99)
    told = [(fault.pointer, fault.detail) for fault in caught.value.errors]
    refused = api.post_json("/v1/add", {"a": "x", "b": 99}, expect_errors=True).json["errors"]

    assert told == [(fault["pointer"], fault["detail"]) for fault in refused]
    assert gadgets.types(1, price=Decimal("1.5"))["price"] == Decimal("1.5")


def test_what_is_injected_is_made_once_and_given_back(api: API) -> None:
    """After success and after a failure."""
    answer = api.by("ann").get("/v1/locked").json
    api.get("/v1/locked?fails=true", expect_errors=True)

    assert (answer["same"], answer["who"]) == (True, "ann")
    assert gadgets.TOLD == ["taken", "given back after 2", "taken", "failed ValueError"]


def test_a_test_replaces_what_is_injected_by_one_line(api: API) -> None:
    """For as long as the block is open."""

    class Old:
        def now(self) -> datetime.datetime:
            return datetime.datetime(1999, 1, 1, tzinfo=datetime.UTC)

    with api.registry.providers.replaced(Clock, lambda _scope: Old()):
        assert api.get("/v1/locked").json["year"] == 1999
    assert api.get("/v1/locked").json["year"] > 2000


def test_injection_works_in_a_job(api: API) -> None:
    """Inside a scope; outside of one it is said what is missing."""
    with Scope(api.registry):
        assert gadgets.locked()["same"] is True
    with pytest.raises(LookupError, match="Scope"):
        gadgets.locked()
    assert gadgets.TOLD == ["taken", "given back after 2"]


def test_only_what_is_declared_is_answered(api: API, caplog: pytest.LogCaptureFixture) -> None:
    """More is left out; less, or another type, is an error of the server whose reason is in the log alone."""
    assert api.get("/v1/secret").json == {"name": "ann", "number": 1}
    for wrong in ("type", "missing"):
        answer = api.get(f"/v1/secret?wrong={wrong}", expect_errors=True)
        assert_problem(answer, 500, "internal-error")
        assert "number" not in answer.text
    assert "gadgets.secret answers what it does not declare" in caplog.text


def test_a_function_that_yields_is_a_stream(api: API) -> None:
    """Lines or numbered events, which go on behind the last one that a client has seen."""
    lines = api.get("/v1/count?most=2").text.splitlines()
    events = api.get("/v1/count?most=2", headers={"Accept": "text/event-stream", "Last-Event-ID": "7"}).text

    assert [json.loads(line)["number"] for line in lines] == [1, 2]
    assert events.startswith('id: 8\ndata: {"name":"n","number":1}\n\nid: 9\n')
    assert gadgets.TOLD == ["taken", "given back after 2"] * 2


def test_silence_is_heard(api: API, monkeypatch: pytest.MonkeyPatch) -> None:
    """A comment now and then, so that nobody in between closes the connection."""
    monkeypatch.setattr("benben.operation.streams.KEEP_ALIVE_S", 0.05)
    slow = api.registry.operations["gadgets.count"]
    monkeypatch.setattr(slow, "function", _slowly)

    assert ": still here\n\n" in api.get("/v1/count", headers={"Accept": "text/event-stream"}).text


def _slowly(**_values: Any) -> Iterator[gadgets.Public]:
    import time

    yield gadgets.Public("n", 1)
    time.sleep(0.3)
    yield gadgets.Public("n", 2)


def test_nothing_is_204(api: API) -> None:
    """Without a body to read either."""
    assert api.delete("/v1/gadgets").status_code == 204


def test_a_version_is_chosen_by_header_or_address(api: API) -> None:
    """Without either the oldest answers; one that is not there lists those that are."""
    assert api.get("/v1/greet").json == "good day"
    assert api.get("/v1/greet", headers={"API-Version": "2"}).json == "good day"
    assert api.get("/v1/greet?name=ann", headers={"API-Version": "3"}).json == "hi ann"
    assert api.get("/v3/greet?name=ann").json == "hi ann"
    body = assert_problem(api.get("/v1/greet", headers={"API-Version": "4"}, expect_errors=True), 404, "no-such-version")
    assert body["versions"] == [1, 2, 3]


def test_the_document_is_made_of_the_types(api: API) -> None:
    """Valid, with bounds, defaults, docstrings and permissions."""
    from openapi_spec_validator import OpenAPIV31SpecValidator

    document = api.get("/openapi.json").json
    typed, added = document["paths"]["/v1/types/{number}"]["get"], document["paths"]["/v1/add"]["post"]

    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    assert typed["summary"] == "Answer what came."
    by_name = {item["name"]: item for item in typed["parameters"] if "name" in item}
    assert by_name["User-Agent"]["in"] == "header"
    assert by_name["colour"]["schema"]["enum"] == ["red", "blue"]
    assert by_name["tags"]["schema"]["maxItems"] == 2
    b = added["requestBody"]["content"]["application/json"]["schema"]["properties"]["b"]
    assert (b["minimum"], b["maximum"]) == (0, 10)
    assert document["paths"]["/v1/gadgets"]["post"]["x-permission"] == "gadgets.own"


def test_who_may_not_is_refused_before_anything_is_read(api: API) -> None:
    """The permission is that of the endpoint."""
    assert_problem(api.by("bob").post_json("/v1/gadgets", {}, expect_errors=True), 403, "forbidden")


@operation("bad.missing", "GET", "/missing", permission="public")
def missing(thing: gadgets.Missing) -> None:
    """Ask for what nobody has."""


def test_a_parameter_that_nobody_can_give_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the name of the operation."""
    import types

    module = types.ModuleType("bad_operations")
    module.includeme = lambda config: config.add_operations(missing)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "bad_operations", module)

    with pytest.raises(ConfigurationMistakes, match="nobody provides Missing for thing"):
        build_api(tmp_path, {"plugin.bad": "on", "plugin.bad.include": "bad_operations"})


def test_a_placeholder_needs_a_parameter() -> None:
    """It is found where the function is written."""
    with pytest.raises(TypeError, match="a placeholder number that is no parameter"):

        @operation("bad.place", "GET", "/x/{number}", permission="public")
        def place() -> None:
            """Nothing."""


def test_a_bound_that_nobody_would_hold_is_refused() -> None:
    """Where the function is written."""
    with pytest.raises(TypeError, match="multiple_of"):

        @operation("bad.odd", "GET", "/odd", permission="public")
        def odd(number: Annotated[int, Meta(multiple_of=2)]) -> None:
            """Nothing."""
