"""Connexion: write only the OpenAPI file and the functions.

The steps of docs/seeds/connexion.md by their numbers. What is shown here once is shown in depth by
tests/functional/contract and tests/unit/contract.
"""

from __future__ import annotations

import base64
import json
import logging
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from openapi_spec_validator import validate
from sqlalchemy.orm import Session

from benben.cli import main
from benben.contract.schemas import Schemas
from benben.features.apikey.services import Wish
from benben.features.identity.services import create_user
from benben.kernel.mistakes import ConfigurationMistakes
from benben.testing import API, build_api
from tests.corpora import texts
from tests.functional.contract.conftest import Serve, folder, serve
from tests.functional.contract.documents import ECHO, OK, answers, body, document, operation, parameter
from tests.functional.contract.test_security import WAYS

__all__ = ["folder", "serve"]

PASSWORD = "correct horse battery"
INI = """\
[app:main]
use = egg:benben
benben.secret = 0123456789012345678901234567890123456789
benben.migrate = auto
sqlalchemy.url = sqlite:///%(here)s/app.sqlite
plugin.docs = on
plugin.people = on
plugin.todos = on
[server:main]
use = egg:benben
"""


def started_again(folder: Path, handlers: str) -> API:
    """Start the plugin in *folder* with other handlers."""
    (folder / "handlers.py").write_text(handlers)
    sys.modules.pop(f"{folder.name}.handlers", None)
    return build_api(folder.parent, {"plugin.things": "on"}, known={"things": folder.name})


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("operationId: find", "handlers.py"),
        ("operationId: findThings, x-handler: find", "handlers.py"),
        ("operationId: 'contract_under_test.other:find'", "other.py"),
        ("x-openapi-router-controller: contract_under_test.other, operationId: find", "other.py"),
        ("summary: Find things.", "things.py"),
    ],
)
def test_2_7_1_a_file_and_functions_and_nothing_else(serve: Serve, folder: Path, said: str, place: str) -> None:
    """By ``operationId``, ``x-handler``, ``x-...-controller`` or by path. In depth: test_handlers.py."""
    code = "def find(): return 'found'\nsearch = find\n"
    options = ""
    if place == "things.py":
        (folder / "handlers").mkdir()
        (folder / "handlers" / "__init__.py").touch()
        (folder / "handlers" / "things.py").write_text(code)
        (folder / "ways.py").write_text("from benben.contract.handlers import by_path\n")
        options = "resolver=__import__('contract_under_test.ways').ways.by_path"
    elif place == "other.py":
        (folder / "other.py").write_text(code)

    assert (
        serve(document(operation(said)), code if place == "handlers.py" else "", options=options).get("/v1/things").json
        == "found"
    )


def test_2_7_1_a_file_may_be_split(serve: Serve, folder: Path) -> None:
    """Paths and schemas in other files, beside the first or below it; a fault of theirs is told by its own line."""
    (folder / "parts").mkdir()
    (folder / "parts" / "thing.yaml").write_text("Thing: {type: object, required: [name], properties: {name: {type: string}}}\n")
    (folder / "parts" / "things.yaml").write_text(
        f"post:\n  operationId: add\n  requestBody: {{required: true, content: {{application/json: "
        f'{{schema: {{$ref: "thing.yaml#/Thing"}}}}}}}}\n  responses: {OK}\n'
    )

    api = serve(document('/things: {$ref: "parts/things.yaml"}'), "def add(body): return body['name']\n")

    assert api.post_json("/v1/things", {"name": "a"}).json == "a"
    assert api.post_json("/v1/things", {}, status=400).json["errors"][0]["pointer"] == "/name"
    with pytest.raises(ConfigurationMistakes, match=r"parts/things.yaml:2: post /things \(add\): .* has no function add"):
        started_again(folder, "")


def test_2_7_1_a_missing_handler_stops_the_start_or_is_501(serve: Serve) -> None:
    """The line, and the name that was probably meant; by ini 501, or an answer from the examples."""
    text = document(operation("operationId: find_things"))

    with pytest.raises(ConfigurationMistakes, match=r"api.yaml:\d+: get /things \(find_things\): .*did you mean find_thing\?"):
        serve(text, "def find_thing(): pass\n")
    assert serve(text, contract__missing="501").get("/v1/things", status=501).json["type"] == "/problems/contract-handler-missing"


