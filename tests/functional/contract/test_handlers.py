"""Functions are found by operationId, bound by name, and missed at the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from benben.kernel.mistakes import ConfigurationMistakes
from tests.functional.contract.conftest import PACKAGE, Serve
from tests.functional.contract.documents import OK, document, operation

TWO = f"""
{operation()}
{operation("operationId: two", path="/others")}
"""


def mistakes(serve: Serve, *arguments: str, **ini: str) -> list[str]:
    """Return what stops the start."""
    with pytest.raises(ConfigurationMistakes) as caught:
        serve(*arguments, **ini)
    return [str(mistake) for mistake in caught.value.mistakes]


def test_every_missing_handler_stops_the_start_at_once(serve: Serve) -> None:
    """Each with the file, the line and the nearest name."""
    assert mistakes(serve, document(TWO), "def onne(): pass\n") == [
        f"{PACKAGE}/api.yaml:4: get /things (one): {PACKAGE}.handlers has no function one (did you mean onne?)",
        f"{PACKAGE}/api.yaml:5: get /others (two): {PACKAGE}.handlers has no function two",
    ]


def test_a_missing_handler_may_answer_501(serve: Serve) -> None:
    """With ``contract.missing = 501``."""
    api = serve(document(TWO), "def one(): return 1\n", contract__missing="501")

    assert api.get("/v1/things").json == 1
    assert api.get("/v1/others", status=501).json["type"] == "/problems/contract-handler-missing"


def test_a_missing_handler_may_answer_from_the_examples(serve: Serve) -> None:
    """With ``contract.missing = mock``; what is there is called."""
    paths = TWO.replace("application/json: {}", "application/json: {example: mocked}")
    api = serve(document(paths), "def one(): return 1\n", contract__missing="mock")

    assert api.get("/v1/things").json == 1
    assert api.get("/v1/others").json == "mocked"


def test_a_handler_that_takes_what_is_not_there_stops_the_start(serve: Serve) -> None:
    """It would fail on every request."""
    paths = operation("operationId: one, parameters: [{name: limit, in: query, schema: {}}]")

    assert mistakes(serve, document(paths), "def one(limt): pass\n") == [
        f"{PACKAGE}/api.yaml:4: get /things (one): one takes limt, which the operation does not have (did you mean limit?)"
    ]


def test_arguments_are_bound_by_name(serve: Serve) -> None:
    """What was not sent is None, or the function's own default; what it does not take is left out."""
    paths = """
    /things:
      get:
        operationId: one
        parameters:
          - {name: a, in: query, schema: {type: integer}}
          - {name: b, in: query, schema: {type: integer}}
          - {name: from, in: query, schema: {type: integer}}
          - {name: unused, in: query, schema: {type: integer}}
        responses: %s
    """
    api = serve(
        document(paths % OK), "def one(a, request, identity, b=9, from_=1): return [a, b, from_, request.method, identity]\n"
    )

    assert api.get("/v1/things?unused=1&from=4").json == [None, 9, 4, "GET", None]
    assert api.get("/v1/things?a=1&b=2").json == [1, 2, 1, "GET", None]


def test_a_body_has_the_name_that_the_contract_gives_it(serve: Serve) -> None:
    """``x-body-name``."""
    content = "{required: true, x-body-name: pet, content: {application/json: {schema: {type: object}}}}"
    paths = f"/things: {{post: {{operationId: one, requestBody: {content}, responses: {OK}}}}}"

    assert serve(document(paths), "def one(pet): return pet\n").post_json("/v1/things", {"a": 1}).json == {"a": 1}


@pytest.mark.parametrize("name", [f"{PACKAGE}.pets:Pets.find", f"{PACKAGE}.pets.find", "pets.find"])
def test_a_name_may_lead_to_another_module(serve: Serve, folder: Path, name: str) -> None:
    """``module:function``, a dotted name, or one below the module of the handlers."""
    (folder / "pets.py").write_text("def find(): return 'found'\nclass Pets:\n    find = staticmethod(find)\n")
    handlers = "class pets:\n    def find(): return 'found'\n"

    assert (
        serve(document(f"/things: {{get: {{operationId: '{name}', responses: {OK}}}}}"), handlers).get("/v1/things").json
        == "found"
    )


