"""Values and schemas that would take hours, or the stack, if they were judged by the letter."""

from __future__ import annotations

import time
from typing import Any

import pytest

from benben.contract.patterns import pattern_of
from benben.contract.schemas import Rule, Schemas

MANY = 100_000
SOON_S = 2.0
TREE = {
    "Tree": {
        "anyOf": [
            {"type": "object", "required": ["c"], "properties": {"c": {"$ref": "#/components/schemas/Tree"}}, "maxProperties": 1},
            {"type": "object", "required": ["c"], "properties": {"c": {"$ref": "#/components/schemas/Tree"}}},
            {"type": "null"},
        ]
    },
    "Derived": {
        "allOf": [
            {"type": "object", "properties": {"c": {"$ref": "#/components/schemas/Derived"}}},
            {"type": "object", "properties": {"c": {"$ref": "#/components/schemas/Derived"}}},
        ]
    },
    "One": {
        "oneOf": [
            {"type": "array", "items": {"$ref": "#/components/schemas/One"}, "maxItems": 1},
            {"type": "array", "items": {"$ref": "#/components/schemas/One"}, "minItems": 2},
        ]
    },
}


def rule(schema: Any) -> Rule:
    """Return the rule of a schema beside the trees."""
    return Schemas(TREE, "request").rule(schema)


def deep(levels: int, leaf: Any) -> Any:
    """Return objects inside each other."""
    for _ in range(levels):
        leaf = {"c": leaf}
    return leaf


def nested(levels: int) -> Any:
    """Return lists inside each other."""
    found: list[Any] = []
    for _ in range(levels):
        found = [found]
    return found


@pytest.mark.parametrize(
    ("schema", "value", "faults"),
    [
        ({"type": "array", "items": {"type": "integer"}}, ["x"] * MANY, 200),
        ({"anyOf": [{"type": "array", "items": {"type": kind}} for kind in ("integer", "boolean")]}, ["x"] * MANY, 1),
        ({"uniqueItems": True}, [{"a": number} for number in range(10_000)] + [{"a": 1.0}], 1),
        ({"uniqueItems": True}, [number * (2**61 - 1) for number in range(1, 20_000)] + [2**61 - 1], 1),
        ({"items": {"enum": [*range(5_000), None]}}, [4_999] * 50_000 + ["x"], 1),
        ({"additionalProperties": False}, {f"k{number}": 1 for number in range(10_000)}, 200),
        ({"unevaluatedProperties": False}, {f"k{number}": 1 for number in range(10_000)}, 200),
        ({"allOf": [{"type": "string"}] * 50}, list(range(MANY)), 1),
        ({"pattern": "^(a+)+$"}, "a" * MANY + "!", 1),
        ({"pattern": "(a|aa)+b"}, "a" * MANY, 1),
        ({"pattern": "a*a*a*b"}, "a" * MANY, 1),
        ({"patternProperties": {"^(a+)+$": False}, "minProperties": 2}, {"a" * 5_000 + "!": 1}, 1),
        ({"$ref": "#/components/schemas/Tree"}, deep(60, 1), 1),
        ({"$ref": "#/components/schemas/Derived"}, deep(60, 1), 1),
        ({"$ref": "#/components/schemas/One"}, [*nested(60), 1], 1),
    ],
)
def test_nothing_takes_more_time_than_its_size(schema: Any, value: Any, faults: int) -> None:
    """A verdict and its reasons, of the largest bodies that are read."""
    compiled, begin = rule(schema), time.perf_counter()

    assert len(compiled.faults(value)) == faults
    assert time.perf_counter() - begin < SOON_S


def test_a_fault_that_two_schemas_find_is_told_once() -> None:
    """At its place, and not a second time as something that is not valid."""
    assert [(fault.pointer, fault.code) for fault in rule({"$ref": "#/components/schemas/Derived"}).faults(deep(3, 1))] == [
        ("/c/c/c", "type")
    ]


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"^\p{Lu}$", "É", "é"),
        (r"^(?<first>a)\k<first>$", "aa", "ab"),
        (r"^\w$", "a", "é"),
        (r"^\s$", "\u00a0", "x"),
        (r"^\S$", "x", "\u00a0"),
        (r"^\W\D$", "é!", "é1"),
        (r"^\u0041\u{1F600}$", "A\U0001f600", "A"),
        (r"^[^]$", "\n", ""),
        (r"^a\/b$", "a/b", "ab"),
        (r"^[[&&]$", "[", "a"),
        (r"^(?=.*\d)[a-z\d]{3,}$", "ab1", "abc"),
        (r"^a{2,}b{2,}$", "aabb", "ab"),
    ],
)
def test_patterns_of_ecma_262(pattern: str, good: str, bad: str) -> None:
    """As the authors of contracts know them, whichever engine searches."""
    search = pattern_of(pattern).search

    assert search(good) is not None
    assert search(bad) is None


@pytest.mark.parametrize(
    ("forms", "value", "told"),
    [
        ("oneOf", {"kind": "cat", "lives": "nine"}, [("/lives", "type")]),
        ("anyOf", {"kind": "dog"}, [("/bark", "required")]),
        ("oneOf", {"kind": "cow"}, [("", "choice")]),
        ("oneOf", 1, [("", "type")]),
    ],
)
def test_a_form_is_known_by_what_it_fixes(forms: str, value: Any, told: list[tuple[str, str]]) -> None:
    """Without a discriminator: a member that is one constant says which form was meant."""
    cat = {"type": "object", "properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}}, "required": ["kind"]}
    dog = {"type": "object", "properties": {"kind": {"enum": ["dog"]}}, "required": ["kind", "bark"]}

    assert [(fault.pointer, fault.code) for fault in rule({forms: [cat, dog]}).faults(value)] == told