def test_2_7_2_every_violation_in_one_answer(serve: Serve) -> None:
    """Path, query, header, cookie and body. In depth: test_parameters.py, test_bodies.py."""
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

    answer = api.put_json("/v1/things/x?q=long&r=1", {"b": 1}, headers={"Cookie": "c=maybe"}, status=400)

    assert answer.content_type == "application/problem+json"
    assert {(error["in"], error["pointer"], error["code"]) for error in answer.json["errors"]} == {
        ("path", "n", "type"),
        ("query", "q", "length"),
        ("query", "r", "unknown"),
        ("header", "X-H", "required"),
        ("cookie", "c", "type"),
        ("body", "/a", "required"),
        ("body", "/b", "range"),
    }


def test_2_7_2_and_of_a_form(serve: Serve) -> None:
    """Members, and files where texts belong."""
    members = "age: {type: integer}, photo: {format: binary}, name: {type: string}"
    schema = f"{{type: object, required: [age, photo], properties: {{{members}}}}}"
    api = serve(body(schema, "multipart/form-data"), ECHO)

    answer = api.post("/v1/things", [("age", "old")], upload_files=[("name", "a.txt", b"a")], status=400)

    assert {(error["pointer"], error["code"]) for error in answer.json["errors"]} == {
        ("/age", "type"),
        ("/photo", "required"),
        ("/name", "type"),
    }


@pytest.mark.parametrize(("mode", "status"), [("", 500), ("error", 500), ("log", 200), ("off", 200)])
@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ("'secret'", "body (whole): Must be a whole number."),
        ("(1, 203)", "the status 203 is not one of 200"),
        ("(1, 200, {'X-N': 'secret'})", "header X-N: Must be a whole number."),
    ],
)
def test_2_7_3_an_answer_that_is_not_in_the_file_is_caught(
    serve: Serve, caplog: pytest.LogCaptureFixture, mode: str, status: int, result: str, reason: str
) -> None:
    """Body, status and header; on where nothing is said. The caller sees an id, the log the reasons."""
    responses = answers("{type: integer}").replace("Done.,", "Done., headers: {X-N: {schema: {type: integer}}},")
    ini = {"contract__responses": mode} if mode else {}
    api = serve(document(operation(responses=responses)), f"def one(): return {result}\n", **ini)

    with caplog.at_level(logging.ERROR):
        answer = api.get("/v1/things", expect_errors=True)

    assert answer.status_int == (203 if status == 200 and "203" in result else status)
    assert (reason in caplog.text) == (mode != "off")
    if status == 500:
        assert "secret" not in answer.text
        assert answer.json["instance"] in caplog.text


@pytest.mark.parametrize("number", ["3.0.0", "3.0.4", "3.1.0", "3.1.1", "3.2.0"])
def test_2_7_4_every_version_of_openapi_3(serve: Serve, number: str) -> None:
    """Each with its own way to say that a value may be null."""
    schema = "{type: string, nullable: true}" if number.startswith("3.0") else "{type: [string, 'null']}"
    api = serve(body(schema, version=number), ECHO)

    assert api.post_json("/v1/things", None).json == {"body": None}
    assert api.post_json("/v1/things", "a").json == {"body": "a"}
    assert api.post_json("/v1/things", 1, status=400)


def test_2_7_4_json_schema_2020_12() -> None:
    """The official suite without what is about documents from elsewhere and meta-schemas; one by one: test_schemas.py."""
    elsewhere = ("http://localhost", "tree.json", "extendible-dynamic-ref.json", "detached-dynamicref.json")
    files = [item for item in texts("json-schema-test-suite/draft2020-12", "*.json") if item[0] not in LEFT_OUT]
    if not files:
        pytest.skip("the corpus json-schema-test-suite is not there")
    cases = [case for _, text in files for case in json.loads(text)]
    verdicts = [
        Schemas({}, "request").rule(case["schema"]).is_valid(test["data"]) is test["valid"]
        for case in cases
        if not any(word in json.dumps(case["schema"]) for word in elsewhere)
        for test in case["tests"]
    ]

    assert len(verdicts) > 1000
    assert all(verdicts)


LEFT_OUT = {"format.json", "refRemote.json", "vocabulary.json"}


SCHEMES = """
securitySchemes:
  token: {type: http, scheme: bearer}
  password: {type: http, scheme: basic}
  key: {type: apiKey, in: header, name: X-API-Key}
"""
SECURED = {f"plugin__{name}": "on" for name in ("identity", "basic", "apikey")} | {"identity__hash_profile": "cheapest"}


