"""The indexed mapper against Pyramid's own."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyramid.exceptions import URLDecodeError
from pyramid.request import Request
from pyramid.urldispatch import RoutesMapper

from benben.kernel.mapper import IndexedMapper, literal_beginning

words = st.sampled_from(["a", "b", "ab", "a.b", "ä", "a%20b", "v1", ""])
parts = words | st.sampled_from(["{x}", "{y}", "{z:\\d+}", "a{w}", "{v}b", ":old", "{u:[^/]+/b}"])
patterns = st.builds(
    lambda head, found, tail: head + "/".join(found) + tail,
    st.sampled_from(["/", "", "//"]),
    st.lists(parts, max_size=6),
    st.sampled_from(["", "/", "*rest", "/*rest"]),
)
paths = st.lists(words | st.sampled_from(["1", "12", "a b"]), max_size=6).map(lambda found: "/" + "/".join(found))


def connected(mapper: Any, routes: list[tuple[str, str, bool, bool]]) -> Any:
    """Return *mapper* with these routes: name, pattern, whether its predicate holds, whether it is static."""
    for name, pattern, holds, static in routes:
        mapper.connect(name, pattern, predicates=[lambda info, request, holds=holds: holds], static=static)
    return mapper


def asked(mapper: Any, path: str) -> Any:
    """Return the name of the route and the match."""
    found = mapper(Request.blank("/", environ={"PATH_INFO": path.encode().decode("latin-1")}))
    return found["route"] and found["route"].name, found["match"]


@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), patterns, st.booleans(), st.booleans()), max_size=10),
    st.lists(paths, max_size=10),
)
def test_every_path_finds_what_pyramid_finds(routes: list[tuple[str, str, bool, bool]], asks: list[str]) -> None:
    """Names that are given again, predicates, static routes, remainders and all."""
    try:
        expected = connected(RoutesMapper(), routes)
    except Exception:
        # A pattern that names a placeholder twice is none.
        return
    mapper = connected(IndexedMapper(), routes)

    for path in [*asks, *(pattern.replace("{x}", "a") for _, pattern, _, _ in routes)]:
        assert asked(mapper, path) == asked(expected, path)


def test_a_route_that_comes_later_is_found() -> None:
    """The index is made anew, and the order is that of registration."""
    mapper = connected(IndexedMapper(), [("any", "/{x}", True, False)])
    assert asked(mapper, "/a")[0] == "any"

    mapper.connect("a", "/a")
    mapper.connect("b", "/b/c")

    assert [asked(mapper, path)[0] for path in ("/a", "/b/c", "/b/d")] == ["any", "b", None]


@pytest.mark.parametrize(
    ("pattern", "beginning"),
    [
        ("/v1/books/{key}", "/v1/books"),
        ("v1/books", "/v1/books"),
        ("/a/b/c/d/e/f", "/a/b/c/d"),
        ("/static/*subpath", "/static"),
        ("/a*rest", ""),
        ("/", ""),
        ("/a/b%20c", "/a"),
        ("/a//b", "/a"),
    ],
)
def test_what_a_pattern_spells_out(pattern: str, beginning: str) -> None:
    """Whole segments only."""
    assert literal_beginning(pattern) == beginning


def test_a_path_that_is_not_utf8_is_told() -> None:
    """As Pyramid tells it."""
    mapper = connected(IndexedMapper(), [("a", "/a", True, False)])

    with pytest.raises(URLDecodeError):
        mapper(Request.blank("/", environ={"PATH_INFO": "/\xff"}))
