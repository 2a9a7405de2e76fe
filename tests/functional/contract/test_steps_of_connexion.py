"""The steps by which a system that serves contracts is judged, one test for each.

Source: the list of what Connexion promises, with its traps; details are in the other modules of this folder.
"""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from benben.kernel.mistakes import ConfigurationMistakes
from benben.testing import build_api
from tests.functional.contract.conftest import Serve
from tests.functional.contract.documents import ECHO, OK, answers, document, operation


def test_step_1_only_a_file_and_handlers(serve: Serve, folder: Path) -> None:
    """Split over files; operations by id, by ``x-handler`` and by path; a missing handler stops the start."""
    (folder / "parts").mkdir()
    (folder / "parts" / "thing.yaml").write_text("Thing: {type: object, required: [name], properties: {name: {type: string}}}\n")
    (folder / "parts" / "things.yaml").write_text(
        f"post:\n  operationId: add\n  requestBody: {{required: true, content: {{application/json: "
        f'{{schema: {{$ref: "thing.yaml#/Thing"}}}}}}}}\n  responses: {OK}\n'
        f"get: {{operationId: listAll, x-handler: all_of_them, responses: {OK}}}\n"
    )
    paths = '/things: {$ref: "parts/things.yaml"}'
    handlers = "def add(body): return body['name']\ndef all_of_them(): return []\n"

    api = serve(document(paths), handlers)
    assert api.post_json("/v1/things", {"name": "a"}).json == "a"
    assert api.get("/v1/things").json == []
    with pytest.raises(ConfigurationMistakes, match=r"parts/things.yaml:2: post /things \(add\): .* has no function add"):
        serve_again(folder, handlers.replace("add", "ad"))


def serve_again(folder: Path, handlers: str) -> None:
    """Start the same plugin with other handlers."""
    import sys

    (folder / "handlers.py").write_text(handlers)
    sys.modules.pop(f"{folder.name}.handlers", None)
    build_api(folder.parent, {"plugin.things": "on"}, known={"things": folder.name})


def test_step_2_all_violations_at_once(serve: Serve) -> None:
    """Path, query, header, cookie and body in one problem, where Connexion tells the first."""
    paths = """
    /things/{n}:
      put:
        operationId: echo
        parameters:
          - {name: n, in: path, required: true, schema: {type: integer}}
          - {name: q, in: query, schema: {type: string, maxLength: 1}}
          - {name: X-H, in: header, required: true, schema: {type: string}}
          - {name: c, in: cookie, schema: {type: boolean}}
        requestBody:
          required: true
          content: {application/json: {schema: {type: object, required: [a], properties: {b: {minimum: 3}}}}}
        responses: %s
    """
    api = serve(document(paths % OK), ECHO)

    answer = api.put_json("/v1/things/x?q=long", {"b": 1}, headers={"Cookie": "c=maybe"}, status=400)

    assert answer.content_type == "application/problem+json"
    assert {(error["in"], error["pointer"], error["code"]) for error in answer.json["errors"]} == {
        ("path", "n", "type"),
        ("query", "q", "length"),
        ("header", "X-H", "required"),
        ("cookie", "c", "type"),
        ("body", "/a", "required"),
        ("body", "/b", "range"),
    }


@pytest.mark.parametrize(("mode", "status"), [("error", 500), ("log", 200), ("off", 200)])
def test_step_3_answers_are_held_against_the_contract(
    serve: Serve, caplog: pytest.LogCaptureFixture, mode: str, status: int
) -> None:
    """Mode by ini; the client sees an id and no more."""
    paths = operation(responses=answers("{type: integer}"))
    ini = {} if mode == "error" else {"contract__responses": mode}
    with caplog.at_level(logging.ERROR):
        answer = serve(document(paths), "def one(): return 'secret'\n", **ini).get("/v1/things", status=status)

    assert ("body (whole): Must be a whole number." in caplog.text) == (mode != "off")
    assert ("secret" in answer.text) == (status == 200)


@pytest.mark.parametrize("version", ["3.0.0", "3.0.4", "3.1.0", "3.1.1", "3.2.0"])
def test_step_4_every_version_of_openapi_3(serve: Serve, version: str) -> None:
    """JSON Schema 2020-12 has its suite in `tests/unit/contract`; Connexion refuses 3.1."""
    schema = "{type: string, nullable: true}" if version.startswith("3.0") else "{type: [string, 'null']}"
    content = f"{{required: true, content: {{application/json: {{schema: {schema}}}}}}}"
    api = serve(
        document(f"/things: {{post: {{operationId: echo, requestBody: {content}, responses: {OK}}}}}", version=version), ECHO
    )

    assert api.post_json("/v1/things", None).json == {"body": None}
    assert api.post_json("/v1/things", 1, status=400)


def test_step_5_security_and_defaults_follow_from_the_file(serve: Serve) -> None:
    """Alternatives and scopes, see `test_security`; ``default`` is put in."""
    components = "securitySchemes: {test: {type: http, scheme: test}}"
    parameter = "{name: n, in: query, schema: {type: integer, default: 5}}"
    paths = f"/things: {{get: {{operationId: echo, security: [{{test: [a.b]}}], parameters: [{parameter}], responses: {OK}}}}}"
    api = serve(document(paths, components), ECHO, contract__schemes="declared")

    assert api.get("/v1/things", status=401)
    assert api.by("bob", "scope=x.y").get("/v1/things", status=403)
    assert api.by("bob", "scope=a.b").get("/v1/things").json == {"n": 5}


def test_step_6_a_mock_answers_from_the_file(serve: Serve) -> None:
    """Examples, else made values; ``Prefer`` chooses, see `test_mock`."""
    good = answers("{type: array, items: {type: string, format: date}}")
    paths = operation(responses=f'{good[:-1]}, "404": {{description: Nothing.}}}}')
    api = serve(document(paths), contract__mock="things")

    assert api.get("/v1/things").json == ["2027-01-31"]
    assert api.get("/v1/things", headers={"Prefer": "code=404"}, status=404).body == b""


def test_step_7_code_first_and_contracts_live_in_one_server(tmp_path: Path) -> None:
    """And in one document."""
    api = build_api(tmp_path, {f"plugin.{name}": "on" for name in ("people", "books", "docs")} | {"contract.schemes": "any"})

    paths = api.get("/openapi.json").json["paths"]
    assert {"/v1/people", "/v1/books"} <= paths.keys()
    assert api.by("bob").get("/v1/people").json == []
    assert api.by("bob").get("/v1/books").json["items"] == []
    api.close()