@pytest.fixture
def ask(serve: Serve) -> Callable[..., int]:
    """Ask an operation of one security as somebody with these ways to say who it is."""

    def ask(security: str, *ways: str) -> int:
        text = document(f"/things: {{get: {{operationId: echo, security: {security}, responses: {OK}}}}}", SCHEMES)
        api = serve(text, ECHO, contract__schemes="declared", **SECURED)
        with Session(api.registry.engine) as session, session.begin():
            create_user(session, api.registry.identity.passwords, "ann", password=PASSWORD)
        with Session(api.registry.engine) as session, session.begin():
            key = str(api.registry.apikey.make(session, "ann", Wish(name="k")).text)
        basic = "Basic " + base64.b64encode(f"ann:{PASSWORD}".encode()).decode()
        known = {"password": ("Authorization", basic), "key": ("X-API-Key", key)}
        sent = dict(known[way] for way in ways)
        return api.get("/v1/things", headers=sent, extra_environ={"wsgi.url_scheme": "https"}, expect_errors=True).status_int

    return ask


@pytest.mark.parametrize(
    ("security", "ways", "status"),
    [
        ("[]", (), 200),
        ("[{key: []}]", (), 401),
        ("[{key: []}]", ("key",), 200),
        ("[{key: []}]", ("password",), 401),
        ("[{password: []}, {key: []}]", ("key",), 200),
        ("[{password: [], key: []}]", ("key",), 401),
        ("[{token: [], key: []}, {password: []}]", ("password",), 200),
        ("[{token: []}]", ("key",), 401),
        ("[{key: []}, {}]", (), 200),
    ],
)
def test_2_7_5_security_is_kept_without_code(ask: Callable[..., int], security: str, ways: tuple[str, ...], status: int) -> None:
    """Alternatives and schemes together, each by the plugin that is on for it. In depth: test_security.py."""
    assert ask(security, *ways) == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"X-API-Key": "k"}, 401), ({"Authorization": "Basic YTpi"}, 401), ({"X-API-Key": "k", "Authorization": "Basic YTpi"}, 200)],
)
def test_2_7_5_two_schemes_may_be_asked_for_together(serve: Serve, tmp_path: Path, headers: dict[str, str], status: int) -> None:
    """Each has to hold; the ways of this test, because our API keys refuse a second header with credentials."""
    (tmp_path / "contract_under_test_ways.py").write_text(WAYS)
    text = document(f"/things: {{get: {{operationId: echo, security: [{{password: [], key: []}}], responses: {OK}}}}}", SCHEMES)
    ini = {"plugin__ways": "on", "plugin__ways__include": "contract_under_test_ways", "contract__schemes": "declared"}

    assert serve(text, ECHO, **ini).get("/v1/things", headers=headers, status=status)


def test_2_7_5_a_scope_is_a_permission(serve: Serve) -> None:
    """Who does not have it gets 403."""
    paths = f"/things: {{get: {{operationId: echo, security: [{{test: [things.count]}}], responses: {OK}}}}}"
    api = serve(document(paths, "securitySchemes: {test: {type: http, scheme: test}}"), ECHO, contract__schemes="declared")

    assert api.get("/v1/things", status=401)
    assert api.by("bob", "scope=things.other").get("/v1/things", status=403)
    assert api.by("bob", "scope=things.count").get("/v1/things").json == {}


def test_2_7_5_defaults_are_put_in(serve: Serve) -> None:
    """Of parameters, and in bodies at any depth, also of the form that a discriminator chooses."""
    assert serve(parameter("{name: n, in: query, schema: {type: integer, default: 5}}"), ECHO).get("/v1/things").json == {"n": 5}
    components = (
        "schemas: {Cat: {type: object, properties: {kind: {type: string}, lives: {type: integer, default: 9}}}, "
        "Dog: {type: object, properties: {kind: {type: string}}}}"
    )
    forms = "oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}], discriminator: {propertyName: kind}"
    api = serve(body(f"{{type: object, properties: {{pet: {{{forms}}}, n: {{default: [1]}}}}}}", components=components), ECHO)

    assert api.post_json("/v1/things", {"pet": {"kind": "Cat"}}).json == {"body": {"pet": {"kind": "Cat", "lives": 9}, "n": [1]}}


MOCKED = """
"200":
  description: Done.
  content:
    application/json:
      schema: {type: array, items: {type: string, format: date}}
      examples: {two: {value: ["2027-01-30", "2027-01-31"]}, empty: {value: []}}
"404":
  description: Nothing.
  content: {application/problem+json: {schema: {type: object, required: [status], properties: {status: {const: 404}}}}}
"""


