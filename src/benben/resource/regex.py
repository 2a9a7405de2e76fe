"""The lookup ``regex``: patterns that cannot backtrack, the same on both databases.

A pattern has to be one that RE2 reads, so that it has no back references and no look-around
and its time grows with the text only. On SQLite RE2 does the matching as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import re2
from sqlalchemy import Engine, event

MAX_PATTERN = 200
MAX_MEMORY_BYTES = 1 << 20
KNOWN = 256
# What the two engines understand differently is written out, or refused.
CLASSES: Mapping[str, Any] = MappingProxyType({"d": "0-9", "w": "A-Za-z0-9_", "s": " \\t\\n\\r\\f\\v"})
_ESCAPE = re.compile(r"\\(.)|(\[\^?\]?)|(\])", re.DOTALL)


def portable_pattern(text: str) -> str:
    """Return *text* as a pattern that means the same to RE2 and to PostgreSQL.

    Raises: ValueError: too long, not a pattern, or with an escape that the two differ in.
    """
    if len(text) > MAX_PATTERN:
        raise ValueError(f"Must have at most {MAX_PATTERN} characters.")
    inside = False

    def rewrite(found: re.Match[str]) -> str:
        nonlocal inside
        escaped, opening, _closing = found.groups()
        if escaped is None:
            inside = opening is not None if not inside or opening is None else inside
            return found[0]
        if escaped in CLASSES:
            return CLASSES[escaped] if inside else f"[{CLASSES[escaped]}]"
        if escaped.isalnum():
            raise ValueError(f"\\{escaped} is not known; \\d, \\w and \\s are.")
        return found[0]

    pattern = _ESCAPE.sub(rewrite, text)
    if "(?" in pattern.replace("\\(", ""):
        raise ValueError("Groups with a question mark are not known.")
    compiled(pattern)
    return pattern


@lru_cache(KNOWN)
def compiled(pattern: str) -> Any:
    """Return the pattern compiled.

    Raises: ValueError: RE2 does not read it, or it would grow too large.
    """
    options = re2.Options()
    options.max_mem = MAX_MEMORY_BYTES
    options.dot_nl = True
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error:
        raise ValueError("Must be a regular expression of RE2: no look-around, no back reference.") from None


def regex_search(pattern: str, text: str | None) -> int | None:
    """Return 1 where *pattern* is found in *text*, for SQLite."""
    return None if text is None else int(compiled(pattern).search(text) is not None)


def enable_regex(engine: Engine) -> None:
    """Give every connection to SQLite the function that the lookup needs."""
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def connect(connection: Any, _record: Any) -> None:
            connection.create_function("regex_search", 2, regex_search, deterministic=True)