def test_x_handler_wins_over_the_operation_id(serve: Serve) -> None:
    """Where the id is for clients."""
    paths = operation("operationId: listThings, x-handler: one")

    assert serve(document(paths), "def one(): return 1\n").get("/v1/things").json == 1


def test_a_function_may_follow_from_the_path(serve: Serve, folder: Path) -> None:
    """`by_path`, as a REST controller has it."""
    (folder / "pets.py").write_text("def search(): return 'all'\ndef get(id): return id\ndef post(): return 'made'\n")
    paths = """
    /pets: {get: {responses: %s}, post: {responses: %s}}
    /pets/{id}: {get: {parameters: [{name: id, in: path, required: true, schema: {type: integer}}], responses: %s}}
    """
    resolver = f"resolver=lambda *said: '{PACKAGE}.' + __import__('benben.contract.handlers').contract.handlers.by_path(*said)"
    api = serve(document(paths % (OK, OK, OK)), options=resolver)

    assert [api.get("/v1/pets").json, api.get("/v1/pets/4").json, api.post("/v1/pets").json] == ["all", 4, "made"]


def test_a_handler_that_cannot_be_imported_is_told_with_its_traceback(serve: Serve) -> None:
    """The fault is the plugin's own."""
    assert "ZeroDivisionError" in mistakes(serve, document(TWO), "1/0\n")[0]


def test_a_module_that_is_not_there_is_told(serve: Serve) -> None:
    """By its name."""
    paths = operation("operationId: 'nowhere.at:all'")

    assert mistakes(serve, document(paths)) == [f"{PACKAGE}/api.yaml:4: get /things (nowhere.at:all): there is no module nowhere"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("openapi: 3.1.0\nopenapi: 3.1.0\n", "api.yaml:2: gives the key 'openapi' again"),
        ("a: [", "api.yaml:2: is not YAML: did not find expected node content"),
        ("", "api.yaml: is empty"),
        ("swagger: '2.0'\n", "api.yaml:1: openapi is None, expected a version of 3.0, 3.1, 3.2 as a text"),
        ("openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths: {/a: {get: {responsez: {}}}}\n", "api.yaml:3: paths./a.get"),
        (
            document("/a: {get: {operationId: one, responses: {'200': {$ref: 'b.yaml'}}}}"),
            "api.yaml:4: refers to b.yaml, which is no file",
        ),
        (
            document("/a: {get: {operationId: one, responses: {'200': {$ref: '../../b.yaml'}}}}"),
            "outside the folder of the contract",
        ),
        (
            document("/a: {get: {operationId: one, responses: {'200': {$ref: 'http://x.example/b'}}}}"),
            "only files of the plugin are read",
        ),
        (
            document("/a: {get: {operationId: one, responses: {'200': {$ref: '#/components/responses/No'}}}}"),
            "which is not there",
        ),
        (document("/a: {trace: {operationId: one, responses: {'200': {description: x}}}}"), "trace of /a is not served"),
        (
            document(operation(), "schemas: {A: {type: string, pattern: '('}}"),
            "the pattern '('",
        ),
    ],
)
def test_a_wrong_file_stops_the_start_with_its_line(serve: Serve, text: str, told: str) -> None:
    """Whatever is wrong with it."""
    assert told in "\n".join(mistakes(serve, text, "def one(): pass\n"))


def test_a_link_out_of_the_folder_is_not_followed(serve: Serve, folder: Path, tmp_path: Path) -> None:
    """It leads where a reference may not."""
    (tmp_path / "secret.yaml").write_text("description: x\n")
    (folder / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    text = document("/a: {get: {operationId: one, responses: {'200': {$ref: 'link.yaml'}}}}")

    assert "outside the folder" in mistakes(serve, text, "def one(): pass\n")[0]


def test_a_misspelt_setting_stops_the_start(serve: Serve) -> None:
    """And so does a mock of nothing."""
    found = mistakes(serve, document(TWO), "def one(): pass\ndef two(): pass\n", contract__respones="off", contract__mock="thing")

    assert found == [
        "contract.respones: is not a setting (did you mean contract.responses?)",
        "contract.mock: there is no contract called thing (did you mean things?)",
    ]
