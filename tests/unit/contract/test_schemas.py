"""The compiled check and the library agree, on the suite of JSON Schema and on what was made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benben.contract.bundle import Bundler
from benben.contract.checks import LEFT_TO_THE_LIBRARY, NotCompiled, compile_check
from benben.contract.formats import keeps_format
from benben.contract.patterns import pattern_of
from benben.contract.references import Named
from benben.contract.schemas import Schemas
from benben.contract.values import is_multiple, same
from benben.contract.verdicts import registry_of, validator_of
from tests.corpora import texts

# ``format`` says nothing there and is checked here; the others need documents from elsewhere.
LEFT_OUT = {"format.json", "refRemote.json", "vocabulary.json"}
# Documents from elsewhere, too: a contract refers to none.
REMOTE = ("tree.json", "extendible-dynamic-ref.json", "detached-dynamicref.json")


def cases() -> list[Any]:
    """Return the cases of the official suite, by file."""
    found = []
    for name, text in texts("json-schema-test-suite/draft2020-12", "*.json"):
        if name not in LEFT_OUT:
            found += [pytest.param(case, id=f"{name} {case['description']}") for case in json.loads(text)]
    return found


@pytest.mark.parametrize("case", cases())
def test_the_suite_of_json_schema_passes(case: Any, tmp_path: Path) -> None:
    """JSON Schema 2020-12, as a component of a contract where no name of its own is in it."""
    text = json.dumps(case["schema"])
    if any(name in text for name in REMOTE):
        pytest.skip("needs a document from elsewhere")
    if any(f'"{word}"' in text for word in LEFT_TO_THE_LIBRARY) or '"http' in text:
        rule = Schemas({}, "request").rule(case["schema"])
    else:
        schemas = {"Root": rewritten(case["schema"])}
        (tmp_path / "api.json").write_text(json.dumps({"openapi": "3.1.0", "components": {"schemas": schemas}}))
        named = Bundler(tmp_path, "x").bundle("api.json")["components"]["schemas"]
        rule = Schemas(named, "request").rule({"$ref": "#/components/schemas/Root"})

    for test in case["tests"]:
        assert rule.is_valid(test["data"]) is test["valid"], test["description"]
        assert (not rule.faults(test["data"])) is test["valid"], test["description"]


def rewritten(value: Any, is_names: bool = False) -> Any:
    """Return a schema of the suite with its references as they are inside a contract."""
    if isinstance(value, list):
        return [rewritten(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: f"#/components/schemas/Root{item[1:]}"
        if key == "$ref" and isinstance(item, str) and not is_names
        else item
        if key in ("const", "enum", "default") and not is_names
        else rewritten(item, key in ("properties", "$defs", "patternProperties", "dependentSchemas") and not is_names)
        for key, item in value.items()
    }


@pytest.mark.parametrize("case", cases())
def test_the_compiled_check_agrees_with_the_library(case: Any) -> None:
    """It may leave a schema to the library, and must not differ."""
    try:
        check = compile_check(case["schema"], Named("urn:none", {}))
    except NotCompiled:
        pytest.skip("left to the library")
    for test in case["tests"]:
        assert check(test["data"]) is test["valid"], test["description"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0, 2.5]) | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
LEAVES = st.sampled_from(
    [
        True,
        False,
        {},
        {"type": "string", "minLength": 2},
        {"type": ["integer", "null"]},
        {"minimum": 0, "exclusiveMaximum": 2},
        {"multipleOf": 0.5},
        {"enum": [1, "a", None, [1]]},
        {"const": False},
        {"pattern": "^a+$"},
        {"uniqueItems": True},
        {"maxProperties": 1, "required": ["a"]},
    ]
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"properties": st.dictionaries(st.sampled_from("ab"), inner), "additionalProperties": inner}),
        st.fixed_dictionaries({"items": inner, "maxItems": st.just(2)}),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"oneOf": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"allOf": st.lists(inner, min_size=1, max_size=2), "not": inner}),
        st.fixed_dictionaries({"if": inner, "then": inner, "else": inner}),
        st.fixed_dictionaries({"patternProperties": st.fixed_dictionaries({"^a": inner}), "propertyNames": inner}),
        st.fixed_dictionaries({"contains": inner, "prefixItems": st.lists(inner, min_size=1, max_size=2)}),
    ),
    max_leaves=5,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(SCHEMAS, VALUES)
def test_both_judge_alike(schema: Any, value: Any) -> None:
    """Any schema, any value."""
    library = validator_of(schema, registry_of("urn:none", {}))

    assert Schemas({}, "request").rule(schema).is_valid(value) == library.is_valid(value)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(SCHEMAS, VALUES)
def test_what_is_not_valid_has_a_fault_to_tell(schema: Any, value: Any) -> None:
    """A refusal without a reason helps nobody."""
    rule = Schemas({}, "request").rule(schema)

    assert bool(rule.faults(value)) == (not rule.is_valid(value))


def test_schemas_that_are_inside_each_other_are_compiled() -> None:
    """To any depth."""
    named = {
        "A": {"type": "object", "properties": {"b": {"$ref": "#/components/schemas/B"}}},
        "B": {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/A"}, "n": {"type": "integer"}}},
    }
    rule = Schemas(named, "request").rule({"$ref": "#/components/schemas/A"})

    assert rule.is_valid({"b": {"a": {"b": {"n": 1}}}})
    assert [fault.pointer for fault in rule.faults({"b": {"a": {"b": {"n": "x"}}}})] == ["/b/a/b/n"]


@pytest.mark.parametrize(
    ("schema", "value", "detail"),
    [
        ({"type": "integer"}, "x", "Must be a whole number."),
        ({"enum": ["a", "b"]}, "c", "Must be one of: a, b."),
        ({"const": True}, 1, "Must be true."),
        ({"minimum": 3}, 2, "Must be at least 3."),
        ({"maxLength": 1}, "ab", "Must be at most 1 long."),
        ({"format": "date"}, "x", "Must be a date, YYYY-MM-DD."),
        ({"uniqueItems": True}, [1, 1.0], "Must not have the same item twice."),
        ({"minItems": 1}, [], "Must have at least 1 items."),
        ({"oneOf": [{"type": "integer"}, {"minimum": 1}]}, 2, "Fits more than one of the forms that are allowed."),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "x", "Must be a whole number or null."),
        ({"propertyNames": {"maxLength": 1}}, {"long": 1}, "Has a member whose name is not allowed: long."),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, "This field is required beside a."),
        (False, 1, "Is not allowed."),
    ],
)
def test_sentences_say_what_is_expected(schema: Any, value: Any, detail: str) -> None:
    """And never repeat what was sent at length."""
    assert [fault.detail for fault in Schemas({}, "request").rule(schema).faults(value)] == [detail]


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("date", ["2024-02-29"], ["2023-02-29", "2024-2-9", "20240229", "２０２４-02-29"]),
        ("date-time", ["2027-01-31T12:30:00Z", "2016-12-31T23:59:60Z", "2027-01-31t12:30:00.123456789+23:59"], []),
        ("date-time", [], ["2027-01-31 12:30:00Z", "2027-01-31T12:30:00", "2027-01-31T24:00:00Z", "2027-01-31T12:30:60Z"]),
        ("time", ["12:30:00Z"], ["12:30Z", "12:30:00", "25:00:00Z"]),
        ("uuid", ["6F1ED002-ab5c-4e3c-9c3f-2a7e1c1d0b5a"], ["6f1ed002ab5c4e3c9c3f2a7e1c1d0b5a"]),
        ("email", ["a.b+c@example.org"], ["a", "a@", "@b", "a..b@c", "a@-b"]),
        ("ipv4", ["192.0.2.1"], ["192.0.2", "192.0.2.256", "192.0.2.01"]),
        ("ipv6", ["::1"], ["::1%eth0", "1::2::3"]),
        ("uri", ["https://example.org/a?b#c", "urn:a:b"], ["/a", "a b:c"]),
        ("uri-reference", ["/a", ""], ["a b", "%zz"]),
        ("byte", ["YWI=", ""], ["YWI", "*"]),
        ("duration", ["P1D", "PT1H", "P2W"], ["P", "PT", "1D"]),
        ("int32", [2**31 - 1, -(2**31)], [2**31]),
        ("regex", ["a+"], ["("]),
        ("unknown", ["anything"], []),
    ],
)  # fmt: skip
def test_formats_are_checked(name: str, good: list[Any], bad: list[Any]) -> None:
    """An unknown one says nothing."""
    assert [value for value in good if not keeps_format(name, value)] == []
    assert [value for value in bad if keeps_format(name, value)] == []


@pytest.mark.parametrize(
    ("pattern", "text", "is_found"), [("a$", "a\n", False), (r"^\d$", "١", False), (r"[\d$]", "$", True), (r"\$", "$", True)]
)
def test_patterns_mean_what_they_mean_in_javascript(pattern: str, text: str, is_found: bool) -> None:
    """Source: ECMA 262, of which JSON Schema takes them."""
    assert (pattern_of(pattern).search(text) is not None) is is_found


@pytest.mark.parametrize(
    ("one", "other", "are_same"), [(1, 1.0, True), (1, True, False), ([1], [1.0], True), ({"a": 0}, {"a": False}, False)]
)
def test_values_are_the_same_as_json_has_it(one: Any, other: Any, are_same: bool) -> None:
    """1 is 1.0 and is not true."""
    assert same(one, other) is are_same


def test_a_multiple_is_one_as_it_is_written() -> None:
    """Also far beyond what a double holds exactly."""
    assert is_multiple(19.99, 0.01)
    assert is_multiple(1e308, 0.5)
    assert not is_multiple(0.31, 0.1)


def test_a_text_that_is_too_long_is_not_searched() -> None:
    """A pattern may take the square of its length; the bound comes first, also where faults are told."""
    rule = Schemas({}, "request").rule({"maxLength": 80, "pattern": "^[^b]*[^ b][^b]*$"})
    # Searching it would take hours.
    text = " a" * 1_000_000 + "b"

    assert [fault.code for fault in rule.faults(text)] == ["length"]
