"""Bodies: JSON, forms, files, text and bytes; the schema of each, and what is not taken."""

from __future__ import annotations

from typing import Any

import pytest

from tests.functional.contract.conftest import Serve
from tests.functional.contract.documents import ECHO, OK, body, document

PET = "{type: object, additionalProperties: false, required: [name], properties: {name: {type: string}, age: {type: integer}}}"
FORM = "{type: object, properties: {name: {type: string}, age: {type: integer}, tags: {type: array, items: {type: string}}}}"


def errors(answer: Any) -> list[tuple[str, str]]:
    """Return pointer and code of each error."""
    return [(error["pointer"], error["code"]) for error in answer.json["errors"]]


def test_every_violation_is_told_at_once(serve: Serve) -> None:
    """With a JSON pointer to each."""
    answer = serve(body(PET), ECHO).post_json("/v1/things", {"nmae": "x", "age": "3"}, status=400)

    assert answer.content_type == "application/problem+json"
    assert sorted(errors(answer)) == [("/age", "type"), ("/name", "required"), ("/nmae", "unknown")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"name": "a", "name": "b"}', "duplicate-key"),
        ('{"name": NaN}', "malformed-json"),
        ("[" * 100 + "]" * 100, "json-too-complex"),
        ('{"name": "a"', "malformed-json"),
    ],
)
def test_json_is_read_strictly(serve: Serve, text: str, code: str) -> None:
    """By the reader of every other endpoint."""
    answer = serve(body(PET), ECHO).post("/v1/things", text, {"Content-Type": "application/json"}, status=400)

    assert answer.json["type"] == f"/problems/{code}"


def test_another_media_type_is_415(serve: Serve) -> None:
    """With what would be taken."""
    api = serve(body(PET), ECHO)

    answer = api.post("/v1/things", "name=a", {"Content-Type": "application/x-www-form-urlencoded"}, status=415)

    assert answer.headers["Accept-Post"] == "application/json"
    assert api.post("/v1/things", "{}", {"Content-Type": "application/json", "Content-Encoding": "gzip"}, status=415)


def test_a_body_that_is_too_large_is_413(serve: Serve) -> None:
    """Before it is read."""
    api = serve(body(PET), ECHO, benben__max_body_bytes="100")

    assert api.post_json("/v1/things", {"name": "x" * 200}, status=413).json["status"] == 413


def test_a_body_may_be_left_out_where_the_contract_says_so(serve: Serve) -> None:
    """The handler gets None then."""
    paths = (
        "/things: {post: {operationId: one, requestBody: {content: {application/json: {schema: {type: object}}}}, responses: %s}}"
    )
    api = serve(document(paths % OK), "def one(body): return {'body': body}\n")

    assert api.post("/v1/things", "").json == {"body": None}
    assert api.post_json("/v1/things", {"a": 1}).json == {"body": {"a": 1}}


def test_a_form_has_the_types_of_its_schema(serve: Serve) -> None:
    """A list is a name that is given again."""
    api = serve(body(FORM, "application/x-www-form-urlencoded"), ECHO)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}

    good = api.post("/v1/things", "name=Ada+L&age=36&tags=a&tags=b", kind)
    bad = api.post("/v1/things", "name=Ada&age=old", kind, status=400)

    assert good.json == {"body": {"name": "Ada L", "age": 36, "tags": ["a", "b"]}}
    assert errors(bad) == [("/age", "type")]


def test_a_file_of_a_form_reaches_the_handler(serve: Serve) -> None:
    """With its name and its media type."""
    schema = "{type: object, required: [file], properties: {file: {type: string, format: binary}, age: {type: integer}}}"
    handlers = (
        "def echo(body): return [body['file'].name, body['file'].media_type, body['file'].file.read().decode(), body['age']]\n"
    )
    api = serve(body(schema, "multipart/form-data"), handlers)

    answer = api.post("/v1/things", {"age": "3"}, upload_files=[("file", "a.txt", b"hello", "text/plain")])
    missing = api.post("/v1/things", {"age": "3"}, upload_files=[("other", "a.txt", b"hello", "text/plain")], status=400)

    assert answer.json == ["a.txt", "text/plain", "hello", 3]
    assert errors(missing) == [("/file", "required")]


def test_a_body_of_any_media_type_is_its_bytes_or_its_json(serve: Serve) -> None:
    """The trap of ``*/*``."""
    api = serve(body("true", "*/*"), "def echo(body): return repr(body)\n")

    assert api.post("/v1/things", b"\x00\x01", {"Content-Type": "application/octet-stream"}).json == r"b'\x00\x01'"
    assert api.post("/v1/things", '{"a": 1}', {"Content-Type": "application/json"}).json == "{'a': 1}"
    assert api.post("/v1/things", "text", {"Content-Type": "text/plain"}).json == "'text'"


