"""What the library found wrong, as the errors that every endpoint gives.

Its own messages repeat the value at length; these say what is expected.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from benben.contract.formats import NAMES
from benben.kernel.problems import FieldError, cut
from benben.rest.faults import MAX_ECHO, MAX_SUGGESTIONS
from benben.rest.problems import pointer_to

HIDDEN = "x-benben-hidden"
"""Marks a member that is never sent in this direction; its value says why."""
HIDDEN_FIELDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "readOnly": ("read-only", "This field is read-only; leave it out."),
        "writeOnly": ("write-only", "This field is write-only and never answered."),
    }
)
TYPE_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "string": "a string",
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
        "null": "null",
        "array": "an array",
        "object": "an object",
    }
)
# keyword -> code and sentence; ``{}`` is the value of the keyword.
SENTENCES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "minimum": ("range", "Must be at least {}."),
        "maximum": ("range", "Must be at most {}."),
        "exclusiveMinimum": ("range", "Must be more than {}."),
        "exclusiveMaximum": ("range", "Must be less than {}."),
        "multipleOf": ("multiple", "Must be a multiple of {}."),
        "minLength": ("length", "Must be at least {} long."),
        "maxLength": ("length", "Must be at most {} long."),
        "minItems": ("length", "Must have at least {} items."),
        "maxItems": ("length", "Must have at most {} items."),
        "minProperties": ("length", "Must have at least {} members."),
        "maxProperties": ("length", "Must have at most {} members."),
        "uniqueItems": ("unique", "Must not have the same item twice."),
        "pattern": ("pattern", "Must match the pattern."),
        "contains": ("contains", "Lacks an item that is asked for."),
        "not": ("choice", "Must not have this form."),
        "unevaluatedProperties": ("unknown", "Has members that are not allowed."),
        "unevaluatedItems": ("unknown", "Has items that are not allowed."),
    }
)


def field_errors(errors: Iterable[Any], where: str, name: str = "") -> Iterator[FieldError]:
    """Yield ours for the library's *errors*, each once.

    Args: name: of the parameter, where the value is one.
    """
    seen: set[tuple[str, str]] = set()
    for error in errors:
        for path, code, sentence in _told(error):
            pointer = pointer_to(path) if where == "body" else "/".join(map(str, (name, *path) if name else path))
            if (pointer, code) not in seen:
                seen.add((pointer, code))
                yield FieldError(pointer, sentence, code, where)


def _told(error: Any) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """Yield path, code and sentence of everything that *error* says."""
    path = tuple(error.absolute_path)
    keyword, expected = error.validator, error.validator_value
    if "propertyNames" in error.absolute_schema_path:
        yield path, "name", f"Has a member whose name is not allowed: {cut(str(error.instance), MAX_ECHO)}."
    elif keyword == "required":
        for name in expected:
            if name not in error.instance:
                yield (*path, name), "required", "This field is required."
    elif keyword == "dependentRequired":
        for key, names in expected.items():
            for name in names if key in error.instance else ():
                if name not in error.instance:
                    yield (*path, name), "required", f"This field is required beside {key}."
    elif keyword == "additionalProperties" and expected is False:
        yield from _unknown(error, path)
    elif keyword in ("anyOf", "oneOf"):
        yield from _of_the_best_form(error, path)
    else:
        yield (path, *_sentence(error))


def _sentence(error: Any) -> tuple[str, str]:
    """Return code and sentence of an error of one keyword."""
    keyword, expected = error.validator, error.validator_value
    if keyword == "type":
        kinds = [expected] if isinstance(expected, str) else expected
        return "type", f"Must be {' or '.join(TYPE_NAMES.get(kind, kind) for kind in kinds)}."
    if keyword == "enum":
        return "choice", cut(f"Must be one of: {', '.join(map(_brief, expected))}.")
    if keyword == "const":
        return "choice", f"Must be {_brief(expected)}."
    if keyword == "format":
        return "format", f"Must be {NAMES.get(expected, expected)}."
    if keyword == "not" and isinstance(error.schema, Mapping) and error.schema.get(HIDDEN):
        return HIDDEN_FIELDS[error.schema[HIDDEN]]
    if keyword is None:
        return "unknown", "Is not allowed."
    code, sentence = SENTENCES.get(keyword, ("invalid", "Is not valid."))
    return code, sentence.format(_brief(expected))


def _unknown(error: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """Yield an error for each member that the schema does not know."""
    known = list(error.schema.get("properties", ()))
    patterns = list(error.schema.get("patternProperties", ()))
    extras = [name for name in error.instance if name not in known and not any(re.search(text, name) for text in patterns)]
    for count, name in enumerate(extras):
        near = difflib.get_close_matches(name[:MAX_ECHO], known, n=1) if count < MAX_SUGGESTIONS else ()
        hint = f" Did you mean {near[0]}?" if near else ""
        yield (*path, name), "unknown", f"There is no such field.{hint}"


def _of_the_best_form(error: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """Yield what is wrong by the form that was probably meant, or that none fits."""
    if not error.context:
        yield path, "choice", "Fits more than one of the forms that are allowed."
        return
    forms: dict[Any, list[Any]] = {}
    for inner in error.context:
        forms.setdefault(inner.schema_path[0] if inner.schema_path else id(inner), []).append(inner)
    # A form whose own type is another was not meant.
    meant = [found for found in forms.values() if not any(item.validator == "type" and not item.path for item in found)]
    if len(meant) == 1:
        for inner in meant[0]:
            yield from _told(inner)
    elif not meant and all(len(found) == 1 for found in forms.values()):
        kinds = [found[0].validator_value for found in forms.values()]
        names = [kind for item in kinds for kind in ([item] if isinstance(item, str) else item)]
        yield path, "type", f"Must be {' or '.join(TYPE_NAMES.get(kind, kind) for kind in dict.fromkeys(names))}."
    else:
        yield path, "choice", "Fits none of the forms that are allowed."


def _brief(value: Any) -> str:
    """Return a value of the schema for a sentence."""
    if isinstance(value, bool) or value is None:
        return str(value).lower().replace("none", "null")
    return cut(str(value), MAX_ECHO)
