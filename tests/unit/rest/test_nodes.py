"""Nodes: null is told apart from absent, unknown keys are faults, and colander still works inside."""

import colander
import pytest

from benben.kernel.problems import InvalidInput
from benben.rest.faults import Fault
from benben.rest.nodes import JSON, Decimal, Integer, List, Node, Object, Schema, String
from benben.rest.validation import validate


class AuthorSchema(Schema):
    """Somebody who writes."""

    name = Node(String(20))
    born = Node(Integer(), missing=colander.drop)


class BookSchema(Schema):
    """Something that is written."""

    title = Node(String(20))
    price = Node(Decimal(10, 2, minimum=0), nullable=True, missing=None)
    pages = Node(Integer(), missing=100)
    note = Node(String(), nullable=True, missing=colander.drop)
    author = AuthorSchema(missing=colander.drop)
    tags = Node(List(String(5), max_items=3), missing=())


def faults_of(schema, value):
    """Return pointer and code of every fault, or the value."""
    try:
        return validate(schema, value)
    except InvalidInput as exc:
        return [(error.pointer, error.code) for error in exc.errors]


def test_a_missing_field_has_its_default_or_is_left_out():
    """``missing`` says which, as in colander."""
    assert validate(BookSchema(), {"title": "x"}) == {"title": "x", "price": None, "pages": 100, "tags": ()}


def test_null_is_a_value_where_it_is_allowed_and_a_fault_elsewhere():
    """It is never taken for absent: a default does not stand in for it."""
    given = {"title": None, "price": None, "pages": None, "note": None, "author": None, "tags": [None]}
    codes = faults_of(BookSchema(), given)

    assert codes == [("/title", "null"), ("/pages", "null"), ("/author", "null"), ("/tags/0", "null")]
    assert validate(BookSchema(), {"title": "x", "note": None})["note"] is None


def test_null_skips_the_validators():
    """A rule about numbers is not asked about None."""
    node = Node(Integer(), nullable=True, validator=colander.Range(min=1))

    assert node.deserialize(None) is None
    with pytest.raises(colander.Invalid):
        node.deserialize(0)


def test_an_empty_text_is_not_an_absent_one():
    """colander would call it missing."""
    assert validate(BookSchema(), {"title": ""})["title"] == ""


def test_every_unknown_key_is_a_fault_that_names_the_nearest_field():
    """One for each, at its own place, and before anything is dropped in silence."""
    with pytest.raises(InvalidInput) as caught:
        validate(BookSchema(), {"titel": "x", "title": "x", "is_admin": True, "author": {"nam": "y", "name": "y"}})

    found = {error.pointer: error.detail for error in caught.value.errors}
    assert found == {
        "/author/nam": "There is no such field. Did you mean name?",
        "/titel": "There is no such field. Did you mean title?",
        "/is_admin": "There is no such field.",
    }
    assert {error.code for error in caught.value.errors} == {"unknown"}


@pytest.mark.parametrize("value", [[], "x", 1, True, 1.5])
def test_what_is_no_object_is_one_fault(value):
    """At the root the pointer is the empty string."""
    assert faults_of(BookSchema(), value) == [("", "type")]
    assert faults_of(BookSchema(), {"title": "x", "author": value}) == [("/author", "type")]


@pytest.mark.parametrize("value", [{}, "abc", 1, True])
def test_what_is_no_array_is_one_fault(value):
    """A text is not a list of its letters."""
    assert faults_of(BookSchema(), {"title": "x", "tags": value}) == [("/tags", "type")]


def test_an_array_has_bounds_and_its_items_are_checked_each():
    """The pointer has the position."""
    assert faults_of(BookSchema(), {"title": "x", "tags": ["a"] * 4}) == [("/tags", "length")]
    assert faults_of(BookSchema(), {"title": "x", "tags": ["a", 1, "toolong"]}) == [("/tags/1", "type"), ("/tags/2", "length")]
    assert faults_of(Node(List(Integer(), min_items=1)), []) == [("", "length")]
    assert validate(BookSchema(), {"title": "x", "tags": ["a", "b"]})["tags"] == ["a", "b"]


def test_the_item_of_an_array_may_be_given_in_three_ways():
    """As a type, as a node, and as the child, which is colander's way."""
    for node in (Node(List(Integer())), Node(List(Node(Integer()))), Node(List(), Node(Integer(), name="item"))):
        assert node.deserialize([1]) == [1]
        assert node.clone().deserialize([1]) == [1]
        assert faults_of(node, ["1"]) == [("/0", "type")]


def test_a_list_works_on_a_plain_node_of_colander():
    """Which does not know of the item that the type holds."""
    assert colander.SchemaNode(List(Integer())).deserialize([1]) == [1]


def test_unknown_keys_may_be_ignored_or_preserved_by_choice():
    """An author says so at the object."""
    child = Node(Integer(), name="a")

    assert Node(Object("ignore"), child).deserialize({"a": 1, "b": 2}) == {"a": 1}
    assert Node(Object("preserve"), child).deserialize({"a": 1, "b": [2]}) == {"a": 1, "b": [2]}


