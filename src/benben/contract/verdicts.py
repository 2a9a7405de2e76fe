"""The verdict of the library, on schemas that refer to each other in ways which only it follows.

Its own messages repeat the value at length, so that it is only asked whether a value is valid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError, validators
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from benben.contract.checks import NUMERIC, branch_of, discriminated
from benben.contract.formats import keeps_format
from benben.contract.patterns import pattern_of
from benben.contract.values import frozen, is_multiple, is_unique


def registry_of(uri: str, whole: Any) -> Any:
    """Return what finds the references into *whole*, which is at *uri*."""
    return Registry().with_resource(uri, DRAFT202012.create_resource(whole))


def validator_of(schema: Any, registry: Any) -> Any:
    """Return what judges values."""
    return ContractValidator(schema, registry=registry, format_checker=FORMATS)


def _forms(word: str) -> Any:
    """Return the check of ``anyOf`` or ``oneOf``; a discriminator chooses the form."""

    def forms(validator: Any, forms: list[Any], value: Any, schema: Any) -> Iterator[ValidationError]:
        discriminator = discriminated(schema, word)
        if discriminator is None or not isinstance(value, dict):
            yield from Draft202012Validator.VALIDATORS[word](validator, forms, value, schema) or ()
            return
        place = branch_of(discriminator, forms, value)
        if place is None:
            yield ValidationError("")
        else:
            yield from validator.descend(value, forms[place])

    return forms


def _keyword(holds: Callable[[Any, Any], bool]) -> Any:
    """Return the check of a keyword that *holds* judges by its own value and the one in question."""

    def check(_validator: Any, expected: Any, value: Any, _schema: Any) -> Iterator[ValidationError]:
        if not holds(expected, value):
            yield ValidationError("")

    return check


def _is_multiple(step: Any, value: Any) -> bool:
    return type(value) not in NUMERIC or is_multiple(value, step)


def _is_found(text: Any, value: Any) -> bool:
    return type(value) is not str or pattern_of(text).search(value) is not None


def _is_unique(is_asked: Any, value: Any) -> bool:
    return not is_asked or type(value) is not list or is_unique(value)


def _is_one_of(choices: Any, value: Any) -> bool:
    return frozen(value) in set(map(frozen, choices))


FORMATS = FormatChecker(())
EXTEND: Any = validators.extend
ContractValidator: Any = EXTEND(
    Draft202012Validator,
    {
        "anyOf": _forms("anyOf"),
        "oneOf": _forms("oneOf"),
        "multipleOf": _keyword(_is_multiple),
        "pattern": _keyword(_is_found),
        "format": _keyword(keeps_format),
        "uniqueItems": _keyword(_is_unique),
        "enum": _keyword(_is_one_of),
    },
)
