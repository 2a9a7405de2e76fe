"""Answers without handlers: examples first, else values that the schema allows."""

from __future__ import annotations

from typing import Any

import pytest

from benben.kernel.mistakes import ConfigurationMistakes
from tests.functional.contract.conftest import Serve
from tests.functional.contract.documents import OK, document, operation

PATHS = """
/things:
  get:
    operationId: one
    parameters: [{name: limit, in: query, schema: {type: integer}}]
    responses:
      "200":
        description: Some.
        headers: {X-Count: {required: true, schema: {type: integer, minimum: 4}}}
        content:
          application/json:
            schema: {type: array, items: {type: string}}
            examples: {two: {value: [a, b]}, empty: {value: []}}
      "404":
        description: None.
        content: {application/json: {schema: {type: object, required: [why], properties: {why: {type: string}}}}}
      5XX: {description: Down., content: {text/plain: {example: down}}}
"""


@pytest.fixture
def get(serve: Serve):  # type: ignore[no-untyped-def]
    """Return a function that asks the mock of `PATHS`."""
    api = serve(document(PATHS), contract__mock="things")
    return lambda prefer="", query="": api.get(
        f"/v1/things{query}", headers={"Prefer": prefer} if prefer else {}, expect_errors=True
    )


@pytest.mark.parametrize(
    ("prefer", "status", "body", "applied"),
    [
        ("", 200, ["a", "b"], None),
        ("example=empty", 200, [], "example=empty"),
        ("code=404", 404, {"why": "text"}, "code=404"),
        ('code="404", example=empty', 404, {"why": "text"}, "code=404"),
        ("Code=200; x=1, Example=two", 200, ["a", "b"], "code=200, example=two"),
        ("code=418", 200, ["a", "b"], None),
        ("example=nothing", 200, ["a", "b"], None),
        ("return=minimal", 200, ["a", "b"], None),
    ],
)
def test_a_mock_answers_what_is_preferred(get, prefer: str, status: int, body: Any, applied: str | None) -> None:  # type: ignore[no-untyped-def]
    """And says what it has heeded."""
    answer = get(prefer)

    assert (answer.status_int, answer.json) == (status, body)
    assert answer.headers.get("Preference-Applied") == applied


def test_a_wish_that_cannot_be_heeded_may_be_refused(get) -> None:  # type: ignore[no-untyped-def]
    """With ``handling=strict``; the answers that there are are listed."""
    answer = get("code=418, handling=strict")

    assert answer.status_int == 400
    assert answer.json["errors"][0]["detail"] == "The contract has these answers: 200 (two, empty), 404, 5xx."


def test_a_mock_has_the_headers_that_are_required(get) -> None:  # type: ignore[no-untyped-def]
    """And the media type of its example."""
    assert get().headers["X-Count"] == "4"
    assert get("code=503").headers["Content-Type"] == "text/plain; charset=utf-8"
    assert get("code=503").text == "down"


def test_a_mock_reads_requests_as_strictly_as_the_real_one(get) -> None:  # type: ignore[no-untyped-def]
    """A client that works against it works."""
    assert get(query="?limit=x").json["errors"][0]["code"] == "type"


def test_an_example_that_breaks_its_schema_stops_the_start(serve: Serve) -> None:
    """A mock that lies is worse than none."""
    with pytest.raises(ConfigurationMistakes, match=r"api.yaml:\d+: the example two of 200 .* body /0: Must be a string"):
        serve(document(PATHS.replace("[a, b]", "[1]")), contract__mock="things")


def test_a_schema_that_no_value_is_known_for_asks_for_an_example(serve: Serve) -> None:
    """At the start, not at the first call."""
    paths = '/things: {get: {operationId: one, responses: {"200": {description: x, content: {application/json: {schema: %s}}}}}}'
    with pytest.raises(ConfigurationMistakes, match="give an example"):
        serve(document(paths % "{type: string, pattern: '^(?=a)(?=b)$'}"), contract__mock="things")


def test_nothing_of_the_plugin_is_called(serve: Serve) -> None:
    """Its handlers are not even imported."""
    paths = operation(responses=OK.replace("{}", "{example: 1}"))

    assert serve(document(paths), "raise SystemExit\n", contract__mock="things").get("/v1/things").json == 1
