"""JSON Schema: valid, deterministic, and of one mind with the server about every value."""

import enum
import json

import colander
import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benben.kernel.problems import InvalidInput
from benben.kernel.wire import write_json
from benben.rest.body import read_json
from benben.rest.jsonschema import schema_of
from benben.rest.nodes import (
    JSON,
    UUID,
    Boolean,
    Date,
    Decimal,
    Enum,
    Float,
    Instant,
    Integer,
    List,
    Node,
    Object,
    Scalar,
    Schema,
    String,
)
from benben.rest.validation import derive_patch, derive_write, validate


class Colour(enum.Enum):
    """A choice."""

    RED = "red"
    BLUE = "blue"


class AuthorSchema(Schema):
    """Somebody who writes."""

    id = Node(Integer(), read_only=True)
    name = Node(String(50), help="The full name.", example="Ursula")


class BookSchema(Schema):
    """A book on a shelf."""

    id = Node(Integer(), read_only=True)
    title = Node(String(100, min_length=1), title="Title", description="As on the cover.", help="Not this.")
    price = Node(Decimal(10, 2, minimum=0), nullable=True, missing=None, unit="EUR")
    colour = Node(Enum(Colour), missing=Colour.RED)
    weight = Node(Float(0, 10.5), missing=colander.drop)
    pages = Node(Integer(1, 9_999), nullable=True)
    author = AuthorSchema(nullable=True)
    tags = Node(List(String(20), min_items=1, max_items=5), missing=colander.drop)
    token = Node(String(), write_only=True, missing=colander.drop)


def test_a_reader_sees_what_the_server_gives():
    """Read-only fields are in it, write-only ones are not, and nothing forbids a new field."""
    schema = schema_of(BookSchema())

    assert schema["description"] == "A book on a shelf."
    assert list(schema["properties"]) == ["id", "title", "price", "colour", "weight", "pages", "author", "tags"]
    assert schema["required"] == ["id", "title", "price", "colour", "pages", "author"]
    assert "additionalProperties" not in schema
    assert schema["properties"]["id"] == {"readOnly": True, "type": "integer", "format": "int64"}
    assert schema["properties"]["price"]["type"] == ["string", "null"]


