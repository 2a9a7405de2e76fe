"""OPTIONS tells a program what a form tells a person: the fields of each method, as far as the caller may use it."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from benben.testing import API
from tests.functional.browse.conftest import HTML, Browser, Build

TYPES = {
    "title": "string",
    "painter_id": ["integer", "null"],
    "width": "integer",
    "weight": ["number", "null"],
    "is_framed": "boolean",
    "tags": "array",
}


def options(browser: Browser, path: str, **headers: str) -> Any:
    """Ask what *path* takes."""
    return browser.api.options(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_each_method_has_its_fields_with_types_bounds_and_labels(ada: Browser) -> None:
    """What DRF calls metadata, in the words of JSON Schema."""
    answer = options(ada, "/v1/pictures")
    create = answer.json["methods"]["POST"]["schema"]
    fields = create["properties"]

    assert (answer.status_int, answer.content_type) == (200, "application/json")
    assert answer.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST"
    assert {name: fields[name]["type"] for name in TYPES} == TYPES
    assert set(create["required"]) == {"title", "width"}
    assert (fields["title"]["minLength"], fields["title"]["maxLength"]) == (1, 100)
    assert (fields["width"]["minimum"], fields["width"]["maximum"]) == (1, 10_000)
    assert fields["light"]["enum"] == ["low", "high", None]
    assert (fields["width"]["title"], fields["painter_id"]["title"]) == ("Width", "Painter")
    assert fields["is_framed"]["default"] is False
    assert "id" not in fields
    assert answer.json["methods"]["GET"]["schema"]["properties"]["id"]["readOnly"] is True


def test_a_list_says_how_it_may_be_asked(ada: Browser) -> None:
    """Filters with their comparisons, order, search, embedding and the size of a page."""
    found = options(ada, "/v1/books").json["methods"]["GET"]

    assert found["filters"]["price"] == ["exact", "ne", "lt", "lte", "gt", "gte", "in", "notin", "range", "isnull"]
    assert "icontains" in found["filters"]["title"]
    assert found["search"] == ["title"]
    assert found["embed"] == ["author"]
    assert found["limit"] == {"default": 50, "maximum": 500}
    assert "text/csv" in found["produces"]


def test_a_related_row_is_named_by_its_list_and_never_listed(ada: Browser) -> None:
    """However many there are, the answer has the same size."""
    before = options(ada, "/v1/books")
    for number in range(30):
        ada.api.post_json("/v1/authors", {"name": f"Author {number}"}, headers={"X-CSRF-Token": ada.token()})
    after = options(ada, "/v1/books")

    assert before.json["methods"]["POST"]["schema"]["properties"]["author_id"]["x-choices"] == {
        "resource": "authors",
        "href": "/v1/authors",
        "value": "id",
        "label": "name",
    }
    assert after.body == before.body


@pytest.mark.parametrize(
    ("path", "method", "name"), [("/v1/books", "POST", "Book.write"), ("/v1/books/1", "PATCH", "Book.patch")]
)
def test_it_says_what_the_openapi_document_says(ada: Browser, path: str, method: str, name: str) -> None:
    """The schema of one body, but for the labels, is the component of the document."""
    document = ada.json("/openapi.json")
    schema = options(ada, path).json["methods"][method]["schema"]
    path_item = document["paths"]["/v1/books" + ("/{key}" if path.endswith("1") else "")]
    said = path_item[method.lower()]["requestBody"]["content"]["application/json"]["schema"]
    while "$ref" not in said:
        said = said["anyOf"][0]
    component = document["components"]["schemas"][said["$ref"].rpartition("/")[2]]
    bare = {
        field: {word: value for word, value in member.items() if word not in ("title", "x-choices")}
        for field, member in schema["properties"].items()
    }

    assert bare == component["properties"]
    assert schema.get("required", []) == component.get("required", [])
    assert schema["additionalProperties"] is component["additionalProperties"] is False


def test_its_schema_judges_as_the_server_does(ada: Browser) -> None:
    """What it refuses the server refuses, and what it takes the server takes."""
    schema = options(ada, "/v1/pictures").json["methods"]["POST"]["schema"]
    validator = jsonschema.Draft202012Validator(schema)
    headers = {"X-CSRF-Token": ada.token()}

    good = {"title": "a", "width": 1}
    for body in (good, {"title": ""}, {"width": 1}, {**good, "width": 0}, {**good, "x": 1}, {**good, "light": "none"}):
        answer = ada.api.post_json("/v1/pictures", body, headers=headers, expect_errors=True)
        assert validator.is_valid(body) is (answer.status_int == 201), body


def test_it_names_the_methods_of_the_caller_only(api: API, stranger: Browser, ada: Browser) -> None:
    """A stranger learns what they learnt before: which methods there are."""
    reader = Browser(api).logged_in("bob")

    assert options(stranger, "/v1/books").json["methods"] == {}
    assert options(stranger, "/v1/books").headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST"
    assert list(options(reader, "/v1/books").json["methods"]) == ["GET"]
    assert list(options(ada, "/v1/books/1").json["methods"]) == ["GET", "PUT", "PATCH", "DELETE"]


def test_a_field_that_is_hidden_is_in_no_word_of_it(build: Build) -> None:
    """Neither in the schemas nor in the filters."""
    api = build(service__books__field__price__read="role:admin")
    editor = Browser(api).logged_in("ada")

    found = options(editor, "/v1/books")

    assert list(found.json["methods"]) == ["GET", "POST", "PATCH", "DELETE"]
    assert "isbn" in found.text
    assert "price" not in found.text


def test_a_preflight_and_whoever_wants_no_json_get_what_they_got(ada: Browser) -> None:
    """204 without a body."""
    preflight = options(ada, "/v1/books", Origin="http://localhost:3000", Access_Control_Request_Method="POST")
    other = options(ada, "/v1/books", Accept="text/plain")

    assert (preflight.status_int, preflight.body) == (204, b"")
    assert (other.status_int, other.body) == (204, b"")
    assert other.headers["Accept-Post"].startswith("application/json")


def test_a_browser_gets_it_as_a_page(ada: Browser) -> None:
    """As everything else."""
    answer = ada.api.options("/v1/books", headers=HTML)

    assert answer.content_type == "text/html"
    assert "maxLength" in answer.text


def test_what_is_no_resource_has_its_words_as_well(ada: Browser) -> None:
    """A service with parameters, and a contract with a body."""
    quote = options(ada, "/v1/quote").json["methods"]["GET"]
    people = options(ada, "/v1/people").json["methods"]

    assert [parameter["name"] for parameter in quote["parameters"]] == ["author"]
    assert "POST" not in people or people["POST"]["schema"]["properties"]


def test_refused_credentials_are_refused(ada: Browser) -> None:
    """A token that is none is told, as everywhere."""
    answer = ada.api.options("/v1/books", headers={"Authorization": "Bearer nonsense"}, expect_errors=True)

    assert answer.status_int in (200, 401)
    assert answer.status_int == 401 or answer.json["methods"] == {}
