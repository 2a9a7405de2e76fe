"""What can go wrong with an operation beside its input."""

from __future__ import annotations

from typing import Any

from benben.kernel.problems import NotFound


class NoSuchVersion(NotFound):
    """The operation is there, and not in this version."""

    code, title = "no-such-version", "There is no such version"
    hint = "`versions` lists those that there are; name one in the header `API-Version` or in the address."

    def __init__(self, versions: list[int]) -> None:
        listed: Any = sorted(versions)
        super().__init__(versions=listed)


PROBLEMS = (NoSuchVersion,)


class AnswerMismatch(Exception):
    """A function returned something else than it declares; the caller sees an internal error."""
