"""Validation: every fault with its place, at a bounded cost, and the schemas that follow from one."""

import threading
from functools import partial

import colander
import pytest

from benben.kernel.problems import InvalidInput
from benben.rest.nodes import Date, Decimal, Integer, List, Node, Schema, String
from benben.rest.validation import derive_patch, derive_write, has_rules, validate
from tests.growth import count_calls


class PartSchema(Schema):
    """A part of something."""

    id = Node(Integer(), read_only=True)
    name = Node(String(10))
    weight = Node(Integer())


class ThingSchema(Schema):
    """Something with parts."""

    id = Node(Integer(), read_only=True)
    title = Node(String(10))
    price = Node(Decimal(10, 2), nullable=True, missing=None)
    size = Node(Integer(), missing=1)
    main = PartSchema(missing=colander.drop)
    parts = Node(List(PartSchema()), missing=colander.drop)


class RuledSchema(Schema):
    """Two fields and a rule."""

    low = Node(Integer())
    high = Node(Integer())

    def validator(self, node, value):
        """Refuse what is out of order."""
        if value["low"] > value["high"]:
            raise colander.Invalid(node, "Out of order.")


def faults_of(schema, value, where="body"):
    """Return pointer and code of every fault, or the value."""
    try:
        return validate(schema, value, where)
    except InvalidInput as exc:
        return [(error.pointer, error.code) for error in exc.errors]


def test_every_fault_is_in_the_answer_with_its_pointer():
    """Nested and in arrays, escaped as RFC 6901 wants it."""

    class Odd(Schema):
        """Names that a pointer has to escape."""

        slash = Node(Integer(), name="a/b")
        tilde = Node(List(Integer()), name="m~n")

    assert faults_of(Odd(), {"a/b": "x", "m~n": [1, "y"], "c/d~": 0}) == [
        ("/a~1b", "type"),
        ("/m~0n/1", "type"),
        ("/c~1d~0", "unknown"),
    ]


def test_outside_a_body_the_pointer_is_the_name():
    """A parameter has no path, and the error says where it stands."""
    with pytest.raises(InvalidInput) as caught:
        validate(ThingSchema(), {"id": 1, "title": 5}, "query")

    (error,) = caught.value.errors
    assert (error.pointer, error.where, error.code) == ("title", "query", "type")


