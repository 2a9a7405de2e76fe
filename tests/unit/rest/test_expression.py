"""The language of ``filter=``: what is read, and what is said of what cannot be."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benben.rest.expression import (
    LOOKUPS,
    AllOf,
    AnyOf,
    Condition,
    Expression,
    ExpressionSyntaxError,
    Literal,
    Not,
    parse_expression,
)
from tests.growth import assert_linear

EXAMPLE = 'population gt 1000000 and not (country.name exact "China" or country.name startswith "In")'


def parse(text: str, *, max_terms: int = 50) -> Expression:
    """Return the tree of *text* under the usual bounds."""
    return parse_expression(text, max_length=4_000, max_depth=30, max_terms=max_terms)


def write(tree: Expression) -> str:
    """Return a text that `parse` reads as *tree*; everything in brackets."""
    if isinstance(tree, Condition):
        steps = [step if place == 0 else json.dumps(step) for place, step in enumerate(tree.path)]
        values = [json.dumps(value.text) if value.is_quoted else value.text for value in tree.values]
        shown = values[0] if len(values) == 1 else f"({', '.join(values)})"
        return f"{'.'.join(steps)} {tree.lookup} {shown}"
    if isinstance(tree, Not):
        return f"not ({write(tree.item)})"
    return (" and " if isinstance(tree, AllOf) else " or ").join(f"({write(item)})" for item in tree.items)


def without_positions(tree: Expression) -> Expression:
    """Return *tree* as if everything stood at the beginning, chains of one kind as one."""
    if isinstance(tree, Condition):
        values = tuple(Literal(value.text, value.is_quoted, 0) for value in tree.values)
        return Condition(tree.path, tree.lookup, values, 0)
    if isinstance(tree, Not):
        return Not(without_positions(tree.item))
    items = [without_positions(item) for item in tree.items]
    return type(tree)(tuple(part for item in items for part in (item.items if type(item) is type(tree) else (item,))))


bare = st.from_regex(r"\A[A-Za-z0-9_:+.-]{1,8}\Z").map(lambda text: Literal(text, False, 0))
quoted = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8).map(lambda text: Literal(text, True, 0))
names = st.from_regex(r"\A[a-z][a-z0-9_]{0,6}\Z").filter(lambda name: name != "not")
conditions = st.builds(
    Condition,
    st.lists(names, min_size=1, max_size=3).map(tuple),
    st.sampled_from(LOOKUPS),
    st.lists(bare | quoted, min_size=1, max_size=3).map(tuple),
    st.just(0),
)
trees = st.recursive(
    conditions,
    lambda inner: (
        st.lists(inner, min_size=2, max_size=3).map(lambda items: AllOf(tuple(items)))
        | st.lists(inner, min_size=2, max_size=3).map(lambda items: AnyOf(tuple(items)))
        | inner.map(Not)
    ),
    max_leaves=8,
)


def test_the_example_of_the_documents_is_read() -> None:
    """With the binding that the words have in every language."""
    tree = parse(EXAMPLE)

    assert isinstance(tree, AllOf)
    first, second = tree.items
    assert first == Condition(("population",), "gt", (Literal("1000000", False, 14),), 0)
    assert isinstance(second, Not)
    assert isinstance(second.item, AnyOf)
    assert [item.path for item in second.item.items] == [("country", "name")] * 2


def test_and_binds_tighter_than_or() -> None:
    """As brackets around it would."""
    assert without_positions(parse("a gt 1 or b gt 2 and c gt 3")) == without_positions(parse("a gt 1 or (b gt 2 and c gt 3)"))


@given(trees)
def test_every_tree_is_read_back_as_it_was_written(tree: Expression) -> None:
    """Whatever stands in its values."""
    assert without_positions(parse(write(tree))) == without_positions(tree)


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("", 0, "the name of a field"),
        ("a", 1, "a lookup"),
        ("a gt", 4, "a value"),
        ("a foo 1", 2, "a lookup"),
        ("a gt 1 and", 10, "the name of a field"),
        ("a gt 1 b", 7, '"and"'),
        ("(a gt 1", 7, "a closing bracket"),
        ("a gt 1)", 6, "the end"),
        ("a gt (1,", 8, "a value"),
        ("a gt ()", 6, "a value"),
        ('a gt "x', 5, "a text in quotes"),
        ("a..b gt 1", 2, "the name of a field"),
        ('a exact "\\q"', 8, "escapes"),
        ("1a gt 2", 0, "the name of a field"),
    ],
)
def test_a_fault_says_where_it_is_and_what_was_expected(text: str, position: int, expected: str) -> None:
    """In words, with the place in the text."""
    with pytest.raises(ExpressionSyntaxError) as caught:
        parse(text)

    assert caught.value.position == position
    assert expected in str(caught.value)


@pytest.mark.parametrize("text", ["(" * 1_000, "not " * 900 + "a gt 1", "(" * 40 + "a gt 1" + ")" * 40, "a gt 1 " * 700])
def test_what_nests_too_deep_or_is_too_long_is_refused(text: str) -> None:
    """Without a recursion that could end the process."""
    with pytest.raises(ExpressionSyntaxError):
        parse(text)


def test_there_is_a_bound_on_conditions() -> None:
    """The refusal says how many there were."""
    with pytest.raises(ExpressionSyntaxError, match="There are 4 conditions; at most 3 are taken"):
        parse("a gt 1 or a gt 2 or a gt 3 or a gt 4", max_terms=3)


def test_brackets_inside_a_text_are_no_brackets() -> None:
    """The bound on nesting looks at what the grammar sees."""
    tree = parse(f'a exact "{"(" * 100}"')

    assert isinstance(tree, Condition)
    assert tree.values[0].text == "(" * 100


@pytest.mark.parametrize("unit", ["(", "not ", "not (", "a gt 1 and (", "((not "])
def test_ten_thousand_levels_are_refused_at_once(unit: str) -> None:
    """Before anything is built of them."""
    with pytest.raises(ExpressionSyntaxError, match="nest at most 30 deep"):
        parse_expression(unit * 10_000, max_length=1_000_000, max_depth=30, max_terms=50)


def test_nothing_recurses_where_the_bound_is_high() -> None:
    """Deeper than the stack of Python is."""
    tree = parse_expression("not (" * 5_000 + "a gt 1" + ")" * 5_000, max_length=100_000, max_depth=5_000, max_terms=1)

    depth = 0
    while isinstance(tree, Not):
        tree, depth = tree.item, depth + 1
    assert depth == 5_000
    assert tree == Condition(("a",), "gt", (Literal("1", False, 25_005),), 25_000)


@pytest.mark.parametrize(
    "text",
    [
        " or ".join(["not a gt 1"] * 130),
        " and ".join(["(not a gt 1)"] * 130),
        f"a in ({', '.join(['not'] * 130)})",
        "not (" * 30 + "a gt 1" + ")" * 30,
        "not " * 30 + "a gt 1",
        f"a{'.not' * 130} exact not-not",
    ],
)
def test_what_stands_side_by_side_does_not_nest(text: str) -> None:
    """The bound is on the levels that are in force at one place."""
    parse(text, max_terms=130)


@pytest.mark.parametrize("text", ["not " * 31 + "a gt 1", "not (" * 31 + "a gt 1" + ")" * 31, "not (a gt 1 and " * 31])
def test_one_level_more_than_the_bound_is_refused(text: str) -> None:
    """Brackets and negations alike."""
    with pytest.raises(ExpressionSyntaxError, match="nest at most 30 deep"):
        parse(text)


def test_a_chain_is_one_node_however_it_is_bracketed() -> None:
    """Of the same word; another word between keeps its own."""
    tree = parse("a gt 1 and (b gt 2 and (c gt 3 and d gt 4)) and (e gt 5 or (f gt 6 or g gt 7))")

    assert isinstance(tree, AllOf)
    assert [type(item) for item in tree.items] == [Condition] * 4 + [AnyOf]


@pytest.mark.parametrize(
    ("text", "path", "texts"),
    [
        ('data."some key".x exact 1', ("data", "some key", "x"), ["1"]),
        ('data."a.b \\"c\\"".0.in contains "x"', ("data", 'a.b "c"', "0", "in"), ["x"]),
        ('id in (1, 2, "a, b")', ("id",), ["1", "2", "a, b"]),
        ("at gte 2026-01-01T00:00:00Z", ("at",), ["2026-01-01T00:00:00Z"]),
        ("x range (-1.5,2e3)", ("x",), ["-1.5", "2e3"]),
        ("or exact and", ("or",), ["and"]),
        ("key exact 8a4a0f6e-1c1b-4c55-9d6f-0d7f2f4f3b11", ("key",), ["8a4a0f6e-1c1b-4c55-9d6f-0d7f2f4f3b11"]),
    ],
)
def test_paths_and_values_are_read_as_they_are_written(text: str, path: tuple[str, ...], texts: list[str]) -> None:
    """Words of the language are words of the language only in their places."""
    tree = parse(text)

    assert isinstance(tree, Condition)
    assert (tree.path, [value.text for value in tree.values]) == (path, texts)


@pytest.mark.parametrize("unit", ['\\"', '"', "\\", "(", ")", " not", "and ", ",", "a gt 1 or ", ".", "a."])
@pytest.mark.parametrize("begin", ["", 'a exact "', "a in ("])
def test_no_text_is_slow_to_read(begin: str, unit: str) -> None:
    """Quotes that are never closed are the classic trap."""

    def read(text: str) -> None:
        with pytest.raises(ExpressionSyntaxError):
            parse_expression(text, max_length=1_000_000, max_depth=30, max_terms=0)

    assert_linear(read, lambda size: begin + unit * (size // len(unit)), 20_000)


@given(st.text(alphabet='()" \\.,nota1gtndr', max_size=60) | st.text(max_size=60))
def test_no_text_is_another_exception(text: str) -> None:
    """It is a tree, or a sentence with a place inside the text."""
    fault = None
    try:
        parse(text)
    except ExpressionSyntaxError as exc:
        fault = exc

    assert fault is None or 0 <= fault.position <= len(text)
