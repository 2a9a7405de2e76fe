"""Names of schemas, and filters that are no stricter than the server."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Integer as IntegerColumn
from sqlalchemy import String as StringColumn
from sqlalchemy import Text
from sqlalchemy.orm import DeclarativeBase, mapped_column

from benben.features.docs.services.parameters import list_parameters
from benben.features.docs.services.resource import words_of
from benben.features.docs.services.schemas import Schemas
from benben.resource import Resource
from benben.resource.definition import BoundResource
from benben.rest.nodes import Enum, Integer, Node, Schema, String


class ItemSchema(Schema):
    """An item."""

    id = Node(Integer(minimum=1), read_only=True)
    mail = Node(String(format="email", min_length=6, pattern=".+@.+"), nullable=True)
    kind = Node(Enum(("new", "old")), nullable=True)
    secret = Node(String(), write_only=True)


def bind(name: str, model_name: str = "Item") -> BoundResource:
    """Return a resource with a model of its own."""

    class Base(DeclarativeBase):
        pass

    columns = {"mail": mapped_column(Text), "kind": mapped_column(StringColumn(3)), "secret": mapped_column(Text)}
    members = {"__tablename__": name, "id": mapped_column(IntegerColumn, primary_key=True), **columns}
    model = type(model_name, (Base,), members)
    return BoundResource(Resource(name=name, model=model, schema=ItemSchema), ItemSchema(), {})


def schemas_of(bound: BoundResource) -> dict[str, dict[str, Any]]:
    """Return the schema of every parameter of the list."""
    return {item["name"]: item["schema"] for item in list_parameters(bound)}


def test_a_resource_is_named_after_its_model() -> None:
    """A swapped schema does not rename what clients were generated from."""
    schemas = Schemas([bind("things", "ReadingList")])

    assert set(schemas.found) == {"FieldError", "Problem", "ReadingList"}


def test_two_models_of_one_name_keep_apart() -> None:
    """Two plugins need not know of each other."""
    found = Schemas([bind("things"), bind("goods"), bind("others", "Problem")]).found

    assert set(found) == {"FieldError", "Problem", "Item_things", "Item_goods", "Problem_others"}


def test_a_schema_of_the_same_name_is_numbered() -> None:
    """And one that says the same is told once."""
    schemas = Schemas([])

    assert schemas.refer("Grant", {"type": "object"}) == schemas.refer("Grant", {"type": "object"})
    assert schemas.refer("Grant", {"type": "array"}) == {"$ref": "#/components/schemas/Grant_2"}
    assert schemas.refer("A grant/1", {}) == {"$ref": "#/components/schemas/A_grant_1"}


def test_a_document_leaves_out_what_is_only_written() -> None:
    """And what is only read cannot be written."""
    schemas = Schemas([])
    bound = bind("things")
    schemas = Schemas([bound])

    assert set(schemas.found["Item"]["properties"]) == {"id", "mail", "kind"}
    assert schemas.body(bound, "write") == {"$ref": "#/components/schemas/ItemWrite"}
    assert set(schemas.found["ItemWrite"]["properties"]) == {"mail", "kind", "secret"}


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        # The server compares with any text and any number, whatever may be stored.
        ("mail", {"type": "string"}),
        ("mail__startswith", {"type": "string"}),
        ("id__lt", {"type": "integer", "format": "int64"}),
        # It takes no word that is no choice.
        ("kind", {"type": "string", "enum": ["new", "old"]}),
        ("kind__isnull", {"type": "boolean"}),
        ("kind__contains", {"type": "string"}),
    ],
)
def test_a_filter_is_no_stricter_than_the_server(name: str, schema: dict[str, Any]) -> None:
    """Bounds, patterns and formats of a field do not bind a comparison."""
    assert schemas_of(bind("things"))[name] == schema


def test_what_is_only_written_is_no_parameter() -> None:
    """Neither a filter nor a word of ``fields`` or ``sort``."""
    found = schemas_of(bind("things"))

    assert not [name for name in found if name.startswith("secret")]
    assert found["fields"]["items"]["enum"] == ["id", "mail", "kind"]
    assert found["sort"]["items"] == {"type": "string"}


def test_a_name_reads_as_words() -> None:
    """In the summary of an operation."""
    assert words_of("ReadingList") == "reading list"
    assert words_of("Item_things") == "item things"
