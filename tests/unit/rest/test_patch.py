"""Merge patch, by the table of its specification."""

import copy
import json

from hypothesis import given
from hypothesis import strategies as st

from benben.rest.patch import merge_patch
from tests.corpora import corpus

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
