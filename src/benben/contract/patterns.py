"""Regular expressions of a contract: those of ECMA 262, searched in a time that a caller cannot blow up.

Python's engine is the quicker one for short texts, but backtracks. It is given what it can only
take few steps for: no repeated group, and repetitions that are few for the length of the text.
Everything else goes to RE2, whose time grows with the text alone. What RE2 does not know,
look-around and back references, is left to Python, and to the author of the contract.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

# ECMA 262, section 22.2.2.9: white space of Unicode, where Python's ASCII mode has six characters.
_SPACES = rb"\t\n\x0b\x0c\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff".decode("unicode-escape")
_OUTSIDE: Mapping[str, str] = MappingProxyType(
    {"d": "[0-9]", "D": "[^0-9]", "w": "[A-Za-z0-9_]", "W": "[^A-Za-z0-9_]", "s": f"[{_SPACES}]", "S": f"[^{_SPACES}]", "/": "/"}
)
_INSIDE: Mapping[str, str] = MappingProxyType({"d": "0-9", "w": "A-Za-z0-9_", "s": _SPACES, "/": "/", "b": r"\x08"})
_TOKEN = re.compile(
    r"\\u\{(?P<point>[0-9A-Fa-f]{1,6})\}|\\u(?P<unit>[0-9A-Fa-f]{4})|\\k<(?P<again>\w+)>|\\(?P<escaped>.)"
    r"|(?P<group>\(\?<(?![=!]))|(?P<any>\[\^\])|(?P<none>\[\])|(?P<plain>.)",
    re.DOTALL,
)
_END = r"\Z"
_ATOM = r"(?:\\.|\[(?:\\.|[^\]\\])*\]|[^\\\[])"
_ATOMS = re.compile(_ATOM, re.DOTALL)
_ENDLESS = re.compile(r"\{\d+,\}")
KEPT = 1024
MAX_STEPS = 100_000
"""That Python's engine may take; each is about ten nanoseconds."""


@lru_cache(KEPT)
def pattern_of(text: str, longest: int | None = None) -> Any:
    """Return what has ``search`` for a pattern of ECMA 262: ``$`` is the very end, ``\\d`` an ASCII digit.

    Args: longest: characters that a text has where it is searched, if that is known.
    Raises: re.error.
    """
    written = in_python(text)
    degree = degree_of(written)
    is_quick = degree is not None and (degree < 2 or (longest is not None and longest**degree <= MAX_STEPS))
    if is_quick and r"\p" not in written.lower():
        return re.compile(written, re.ASCII)
    # PERF: most contracts have no such pattern, and need not load the library.
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(written.replace(_END, r"\z"), options)
    except (re2.error, UnicodeEncodeError):
        return re.compile(written, re.ASCII)


def in_python(text: str) -> str:
    """Return a pattern of ECMA 262 in the words of Python and RE2."""
    found: list[str] = []
    inside = False
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        word = match[kind]
        if kind in ("point", "unit"):
            found.append(re.escape(chr(min(int(word, 16), 0x10FFFF))))
        elif kind == "again":
            found.append(f"(?P={word})")
        elif kind == "escaped":
            found.append((_INSIDE if inside else _OUTSIDE).get(word, _literal(word)))
        elif kind == "group":
            found.append("(?P<" if not inside else r"(?<")
        elif kind in ("any", "none") and not inside:
            found.append(r"[\x00-\U0010ffff]" if kind == "any" else r"[^\x00-\U0010ffff]")
        else:
            for char in match[0]:
                found.append(_plain(char, inside))
                inside = (inside or char == "[") and char != "]"
    return "".join(found).replace(r"\U0010ffff", "\U0010ffff")


def _literal(word: str) -> str:
    """Return an escape that both sides know; one of a sign that needs none is the sign."""
    return f"\\{word}" if word.isascii() else word


def _plain(char: str, inside: bool) -> str:
    if inside:
        # Python warns of signs that may mean operations on sets one day.
        return f"\\{char}" if char in "[&~|" else char
    return _END if char == "$" else char


def degree_of(written: str) -> int | None:
    """Return the power of a text's length that Python's engine may take in steps; None where it is no power."""
    atoms = _ATOMS.findall(written)
    endless = 0
    for place, atom in enumerate(atoms):
        is_repeated = atom in ("*", "+", "{")
        if is_repeated and place and atoms[place - 1] == ")":
            return None
        endless += atom in ("*", "+") or (atom == "{" and _ENDLESS.match("".join(atoms[place : place + 8])) is not None)
    # A search that may begin anywhere, or that has alternatives, takes one power more.
    is_anchored = written.startswith("^") and "|" not in atoms
    return endless if is_anchored or not endless else endless + 1
