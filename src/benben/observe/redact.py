"""Keep secrets out of what is written down.

Two ways to find one: the key that it stands under, and its shape in a text. Both rather
hide too much: a count under ``tokens_left`` is masked as well.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Set
from functools import lru_cache
from typing import Any

MASK = "***"
MAX_TEXT = 32_768
MAX_ITEMS = 100
MAX_DEPTH = 6
MAX_INTEGER_BITS = 128

# Anywhere in a key, ``_``, ``-`` and capitals aside.
SECRET_PARTS = (
    "authorization",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "cookie",
    "credential",
    "apikey",
    "privatekey",
    "signature",
)
# Words of a key; as parts they would also mask ``monkey`` and ``author``.
SECRET_WORDS = frozenset({"auth", "dsn", "jwt", "key", "keys", "pwd"})
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")

# A text without any of these is not searched further.
_HINTS = ("://", "bearer", "basic", "authorization", "cookie", "pass", "pwd", "secret", "token", "key", "dsn", "eyj")
# Every repetition is bounded, so that a hostile text costs a constant for each character.
_SHAPES = re.compile(
    r"""
      (?P<url>://[^\s:/@"'<>]{0,128}:)[^\s"'<>]{1,256}@
    | (?P<header>(?:authorization|cookie)[\\"']{0,4}\s{0,4}[:=]\s{0,4})(?:b?[\\"']{1,4})?[^\r\n"']{1,4096}["']?
    | (?P<pair>
        (?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|private[_-]?key|dsn)[\w-]{0,16}
        [\\"']{0,4}\s{0,4}[:=]\s{0,4}
      )
      (?: b?\\{0,4}"(?:[^"\\\r\n]|\\.){1,4096}"? | b?\\{0,4}'(?:[^'\\\r\n]|\\.){1,4096}'? | [^\s"',;&]{1,4096} )
    | (?P<scheme>\b(?:bearer|basic)[ \t]{1,4})[\w.~+/=-]{4,4096}
    | \b(?-i:eyJ)[\w-]{8,4096}\.[\w-]{0,4096}\.?[\w-]{0,4096}
    """,
    re.IGNORECASE | re.VERBOSE,
)


def redact_text(text: str) -> str:
    """Return *text*, cut to 32,768 characters, with what is shaped like a secret masked.

    Masked are ``user:password@`` in a URL (the password), Bearer and Basic credentials,
    authorization and cookie headers, ``password=...`` and the like, and JSON web tokens.
    """
    # PERF: most texts are one plain word or path, in which no shape can be.
    if not (":" in text or "=" in text or " " in text or "\t" in text or "eyJ" in text):
        return text[:MAX_TEXT]
    if len(text) > MAX_TEXT:
        text = text[: MAX_TEXT - 1] + "…"
    lowered = text.lower()
    return _SHAPES.sub(_masked, text) if any(hint in lowered for hint in _HINTS) else text


@lru_cache(maxsize=1024)
def is_secret_key(key: str) -> bool:
    """Tell whether what stands under *key* is likely to be a secret."""
    words = [word.lower() for word in _WORDS.findall(key[:200])]
    joined = "".join(words)
    return any(part in joined for part in SECRET_PARTS) or not SECRET_WORDS.isdisjoint(words)


def redact(value: Any, depth: int = 0) -> Any:
    """Return *value* as something that JSON can write, its secrets masked.

    Anything but the types of JSON becomes text; what is deeper than 6 levels or after the
    hundredth item is left out.
    """
    kind = type(value)
    if kind is str:
        return redact_text(value)
    if value is None or kind is bool:
        return value
    if kind is int:
        return value if value.bit_length() <= MAX_INTEGER_BITS else f"integer of {value.bit_length()} bits"
    if kind is float:
        return value if math.isfinite(value) else str(value)
    if isinstance(value, (Mapping, list, tuple, Set)):
        return _redact_container(value, depth + 1) if depth < MAX_DEPTH else "…"
    return redact_text(value if isinstance(value, str) else str(value))


def redact_item(key: str, value: Any, depth: int = 0) -> Any:
    """Return *value* as :func:`redact` does, or the mask where *key* says that it is a secret."""
    return MASK if is_secret_key(key) and value not in (None, "") else redact(value, depth)


def _redact_container(value: Any, depth: int) -> Any:
    if isinstance(value, Mapping):
        items = list(value.items())[:MAX_ITEMS]
        return {redact_text(str(key)): redact_item(str(key), item, depth) for key, item in items}
    return [redact(item, depth) for item in list(value)[:MAX_ITEMS]]


def _masked(match: re.Match[str]) -> str:
    kind = match.lastgroup
    return (match.group(kind) if kind else "") + MASK + ("@" if kind == "url" else "")
