"""Paths of Pyramid in the words of OpenAPI, and parameters that are told once."""

from __future__ import annotations

from typing import Any

import pytest

from benben.features.docs.services.parameters import share_parameters, split_path


def parameter(name: str, kind: str = "string") -> dict[str, Any]:
    """Return a parameter of the query."""
    return {"name": name, "in": "query", "schema": {"type": kind}}


@pytest.mark.parametrize(
    ("pattern", "path", "names"),
    [
        ("/books", "/books", []),
        ("books/{key}", "/books/{key}", ["key"]),
        (r"/scrolls/{number:\d{1,3}}/pages/{page}", "/scrolls/{number}/pages/{page}", ["number", "page"]),
        ("/files/*subpath", "/files/{subpath}", ["subpath"]),
        (r"/files/{name}.{ending:[a-z]+}", "/files/{name}.{ending}", ["name", "ending"]),
        ("/old/:name", "/old/{name}", ["name"]),
        ("/", "/", []),
        ("", "/", []),
    ],
)
def test_a_pattern_becomes_a_path_and_its_parameters(pattern: str, path: str, names: list[str]) -> None:
    """Regular expressions are left out, every placeholder is required."""
    found, parameters = split_path(pattern)

    assert found == path
    assert [item["name"] for item in parameters] == names
    assert all(item["required"] and item["in"] == "path" for item in parameters)


def test_what_two_operations_ask_for_is_told_once() -> None:
    """The rest stays where it is."""
    one, other = [parameter("id"), parameter("title")], [parameter("id")]

    shared = share_parameters({"/a": {"get": {"parameters": one}}, "/b": {"get": {"parameters": other}}})

    assert shared == {"id": parameter("id")}
    assert one == [{"$ref": "#/components/parameters/id"}, parameter("title")]
    assert other == [{"$ref": "#/components/parameters/id"}]


def test_two_parameters_of_one_name_keep_apart() -> None:
    """The second of a name is numbered."""
    texts, numbers = parameter("id"), parameter("id", "integer")
    paths = {f"/{place}": {"get": {"parameters": [dict(item)]}} for place, item in enumerate((texts, numbers, texts, numbers))}

    assert share_parameters(paths) == {"id": texts, "id_2": numbers}
    assert paths["/3"]["get"]["parameters"] == [{"$ref": "#/components/parameters/id_2"}]


def test_parameters_of_a_path_are_shared_too() -> None:
    """They hold for all of its operations."""
    paths = {"/a/{key}": {"parameters": [parameter("key")]}, "/b/{key}": {"parameters": [parameter("key")]}}

    assert set(share_parameters(paths)) == {"key"}