@pytest.mark.parametrize(
    ("prefer", "status", "answer", "applied"),
    [
        ("", 200, ["2027-01-30", "2027-01-31"], None),
        ("example=empty", 200, [], "example=empty"),
        ("code=404", 404, {"status": 404}, "code=404"),
        ("code=404, example=none", 404, {"status": 404}, "code=404"),
        ("code=500", 200, ["2027-01-30", "2027-01-31"], None),
    ],
)
def test_2_7_6_a_mock_answers_from_the_file(serve: Serve, prefer: str, status: int, answer: Any, applied: str | None) -> None:
    """Its examples, else a value made of the schema; no handler is there. In depth: test_mock.py, test_commands.py."""
    responses = json.dumps(yaml.safe_load(MOCKED))
    api = serve(document(operation(responses=responses)), contract__mock="things")

    found = api.get("/v1/things", headers={"Prefer": prefer} if prefer else {}, expect_errors=True)

    assert (found.status_int, found.json, found.headers.get("Preference-Applied")) == (status, answer, applied)


def test_2_7_7_one_server_and_one_document_beside_code(tmp_path: Path) -> None:
    """A contract and a resource that is written as code."""
    ini = {f"plugin.{name}": "on" for name in ("people", "books", "docs")}
    api = build_api(tmp_path, {**ini, "contract.schemes": "any"})
    found = api.get("/openapi.json").json

    validate(found)
    assert {"/v1/people", "/v1/books"} <= found["paths"].keys()
    assert (api.by("bob").get("/v1/people").json, api.by("bob").get("/v1/books").json["items"]) == ([], [])
    api.close()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (document(operation("operationId: list_people")), "the operationId list_people is taken by the contract people"),
        (document(operation(path="/people")), "route v1/people: is taken by plugin people"),
    ],
)
def test_2_7_7_a_conflict_stops_the_start(serve: Serve, text: str, told: str) -> None:
    """One id, or one address, for two."""
    with pytest.raises(ConfigurationMistakes) as caught:
        serve(text, "def one(): pass\ndef list_people(): pass\n", plugin__people="on")

    assert told in str(caught.value)


def test_2_7_traps_null(serve: Serve) -> None:
    """``nullable`` of 3.0 does nothing without a type; a list of types is one of 3.1."""
    api = serve(
        body(
            "{type: object, properties: {a: {type: integer, nullable: true}, b: {nullable: true, minimum: 3}}}", version="3.0.3"
        ),
        ECHO,
    )

    assert api.post_json("/v1/things", {"a": None, "b": None}).json == {"body": {"a": None, "b": None}}
    assert api.post_json("/v1/things", {"a": "x"}, status=400)