def test_text_is_text(serve: Serve) -> None:
    """Its schema holds."""
    api = serve(body("{type: string, maxLength: 5}", "text/plain"), ECHO)

    assert api.post("/v1/things", "abc", {"Content-Type": "text/plain"}).json == {"body": "abc"}
    assert errors(api.post("/v1/things", "abcdefg", {"Content-Type": "text/plain"}, status=400)) == [("", "length")]
    assert api.post("/v1/things", b"\xff", {"Content-Type": "text/plain"}, status=400)


def test_what_is_nullable_in_3_0_may_be_null(serve: Serve) -> None:
    """The trap of ``nullable``: it widens a type beside it."""
    schema = "{type: object, properties: {a: {type: string, nullable: true}, b: {type: string}}}"
    api = serve(body(schema, version="3.0.3"), ECHO)

    assert api.post_json("/v1/things", {"a": None}).json == {"body": {"a": None}}
    assert errors(api.post_json("/v1/things", {"b": None}, status=400)) == [("/b", "type")]


def test_a_type_may_be_a_list_in_3_1(serve: Serve) -> None:
    """The trap of ``type: [x, null]``."""
    api = serve(body("{type: object, properties: {a: {type: [integer, 'null']}}}"), ECHO)

    assert api.post_json("/v1/things", {"a": None}).json == {"body": {"a": None}}
    detail = api.post_json("/v1/things", {"a": "x"}, status=400).json["errors"][0]["detail"]
    assert detail == "Must be a whole number or null."


def test_an_exclusive_bound_of_3_0_is_one(serve: Serve) -> None:
    """It was true or false there, and is a number since."""
    api = serve(body("{type: integer, minimum: 1, exclusiveMinimum: true}", version="3.0.3"), ECHO)

    assert errors(api.post_json("/v1/things", 1, status=400)) == [("", "range")]
    assert api.post_json("/v1/things", 2)


def test_a_read_only_field_is_refused_and_never_required(serve: Serve) -> None:
    """The trap of ``readOnly`` in requests, behind references and ``allOf`` too."""
    components = """
    schemas:
      Id: {type: integer, readOnly: true}
      Base: {type: object, required: [id], properties: {id: {$ref: "#/components/schemas/Id"}}}
      Pet:
        allOf:
          - {$ref: "#/components/schemas/Base"}
          - {type: object, required: [id, name], properties: {name: {type: string}}}
    """
    api = serve(body('{$ref: "#/components/schemas/Pet"}', components=components), ECHO)

    assert api.post_json("/v1/things", {"name": "a"}).json == {"body": {"name": "a"}}
    assert errors(api.post_json("/v1/things", {"name": "a", "id": 1}, status=400)) == [("/id", "read-only")]


def test_a_discriminator_chooses_the_form(serve: Serve) -> None:
    """The trap of ``discriminator``: the faults told are those of the form that was named."""
    components = """
    schemas:
      Cat: {type: object, required: [kind, lives], properties: {kind: {type: string}, lives: {type: integer}}}
      Dog: {type: object, required: [kind, tricks], properties: {kind: {type: string}, tricks: {type: integer}}}
      Pet:
        oneOf: [{$ref: "#/components/schemas/Cat"}, {$ref: "#/components/schemas/Dog"}]
        discriminator: {propertyName: kind, mapping: {hound: "#/components/schemas/Dog"}}
    """
    api = serve(body('{$ref: "#/components/schemas/Pet"}', components=components), ECHO)

    assert api.post_json("/v1/things", {"kind": "Cat", "lives": 9, "tricks": 1})
    assert errors(api.post_json("/v1/things", {"kind": "hound", "tricks": "x"}, status=400)) == [("/tricks", "type")]
    assert errors(api.post_json("/v1/things", {"kind": "Fish"}, status=400)) == [("/kind", "choice")]


def test_defaults_are_put_in(serve: Serve) -> None:
    """At any depth, also behind a reference that is inside itself."""
    components = """
    schemas:
      Tree:
        type: object
        properties:
          size: {type: integer, default: 3}
          tags: {type: array, default: [], items: {type: string}}
          below: {type: array, items: {$ref: "#/components/schemas/Tree"}}
    """
    api = serve(body('{$ref: "#/components/schemas/Tree"}', components=components), ECHO)

    assert api.post_json("/v1/things", {"below": [{"size": 1}]}).json["body"] == {
        "below": [{"size": 1, "tags": []}],
        "size": 3,
        "tags": [],
    }


def test_the_form_that_was_probably_meant_is_told(serve: Serve) -> None:
    """Of ``anyOf`` with null, the other one."""
    api = serve(body("{anyOf: [{type: 'null'}, {type: object, required: [a]}]}"), ECHO)

    assert errors(api.post_json("/v1/things", {}, status=400)) == [("/a", "required")]
    assert errors(api.post_json("/v1/things", 5, status=400)) == [("", "type")]


def test_a_price_of_two_decimals_is_a_multiple_of_a_cent(serve: Serve) -> None:
    """As it is written: 19.99 / 0.01 is not whole in binary."""
    api = serve(body("{type: number, multipleOf: 0.01}"), ECHO)

    assert api.post_json("/v1/things", 19.99)
    assert errors(api.post_json("/v1/things", 19.999, status=400)) == [("", "multiple")]
