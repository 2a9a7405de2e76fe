"""The catalogue of the protocol layer, and pointers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benben.kernel.problems import CATALOGUE, Problem, respond
from benben.rest.problems import PROBLEMS, pointer_to


def test_every_code_is_used_once():
    """Also beside the kernel's: a code is a page."""
    codes = [problem.code for problem in (*CATALOGUE, *PROBLEMS)]

    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.code)
def test_every_problem_has_a_page_and_an_answer(problem):
    """A docstring, a title and a hint for the page; a status for the answer."""
    assert issubclass(problem, Problem)
    assert problem.__doc__
    assert problem.hint
    assert problem.title != Problem.title
    assert respond(problem("A sentence.")).status_int == problem.status
    assert 400 <= problem.status < 500


@given(st.lists(st.text() | st.integers(0, 9)))
def test_a_pointer_is_read_back_as_the_specification_says(parts):
    """RFC 6901, section 4: split at slashes, then unescape ``~1`` before ``~0``."""
    pointer = pointer_to(parts)

    read = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]

    assert read == [str(part) for part in parts]
