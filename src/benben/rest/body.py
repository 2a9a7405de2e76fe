"""JSON in: a strict reader with one verdict on every text.

It accepts exactly RFC 8259 in UTF-8, and refuses what readers disagree on: a key that is
given twice, half a surrogate pair, a number that no double holds. What goes out is
`benben.kernel.wire`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from benben.kernel.problems import FieldError
from benben.kernel.wire import float_text, wire, write_json
from benben.rest.problems import DuplicateKey, JSONTooComplex, MalformedJSON, pointer_to

__all__ = ["DEFAULT", "JSONLimits", "float_text", "read_json", "wire", "write_json"]


@dataclass(frozen=True, slots=True)
class JSONLimits:
    """Bounds of one document, over all its levels together.

    Args:
        max_depth: objects and arrays inside each other; a bare scalar has depth 0.
        max_keys: keys of all objects.
        max_items: items of all arrays.
        max_digits: digits in a row of one number. The longest decimal that names a double
            exactly has 1,074 of them, and Python's own bound is 4,300.
    """

    max_depth: int = 64
    max_keys: int = 10_000
    max_items: int = 100_000
    max_digits: int = 1_100


DEFAULT = JSONLimits()

# PERF: msgspec's own slow path takes 8 us for a number such as 1e308; Python's takes 0.2 us,
# so that a megabyte of them costs 40 ms instead of more than a second.
_DECODER = msgspec.json.Decoder(float_hook=float)
# The reasons are fixed texts of the decoder: no part of the body is in them.
_REASON = re.compile(r"JSON is malformed: (?P<reason>[^(]+) \(byte (?P<offset>\d+)\)")
_AFTER_THE_BYTE = frozenset(
    {
        "trailing characters",
        "invalid escape character in string",
        "invalid character in unicode escape",
    }
)
_HALF_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}")
_DIGITS_TO_ZERO = bytes.maketrans(b"123456789", b"000000000")
_INFINITIES = (float("inf"), float("-inf"))
_TOO_COMPLEX: Mapping[str, Any] = {
    "depth": "The value nests deeper than {maximum} levels.",
    "keys": "The objects have more than {maximum} keys in all.",
    "items": "The arrays have more than {maximum} items in all.",
    "digits": "A number has more than {maximum} digits.",
    "number": "A number is larger than this server holds.",
}


def read_json(raw: bytes, limits: JSONLimits = DEFAULT) -> Any:
    """Return the value of the JSON text *raw*; integers are exact, other numbers doubles.

    Raises: MalformedJSON, DuplicateKey, JSONTooComplex.
    Source: RFC 8259; RFC 7493 (I-JSON) for keys, surrogates and the range of numbers.
    """
    if len(raw) > limits.max_digits:
        _check_text(raw, limits)
    try:
        value = _DECODER.decode(raw)
    except msgspec.ValidationError:
        raise _too_complex("number") from None
    except msgspec.DecodeError as exc:
        raise _malformed(raw, str(exc)) from None
    except UnicodeDecodeError:
        raise _not_utf8(raw) from None
    except RecursionError:
        raise _too_complex("depth", limits.max_depth) from None
    strings = _count_strings(value, limits)
    # PERF: a key that was lost is a string of the text that the value lacks, so that counting
    # quotes finds every duplicate in C; only a mismatch pays for the search with a hook.
    if strings * 2 != _count_quotes(raw):
        raise _duplicate_key(raw)
    return value


def _check_text(raw: bytes, limits: JSONLimits) -> None:
    """Refuse a long text over *limits* before it costs memory; it need not be valid JSON."""
    bound = limits.max_keys + limits.max_items
    # Every value but the first in its container has a comma before it, and every container
    # but the outermost is a value: more of either than the bound is over it for certain.
    crowded = raw.count(b",") > bound or raw.count(b"[") + raw.count(b"{") > bound + 1
    too_many_digits = b"0" * (limits.max_digits + 1)
    long_digits = too_many_digits in raw.translate(_DIGITS_TO_ZERO)
    if not crowded and not long_digits:
        return
    # It may all be inside strings; what stands between them decides.
    text = b'"'.join(raw.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2])
    if text.count(b":") > limits.max_keys:
        raise _too_complex("keys", limits.max_keys)
    if text.count(b",") > bound or text.count(b"[") + text.count(b"{") > bound + 1:
        raise _too_complex("items", limits.max_items)
    if too_many_digits in text.translate(_DIGITS_TO_ZERO):
        raise _too_complex("digits", limits.max_digits)


def _count_strings(value: Any, limits: JSONLimits) -> int:
    """Return how many strings *value* holds, keys included; refuse it over *limits*."""
    strings = keys = items = depth = 0
    # An array around it makes a scalar no special case; it is neither a level nor an item.
    level: list[Any] = [(value,)]
    while level:
        if depth > limits.max_depth:
            raise _too_complex("depth", limits.max_depth)
        depth += 1
        below: list[Any] = []
        for container in level:
            values = container
            if type(container) is dict:
                keys += len(container)
                values = container.values()
            elif type(container) is list:
                items += len(container)
            if keys > limits.max_keys:
                raise _too_complex("keys", limits.max_keys)
            if items > limits.max_items:
                raise _too_complex("items", limits.max_items)
            for item in values:
                kind = type(item)
                if kind is str:
                    strings += 1
                elif kind is dict or kind is list:
                    below.append(item)
                elif kind is float and item in _INFINITIES:
                    raise _too_complex("number")
        level = below
    return strings + keys


def _count_quotes(raw: bytes) -> int:
    """Return how many quotes of *raw*, which is valid JSON, begin or end a string."""
    quotes = raw.count(b'"')
    if b"\\" in raw:
        # With the pairs gone, a backslash before a quote is one that escapes it.
        quotes -= raw.replace(b"\\\\", b"").count(b'\\"')
    return quotes


def _too_complex(limit: str, maximum: int | None = None) -> JSONTooComplex:
    """Return the problem that names *limit*, and its value where it has one."""
    members: dict[str, Any] = {} if maximum is None else {"maximum": maximum}
    detail = _TOO_COMPLEX[limit].format(maximum=maximum)
    return JSONTooComplex(detail, limit=limit, **members)


def _malformed(raw: bytes, message: str) -> MalformedJSON:
    """Return the problem for the decoder's *message*, with the offset of the byte at fault."""
    found = _REASON.match(message)
    if found is not None:
        reason, offset = found["reason"], _first_wrong(raw, found["reason"], int(found["offset"]))
    elif not raw.strip(b" \t\r\n"):
        reason, offset = "there is no value", len(raw)
    elif (half := _HALF_PAIR.search(raw, max(0, len(raw) - 12))) is not None:
        # The decoder wants six more bytes after half a pair, and calls the text too short.
        reason, offset = "invalid utf-16 surrogate pair", half.start()
    else:
        reason, offset = "the text ends too early", len(raw)
    return MalformedJSON(f"The text cannot be read at byte {offset}: {reason}.", offset=offset)


