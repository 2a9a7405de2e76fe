"""Several files become one document; names that meet are told apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benben.contract.bundle import Bundler
from benben.contract.document import read_contract
from benben.contract.source import Unreadable, read_source

ROOT = """
openapi: 3.1.0
info: {title: T, version: "1"}
paths:
  /pets:
    $ref: paths/pets.yaml
  /tree:
    get:
      responses:
        "200":
          description: x
          content: {application/json: {schema: {$ref: "schemas.yaml#/Tree"}}}
components:
  schemas:
    Pet: {type: string}
"""
PETS = """
get:
  parameters: [{$ref: "../schemas.yaml#/parameters/limit"}]
  responses:
    "200":
      description: x
      content: {application/json: {schema: {$ref: "../schemas.yaml#/Pet"}, example: {$ref: kept}}}
"""
SCHEMAS = """
Pet: {type: object, properties: {$ref: {type: string}, tree: {$ref: "#/Tree"}}}
Tree: {type: object, properties: {below: {type: array, items: {$ref: "#/Tree"}}, own: {$ref: "api.yaml#/components/schemas/Pet"}}}
parameters:
  limit: {name: limit, in: query, schema: {type: integer}}
"""


@pytest.fixture
def document(tmp_path: Path) -> Any:
    """The document that three files make."""
    (tmp_path / "paths").mkdir()
    for name, text in (("api.yaml", ROOT), ("paths/pets.yaml", PETS), ("schemas.yaml", SCHEMAS)):
        (tmp_path / name).write_text(text)
    return Bundler(tmp_path, "plugin").bundle("api.yaml")


def test_a_path_item_is_put_in_its_place(document: Any) -> None:
    """Its own references are relative to its file."""
    assert document["paths"]["/pets"]["get"]["parameters"] == [{"$ref": "#/components/parameters/limit"}]
    assert document["components"]["parameters"]["limit"]["name"] == "limit"


def test_a_name_that_is_taken_gets_a_number(document: Any) -> None:
    """The first file keeps its names."""
    media = document["paths"]["/pets"]["get"]["responses"]["200"]["content"]["application/json"]

    assert media["schema"] == {"$ref": "#/components/schemas/Pet_2"}
    assert document["components"]["schemas"]["Pet"] == {"type": "string"}


def test_a_schema_may_be_inside_itself(document: Any) -> None:
    """And may refer back to the first file."""
    tree = document["components"]["schemas"]["Tree"]["properties"]

    assert tree["below"]["items"] == {"$ref": "#/components/schemas/Tree"}
    assert tree["own"] == {"$ref": "#/components/schemas/Pet"}


def test_what_is_data_is_left_alone(document: Any) -> None:
    """An example, and a property that is called $ref."""
    media = document["paths"]["/pets"]["get"]["responses"]["200"]["content"]["application/json"]

    assert media["example"] == {"$ref": "kept"}
    assert document["components"]["schemas"]["Pet_2"]["properties"]["$ref"] == {"type": "string"}


def test_the_whole_is_valid(tmp_path: Path, document: Any) -> None:
    """By the validator of the specification."""
    contract, mistakes = read_contract("t", tmp_path, "api.yaml")

    assert mistakes == []
    assert contract is not None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: no", {"a": "no"}),
        ("a: 2027-01-31", {"a": "2027-01-31"}),
        ("200: x", {"200": "x"}),
        ("NO: x", {"NO": "x"}),
        ("a: 1_000", {"a": "1_000"}),
        ("a: 0o17", {"a": "0o17"}),
        ("a: '1'", {"a": "1"}),
        ("a: 1.50", {"a": 1.5}),
        ("a: ~", {"a": None}),
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        ('{"a": [1, "\\u00e9", true]}', {"a": [1, "é", True]}),
    ],
)
def test_scalars_are_those_of_yaml_1_2(tmp_path: Path, text: str, value: Any) -> None:
    """What its author meant; a key is always a text."""
    (tmp_path / "a.yaml").write_text(text)

    assert read_source(tmp_path / "a.yaml", "a.yaml") == value


@pytest.mark.parametrize("text", ["a: &x {b: *x}", "? [a]\n: b", "a: 1\na: 2", "\xff", ""])
def test_a_file_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    """Never as an error of the library."""
    (tmp_path / "a.yaml").write_bytes(text.encode("latin-1"))

    with pytest.raises(Unreadable):
        read_source(tmp_path / "a.yaml", "a.yaml")


def test_a_bomb_of_aliases_is_not_unpacked(tmp_path: Path) -> None:
    """Ten levels of ten are ten thousand million values."""
    levels = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 11))
    (tmp_path / "a.yaml").write_text(f"a0: &a0 [1]\n{levels}\n")

    with pytest.raises(Unreadable, match="more than 200000 values"):
        read_source(tmp_path / "a.yaml", "a.yaml")
