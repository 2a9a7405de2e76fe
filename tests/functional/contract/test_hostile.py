"""Contracts and requests that are meant to hurt: each is a line at the start, or a refusal."""

from __future__ import annotations

from pathlib import Path

import pytest

from benben.kernel.mistakes import ConfigurationMistakes
from tests.functional.contract.conftest import Serve
from tests.functional.contract.documents import ECHO, OK, answers, body, document, operation, parameter

KEY = "{name: %s, in: path, required: true, schema: {type: string}}"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefg", "bcdefgh", strict=True)
)
ANYTHING = '{"200": {description: x}}'


def gets(*paths: str) -> str:
    """Return a document of one operation on each path, with its placeholders as parameters."""
    found = ""
    for number, path in enumerate(paths):
        names = [part[1:].partition("}")[0] for part in path.split("/") if part.startswith("{")]
        keys = ", ".join(KEY % name for name in names)
        found += f'"{path}": {{parameters: [{keys}], get: {{operationId: op{number}, responses: {OK}}}}}\n'
    return document(found)


OPERATIONS = "def op0(**given): return [0, given]\ndef op1(**given): return [1, given]\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: " + "[" * 100_000, "nests deeper than 100 levels"),
        ("a: " + "- " * 100_000, "nests deeper than 100 levels|is not YAML"),
        (BOMB, "has more than 200000 values"),
        ("a: &a [*a]", "holds itself by an alias|is not YAML"),
        (document('/a: {$ref: "#/paths/~1a"}'), "refers back to it"),
        (document('/a: {$ref: "http://example.org/a.yaml"}'), "only files of the plugin are read"),
        (document('/a: {$ref: "file:///etc/passwd"}'), "only files of the plugin are read"),
        (document('/a: {$ref: "../../../../etc/passwd"}'), "outside the folder of the contract"),
        (document('/a: {$ref: "/etc/passwd"}'), "outside the folder of the contract"),
        (document('/a: {$ref: "a%00b"}'), "names no file"),
        (document(f'/a: {{$ref: "{"x" * 5_000}.yaml"}}'), "names no file"),
        (body("{$ref: '#/components/schemas/A'}", components="schemas: {A: {$ref: '#/components/schemas/A'}}"), "without an end"),
        (
            body(
                "{$ref: '#/components/schemas/A'}",
                components="schemas: {A: {allOf: [{$ref: '#/components/schemas/B'}]}, "
                "B: {not: {anyOf: [{$ref: '#/components/schemas/A'}]}}}",
            ),
            "the schema A refers to itself without an end",
        ),
        (body('{type: object, patternProperties: {"(": {}}}'), r"the pattern '\(' cannot be read"),
        (body("{type: string, pattern: '[a'}"), "cannot be read"),
        (gets("/things/{a}", "/things/{b}"), "the path /things/{b} is the same as /things/{a}"),
        (gets("/things/{a-b}/{a_b}"), "two placeholders that are one name"),
        (document(f"/a: {{trace: {{operationId: op0, responses: {ANYTHING}}}}}"), "trace of /a is not served"),
        (
            document(f"/a: {{additionalOperations: {{COPY: {{operationId: op0, responses: {ANYTHING}}}}}}}", version="3.2.0"),
            "COPY of /a is not served",
        ),
    ],
)
def test_a_contract_that_cannot_be_kept_stops_the_start(serve: Serve, text: str, told: str) -> None:
    """With its line, and without a traceback, a request or a crash."""
    with pytest.raises(ConfigurationMistakes, match=told):
        serve(text, OPERATIONS)


def test_data_of_an_example_is_no_schema(serve: Serve) -> None:
    """A member called pattern is a member."""
    assert serve(body('{type: object, properties: {pattern: {type: string}}, example: {pattern: "("}}'), ECHO)


@pytest.mark.parametrize(
    ("paths", "asked", "answer"),
    [
        (("/things/{id}", "/things/{id}:cancel"), "/things/5:cancel", [1, {"id": "5"}]),
        (("/things/{id}", "/things/{id}:cancel"), "/things/5", [0, {"id": "5"}]),
        (("/a/{x}/b", "/a/b/{y}"), "/a/b/b", [1, {"y": "b"}]),
        (("/a/{x}/b", "/a/b/{y}"), "/a/c/b", [0, {"x": "c"}]),
        (("/things/{1a}",), "/things/5", [0, {"_1a": "5"}]),
    ],
)
def test_paths_that_overlap_are_told_apart(serve: Serve, paths: tuple[str, ...], asked: str, answer: object) -> None:
    """What is spelt out wins, part by part."""
    assert serve(gets(*paths), OPERATIONS).get(f"/v1{asked}").json == answer


def test_a_body_nests_deeper_than_its_schema_can_be_followed(serve: Serve) -> None:
    """A fault, and not the end of the stack."""
    inner = "{allOf: [{allOf: [{type: object, properties: {c: {allOf: [{oneOf: [{$ref: '#/components/schemas/T'}]}]}}}]}]}"
    api = serve(
        body("{$ref: '#/components/schemas/T'}", components=f"schemas: {{T: {{oneOf: [{inner}, {{type: 'null'}}]}}}}"), ECHO
    )

    answer = api.post("/v1/things", '{"c":' * 62 + "1" + "}" * 62, {"Content-Type": "application/json"}, status=400)

    assert answer.json["errors"][0]["code"] in ("depth", "type")