def _first_wrong(raw: bytes, reason: str, offset: int) -> int:
    """Return where *raw* goes wrong; the decoder's *offset* is at times behind what it took."""
    if reason in _AFTER_THE_BYTE:
        return offset - 1
    if reason == "invalid utf-16 surrogate pair":
        is_second = _HALF_PAIR.match(raw, offset - 12) is not None
        return offset - 12 if is_second else offset - 6
    if reason != "invalid character" or _count_quotes(raw[:offset]) % 2:
        return offset
    # Outside a string a letter begins a literal, which is taken whole before it is compared.
    for word in (b"true", b"null", b"false"):
        taken = raw[max(0, offset - len(word)) : offset]
        if taken[:1] == word[:1] and len(taken) == len(word):
            differs = (at for at, byte in enumerate(taken) if byte != word[at])
            return offset - len(word) + next(differs, len(word))
    return offset


def _not_utf8(raw: bytes) -> MalformedJSON:
    """Return the problem for bytes that are not UTF-8."""
    offset = 0
    try:
        # The decoder counts from the beginning of the string at fault.
        raw.decode()
    except UnicodeDecodeError as exc:
        offset = exc.start
    return MalformedJSON(f"The text is not UTF-8 at byte {offset}.", offset=offset)


class _Repeated(list[tuple[str, Any]]):
    """The keys and values of an object that names a key twice, in their order."""


def _duplicate_key(raw: bytes) -> DuplicateKey:
    """Return the problem that points at the first key that is given twice."""
    path = _second_key(json.loads(raw, object_pairs_hook=_object)) or []
    detail = "This key is given more than once in its object."
    return DuplicateKey(errors=[FieldError(pointer_to(reversed(path)), detail, "duplicate-key")])


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _Repeated:
    """Return *pairs* as a dict, or as they are where the dict would lose one."""
    found = dict(pairs)
    return found if len(found) == len(pairs) else _Repeated(pairs)


def _second_key(value: Any) -> list[str | int] | None:
    """Return the path to the first repeated key of *value*, innermost part first."""
    if isinstance(value, _Repeated):
        seen: set[str] = set()
        for name, _ in value:
            if name in seen:
                return [name]
            seen.add(name)
        return None
    # The path is built on the way out: building it on the way in is quadratic for a long key.
    steps: Iterable[tuple[str | int, Any]] = value.items() if isinstance(value, dict) else enumerate(value)
    for step, item in steps:
        if item and isinstance(item, (dict, list)) and (path := _second_key(item)) is not None:
            return [*path, step]
    return None
