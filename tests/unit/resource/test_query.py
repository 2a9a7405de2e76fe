"""The parser of query strings by itself: shapes, values, and every fault at once."""

from __future__ import annotations

from typing import Any

import pytest

from benben.kernel.problems import InvalidInput
from benben.kernel.settings import Values
from benben.resource.bounds import QueryTooExpensive, ResourceSettings, default_bounds
from benben.resource.definition import BoundResource
from benben.resource.query import Parser
from benben.resource.query.selection import split_outside
from benben.resource.query.terms import Every, Some, Term, Without, terms_of
from tests.functional.resource import shop


@pytest.fixture
def items() -> BoundResource:
    """The items of the shop, with what they are related to."""
    registry: dict[type, BoundResource] = {}
    for resource in (shop.MAKERS, shop.ITEMS, shop.LABELS):
        registry[resource.model] = BoundResource(resource, resource.schema(), registry)
    return registry[shop.Item]


def parse(bound: BoundResource, text: str, **bounds: int) -> Any:
    """Return the query that *text* writes under these bounds."""
    values = {node.name: node.default for node in ResourceSettings().children} | bounds
    return Parser(bound, Values(values), is_list=True).parse(text)


def test_equal_questions_with_other_values_have_one_shape(items: BoundResource) -> None:
    """So that they share a statement."""
    one = parse(items, "price__gte=10&maker__name=a&data__n=1&embed=labels(limit:3)&limit=5")
    other = parse(items, "price__gte=99&maker__name=b&data__n=2&embed=labels(limit:9)&limit=6")

    assert one.shape == other.shape
    assert hash(one.shape) == hash(other.shape)
    assert one.values != other.values
    assert one.filters != other.filters


def test_a_value_of_another_kind_is_another_shape(items: BoundResource) -> None:
    """Numbers and texts inside JSON are compared by other SQL."""
    assert parse(items, "data__n=1").shape != parse(items, "data__n=x").shape
    assert parse(items, "price__isnull=true").shape != parse(items, "price__isnull=false").shape


def test_an_expression_keeps_its_structure(items: BoundResource) -> None:
    """With a place for every operand."""
    where = parse(items, "filter=stock gt 1 and not (name exact a or name exact b)").shape.where

    assert isinstance(where, Every)
    assert isinstance(where.items[1], Without)
    assert isinstance(where.items[1].item, Some)
    assert [term.place for term in terms_of(where)] == [0, 1, 2]


def test_every_relation_that_is_looked_into_is_named(items: BoundResource) -> None:
    """For whoever has to permit it, by whatever parameter it came."""
    query = parse(items, "labels__code=x&sort=maker__name&embed=maker(embed:parent)")

    assert {relation.name for relation in query.relations} == {"labels", "maker", "parent"}


def test_the_primary_key_ends_every_order(items: BoundResource) -> None:
    """In the direction of the key before it; it is not added to itself."""
    assert [str(key) for key in parse(items, "sort=-stock").shape.sort] == ["-stock", "-id"]
    assert [str(key) for key in parse(items, "sort=-id,stock").shape.sort] == ["-id", "stock"]
    assert [str(key) for key in parse(items, "").shape.sort] == ["id"]


def test_all_faults_are_told_at_once(items: BoundResource) -> None:
    """Not one after the other."""
    with pytest.raises(InvalidInput) as caught:
        parse(items, "prise=1&stock__gt=x&sort=nam&limit=0&count=all&filter=stock&embed=makr")

    assert {fault.pointer for fault in caught.value.errors} == {"prise", "stock__gt", "sort", "limit", "count", "filter", "embed"}


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("stock=1&stock=2", {"max_terms": 1}),
        ("filter=stock gt 1 or stock lt 3", {"max_terms": 1}),
        ("id__in=1,2,3", {"max_list": 2}),
        ("maker__parent__name=x", {"max_depth": 1}),
        ("embed=maker(embed:parent)", {"max_depth": 1}),
        ("sort=maker__parent__name", {"max_depth": 1}),
    ],
)
def test_bounds_are_those_of_the_settings(items: BoundResource, text: str, bounds: dict[str, int]) -> None:
    """One less is refused, as many are taken."""
    with pytest.raises(InvalidInput):
        parse(items, text, **bounds)

    assert parse(items, text, **{name: number + 1 for name, number in bounds.items()})


def test_embedded_rows_are_counted_by_their_limits(items: BoundResource) -> None:
    """Before anything is asked of a database."""
    with pytest.raises(QueryTooExpensive) as caught:
        parse(items, "limit=10&embed=labels(limit:11)", max_related_rows=100)

    assert "limit=9 would fit" in caught.value.errors[0].detail
    assert default_bounds().max_related_rows > 100


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", [""]),
        ("a,b", ["a", "b"]),
        ("a(b,c),d", ["a(b,c)", "d"]),
        ("a(b(c,d),e),f", ["a(b(c,d),e)", "f"]),
        ("a(b,c", ["a(b,c"]),
    ],
)
def test_brackets_keep_their_commas(text: str, parts: list[str]) -> None:
    """An option may list several names."""
    assert split_outside(text, ",") == parts


def test_a_term_names_its_lookup(items: BoundResource) -> None:
    """A last word that is a lookup is none of JSON's steps."""
    (term,) = terms_of(parse(items, "data__a__b__gte=1").shape.where)

    assert isinstance(term, Term)
    assert (term.lookup, term.kind, term.path.is_inside) == ("gte", "number", True)
    assert parse(items, "data__a__b__gte=1").values["p0"] == ("a", "b")
