"""Scopes: names of permissions that a token is narrowed to. Source: RFC 6749, section 3.3."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from benben.features.jwt.problems import InvalidScope
from benben.features.jwt.schemas import SCOPE_WORD

WORD = re.compile(SCOPE_WORD)


class Scopes:
    """Reads what a caller asks for.

    Args:
        permissions: those of the application; more may come until it is assembled.
    """

    def __init__(self, permissions: Collection[str]) -> None:
        self._permissions = permissions

    def narrow(self, asked: str | None, granted: frozenset[str] | None) -> frozenset[str] | None:
        """Return what *asked* leaves of *granted*; None is everything.

        Raises: InvalidScope (400): a word is no permission, or is not in *granted*.
        """
        if asked is None:
            return granted
        words = frozenset(asked.split())
        self.require_known(words)
        if granted is not None and not all(reaches(granted, word) for word in words):
            raise InvalidScope("The scope goes beyond what was granted.")
        return words

    def require_known(self, words: Iterable[str]) -> None:
        """Raise InvalidScope (400) unless each of *words* is a permission, ``books.*`` or ``*``."""
        for word in words:
            known = WORD.fullmatch(word) and (word == "*" or word in self._permissions or self._is_family(word))
            if not known:
                raise InvalidScope("A word of the scope is no permission of this server.")

    def _is_family(self, word: str) -> bool:
        return word.endswith(".*") and any(name.rpartition(".")[0] == word[:-2] for name in self._permissions)


def reaches(granted: frozenset[str], word: str) -> bool:
    """Tell whether *granted* holds all that *word* means."""
    return word in granted or "*" in granted or f"{word.rpartition('.')[0]}.*" in granted


def scopes_of(scope: str | None) -> frozenset[str] | None:
    """Return the words of *scope* as it is stored."""
    return None if scope is None else frozenset(scope.split())


def scope_text(scopes: Iterable[str] | None) -> str | None:
    """Return *scopes* as they are stored."""
    return None if scopes is None else " ".join(sorted(scopes))