def test_2_7_traps_read_only_and_write_only(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """Required in its own direction, refused in the other."""
    members = "id: {type: integer, readOnly: true}, word: {type: string, writeOnly: true}"
    schema = f"{{type: object, required: [id, word], properties: {{{members}}}}}"
    content = f"{{required: true, content: {{application/json: {{schema: {schema}}}}}}}"
    text = document(operation(f"operationId: add, requestBody: {content}", answers(schema), method="post"))
    api = serve(text, "def add(body): return body if body['word'] == 'wrong' else {'id': 1}\n")

    assert api.post_json("/v1/things", {"word": "x"}).json == {"id": 1}
    assert api.post_json("/v1/things", {"word": "x", "id": 1}, status=400).json["errors"][0]["code"] == "read-only"
    assert api.post_json("/v1/things", {"word": "wrong"}, status=500)
    assert "body /word: This field is write-only and never answered." in caplog.text


@pytest.mark.parametrize(
    ("said", "query", "value"),
    [
        ("style: deepObject, schema: {type: object, properties: {a: {type: integer}}}", "n[a]=1", {"a": 1}),
        ("style: pipeDelimited, explode: false, schema: {type: array, items: {type: integer}}", "n=1%7C2", [1, 2]),
        ("style: spaceDelimited, explode: false, schema: {type: array, items: {type: integer}}", "n=1%202", [1, 2]),
        ("explode: false, schema: {type: array, items: {type: string}}", "n=a%2Cb,c", ["a,b", "c"]),
        ("schema: {type: object, properties: {a: {type: integer}, b: {type: string}}}", "a=1&b=2", {"a": 1, "b": "2"}),
        ("allowReserved: true, schema: {type: string}", "n=a/b?c:@", "a/b?c:@"),
        ("content: {application/json: {schema: {type: object}}}", "n=%7B%22a%22%3A1%7D", {"a": 1}),
    ],
)
def test_2_7_traps_styles_of_the_query(serve: Serve, said: str, query: str, value: Any) -> None:
    """Every one. In depth: test_parameters.py."""
    assert serve(parameter(f"{{name: n, in: query, {said}}}"), ECHO).get(f"/v1/things?{query}").json == {"n": value}


@pytest.mark.parametrize(
    ("said", "text", "value"),
    [
        ("style: label, schema: {type: array, items: {type: integer}}", ".1,2", [1, 2]),
        ("style: label, explode: true, schema: {type: array, items: {type: integer}}", ".1.2", [1, 2]),
        ("style: matrix, schema: {type: integer}", ";n=1", 1),
        ("style: matrix, explode: true, schema: {type: array, items: {type: integer}}", ";n=1;n=2", [1, 2]),
        ("explode: true, schema: {type: object, properties: {a: {type: integer}}}", "a=1,b=x", {"a": 1, "b": "x"}),
    ],
)
def test_2_7_traps_styles_of_the_path(serve: Serve, said: str, text: str, value: Any) -> None:
    """Label, matrix, simple."""
    api = serve(parameter(f"{{name: n, in: path, required: true, {said}}}", "/things/{n}"), ECHO)

    assert api.get(f"/v1/things/{text}").json == {"n": value}


def test_2_7_traps_any_media_type(serve: Serve) -> None:
    """``*/*`` takes everything, ``image/*`` a family; JSON is read where it is sent."""
    api = serve(body("true", "*/*"), "def echo(body): return repr(body)\n")

    assert api.post("/v1/things", b"\x00", {"Content-Type": "application/octet-stream"}).json == r"b'\x00'"
    assert api.post("/v1/things", '{"a": 1}', {"Content-Type": "application/json"}).json == "{'a': 1}"


def test_2_7_traps_a_discriminator_says_which_form_is_wrong(serve: Serve) -> None:
    """And not that none of twelve fits."""
    components = "schemas: {A: {type: object, required: [n]}, B: {type: object}}"
    forms = (
        "{oneOf: [{$ref: '#/components/schemas/A'}, {$ref: '#/components/schemas/B'}], "
        "discriminator: {propertyName: kind, mapping: {first: '#/components/schemas/A'}}}"
    )
    api = serve(body(forms, components=components), ECHO)

    found = [
        [(error["pointer"], error["detail"]) for error in api.post_json("/v1/things", sent, status=400).json["errors"]]
        for sent in ({"kind": "first"}, {"kind": "C"})
    ]
    assert found == [[("/n", "This field is required.")], [("/kind", "Must be one of: first, A, B.")]]


def test_2_7_beat_check_says_which_operations_drift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of operations that are written as code, against a file that was frozen: what breaks clients, and what does not."""
    monkeypatch.chdir(tmp_path)
    Path("app.ini").write_text(INI)
    run = CliRunner().invoke
    assert run(main, ["openapi", "app.ini", "--output", "frozen.json"]).exit_code == 0
    assert run(main, ["check", "app.ini", "--against", "frozen.json"]).exit_code == 0
    frozen = json.loads(Path("frozen.json").read_text())
    frozen["components"]["schemas"]["TodoWrite"]["properties"]["task"]["maxLength"] = 5_000
    del frozen["paths"]["/v1/people"]
    Path("frozen.json").write_text(json.dumps(frozen))

    done = run(main, ["check", "app.ini", "--against", "frozen.json"])

    assert done.exit_code == 3
    assert done.stdout.splitlines() == [
        "breaking: POST /v1/todos: body task has maxLength 200 now, had 5000",
        "breaking: PUT /v1/todos/{key}: body task has maxLength 200 now, had 5000",
        "harmless: GET /v1/people: is new",
    ]


def test_2_7_beat_no_body_takes_longer_than_its_size() -> None:
    """Half a million comparisons of a list, or 2 to the power of 60 ways through a tree. In depth: test_hostile.py."""
    tree = {"T": {"anyOf": [{"type": "object", "required": ["c"], "properties": {"c": {"$ref": "#/components/schemas/T"}}}] * 2}}
    leaf: Any = 1
    for _ in range(60):
        leaf = {"c": leaf}

    assert len(Schemas({}, "request").rule({"uniqueItems": True}).faults([{"a": n} for n in range(20_000)] + [{"a": 1.0}])) == 1
    assert len(Schemas(tree, "request").rule({"$ref": "#/components/schemas/T"}).faults(leaf)) == 1
    assert len(Schemas({}, "request").rule({"pattern": "^(a+)+$"}).faults("a" * 100_000 + "!")) == 1
    assert version("google-re2")