def test_the_faults_of_a_long_array_are_bounded_in_number_and_cost():
    """The cost does not grow with the number of bad items, at any depth of arrays."""

    def calls(schema, value):
        assert len(faults_of(schema, value)) == 200
        return count_calls(partial(faults_of, schema, value))

    thing, square = ThingSchema(), Node(List(List(Node(Integer()))))
    few, many = (
        [
            calls(thing, {"parts": [{}] * size, "title": "x", "id": 1}),
            calls(square, [["x"] * (size // 10)] * 100),
            calls(square, [["x"]] * size),
            calls(thing, {f"field{number}": 1 for number in range(size)}),
        ]
        for size in (10_000, 100_000)
    )

    # The collector's own calls come in between; ten times the faults would be ten times the calls.
    assert [more < 1.5 * less for less, more in zip(few, many, strict=True)] == [True] * 4


def test_no_sentence_repeats_the_input_at_length():
    """Not of our types, not of colander's, not of its validators, however large the value."""

    class Mixed(Schema):
        """One of each kind that quotes the value."""

        a = Node(String(5), validator=colander.OneOf(["x"]))
        b = colander.SchemaNode(colander.Integer())
        c = colander.SchemaNode(colander.String(), validator=colander.OneOf(["x", "y"]))
        d = colander.SchemaNode(colander.Mapping())
        e = colander.SchemaNode(colander.Integer(), validator=colander.Range(max=5))
        f = colander.SchemaNode(colander.String(), validator=colander.Function(lambda value: "No: ${val}"))

    long = "secret" * 1_000
    with pytest.raises(InvalidInput) as caught:
        validate(Mixed(), {"a": long, "b": long, "c": long, "d": [long], "e": 10**1_000, "f": long})

    sent = [error.as_dict() for error in caught.value.errors]
    assert len(sent) == 6
    assert "secret" not in str(sent[:5])
    assert max(len(error["detail"]) for error in sent) <= 200


def test_a_written_body_may_not_set_what_the_server_sets():
    """The fault says why, at any depth; the schema itself still knows the field."""
    write = derive_write(ThingSchema())
    given = {"id": 1, "title": "x", "main": {"id": 2, "name": "a", "weight": 1}, "parts": [{"id": 3, "name": "b", "weight": 2}]}

    assert faults_of(write, given) == [("/main/id", "read-only"), ("/parts/0/id", "read-only"), ("/id", "read-only")]
    assert "id" in ThingSchema()
    assert validate(write, {"title": "x"}) == {"title": "x", "price": None, "size": 1}


def test_a_partial_body_requires_nothing_and_adds_nothing():
    """What is absent stays absent; defaults would overwrite what is stored."""
    patch = derive_patch(ThingSchema())

    assert validate(patch, {}) == {}
    assert validate(patch, {"price": None}) == {"price": None}
    assert validate(patch, {"main": {"weight": 2}}) == {"main": {"weight": 2}}
    assert faults_of(patch, {"id": 1, "title": None, "size": "x"}) == [
        ("/title", "null"),
        ("/size", "type"),
        ("/id", "read-only"),
    ]


def test_items_of_an_array_are_whole_in_a_partial_body():
    """A merge patch replaces an array, so that half an item would be stored."""
    assert faults_of(derive_patch(ThingSchema()), {"parts": [{"name": "a"}]}) == [("/parts/0/weight", "required")]


def test_a_rule_across_fields_is_left_to_the_merged_value():
    """It would fail on the fields that are absent."""
    patch = derive_patch(RuledSchema())

    assert validate(patch, {"low": 5}) == {"low": 5}
    assert faults_of(derive_write(RuledSchema()), {"low": 5, "high": 1}) == [("", "invalid")]
    assert has_rules(RuledSchema())
    assert not has_rules(patch)
    assert not has_rules(ThingSchema())


def test_deriving_changes_nothing_of_the_schema():
    """Children are shared by all instances of a class; a derived one has its own."""
    schema = ThingSchema()
    derive_patch(schema)

    assert faults_of(schema, {}) == [("/id", "required"), ("/title", "required")]
    assert ThingSchema().children[1].required


def test_deriving_keeps_items_and_plain_nodes():
    """Clones of arrays, of colander's sequences and of nullable objects still read."""

    class Mixed(Schema):
        """Several kinds of children."""

        numbers = Node(List(Integer()))
        words = colander.SchemaNode(colander.Sequence(), colander.SchemaNode(colander.String()))
        part = PartSchema(nullable=True)

    value = {"numbers": [1], "words": ["a"], "part": None}
    for schema in (derive_write(Mixed()), derive_patch(Mixed()), derive_patch(derive_write(Mixed()))):
        assert validate(schema, value) == value


def test_one_schema_serves_many_threads():
    """Nothing of a reading is kept in the schema."""
    schema = derive_write(ThingSchema())
    wrong = []

    def read(number):
        for _ in range(300):
            if validate(schema, {"title": str(number)})["title"] != str(number):
                wrong.append(number)
            if faults_of(schema, {"title": number}) != [("/title", "type")]:
                wrong.append(number)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_five_fields_cost_a_few_calls():
    """Ten microseconds; nothing is built or looked up once more for each body."""

    class Book(Schema):
        """An ordinary body."""

        title = Node(String(100))
        price = Node(Decimal(10, 2, minimum=0))
        published_date = Node(Date())
        author_id = Node(Integer(minimum=1))
        isbn = Node(String(pattern="[0-9]{10,13}"), validator=colander.Length(10, 13))

    schema = derive_write(Book())
    body = {"title": "x", "price": "12.3", "published_date": "2020-01-02", "author_id": 3, "isbn": "9780441478125"}

    validate(schema, body)

    assert count_calls(lambda: validate(schema, body)) < 100