def test_a_writer_sees_what_the_server_takes():
    """No read-only fields, defaults, and no key beyond these."""
    schema = schema_of(BookSchema(), "write")

    assert list(schema["properties"]) == ["title", "price", "colour", "weight", "pages", "author", "tags", "token"]
    assert schema["required"] == ["title", "pages", "author"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["colour"] == {"default": "red", "type": "string", "enum": ["red", "blue"]}
    assert schema["properties"]["price"]["default"] is None
    assert schema["properties"]["token"] == {"writeOnly": True, "type": "string"}
    assert schema["properties"]["author"]["properties"] == {
        "name": {"description": "The full name.", "examples": ["Ursula"], "type": "string", "maxLength": 50}
    }


def test_a_patch_requires_nothing_and_has_no_defaults():
    """But the items of an array are whole."""
    schema = schema_of(Node(Object(), Node(List(AuthorSchema()), name="all"), AuthorSchema(name="one")), "patch")

    assert "required" not in schema
    assert "required" not in schema["properties"]["one"]
    assert schema["properties"]["all"]["items"]["required"] == ["name"]
    assert "default" not in json.dumps(schema_of(BookSchema(), "patch"))


def test_the_schema_of_a_derived_schema_is_the_same():
    """A resource may describe the schema that it reads with."""
    assert schema_of(derive_write(BookSchema()), "write") == schema_of(BookSchema(), "write")
    assert schema_of(derive_patch(BookSchema()), "patch") == schema_of(BookSchema(), "patch")


def test_words_for_people_come_from_the_author_alone():
    """colander makes a title of every name; it says nothing new."""
    properties = schema_of(BookSchema())["properties"]

    assert properties["title"]["title"] == "Title"
    assert properties["title"]["description"] == "As on the cover."
    assert properties["price"]["x-unit"] == "EUR"
    assert "title" not in properties["price"]


@pytest.mark.parametrize("mode", ["read", "write", "patch"])
def test_every_schema_is_valid_and_the_same_each_time(mode):
    """The bytes of the document are its ETag."""
    first, again = schema_of(BookSchema(), mode), schema_of(BookSchema(), mode)

    jsonschema.Draft202012Validator.check_schema(first)
    assert json.dumps(first) == json.dumps(again)


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (Node(String()), {"type": "string"}),
        (Node(String(5, min_length=2, format="email")), {"type": "string", "minLength": 2, "maxLength": 5, "format": "email"}),
        (Node(String(pattern="a|b")), {"type": "string", "pattern": "^(?:a|b)$"}),
        (Node(String(allow_blank=False)), {"type": "string", "pattern": r"\S"}),
        (
            Node(String(allow_blank=False, pattern="a"), nullable=True),
            {"anyOf": [{"type": "string", "pattern": "^(?:a)$", "allOf": [{"pattern": r"\S"}]}, {"type": "null"}]},
        ),
        (Node(Boolean(), nullable=True), {"type": ["boolean", "null"]}),
        (Node(Date()), {"type": "string", "format": "date"}),
        (Node(Instant()), {"type": "string", "format": "date-time"}),
        (Node(UUID()), {"type": "string", "format": "uuid"}),
        (Node(Enum([1, 2])), {"type": "integer", "enum": [1, 2]}),
        (Node(Enum(["a", 1]), nullable=True), {"type": ["integer", "string", "null"], "enum": ["a", 1, None]}),
        (Node(JSON()), {"type": ["array", "boolean", "number", "object", "string"]}),
        (
            Node(Object("preserve"), Node(Integer(), name="a")),
            {"type": "object", "properties": {"a": {"type": "integer", "format": "int64"}}, "required": ["a"]},
        ),
        (colander.SchemaNode(colander.Integer()), {"type": "integer"}),
        (colander.SchemaNode(colander.Float()), {"type": "number"}),
        (colander.SchemaNode(colander.Decimal()), {"type": ["string", "number"], "format": "decimal"}),
        (colander.SchemaNode(colander.Money()), {"type": ["string", "number"], "format": "decimal"}),
        (colander.SchemaNode(colander.Boolean()), {"type": "boolean"}),
        (colander.SchemaNode(colander.String()), {"type": "string", "minLength": 1}),
        (colander.SchemaNode(colander.String(allow_empty=True)), {"type": "string"}),
        (colander.SchemaNode(colander.DateTime()), {"type": "string", "format": "date-time"}),
        (colander.SchemaNode(colander.Date()), {"type": "string", "format": "date"}),
        (colander.SchemaNode(colander.Time()), {"type": "string", "format": "time"}),
        (colander.SchemaNode(colander.Enum(Colour)), {"type": "string", "enum": ["RED", "BLUE"]}),
        (colander.SchemaNode(colander.Enum(Colour, attr="value")), {"type": "string", "enum": ["red", "blue"]}),
        (colander.SchemaNode(colander.List()), {"type": "array"}),
        (colander.SchemaNode(colander.Set()), {"type": "array"}),
        (colander.SchemaNode(colander.GlobalObject(None)), {"type": "string"}),
        (
            colander.SchemaNode(colander.Sequence(), colander.SchemaNode(colander.Integer())),
            {"type": "array", "items": {"type": "integer"}},
        ),
        (
            colander.SchemaNode(
                colander.Tuple(),
                colander.SchemaNode(colander.Integer(), name="x"),
                colander.SchemaNode(colander.Boolean(), name="y"),
            ),
            {
                "type": "array",
                "prefixItems": [{"type": "integer"}, {"type": "boolean"}],
                "items": False,
                "minItems": 2,
                "maxItems": 2,
            },
        ),
        (colander.SchemaNode(colander.Mapping()), {"type": "object"}),
        (colander.SchemaNode(colander.SchemaType()), {}),
    ],
    ids=lambda value: type(getattr(value, "typ", value)).__name__,
)
def test_every_type_has_its_schema(node, expected):
    """Ours and colander's."""
    schema = schema_of(node, "write")

    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema == expected


def with_rule(rule, typ=None):
    """Return the schema of a node with the validator *rule*, without its type."""
    schema = schema_of(Node(typ or String(), validator=rule), "write")
    del schema["type"]
    return schema


