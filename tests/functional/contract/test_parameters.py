"""Every place, style and type of a parameter: the texts that are taken, and the ones that are not."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.functional.contract.conftest import Serve
from tests.functional.contract.documents import ECHO, OK, document, parameter

ARRAY = "{type: array, items: {type: integer}}"
OBJECT = "{type: object, additionalProperties: false, properties: {r: {type: integer}, g: {type: string}}}"
TAKEN: list[tuple[str, str, Any]] = [
    ("{name: n, in: query, schema: {type: integer}}", "n=-3", -3),
    ("{name: n, in: query, schema: {type: number}}", "n=1.5e1", 15.0),
    ("{name: n, in: query, schema: {type: boolean}}", "n=true", True),
    ("{name: n, in: query, schema: {type: string}}", "n=12", "12"),
    ("{name: n, in: query, schema: {type: string}}", "n=a%2Bb+c", "a+b c"),
    ("{name: n, in: query, schema: {type: [integer, 'null']}}", "n=", None),
    ("{name: n, in: query, schema: {enum: [1, 2]}}", "n=2", 2),
    ("{name: n, in: query, schema: {anyOf: [{type: integer}, {type: string}]}}", "n=x", "x"),
    ("{name: n, in: query, allowEmptyValue: true, schema: {type: integer}}", "n=", ""),
    (f"{{name: n, in: query, schema: {ARRAY}}}", "n=1&n=2", [1, 2]),
    (f"{{name: n, in: query, explode: false, schema: {ARRAY}}}", "n=1,2", [1, 2]),
    ("{name: n, in: query, explode: false, schema: {type: array, items: {type: string}}}", "n=a%2Cb,c", ["a,b", "c"]),
    (f"{{name: n, in: query, style: spaceDelimited, explode: false, schema: {ARRAY}}}", "n=1%202", [1, 2]),
    (f"{{name: n, in: query, style: pipeDelimited, explode: false, schema: {ARRAY}}}", "n=1%7C2", [1, 2]),
    (f"{{name: n, in: query, style: pipeDelimited, explode: false, schema: {ARRAY}}}", "n=1|2", [1, 2]),
    (f"{{name: n, in: query, style: deepObject, explode: true, schema: {OBJECT}}}", "n[r]=1&n%5Bg%5D=x", {"r": 1, "g": "x"}),
    (f"{{name: n, in: query, schema: {OBJECT}}}", "r=1&g=x", {"r": 1, "g": "x"}),
    (f"{{name: n, in: query, explode: false, schema: {OBJECT}}}", "n=r,1,g,x", {"r": 1, "g": "x"}),
    ("{name: n, in: query, content: {application/json: {schema: {type: object}}}}", "n=" + quote('{"a": [1]}'), {"a": [1]}),
    ("{name: n, in: query, schema: {type: integer, default: 7}}", "", 7),
]
REFUSED: list[tuple[str, str, str]] = [
    ("{name: n, in: query, schema: {type: integer}}", "n=1.0", "type"),
    ("{name: n, in: query, schema: {type: integer}}", "n=%201", "type"),
    ("{name: n, in: query, schema: {type: integer}}", "n=1_0", "type"),
    ("{name: n, in: query, schema: {type: number}}", "n=nan", "type"),
    ("{name: n, in: query, schema: {type: number}}", "n=1e999", "type"),
    ("{name: n, in: query, schema: {type: boolean}}", "n=1", "type"),
    ("{name: n, in: query, schema: {type: integer}}", "n=1&n=2", "repeated"),
    ("{name: n, in: query, required: true, schema: {type: integer}}", "", "required"),
    ("{name: n, in: query, schema: {type: string, format: date}}", "n=2027-02-30", "format"),
    (f"{{name: n, in: query, schema: {ARRAY}}}", "n=1&n=x", "type"),
    (f"{{name: n, in: query, style: deepObject, explode: true, schema: {OBJECT}}}", "n[x]=1", "unknown"),
    (f"{{name: n, in: query, explode: false, schema: {OBJECT}}}", "n=r,1,g", "syntax"),
    ("{name: n, in: query, content: {application/json: {schema: {type: object}}}}", "n=%7B", "syntax"),
    ("{name: number, in: query, schema: {type: integer}}", "numbr=1", "unknown"),
]
PATHS: list[tuple[str, str, Any]] = [
    ("{name: n, in: path, required: true, schema: {type: integer}}", "12", 12),
    ("{name: n, in: path, required: true, schema: {type: string}}", "a%20b", "a b"),
    (f"{{name: n, in: path, required: true, schema: {ARRAY}}}", "1,2", [1, 2]),
    (f"{{name: n, in: path, required: true, style: label, schema: {ARRAY}}}", ".1,2", [1, 2]),
    (f"{{name: n, in: path, required: true, style: label, explode: true, schema: {ARRAY}}}", ".1.2", [1, 2]),
    (f"{{name: n, in: path, required: true, style: matrix, schema: {ARRAY}}}", ";n=1,2", [1, 2]),
    (f"{{name: n, in: path, required: true, style: matrix, explode: true, schema: {ARRAY}}}", ";n=1;n=2", [1, 2]),
    (f"{{name: n, in: path, required: true, explode: true, schema: {OBJECT}}}", "r=1,g=x", {"r": 1, "g": "x"}),
    (f"{{name: n, in: path, required: true, schema: {OBJECT}}}", "r,1,g,x", {"r": 1, "g": "x"}),
    (f"{{name: n, in: path, required: true, style: matrix, explode: true, schema: {OBJECT}}}", ";r=1;g=x", {"r": 1, "g": "x"}),
]


@pytest.mark.parametrize(("said", "query", "value"), TAKEN)
def test_a_parameter_of_the_query_has_the_type_of_its_schema(serve: Serve, said: str, query: str, value: Any) -> None:
    """Arrays and objects in the style that the contract names."""
    answer = serve(parameter(said), ECHO).get(f"/v1/things?{query}")

    assert answer.json == {"n": value}


@pytest.mark.parametrize(("said", "query", "code"), REFUSED)
def test_a_parameter_of_the_query_is_read_strictly(serve: Serve, said: str, query: str, code: str) -> None:
    """Nothing is guessed."""
    answer = serve(parameter(said), ECHO).get(f"/v1/things?{query}", status=400)

    assert [(error["in"], error["code"]) for error in answer.json["errors"]] == [("query", code)]


@pytest.mark.parametrize(("said", "text", "value"), PATHS)
def test_a_parameter_of_the_path_has_the_type_of_its_schema(serve: Serve, said: str, text: str, value: Any) -> None:
    """In the styles simple, label and matrix."""
    answer = serve(parameter(said, "/things/{n}"), ECHO).get(f"/v1/things/{text}")

    assert answer.json == {"n": value}


def test_headers_and_cookies_are_parameters_too(serve: Serve) -> None:
    """The names of arguments are those of Python."""
    said = """
    /things:
      get:
        operationId: echo
        parameters:
          - {name: X-Page-Size, in: header, schema: {type: integer, maximum: 9}}
          - {name: X-Tags, in: header, schema: {type: array, items: {type: string}}}
          - {name: theme, in: cookie, schema: {enum: [light, dark]}}
          - {name: Accept, in: header, schema: {type: integer}}
        responses: %s
    """
    api = serve(document(said % OK), ECHO)

    good = api.get("/v1/things", headers={"X-Page-Size": "3", "X-Tags": "a, b", "Cookie": "theme=dark"})
    bad = api.get("/v1/things", headers={"X-Page-Size": "30", "Cookie": "theme=red"}, status=400)

    assert good.json == {"x_page_size": 3, "x_tags": ["a", "b"], "theme": "dark"}
    assert [(error["in"], error["pointer"], error["code"]) for error in bad.json["errors"]] == [
        ("header", "X-Page-Size", "range"),
        ("cookie", "theme", "choice"),
    ]


def test_an_object_that_is_open_takes_every_name(serve: Serve) -> None:
    """Its members are parameters of their own."""
    said = "{name: n, in: query, schema: {type: object, properties: {r: {type: integer}}}}"

    assert serve(parameter(said), ECHO).get("/v1/things?r=1&other=x").json == {"n": {"r": 1, "other": "x"}}


def test_the_nearest_name_is_told(serve: Serve) -> None:
    """A parameter that does not exist is never passed over."""
    api = serve(parameter("{name: limit, in: query, schema: {type: integer}}"), ECHO)

    answer = api.get("/v1/things?limt=1", status=400)

    assert answer.json["errors"][0]["detail"] == "There is no such parameter. Did you mean limit?"


def test_a_path_that_is_spelt_out_comes_first(serve: Serve) -> None:
    """Whatever the order in the file (OpenAPI 3.1, section 4.8.8.1)."""
    paths = """
    /things/{n}:
      parameters: [{name: n, in: path, required: true, schema: {type: string}}]
      get: {operationId: one, responses: %s}
    /things/mine: {get: {operationId: mine, responses: %s}}
    """
    api = serve(document(paths % (OK, OK)), "def one(n): return n\ndef mine(): return 'mine!'\n")

    assert api.get("/v1/things/mine").json == "mine!"
    assert api.get("/v1/things/x").json == "x"


def test_a_name_in_the_path_may_have_a_hyphen(serve: Serve) -> None:
    """Routes have none."""
    said = parameter("{name: thing-id, in: path, required: true, schema: {type: integer}}", "/things/{thing-id}")

    assert serve(said, ECHO).get("/v1/things/4").json == {"thing_id": 4}