def test_a_default_is_everybodys_own(serve: Serve) -> None:
    """A handler that adds to it changes nothing for the next caller."""
    said = "{name: n, in: query, schema: {type: array, items: {type: string}, default: [a]}}"
    api = serve(parameter(said), "def echo(n):\n    n.append('x')\n    return n\n")

    assert [api.get("/v1/things").json for _ in range(2)] == [["a", "x"], ["a", "x"]]


@pytest.mark.parametrize("code", ['"²²²"', "099", "100", "199", "600", "999", '"0404"', '"4 4"', "-44"])
def test_a_wish_for_no_status_is_passed_over(serve: Serve, code: str) -> None:
    """Also where the contract describes every other status."""
    responses = '{"200": {description: Done., content: {application/json: {example: 1}}}, default: {description: Other.}}'
    api = serve(document(operation(responses=responses)), contract__mock="things")

    answer = api.get("/v1/things", headers={"Prefer": f"code={code}".encode().decode("latin-1")})

    assert (answer.json, "Preference-Applied" in answer.headers) == (1, False)


def test_a_header_that_no_value_is_known_for_asks_for_an_example(serve: Serve) -> None:
    """Only a mock needs one."""
    header = "{X-A: {required: true, schema: {type: string, pattern: '(?=a)b'}}}"
    text = document(operation(responses=f'{{"200": {{description: x, headers: {header}}}}}'))

    with pytest.raises(ConfigurationMistakes, match="no value can be made for the header X-A; give an example"):
        serve(text, contract__mock="things")


FORM = (
    "{type: object, required: [files], properties: {"
    "files: {type: array, maxItems: 2, items: {type: string, format: binary}}, "
    "photo: {type: string, contentMediaType: image/png}, title: {type: string}}}"
)
KINDS = """
def echo(body):
    return {name: [item.file.read().decode() for item in found] if isinstance(found, list) else type(found).__name__
            for name, found in body.items()}
"""


def test_a_form_has_a_list_of_files(serve: Serve) -> None:
    """Each of them, and a text where a file was asked for is one."""
    api = serve(body(FORM, "multipart/form-data"), KINDS)
    two = [("files", "a.txt", b"one"), ("files", "b.txt", b"two")]

    assert api.post("/v1/things", [("title", "x")], upload_files=two).json == {"title": "str", "files": ["one", "two"]}
    assert api.post("/v1/things", [("files", "é")], upload_files=two[:1]).json == {"files": ["one", "é"]}
    assert api.post("/v1/things", [("photo", "p")], upload_files=two).json == {"files": ["one", "two"], "photo": "Upload"}


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        ([("files", "a", b"a"), ("title", "t", b"t")], ("/title", "type")),
        ([("files", "a", b"a")] * 3, ("/files", "length")),
        ([("title2", "a", b"a")], ("/files", "required")),
    ],
)
def test_files_that_the_contract_does_not_allow_are_faults(serve: Serve, sent: list[tuple[str, ...]], fault: object) -> None:
    """A file is no text, and a list of them has a length."""
    answer = serve(body(FORM, "multipart/form-data"), KINDS).post("/v1/things", [], upload_files=sent, status=400)

    assert fault in [(error["pointer"], error["code"]) for error in answer.json["errors"]]


def test_one_file_is_one(serve: Serve) -> None:
    """A second one of its name is refused."""
    api = serve(body(FORM, "multipart/form-data"), KINDS)

    answer = api.post("/v1/things", [], upload_files=[("files", "a", b"a"), *[("photo", "p", b"p")] * 2], status=400)

    assert answer.json["detail"] == "The form gives photo more than once."


def test_a_controller_names_the_module_as_in_connexion(serve: Serve, folder: Path) -> None:
    """A file that Connexion serves is served as it is."""
    (folder / "controllers.py").write_text("def find(): return 'found'\n")
    text = document(operation(f"x-openapi-router-controller: {folder.name}.controllers, operationId: find"))

    assert serve(text).get("/v1/things").json == "found"


@pytest.mark.parametrize(
    ("said", "result", "told"),
    [
        (
            "headers: {X-A: {schema: {type: object, properties: {n: {type: integer}}}}}",
            "({}, {'X-A': 'n,x'})",
            "header X-A/n: Must be",
        ),
        ("headers: {X-A: {schema: {type: object}}}", "({}, {'X-A': 'n'})", "the header X-A cannot be read"),
    ],
)
def test_headers_of_answers_are_read_as_they_are_written(
    serve: Serve, caplog: pytest.LogCaptureFixture, said: str, result: str, told: str
) -> None:
    """In the style of headers, also objects."""
    responses = answers("{}").replace("description: Done.", f"description: Done., {said}")

    serve(document(operation(responses=responses)), f"def one(): return {result}\n").get("/v1/things", status=500)

    assert told in caplog.text


def test_a_text_of_an_answer_is_held_against_its_schema(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """As JSON is."""
    responses = '{"200": {description: Done., content: {text/plain: {schema: {type: string, enum: [up, down]}}}}}'

    serve(document(operation(responses=responses)), "def one(): return 'sideways'\n").get("/v1/things", status=500)

    assert "body (whole): Must be one of: up, down." in caplog.text
