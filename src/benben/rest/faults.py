"""What a schema found wrong, as sentences that never repeat the input at length.

Our own nodes raise `Fault`, which knows its code. Validators and types of colander, or of
anybody, raise ``colander.Invalid``; its message is known by its text where it is colander's.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from string import Template
from types import MappingProxyType
from typing import Any

import colander

from benben.kernel.problems import FieldError, cut
from benben.rest.problems import pointer_to

# One answer sends 50; what is found beyond this number changes nothing but the cost.
MAX_FAULTS = 200
# Comparing names is slow: a body of unknown keys gets this many suggestions and no more.
MAX_SUGGESTIONS = 10
MAX_ECHO = 40

# colander's message -> our code and sentence. ``${val}`` is in none of the sentences.
KNOWN_MESSAGES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "Required": ("required", "This field is required."),
        "Invalid value": ("invalid", "Is not valid."),
        "${val} is less than minimum value ${min}": ("range", "Must be at least ${min}."),
        "${val} is greater than maximum value ${max}": ("range", "Must be at most ${max}."),
        "Shorter than minimum length ${min}": ("length", "Must be at least ${min} long."),
        "Longer than maximum length ${max}": ("length", "Must be at most ${max} long."),
        '"${val}" is not one of ${choices}': ("choice", "Must be one of: ${choices}."),
        '"${val}" must not be one of ${choices}': ("choice", "Must be none of: ${choices}."),
        "One or more of the choices you made was not acceptable": (
            "choice",
            "Has an item that is not among the choices.",
        ),
        "String does not match expected pattern": ("pattern", "Must match the pattern."),
        "Invalid email address": ("format", "Must be an e-mail address."),
        "Must be a URL": ("format", "Must be a URL."),
        "Must be a file:// URI scheme": ("format", "Must be a file:// URL."),
        "Invalid UUID string": ("format", "Must be a UUID."),
        "Not a data URL": ("format", "Must be a data URL."),
        "Invalid MIME type": ("format", "Must be a data URL with a known media type."),
        "Invalid Base64 encoded data": ("format", "Must be a data URL with Base64 data."),
        '"${val}" is not a valid credit card number': ("format", "Must be a credit card number."),
        "Invalid date": ("format", "Must be a date."),
        "Invalid time": ("format", "Must be a time."),
        '"${val}" is not a mapping type: ${err}': ("type", "Must be an object."),
        '"${val}" is not iterable': ("type", "Must be an array."),
        "${cstruct} is not iterable": ("type", "Must be an array."),
        '"${val}" has an incorrect number of elements (expected ${exp}, was ${was})': (
            "length",
            "Must have exactly ${exp} items.",
        ),
        "${val} is not a string": ("type", "Must be a string."),
        "${val} is not a string: ${err}": ("type", "Must be a string."),
        '"${val}" is not a string': ("type", "Must be a string."),
        '"${val}" is not a number': ("type", "Must be a number."),
        '"${val}" is neither in (${false_choices}) nor in (${true_choices})': (
            "type",
            "Must be true or false.",
        ),
        '"${val}" is not a valid "${cls}"': ("choice", "Must be one of the choices."),
    }
)


class Fault(colander.Invalid):
    """One fault of one value.

    Args:
        node: the schema node; its ``messages`` may hold the sentence in words of its own.
        code: a stable word for programs.
        sentence: what is expected, free of the input.
        key: the key at fault where the node is the object that it stands in.
    """

    total = 1

    def __init__(self, node: Any, code: str, sentence: str, *, key: str | None = None) -> None:
        own = getattr(node, "messages", None)
        super().__init__(node, own.get(code, sentence) if own else sentence)
        self.code = code
        self.key = key

    def _keyname(self) -> str:
        """Return what ``asdict`` calls the place; colander knows nodes only."""
        return self.key if self.key is not None else str(super()._keyname())


class Faults(colander.Invalid):
    """The faults inside one object or array, which has none of its own."""

    def __init__(self, node: Any) -> None:
        super().__init__(node)
        self.total = 0

    def add(self, exc: colander.Invalid, pos: int | None = None) -> None:
        """Add the faults of a child; *pos* is its place."""
        super().add(exc, pos)
        self.total += getattr(exc, "total", 1)


def field_errors(exc: colander.Invalid, where: str = "body") -> tuple[FieldError, ...]:
    """Return the faults of *exc* and all inside it, 200 at most.

    Args: where: outside a body the pointer is the name alone.
    """
    return tuple(islice(_errors(exc, (), where), MAX_FAULTS))


def unknown_keys(node: Any, keys: Iterator[str], known: Sequence[str]) -> Iterator[Fault]:
    """Yield one fault for each of *keys*, with the nearest of *known* for the first few."""
    read_only = getattr(node, "read_only_names", ())
    for count, key in enumerate(keys):
        if key in read_only:
            yield Fault(node, "read-only", "This field is read-only; leave it out.", key=key)
            continue
        near = _nearest(key, known) if count < MAX_SUGGESTIONS else ""
        hint = f" Did you mean {near}?" if near else ""
        yield Fault(node, "unknown", f"There is no such field.{hint}", key=key)


def _nearest(key: str, known: Sequence[str]) -> str:
    """Return the name that *key* was probably meant to be, or the empty string."""
    return next(iter(difflib.get_close_matches(key[:MAX_ECHO], known, n=1)), "")


def _errors(exc: colander.Invalid, path: tuple[str | int, ...], where: str) -> Iterator[FieldError]:
    """Yield the errors of *exc*, which stands at *path*, and of its children."""
    pointer = pointer_to(path) if where == "body" else "/".join(str(part) for part in path)
    if isinstance(exc, colander.UnsupportedFields):
        known = [child.name for child in exc.node.children]
        for fault in unknown_keys(exc.node, iter(exc.fields), known):
            yield from _errors(fault, (*path, str(fault.key)), where)
        return
    for code, sentence in _messages(exc):
        yield FieldError(pointer, sentence, code, where)
    for child in exc.children:
        yield from _errors(child, (*path, *_step(child)), where)


def _step(child: colander.Invalid) -> tuple[str | int, ...]:
    """Return the part of the path from the parent of *child* to it."""
    key = getattr(child, "key", None)
    if key is not None:
        return (key,)
    if child.positional:
        return (child.pos or 0,)
    # A validator may raise for the object itself, whose name is not a step.
    return (child.node.name,) if child.node.name else ()


def _messages(exc: colander.Invalid) -> Iterator[tuple[str, str]]:
    """Yield code and sentence of each message of *exc* itself."""
    if isinstance(exc, Fault):
        yield exc.code, str(exc.msg)
        return
    messages = list(exc.messages())
    if not messages and not exc.children:
        messages = ["Invalid value"]
    for message in messages:
        code, sentence = KNOWN_MESSAGES.get(str(message), ("invalid", ""))
        if not sentence:
            sentence = getattr(message, "default", None) or str(message)
        values = getattr(message, "mapping", None) or {}
        # The choices are the author's text, and long lists of them are cut with the sentence.
        brief = {name: str(value) if name == "choices" else _brief(value) for name, value in values.items()}
        yield code, Template(sentence).safe_substitute(brief)


def _brief(value: Any) -> str:
    """Return *value* for a sentence: a few words, whatever its size."""
    if isinstance(value, str):
        return cut(value, MAX_ECHO)
    if value is None or isinstance(value, (bool, int, float, date)):
        return cut(str(value), MAX_ECHO)
    return f"({type(value).__name__})"
