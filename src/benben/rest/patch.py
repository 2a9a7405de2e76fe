"""Patches: JSON Merge Patch and JSON Patch."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from benben.kernel.problems import FieldError, Problem, cut
from benben.rest.problems import MalformedPatch, PatchNotApplicable, PatchTestFailed, pointer_to

MAX_OPERATIONS = 1_000
# A copy of a copy doubles what is there: this many values may all of them add, no more.
MAX_VALUES = 100_000
# A text costs what it is long, or a thousand copies of one megabyte would be a thousand values.
CHARACTERS_PER_VALUE = 100
# More than the reader of bodies takes. Each add and move may deepen the document by another
# body's depth, and what copies, validates or writes it later recurses.
MAX_DEPTH = 100
MAX_INDEX_DIGITS = 9
MAX_ECHO = 40
MEMBERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "add": ("path", "value"),
        "remove": ("path",),
        "replace": ("path", "value"),
        "move": ("path", "from"),
        "copy": ("path", "from"),
        "test": ("path", "value"),
    }
)


def merge_patch(target: Any, patch: Any) -> Any:
    """Return *target* with *patch* applied; neither is changed.

    Null removes a member, an object is merged, anything else replaces. The depth is that of
    *patch*, which the reader of the body has bounded.

    Source: RFC 7396, section 2.
    """
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            result[name] = merge_patch(result.get(name), value)
        else:
            result[name] = value
    return result


def json_patch(document: Any, operations: Any, *, max_operations: int = MAX_OPERATIONS) -> Any:
    """Return *document* with all *operations* applied; neither is changed.

    To remove the whole document leaves null.

    Raises:
        MalformedPatch: every operation that is none; or more of them, of copies or of depth
            than is taken.
        PatchTestFailed: a ``test`` does not hold.
        PatchNotApplicable: a place is not there.
    Source: RFC 6902; RFC 5789, section 2.2 for the status of the refusals.
    """
    _check(operations, max_operations)
    result = copy.deepcopy(document)
    growth = 0
    for place, operation in enumerate(operations):
        where = pointer_to((place,))
        if operation["op"] == "copy":
            growth += _weight(_found(result, _tokens(operation["from"]), f"{where}/from"))
            if growth > MAX_VALUES:
                raise MalformedPatch(f"The copies of a patch may add {MAX_VALUES} values; long texts count for several.")
        result = _OPERATIONS[operation["op"]](result, operation, where)
    _weight(result)
    return result


def _check(operations: Any, maximum: int) -> None:
    """Refuse what is no list of operations, with every fault in it."""
    if not isinstance(operations, list):
        raise MalformedPatch(errors=[FieldError("", "Must be an array of operations.", "type")])
    if len(operations) > maximum:
        raise MalformedPatch(f"A patch has at most {maximum} operations.")
    faults = [fault for place, operation in enumerate(operations) for fault in _faults(operation, place)]
    if faults:
        raise MalformedPatch(errors=faults)


def _faults(operation: Any, place: int) -> list[FieldError]:
    if not isinstance(operation, dict):
        return [FieldError(pointer_to((place,)), "Must be an object.", "type")]
    name = operation.get("op")
    if not isinstance(name, str) or name not in MEMBERS:
        return [FieldError(pointer_to((place, "op")), f"Must be one of: {', '.join(MEMBERS)}.", "choice")]
    faults = []
    for member in MEMBERS[name]:
        if member not in operation:
            faults.append(FieldError(pointer_to((place, member)), "This field is required.", "required"))
        elif member != "value" and not _is_pointer(operation[member]):
            faults.append(FieldError(pointer_to((place, member)), "Must be a JSON pointer (RFC 6901).", "format"))
    return faults


def _is_pointer(text: Any) -> bool:
    if not isinstance(text, str) or (text and not text.startswith("/")):
        return False
    return all(following[:1] in ("0", "1") for following in text.split("~")[1:])


def _tokens(pointer: str) -> list[str]:
    """Return the steps of *pointer*; the whole document has none."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _found(document: Any, tokens: Sequence[str], where: str) -> Any:
    """Return the value that *tokens* lead to.

    Raises: PatchNotApplicable.
    """
    for token in tokens:
        if isinstance(document, dict) and token in document:
            document = document[token]
        elif isinstance(document, list):
            document = document[_index(token, len(document) - 1, where)]
        else:
            raise _missing(where)
    return document


