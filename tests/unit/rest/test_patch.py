"""Merge patch by the table of its specification, JSON patch by the tests that its authors share."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benben.rest.patch import json_patch, merge_patch
from benben.rest.problems import MalformedPatch, PatchNotApplicable, PatchTestFailed
from tests.corpora import corpus, texts

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=10,
)


def test_the_table_of_the_specification_holds():
    """All cases of RFC 7396, appendix A."""
    cases = json.loads(corpus("rfc7396/cases.json").read_text())["cases"]

    results = [merge_patch(case["doc"], case["patch"]) for case in cases]

    assert len(cases) == 15
    assert results == [case["expected"] for case in cases]


@given(values, values)
def test_neither_the_target_nor_the_patch_is_changed(target, patch):
    """The target may be a row that others read."""
    before = copy.deepcopy((target, patch))

    merge_patch(target, patch)

    assert (target, patch) == before


@given(values, values)
def test_a_patch_applied_twice_is_as_once(target, patch):
    """A client may repeat it."""
    once = merge_patch(target, patch)

    assert merge_patch(once, patch) == once


CASES = [
    (name, place, case)
    for name, text in texts("json-patch-tests", "*tests.json")
    for place, case in enumerate(json.loads(text))
    if not case.get("disabled") and "patch" in case
]


@pytest.mark.parametrize(("name", "place", "case"), CASES, ids=[f"{name}-{place}" for name, place, _ in CASES])
def test_the_cases_of_the_json_patch_tests_hold(name, place, case):
    """Each case ends in its document, or in one of our refusals."""
    if "error" in case:
        with pytest.raises((MalformedPatch, PatchTestFailed, PatchNotApplicable)):
            json_patch(case["doc"], case["patch"])
    else:
        assert json_patch(case["doc"], case["patch"]) == case.get("expected", json_patch(case["doc"], []))


def test_every_operation_that_is_none_is_told_at_once():
    """With a pointer into the patch."""
    with pytest.raises(MalformedPatch) as caught:
        json_patch({}, [{"op": "ad", "path": "/a"}, {"op": "add", "path": "a"}, 7, {"op": "move", "path": "/a", "from": "/~2"}])

    assert [(fault.pointer, fault.code) for fault in caught.value.errors] == [
        ("/0/op", "choice"),
        ("/1/path", "format"),
        ("/1/value", "required"),
        ("/2", "type"),
        ("/3/from", "format"),
    ]


def test_a_patch_that_fails_has_changed_nothing():
    """All operations hold, or none does."""
    document = {"a": [1, 2]}

    with pytest.raises(PatchTestFailed):
        json_patch(document, [{"op": "add", "path": "/a/-", "value": 3}, {"op": "test", "path": "/a", "value": [1, 2]}])

    assert document == {"a": [1, 2]}


def test_what_a_patch_brings_is_not_shared_with_it():
    """A later operation would else change the patch itself."""
    operations = [{"op": "add", "path": "/a", "value": []}, {"op": "add", "path": "/a/-", "value": 1}]

    assert json_patch({}, operations) == {"a": [1]}
    assert operations[0]["value"] == []


@pytest.mark.parametrize(
    ("stored", "tested", "holds"),
    [(1, 1.0, True), (1, True, False), (True, True, True), ([1], [1.0], True), ({"a": None}, {}, False), ("1", 1, False)],
)
def test_equality_is_that_of_json(stored, tested, holds):
    """Numbers by their value, truth values by themselves."""
    operations = [{"op": "test", "path": "", "value": tested}]
    if holds:
        assert json_patch(stored, operations) == stored
    else:
        with pytest.raises(PatchTestFailed):
            json_patch(stored, operations)


def test_copies_of_copies_are_bounded():
    """Each doubles what is there; forty would fill any memory."""
    operations = [{"op": "copy", "from": "/a", "path": "/a/-"}] * 40

    with pytest.raises(MalformedPatch):
        json_patch({"a": [1]}, operations)


@pytest.mark.parametrize("stored", ["x" * 100_000, {"x" * 100_000: 1}, ["x" * 1_000] * 100])
def test_copies_of_a_long_text_are_bounded(stored):
    """A text is one value, but a thousand copies of it fill the memory of whoever writes them."""
    operations = [{"op": "copy", "from": "/a", "path": "/b/-"}] * 999

    with pytest.raises(MalformedPatch):
        json_patch({"a": stored, "b": []}, operations)


def nested(depth):
    """Return objects inside each other, by the name a."""
    value = 1
    for _ in range(depth):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    "last",
    [[], [{"op": "copy", "from": "/a", "path": "/b"}], [{"op": "move", "from": "/a", "path": "/b"}]],
    ids=["add", "copy", "move"],
)
def test_what_many_operations_build_nests_no_deeper_than_is_taken(last):
    """Each adds what the reader of bodies takes, inside what the one before has added."""
    operations = [{"op": "add", "path": "/a" * (50 * place), "value": nested(50)} for place in range(40)]

    with pytest.raises(MalformedPatch):
        json_patch({}, operations + last)


def test_moves_into_each_other_nest_no_deeper_than_is_taken():
    """No operation brings anything, and yet the document deepens with each."""
    moves = []
    for place in range(150):
        moves += [
            {"op": "add", "path": f"/{place + 1}", "value": {}},
            {"op": "move", "from": f"/{place}", "path": f"/{place + 1}/a"},
        ]

    with pytest.raises(MalformedPatch):
        json_patch({"0": {}}, moves)


def test_what_the_reader_of_bodies_takes_may_be_added():
    """The bound is for what operations build together."""
    assert json_patch({}, [{"op": "add", "path": "/a", "value": nested(63)}]) == nested(64)


def test_the_number_of_operations_is_bounded():
    """By the caller, who knows what one of them costs."""
    operations = [{"op": "test", "path": "", "value": {}}] * 3

    assert json_patch({}, operations, max_operations=3) == {}
    with pytest.raises(MalformedPatch, match="at most 2 operations"):
        json_patch({}, operations, max_operations=2)


@pytest.mark.parametrize(
    ("path", "named"), [("/a", "/a"), ("", "the root"), ("/" + "b" * 90, "/bbb")], ids=["member", "root", "long"]
)
def test_a_test_that_fails_names_its_operation_and_its_path(path, named):
    """A long path is cut."""
    operations = [{"op": "test", "path": "/c", "value": 1}, {"op": "test", "path": path, "value": 2}]

    with pytest.raises(PatchTestFailed) as caught:
        json_patch({"a": 1, "b" * 90: 1, "c": 1}, operations)

    (fault,) = caught.value.errors
    assert fault.pointer == "/1/value"
    assert f"at {named}" in fault.detail
    assert len(fault.detail) < 80


@pytest.mark.parametrize("index", ["-", "01", "-1", "1", "+0", "0 ", "٠", "1e0", "9" * 5_000, ""])
def test_what_is_no_index_of_the_array_is_no_place(index):
    """Not even where Python could make a number of it."""
    with pytest.raises(PatchNotApplicable):
        json_patch([0], [{"op": "remove", "path": f"/{index}"}])