@pytest.mark.parametrize(
    ("rule", "typ", "expected"),
    [
        (colander.Length(2, 5), String(), {"minLength": 2, "maxLength": 5}),
        (colander.Length(2, 5), String(3), {"minLength": 2, "maxLength": 3}),
        (colander.Length(max=5), colander.List(), {"maxItems": 5}),
        (colander.Range(1, 5), Integer(3), {"format": "int64", "minimum": 3, "maximum": 5}),
        (colander.Range(max=1.5), Float(), {"format": "double", "maximum": 1.5}),
        (colander.Range(min="a"), String(), {}),
        (colander.OneOf(["b", "a"]), String(), {"enum": ["b", "a"]}),
        (colander.OneOf({"b", "a"}), String(), {"enum": ["a", "b"]}),
        (colander.OneOf(["blue", "green"]), Enum(Colour), {"enum": ["blue"]}),
        (colander.NoneOf(["a"]), String(), {"not": {"enum": ["a"]}}),
        (colander.ContainsOnly(["a"]), colander.List(), {"items": {"enum": ["a"]}}),
        (colander.Email(), String(), {"format": "email"}),
        (colander.url, String(), {"format": "uri-reference"}),
        (colander.uuid, String(), {"format": "uuid"}),
        (colander.Regex("^[a-z]+$"), String(), {"pattern": "^[a-z]+$"}),
        (colander.Regex("[a-z]+"), String(), {"pattern": "^(?:[a-z]+)"}),
        (colander.Regex(r"a|b\Z"), String(), {"pattern": "^(?:a|b)$"}),
        (colander.Regex("(?P<x>a)"), String(), {}),
        (colander.Regex("(?i)a"), String(), {}),
        (
            colander.All(colander.Length(min=1), colander.Length(min=2), colander.Regex("^a")),
            String(),
            {"minLength": 2, "pattern": "^a"},
        ),
        (colander.All(colander.Regex("^a"), colander.Regex("^.b")), String(), {"pattern": "^a", "allOf": [{"pattern": "^.b"}]}),
        (colander.Any(colander.Length(max=2), colander.Regex("^a")), String(), {"anyOf": [{"maxLength": 2}, {"pattern": "^a"}]}),
        (colander.Any(colander.Length(max=2), colander.luhnok), String(), {}),
        (colander.luhnok, String(), {}),
    ],
)
def test_every_validator_is_said_as_far_as_it_can_be(rule, typ, expected):
    """The tighter of two bounds counts, and what JSON Schema cannot say is left out."""
    assert with_rule(rule, typ) == expected


def test_a_validator_may_carry_its_own_rule():
    """A function of an author, with an attribute."""

    def isbn(node, value):
        """Refuse a wrong check digit."""

    isbn.json_schema = {"pattern": "^[0-9]{10}$"}

    assert with_rule(isbn) == {"pattern": "^[0-9]{10}$"}


def test_a_type_of_somebody_else_may_describe_itself():
    """By the same method as ours."""

    class Point(Scalar):
        """Two numbers."""

        def json_schema(self, mode):
            """Return what a point is."""
            return {"type": "string", "format": "point", "x-mode": mode}

    assert schema_of(Node(Point()), "patch") == {"type": "string", "format": "point", "x-mode": "patch"}


def test_a_type_that_says_nothing_says_nothing_of_null_either():
    """Null is among the values already."""
    assert schema_of(Node(colander.SchemaType(), nullable=True)) == {}


def test_none_is_the_default_only_where_null_is_a_value():
    """Elsewhere it is what Python sees, and no caller could send it."""
    assert schema_of(Node(Boolean(), missing=None), "write") == {"type": "boolean"}
    assert schema_of(Node(Boolean(), missing=None, nullable=True), "write") == {"default": None, "type": ["boolean", "null"]}


def test_a_default_that_has_no_wire_form_is_left_out():
    """A deferred value, or an object of the application."""
    for missing in (colander.deferred(lambda node, kw: 1), object(), colander.drop):
        assert schema_of(colander.SchemaNode(colander.Integer(), missing=missing), "write") == {"type": "integer"}


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 20_000)
    | st.floats(-20, 20)
    | st.sampled_from(["", "red", "x", "1.25", "-1", "1.2", "x" * 101]),
    lambda inner: (
        st.lists(inner, max_size=6) | st.dictionaries(st.sampled_from(["title", "price", "colour", "name", "id"]), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=300)
@given(
    st.fixed_dictionaries(
        {
            "title": st.sampled_from(["x", "", 5]) | values,
            "pages": st.sampled_from([1, 0, None, 1.5]),
            "author": st.sampled_from([None, {"name": "a"}, {}, {"id": 1}]),
        },
        optional={"price": values, "colour": values, "weight": values, "tags": values, "id": values, "token": values},
    )
)
def test_what_the_server_takes_its_document_allows(value):
    """The document may be looser than the server, and is never stricter."""
    value = read_json(write_json(value))
    try:
        validate(derive_write(BookSchema()), value)
    except InvalidInput:
        return

    jsonschema.validate(value, schema_of(BookSchema(), "write"), jsonschema.Draft202012Validator)