def _index(token: str, highest: int, where: str) -> int:
    """Return the index that *token* writes, of an array whose *highest* is allowed."""
    if not (token.isascii() and token.isdigit() and len(token) <= MAX_INDEX_DIGITS) or (token[0] == "0" and token != "0"):
        raise _missing(where)
    if int(token) > highest:
        raise _missing(where)
    return int(token)


def _add(document: Any, tokens: Sequence[str], value: Any, where: str) -> Any:
    if not tokens:
        return value
    parent, last = _found(document, tokens[:-1], where), tokens[-1]
    if isinstance(parent, dict):
        parent[last] = value
    elif isinstance(parent, list):
        parent.insert(len(parent) if last == "-" else _index(last, len(parent), where), value)
    else:
        raise _missing(where)
    return document


def _remove(document: Any, tokens: Sequence[str], where: str) -> tuple[Any, Any]:
    """Return *document* without the value that *tokens* lead to, and that value."""
    value = _found(document, tokens, where)
    if not tokens:
        return None, value
    parent, last = _found(document, tokens[:-1], where), tokens[-1]
    del parent[last if isinstance(parent, dict) else int(last)]
    return document, value


def _apply_add(document: Any, operation: Mapping[str, Any], where: str) -> Any:
    return _add(document, _tokens(operation["path"]), copy.deepcopy(operation["value"]), f"{where}/path")


def _apply_remove(document: Any, operation: Mapping[str, Any], where: str) -> Any:
    return _remove(document, _tokens(operation["path"]), f"{where}/path")[0]


def _apply_replace(document: Any, operation: Mapping[str, Any], where: str) -> Any:
    tokens, value = _tokens(operation["path"]), copy.deepcopy(operation["value"])
    _found(document, tokens, f"{where}/path")
    if not tokens:
        return value
    parent, last = _found(document, tokens[:-1], where), tokens[-1]
    parent[last if isinstance(parent, dict) else int(last)] = value
    return document


def _apply_move(document: Any, operation: Mapping[str, Any], where: str) -> Any:
    source, target = operation["from"], operation["path"]
    if target.startswith(f"{source}/"):
        raise PatchNotApplicable(errors=[FieldError(f"{where}/path", "Must not lie inside the value that is moved.", "conflict")])
    if source == target:
        _found(document, _tokens(source), f"{where}/from")
        return document
    document, value = _remove(document, _tokens(source), f"{where}/from")
    return _add(document, _tokens(target), value, f"{where}/path")


def _apply_copy(document: Any, operation: Mapping[str, Any], where: str) -> Any:
    value = copy.deepcopy(_found(document, _tokens(operation["from"]), f"{where}/from"))
    return _add(document, _tokens(operation["path"]), value, f"{where}/path")


def _apply_test(document: Any, operation: Mapping[str, Any], where: str) -> Any:
    if not _equal(_found(document, _tokens(operation["path"]), f"{where}/path"), operation["value"]):
        sentence = f"Is not the value at {cut(operation['path'], MAX_ECHO) or 'the root'}."
        raise PatchTestFailed(errors=[FieldError(f"{where}/value", sentence, "test")])
    return document


_OPERATIONS: Mapping[str, Callable[[Any, Mapping[str, Any], str], Any]] = MappingProxyType(
    {
        "add": _apply_add,
        "remove": _apply_remove,
        "replace": _apply_replace,
        "move": _apply_move,
        "copy": _apply_copy,
        "test": _apply_test,
    }
)


def _equal(one: Any, other: Any) -> bool:
    """Return whether two JSON values are equal; true is not 1, but 1.0 is.

    Source: RFC 6902, section 4.6.
    """
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return (type(one) is type(other) and one == other) or (_is_number(one) and _is_number(other) and one == other)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float))


def _weight(value: Any) -> int:
    """Return how many values *value* consists of; a long text or name counts for several.

    Raises: MalformedPatch: it nests deeper than `MAX_DEPTH`.
    """
    number = depth = 0
    level = [value]
    while level:
        if depth > MAX_DEPTH:
            raise MalformedPatch(f"What a patch leaves may nest {MAX_DEPTH} levels deep.")
        depth += 1
        below: list[Any] = []
        for item in level:
            number += 1
            if isinstance(item, dict):
                number += sum(map(len, item)) // CHARACTERS_PER_VALUE
                below += item.values()
            elif isinstance(item, list):
                below += item
            elif isinstance(item, str):
                number += len(item) // CHARACTERS_PER_VALUE
        level = below
    return number


def _missing(where: str) -> Problem:
    return PatchNotApplicable(errors=[FieldError(where, "There is nothing at this place.", "not-found")])
