"""Which changes of a document break a client that keeps to the frozen one."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from benben.contract.drift import breaking_changes, changes

FROZEN: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "T", "version": "1"},
    "security": [],
    "paths": {
        "/pets/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
            "put": {
                "parameters": [{"name": "dry", "in": "query", "schema": {"type": "boolean"}}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}},
                "responses": {
                    "200": {
                        "description": "x",
                        "headers": {"ETag": {"schema": {"type": "string"}}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}},
                    }
                },
            },
        }
    },
    "components": {
        "schemas": {
            "Pet": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "id": {"type": "integer", "readOnly": True},
                    "name": {"type": "string", "maxLength": 80},
                    "kind": {"enum": ["cat", "dog"]},
                    "friend": {"anyOf": [{"$ref": "#/components/schemas/Pet"}, {"type": "null"}]},
                    "tags": {"type": "array", "items": {"type": "string"}},
                },
            }
        }
    },
}
PUT = ("paths", "/pets/{id}", "put")
PET = ("components", "schemas", "Pet")
CHANGES: list[tuple[tuple[str | int, ...], Any, list[str]]] = [
    (("paths",), {}, ["is gone"]),
    ((*PUT, "security"), [{"token": []}], ["asks who calls now"]),
    ((*PUT, "parameters"), [], ["query dry is not taken any more"]),
    ((*PUT, "parameters", 0, "required"), True, ["query dry is required now"]),
    ((*PUT, "parameters", 0, "schema"), {"type": "integer"}, ["query dry may not be boolean any more"]),
    ((*PUT, "parameters", 0, "explode"), False, ["query dry has its values in one text now"]),
    ((*PUT, "parameters", 0, "schema", "type"), ["boolean", "null"], []),
    ((*PUT, "parameters", 0, "style"), "deepObject", ["query dry has the style deepObject now, had form"]),
    ((*PUT, "parameters", 1), {"name": "n", "in": "query", "schema": {}}, []),
    ((*PUT, "parameters", 1), {"name": "n", "in": "header", "required": True, "schema": {}}, ["header n is required now"]),
    ((*PUT, "requestBody", "required"), True, ["body is required now"]),
    ((*PUT, "requestBody", "content"), {"text/csv": {}}, ["body application/json is not taken any more"]),
    ((*PUT, "responses"), {"201": {"description": "x"}}, ["200 is not answered any more"]),
    ((*PUT, "responses", "200", "content"), {}, ["200 application/json is not answered any more"]),
    ((*PUT, "responses", "200", "headers"), {}, ["200 header ETag is gone"]),
    ((*PUT, "responses", "404"), {"description": "x"}, []),
    ((*PET, "required"), ["name", "kind"], ["body kind is required now"]),
    ((*PET, "required"), [], ["200 name may be missing now"]),
    ((*PET, "additionalProperties"), False, ["body refuses members that it does not know"]),
    ((*PET, "properties", "name", "maxLength"), 40, ["body name has maxLength 40 now, had 80"]),
    ((*PET, "properties", "name", "maxLength"), 90, []),
    ((*PET, "properties", "name", "pattern"), "^a", ["body name has pattern ^a now"]),
    ((*PET, "properties", "name", "type"), ["string", "null"], ["200 name may be null now"]),
    ((*PET, "properties", "name", "type"), "integer", ["body name may not be string any more", "200 name may be integer now"]),
    ((*PET, "properties", "kind", "enum"), ["cat"], ["body kind may not be 'dog' any more"]),
    ((*PET, "properties", "kind", "enum"), ["cat", "dog", "cow"], ["200 kind may be 'cow' now"]),
    ((*PET, "properties", "name", "readOnly"), True, ["body name is read-only now"]),
    (
        (*PET, "properties", "tags", "items"),
        {"type": "integer"},
        ["body tags[] may not be string any more", "200 tags[] may be integer now"],
    ),
    ((*PET, "properties", "tags"), None, ["200 tags is gone"]),
    ((*PET, "properties", "friend", "anyOf"), [{"$ref": "#/components/schemas/Pet"}], ["body friend takes one form less"]),
    ((*PET, "properties", "more"), {"type": "string"}, []),
    ((*PET, "properties", "id", "type"), "string", ["200 id may be string now"]),
]


def changed(path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    """Return the frozen document with one change."""
    found = copy.deepcopy(FROZEN)
    place: Any = found
    for step in path[:-1]:
        place = place[step]
    if isinstance(place, list) and path[-1] == len(place):
        place.append(value)
    elif value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return found


@pytest.mark.parametrize(("path", "value", "told"), CHANGES)
def test_a_change_is_told_where_it_breaks_somebody(path: tuple[str | int, ...], value: Any, told: list[str]) -> None:
    """Where it does not, nothing is."""
    found = breaking_changes(FROZEN, changed(path, value))

    assert [f"{change.place} {change.text}".strip() for change in found] == told
    assert {change.operation for change in found} <= {"PUT /pets/{id}"}


def test_nothing_has_changed() -> None:
    """Not even where a schema is inside itself."""
    assert breaking_changes(FROZEN, copy.deepcopy(FROZEN)) == []


def test_the_name_of_a_placeholder_is_nobodys_business() -> None:
    """Its position counts."""
    present = copy.deepcopy(FROZEN)
    item = present["paths"].pop("/pets/{id}")
    item["parameters"][0]["name"] = "key"
    present["paths"]["/pets/{key}"] = item

    assert breaking_changes(FROZEN, present) == []
    item["parameters"][0]["schema"]["minimum"] = 1
    assert [str(change) for change in breaking_changes(FROZEN, present)] == ["PUT /pets/{id}: path id has minimum 1 now"]


HARMLESS: list[tuple[tuple[str | int, ...], Any, list[str]]] = [
    (("paths", "/pets"), {"get": {"responses": {}}}, ["GET /pets: is new"]),
    ((*PUT, "deprecated"), True, ["PUT /pets/{id}: is deprecated now"]),
    ((*PUT, "parameters", 1), {"name": "n", "in": "query", "schema": {}}, ["PUT /pets/{id}: query n is new"]),
    ((*PUT, "parameters", 0, "style"), "form", []),
    ((*PUT, "parameters", 0, "schema", "type"), ["boolean", "null"], ["PUT /pets/{id}: query dry may be null as well"]),
    ((*PUT, "requestBody", "content", "text/csv"), {}, ["PUT /pets/{id}: body text/csv is taken as well"]),
    ((*PUT, "responses", "200", "content", "text/csv"), {}, ["PUT /pets/{id}: 200 text/csv is answered as well"]),
    ((*PUT, "responses", "202"), {"description": "x"}, ["PUT /pets/{id}: 202 is answered as well"]),
    ((*PET, "properties", "name", "maxLength"), 90, ["PUT /pets/{id}: body name has maxLength 90 now, had 80"]),
    ((*PET, "properties", "name", "maxLength"), None, ["PUT /pets/{id}: body name has no maxLength any more, had 80"]),
    ((*PET, "properties", "name", "minLength"), 0, []),
    (
        (*PET, "properties", "more"),
        {"type": "string"},
        ["PUT /pets/{id}: body more is new", "PUT /pets/{id}: 200 more is new"],
    ),
]


@pytest.mark.parametrize(("path", "value", "told"), HARMLESS)
def test_a_change_that_breaks_nobody_is_told_as_such(path: tuple[str | int, ...], value: Any, told: list[str]) -> None:
    """What is new, and what is wider than it was."""
    found = changes(FROZEN, changed(path, value))

    assert [str(change) for change in found] == told
    assert not any(change.breaks for change in found)


def test_one_change_may_break_some_and_serve_others() -> None:
    """One more choice is taken as well, and answered to those who do not know it."""
    found = changes(FROZEN, changed((*PET, "properties", "kind", "enum"), ["cat", "dog", "cow"]))

    assert [(change.place, change.text, change.breaks) for change in found] == [
        ("body kind", "may be 'cow' as well", False),
        ("200 kind", "may be 'cow' now", True),
    ]
