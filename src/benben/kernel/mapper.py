"""A routes mapper whose thousandth route costs what its first does.

Pyramid tries every route in the order of registration. Here the first segments of the path,
as far as routes spell them out, choose the few that may match at all; these are tried in the
same order by Pyramid's own matchers, so that the answer is the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyramid.exceptions import URLDecodeError
from pyramid.urldispatch import Route, RoutesMapper

DEPTH = 4
"""Segments that the index looks at; routes that differ later only are tried one by one."""


class IndexedMapper(RoutesMapper):
    """Pyramid's mapper with an index, made when the first request comes."""

    def __init__(self) -> None:
        super().__init__()
        self._index: Mapping[str, Sequence[Route]] | None = None

    def connect(self, *arguments: Any, **options: Any) -> Route:
        """Add a route; the index is made anew."""
        self._index = None
        return super().connect(*arguments, **options)

    def __call__(self, request: Any) -> dict[str, Any]:
        """Return the first route that matches, and its match.

        Raises: URLDecodeError: the path is not UTF-8.
        """
        path = request.environ.get("PATH_INFO", "")
        if not path.isascii():
            path = _decoded(request)
        # Empty where the application is mounted under a path.
        path = path or "/"
        for route in self._candidates(path):
            match = route.match(path)
            if match is not None:
                info = {"match": match, "route": route}
                if not route.predicates or all(predicate(info, request) for predicate in route.predicates):
                    return info
        return {"route": None, "match": None}

    def _candidates(self, path: str) -> Sequence[Route]:
        """Return the routes that *path* may belong to, in the order of registration."""
        index = self._index
        if index is None:
            index = self._index = index_of(self.routelist)
        if path.endswith("\n"):
            # The matchers' ``$`` stands before a last line break as well.
            return self.routelist
        ends: list[int] = []
        end = 0
        while len(ends) < DEPTH and end >= 0:
            end = path.find("/", end + 1)
            ends.append(end if end >= 0 else len(path))
        for end in reversed(ends):
            found = index.get(path[:end])
            if found is not None:
                return found
        return index[""]


def _decoded(request: Any) -> str:
    """Return the path of *request*, which WSGI gives as bytes in the form of a text."""
    try:
        path: str = request.path_info
    except UnicodeDecodeError as exc:
        raise URLDecodeError(exc.encoding, exc.object, exc.start, exc.end, exc.reason) from exc
    return path


def index_of(routes: Sequence[Route]) -> Mapping[str, Sequence[Route]]:
    """Return the routes that each beginning of a path may belong to."""
    own: dict[str, list[int]] = {"": []}
    for place, route in enumerate(routes):
        own.setdefault(literal_beginning(route.pattern), []).append(place)
    return {key: [routes[place] for place in sorted(place for part in _parts(key) for place in own.get(part, ()))] for key in own}


def literal_beginning(pattern: str) -> str:
    """Return the whole segments that every path of *pattern* begins with, four at most.

    A segment that holds a placeholder, or that Pyramid might decode, ends it.
    """
    found = ""
    for segment in pattern.removeprefix("/").split("/")[:DEPTH]:
        if not segment or not segment.isascii() or any(mark in segment for mark in "{}:*%"):
            break
        found += f"/{segment}"
    return found


def _parts(key: str) -> list[str]:
    """Return *key* and everything that it begins with, segment by segment."""
    segments = key.split("/")
    return ["/".join(segments[:number]) for number in range(1, len(segments) + 1)]
