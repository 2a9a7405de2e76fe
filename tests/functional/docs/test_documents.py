"""The documents say exactly what is on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from benben_books.schemas import BookSchema
from openapi_spec_validator import OpenAPIV31SpecValidator

from benben.rest.nodes import Node, String
from benben.testing import API, assert_problem, build_api

INI = {"plugin.docs": "on", "plugin.books": "on", "plugin.todos": "on", "plugin.health": "on"}


class LongTitles(BookSchema):
    """A book with a longer title."""

    title = Node(String(min_length=1, max_length=200))


@pytest.fixture
def api(tmp_path: Path) -> Iterator[API]:
    """Books, things to do and the documents."""
    found = build_api(tmp_path, INI)
    yield found
    found.close()


def document(api: API) -> dict[str, Any]:
    """Return the OpenAPI document."""
    found: dict[str, Any] = api.get("/openapi.json").json
    return found


def test_the_document_is_valid(api: API) -> None:
    """By the validator of the specification."""
    assert list(OpenAPIV31SpecValidator(document(api)).iter_errors()) == []


def test_every_endpoint_is_in_the_document_and_no_other(api: API) -> None:
    """Path and method, both ways."""
    found = {(path, method.upper()) for path, item in document(api)["paths"].items() for method in item}
    served = {(endpoint.path, endpoint.method) for endpoint in api.registry.services.endpoints}

    assert found == served
    assert ("/v1/books", "POST") in found


def test_bounds_and_parameters_are_told(api: API) -> None:
    """A client knows the limits before it asks."""
    spec = document(api)
    parameters = {item["name"]: item["schema"] for item in spec["paths"]["/v1/books"]["get"]["parameters"]}

    assert spec["components"]["schemas"]["BookWrite"]["properties"]["title"]["maxLength"] == 100
    assert "id" not in spec["components"]["schemas"]["BookWrite"]["properties"]
    assert parameters["limit"] == {"type": "integer", "minimum": 1, "maximum": 500, "default": 50}
    assert parameters["price__gte"]["type"] == "string"
    assert parameters["author__name__contains"] == {"type": "string"}
    assert parameters["embed"]["items"]["enum"] == ["author"]


def test_permissions_are_told(api: API) -> None:
    """What is public asks for nothing; the rest names its permission."""
    paths = document(api)["paths"]

    assert paths["/health/live"]["get"]["security"] == []
    assert paths["/v1/books"]["post"]["security"] == [{"test": []}]
    assert paths["/v1/books"]["post"]["x-permission"] == "books.write"


def test_a_plugin_that_is_off_leaves_no_word(tmp_path: Path) -> None:
    """Neither in the document nor on the start page, nor as an answer."""
    api = build_api(tmp_path, {**INI, "plugin.todos": "off"})

    assert "todo" not in api.get("/openapi.json").text.lower()
    assert "todos" not in api.get("/").text
    assert_problem(api.get("/v1/todos", expect_errors=True), 404)
    api.close()


def test_a_swapped_schema_counts_everywhere(tmp_path: Path) -> None:
    """``service.books.schema`` decides what is accepted and what the document says."""
    swap = f"{LongTitles.__module__}:LongTitles"
    api = build_api(tmp_path, {**INI, "service.books.schema": swap})
    editor = api.by("ann", "editor")
    editor.post_json("/v1/authors", {"name": "x"})

    assert editor.post_json("/v1/books", {"title": "x" * 200, "author_id": 1}).status_int == 201
    properties = document(api)["components"]["schemas"]["LongTitlesWrite"]["properties"]
    assert properties["title"]["maxLength"] == 200
    api.close()


def test_methods_that_the_ini_takes_away_are_gone(tmp_path: Path) -> None:
    """405 with the right Allow, and not in the document."""
    api = build_api(tmp_path, {**INI, "service.books.methods": "GET HEAD"})

    refused = api.by("ann", "editor").post_json("/v1/books", {}, expect_errors=True)

    assert_problem(refused, 405)
    assert refused.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert set(document(api)["paths"]["/v1/books"]) == {"get"}
    api.close()


def test_the_document_is_revalidated(api: API) -> None:
    """The same ETag again costs no body."""
    etag = api.get("/openapi.json").headers["ETag"]

    assert api.get("/openapi.json", headers={"If-None-Match": etag}).status_int == 304


def test_every_problem_has_its_page(api: API) -> None:
    """For a person and for a program; an unknown code is a 404."""
    for code in api.assembly.problems:
        assert api.get(f"/problems/{code}").json["code"] == code
        assert code in api.get(f"/problems/{code}", headers={"Accept": "text/html"}).text
    assert_problem(api.get("/problems/none", expect_errors=True), 404)


def test_curl_gets_json_and_a_browser_a_page(api: API) -> None:
    """``*/*`` is no wish for HTML."""
    assert api.get("/", headers={"Accept": "*/*"}).content_type == "application/json"
    page = api.get("/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.content_type == "text/html"
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
