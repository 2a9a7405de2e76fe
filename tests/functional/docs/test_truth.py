"""What the document promises is what the server does."""

from __future__ import annotations

from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator

from benben.testing import API
from tests.functional.docs.conftest import Build, Document

EXAMPLES = {
    "date": "2020-01-31",
    "date-time": "2020-01-31T12:00:00Z",
    "decimal": "12.50",
    "uuid": "0" * 8 + "-0000" * 3 + "-" + "0" * 12,
}


def errors_of(document: Document, schema: dict[str, Any], value: Any) -> list[str]:
    """Return what is wrong with *value* by a schema of the document."""
    return [error.message for error in OAS31Validator({**schema, "components": document.components}).iter_errors(value)]


def text_for(schema: dict[str, Any], example: Any = None) -> str:
    """Return the *example* or a value of *schema* as a parameter carries it."""
    if example is not None:
        return ",".join(example) if isinstance(example, list) else str(example)
    if schema["type"] == "array":
        return ",".join([text_for(schema["items"])] * schema.get("minItems", 1))
    if "enum" in schema:
        return str(schema["enum"][0])
    plain = {"integer": "1", "number": "1.5", "boolean": "true", "string": "x"}
    kind = schema["type"][0] if isinstance(schema["type"], list) else schema["type"]
    return EXAMPLES.get(schema.get("format", ""), plain[kind])


@pytest.mark.parametrize("path", ["/v1/books", "/v1/authors", "/v1/todos", "/v1/cities", "/v1/countries"])
def test_every_parameter_of_a_list_is_taken(build: Build, path: str) -> None:
    """With a value of its type; none is a mere promise."""
    api = build(plugin__places="on")
    reader = api.by("bob")
    parameters = Document(api).parameters(path)

    for name, item in parameters.items():
        if item["in"] == "query" and name not in ("cursor", "group"):
            answer = reader.get(path, {name: text_for(item["schema"], item.get("x-example"))}, expect_errors=True)
            assert answer.status_int == 200, (name, answer.text)
    assert len(parameters) > 50


@pytest.fixture
def editor(api: API) -> API:
    """Somebody who has written a book already."""
    found = api.by("ann", "editor")
    found.post_json("/v1/authors", {"name": "Ursula K. Le Guin"})
    found.post_json("/v1/books", {"title": "The Dispossessed", "author_id": 1, "price": "12.50", "published_date": "1974-05-01"})
    return found


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("/v1/books?embed=author&count=exact", "/v1/books"),
        ("/v1/books?fields=title", "/v1/books"),
        ("/v1/authors?embed=books", "/v1/authors"),
        ("/v1/books/1", "/v1/books/{key}"),
        ("/v1/books/1?embed=author", "/v1/books/{key}"),
    ],
)
def test_an_answer_is_of_its_schema(api: API, editor: API, address: str, path: str) -> None:
    """Whatever is embedded or left out."""
    document = Document(api)
    schema = document.operations[path, "GET"]["responses"]["200"]["content"]["application/json"]["schema"]

    assert errors_of(document, schema, editor.get(address).json) == []


@pytest.mark.parametrize(
    "body",
    [
        {"title": "x" * 101, "author_id": 1},
        {"title": "x"},
        {"title": "x", "author_id": "1"},
        {"title": "x", "author_id": 1, "price": "1.234"},
        {"title": "x", "author_id": 1, "nope": 1},
        {"title": "x", "author_id": 1, "id": 7},
        {"title": None, "author_id": 1},
    ],
)
def test_what_the_schema_refuses_the_server_refuses(api: API, editor: API, body: dict[str, Any]) -> None:
    """And the refusal is of the schema of problems."""
    document = Document(api)
    answer = editor.post_json("/v1/books", body, expect_errors=True)

    assert errors_of(document, {"$ref": "#/components/schemas/BookWrite"}, body)
    assert answer.status_int == 400
    assert errors_of(document, {"$ref": "#/components/schemas/Problem"}, answer.json) == []


@pytest.mark.parametrize("body", [{"title": "x", "author_id": 1}, {"title": "x", "author_id": 1, "price": 9.5, "isbn": None}])
def test_what_the_schema_takes_the_server_takes(api: API, editor: API, body: dict[str, Any]) -> None:
    """As far as a schema can tell."""
    assert errors_of(Document(api), {"$ref": "#/components/schemas/BookWrite"}, body) == []
    assert editor.post_json("/v1/books", body).status_int == 201
