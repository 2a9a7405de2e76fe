"""What a handler may return, and what becomes of an answer that the contract does not allow."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from tests.functional.contract.conftest import Serve
from tests.functional.contract.documents import answers, document, operation

MEMBERS = "{id: {type: integer}, secret: {type: string, writeOnly: true}}"
THING = f"{{type: object, required: [id], additionalProperties: false, properties: {MEMBERS}}}"
ONE = """
/things:
  get:
    operationId: one
    responses:
      "200":
        description: Done.
        headers: {X-Count: {required: %s, schema: {type: integer}}}
        content: {application/json: {schema: %s}}
      "404": {description: Nothing., content: {application/json: {}}}
"""


def one(result: str, *, header: str = "false") -> tuple[str, str]:
    """Return a document of one operation, and its handler that returns *result*."""
    return document(ONE % (header, THING)), f"def one(): return {result}\n"


BREACHES = [
    ("{'id': 'x'}", "body /id: Must be a whole number."),
    ("{'id': 1, 'more': 2}", "body /more: There is no such field."),
    ("{'id': 1, 'secret': 'x'}", "body /secret: This field is write-only and never answered."),
    ("({'id': 1}, 418)", "the status 418 is not one of 200, 404"),
    ("({'id': 1}, 200, {'X-Count': 'many'})", "header X-Count: Must be a whole number."),
    ("('id', 200, {'Content-Type': 'text/csv'})", "the media type text/csv is not one of application/json"),
]


@pytest.mark.parametrize(("result", "told"), BREACHES)
def test_a_wrong_answer_is_caught(serve: Serve, caplog: pytest.LogCaptureFixture, result: str, told: str) -> None:
    """The client gets an id, the log has what is wrong under it."""
    api = serve(*one(result))

    with caplog.at_level(logging.ERROR, "benben.contract"):
        answer = api.get("/v1/things", status=500)

    assert answer.json == {
        "type": "/problems/contract-answer-broken",
        "title": "The answer does not keep the contract",
        "status": 500,
        "instance": answer.headers["X-Request-Id"],
    }
    assert told in caplog.text
    assert answer.json["instance"] in caplog.text


def test_a_missing_header_is_caught(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """Where the contract asks for it."""
    assert serve(*one("{'id': 1}", header="true")).get("/v1/things", status=500)
    assert "the header X-Count is missing" in caplog.text


@pytest.mark.parametrize(("result", "told"), BREACHES[:4])
def test_a_wrong_answer_may_only_be_told(serve: Serve, caplog: pytest.LogCaptureFixture, result: str, told: str) -> None:
    """With ``contract.responses = log`` it goes out as it is."""
    answer = serve(*one(result), contract__responses="log").get("/v1/things", expect_errors=True)

    assert answer.status_int in (200, 418)
    assert told in caplog.text


def test_answers_may_be_left_alone(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """With ``contract.responses = off``."""
    assert serve(*one("{'id': 'x'}"), contract__responses="off").get("/v1/things").json == {"id": "x"}
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("result", "status", "body", "header"),
    [
        ("{'id': 1}", 200, {"id": 1}, None),
        ("({'id': 1}, {'X-Count': 3})", 200, {"id": 1}, "3"),
        ("({'id': 1}, 200, {'X-Count': 3})", 200, {"id": 1}, "3"),
        ("('none', 404)", 404, "none", None),
    ],
)
def test_a_handler_returns_a_body_with_or_without_more(
    serve: Serve, result: str, status: int, body: Any, header: str | None
) -> None:
    """A status, headers or both."""
    answer = serve(*one(result)).get("/v1/things", status=status)

    assert answer.json == body
    assert answer.headers.get("X-Count") == header


def test_a_handler_may_return_a_response(serve: Serve) -> None:
    """Which is held against the contract as well."""
    handlers = "from pyramid.response import Response\ndef one(): return Response(json_body={'id': %s})\n"
    contract, _ = one("")

    assert serve(contract, handlers % "1").get("/v1/things").json == {"id": 1}


def test_a_problem_of_a_handler_is_a_problem(serve: Serve) -> None:
    """It is the server's own and no answer of the contract."""
    handlers = "from benben.kernel.problems import NotFound\ndef one(): raise NotFound('Gone.')\n"

    assert serve(one("")[0], handlers).get("/v1/things", status=404).json["detail"] == "Gone."


def test_values_have_the_wire_forms(serve: Serve) -> None:
    """Instants, decimals and UUIDs as everywhere."""
    values = "[decimal.Decimal('1.50'), datetime.datetime(2027, 1, 2, tzinfo=datetime.UTC)]"
    handlers = f"import datetime, decimal\ndef one(): return {values}\n"

    assert serve(document(operation()), handlers).get("/v1/things").json == ["1.50", "2027-01-02T00:00:00.000000Z"]


def test_nothing_is_204_where_the_contract_has_it(serve: Serve) -> None:
    """Without a body."""
    paths = '/things: {delete: {operationId: one, responses: {"204": {description: Gone.}}}}'
    answer = serve(document(paths), "def one(): pass\n").delete("/v1/things")

    assert (answer.status_int, answer.body) == (204, b"")


def test_text_and_bytes_go_out_as_they_are(serve: Serve) -> None:
    """And what is not wanted is 406."""
    content = "{text/plain: {schema: {type: string}}}"
    paths = '/things: {get: {operationId: one, responses: {"200": {description: Done., content: %s}}}}'
    api = serve(document(paths % content), "def one(): return 'hé'\n")

    assert api.get("/v1/things").headers["Content-Type"] == "text/plain; charset=utf-8"
    assert api.get("/v1/things").text == "hé"
    assert api.get("/v1/things", headers={"Accept": "application/json"}, status=406)


def test_a_range_of_statuses_and_the_default_count(serve: Serve) -> None:
    """``2XX`` and ``default``."""
    paths = """
    /things:
      get:
        operationId: one
        parameters: [{name: s, in: query, schema: {type: integer}}]
        responses:
          2XX: {description: Good., content: {application/json: {schema: {type: integer}}}}
          default: {description: Bad., content: {application/json: {schema: {type: string}}}}
    """
    api = serve(document(paths), "def one(s): return (s if s < 300 else str(s)), s\n")

    assert api.get("/v1/things?s=203", status=203).json == 203
    assert api.get("/v1/things?s=418", status=418).json == "418"


def test_a_wrong_answer_undoes_what_the_handler_did(serve: Serve) -> None:
    """The status is above 399, so that the transaction is rolled back."""
    hook = "    request.tm.get().addAfterCommitHook(lambda done: seen.append(done))\n    return 'x'\n"
    handlers = f"seen = []\ndef one(request):\n{hook}"
    api = serve(document(operation(responses=answers("{type: integer}"), method="post")), handlers)

    assert api.post("/v1/things", status=500)
    from contract_under_test.handlers import seen

    assert True not in seen