def test_any_json_value_is_taken_as_it_is_but_for_nul():
    """``jsonb`` refuses it at any depth, in keys too."""
    node = Node(JSON())
    value = {"a": [1, 1.5, None, True, {"b": "c"}]}

    assert node.deserialize(value) == value
    assert node.from_text('{"a": [1]}') == {"a": [1]}
    for nul in ("\x00", ["a\x00"], {"a": {"\x00": 1}}):
        assert faults_of(node, nul) == [("", "characters")]
    for text in ("{", '{"a":1,"a":2}', "[" * 100, "", "\ud800", "NaN"):
        with pytest.raises(Fault) as caught:
            node.from_text(text)
        assert caught.value.code == "format"


def test_a_value_that_holds_itself_is_an_error_of_the_programmer():
    """It cannot come from a body; an operation called from Python could pass one."""
    value = []
    value.append(value)

    with pytest.raises(RecursionError):
        Node(JSON()).deserialize(value)


def test_the_validators_of_colander_work_on_strict_nodes():
    """Also several, and of one's own."""

    def is_even(node, value):
        if value % 2:
            raise colander.Invalid(node, "Must be even.")

    node = Node(Integer(), validator=colander.All(colander.Range(1, 10), is_even))

    assert node.deserialize(4) == 4
    assert faults_of(node, 11) == [("", "range"), ("", "invalid")]


def test_the_nodes_of_colander_work_inside_a_strict_schema():
    """With their own rules: a plugin may bring a schema that it has already."""

    class OldSchema(Schema):
        """A mixture."""

        count = colander.SchemaNode(colander.Integer(), validator=colander.Range(min=1))
        points = colander.SchemaNode(
            colander.Sequence(),
            colander.SchemaNode(
                colander.Tuple(), colander.SchemaNode(colander.Float(), name="x"), colander.SchemaNode(colander.Float(), name="y")
            ),
            missing=colander.drop,
        )
        inner = colander.SchemaNode(
            colander.Mapping(unknown="raise"),
            colander.SchemaNode(colander.String(), name="a"),
            name="inner",
            missing=colander.drop,
        )

    assert validate(OldSchema(), {"count": "3", "points": [[1, 2]]}) == {"count": 3, "points": [(1.0, 2.0)]}
    bad = {"count": 0, "points": [[1, 2], [1, "x"], 5, [1]], "inner": {"a": "b", "c": 1}}
    assert faults_of(OldSchema(), bad) == [
        ("/count", "range"),
        ("/points/1/1", "type"),
        ("/points/2", "type"),
        ("/points/3", "length"),
        ("/inner/c", "unknown"),
    ]


def test_a_schema_may_have_a_rule_across_its_fields():
    """It may put the fault at one of them."""

    class RangeSchema(Schema):
        """Two numbers in order."""

        low = Node(Integer())
        high = Node(Integer())

        def validator(self, node, value):
            if value["low"] > value["high"]:
                exc = colander.Invalid(node, "The order is wrong.")
                exc["low"] = "Must not be larger than high."
                raise exc

    assert validate(RangeSchema(), {"low": 1, "high": 2}) == {"low": 1, "high": 2}
    assert faults_of(RangeSchema(), {"low": 3, "high": 2}) == [("", "invalid"), ("/low", "invalid")]
    assert faults_of(RangeSchema(), {"low": 3}) == [("/high", "required")]


def test_a_preparer_sees_a_value_before_the_validators_do():
    """As in colander; it may also make a value of nothing."""
    node = Node(String(), preparer=lambda value: value and value.strip(), validator=colander.Length(max=3))

    assert node.deserialize(" abc ") == "abc"


def test_a_text_of_a_path_is_validated_as_in_a_body():
    """By the type and by the validators, and by colander's types too."""
    assert Node(Integer(), validator=colander.Range(max=5)).from_text("5") == 5
    with pytest.raises(colander.Invalid):
        Node(Integer(), validator=colander.Range(max=5)).from_text("6")
    assert Node(colander.Integer()).from_text("7") == 7


def test_a_sentence_may_be_in_words_of_the_author():
    """By the code of the fault, the missing field included."""
    node = Node(String(), messages={"required": "Say which.", "null": "Not nothing."})

    for value, sentence in ((colander.null, "Say which."), (None, "Not nothing."), (1, "Must be a string.")):
        with pytest.raises(Fault) as caught:
            node.deserialize(value)
        assert caught.value.msg == sentence


def test_a_field_may_have_the_name_of_an_attribute_of_nodes():
    """``title`` and ``help`` are ordinary fields of ordinary resources."""

    class OddSchema(Schema):
        """Fields that shadow nothing."""

        help = Node(String())
        example = Node(Integer(), nullable=True)
        messages = Node(List(String()))
        description = Node(String())

    value = {"help": "a", "example": None, "messages": ["b"], "description": "c"}
    assert validate(OddSchema(), value) == value
    assert faults_of(OddSchema(), {**value, "help": 1}) == [("/help", "type")]


def test_a_schema_is_one_for_cornice_too():
    """Cornice looks for the class, and reports faults through ``asdict``."""
    assert issubclass(Schema, colander.MappingSchema)

    with pytest.raises(colander.Invalid) as caught:
        BookSchema().deserialize({"x": 1})
    assert caught.value.asdict() == {"title": "This field is required.", "x": "There is no such field."}
