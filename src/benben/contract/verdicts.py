"""The verdict of the library on a value, where the compiled check is not enough: every error of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError, validators
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from benben.contract.checks import branch_of, discriminated, is_multiple, pattern_of
from benben.contract.formats import keeps_format


def registry_of(uri: str, whole: Any) -> Any:
    """Return what finds the references into *whole*, which is at *uri*."""
    return Registry().with_resource(uri, DRAFT202012.create_resource(whole))


def validator_of(schema: Any, registry: Any) -> Any:
    """Return what finds the errors of a value."""
    return ContractValidator(schema, registry=registry, format_checker=FORMATS)


def _forms(validator: Any, forms: list[Any], value: Any, schema: Any, word: str) -> Iterator[ValidationError]:
    """Yield the errors of ``anyOf`` or ``oneOf``; a discriminator chooses the form."""
    discriminator = discriminated(schema, word)
    if discriminator is None or not isinstance(value, dict):
        yield from Draft202012Validator.VALIDATORS[word](validator, forms, value, schema) or ()
        return
    place = branch_of(discriminator, forms, value)
    if place is not None:
        yield from validator.descend(value, forms[place], schema_path=place)
        return
    name = discriminator["propertyName"]
    known = [*discriminator.get("mapping", {}), *(form["$ref"].rpartition("/")[2] for form in forms)]
    yield ValidationError("", validator="enum", path=[name], validator_value=list(dict.fromkeys(known)), instance=value.get(name))


def _any_of(validator: Any, forms: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    return _forms(validator, forms, value, schema, "anyOf")


def _one_of(validator: Any, forms: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    return _forms(validator, forms, value, schema, "oneOf")


def _multiple_of(validator: Any, step: Any, value: Any, _schema: Any) -> Iterator[ValidationError]:
    if validator.is_type(value, "number") and not is_multiple(value, step):
        yield ValidationError("")


def _pattern(validator: Any, text: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    # SECURITY: a text that is too long is told so; a pattern may take the square of its length.
    if validator.is_type(value, "string") and len(value) > schema.get("maxLength", len(value)):
        return
    if validator.is_type(value, "string") and pattern_of(text).search(value) is None:
        yield ValidationError("")


def _format(_validator: Any, name: Any, value: Any, _schema: Any) -> Iterator[ValidationError]:
    if not keeps_format(name, value):
        yield ValidationError("")


FORMATS = FormatChecker(())
EXTEND: Any = validators.extend
ContractValidator: Any = EXTEND(
    Draft202012Validator,
    {"anyOf": _any_of, "oneOf": _one_of, "multipleOf": _multiple_of, "pattern": _pattern, "format": _format},
)
