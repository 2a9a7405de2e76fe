"""From the annotations of Python to the strict nodes of schemas."""

from __future__ import annotations

import datetime
import decimal
import enum
import re
import uuid
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import colander
import msgspec
from msgspec import inspect

from benben.rest import nodes
from benben.rest.faults import Fault

_CONSTANT = (type(None), bool, int, float, str, decimal.Decimal, datetime.date, datetime.time, uuid.UUID, enum.Enum)
_TIME = re.compile(r"\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?")


DIGITS = "digits"


def digits(precision: int, scale: int) -> msgspec.Meta:
    """Bound a decimal in ``Annotated``: *precision* digits, *scale* of them behind the point."""
    return msgspec.Meta(extra={DIGITS: (precision, scale)})


class Unsupported(Exception):
    """No client could send a value of this annotation."""


class Time(nodes.Scalar):
    """A time of day without an offset, ``HH:MM:SS``."""

    def read(self, node: Any, cstruct: Any) -> datetime.time:
        """Return the time; see `Scalar.read`."""
        if not isinstance(cstruct, str) or _TIME.fullmatch(cstruct) is None:
            raise Fault(node, "format", "Must be a time such as 13:45:00.")
        try:
            return datetime.time.fromisoformat(cstruct)
        except ValueError:
            raise Fault(node, "format", "Must be a time such as 13:45:00.") from None

    def json_schema(self, mode: str) -> dict[str, Any]:
        """Return the JSON Schema; see `Scalar.json_schema`."""
        return {"type": "string", "pattern": f"^{_TIME.pattern}$"}


class Built(nodes.Object):
    """An object that becomes an instance of a class.

    Args: names: of the attributes, by the name on the wire.
    """

    def __init__(self, made: Callable[..., Any], names: Mapping[str, str]) -> None:
        super().__init__()
        self.made = made
        self.names = names

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        """Return the instance."""
        found = super().deserialize(node, cstruct)
        return found if found is colander.null else self.made(**{self.names[name]: value for name, value in found.items()})


def node_of(annotation: Any, *, name: str = "", missing: Any = colander.required, help: str = "") -> nodes.Node:
    """Return the node of *annotation*.

    Raises: Unsupported: it is a type that only code can give.
    """
    try:
        found = inspect.type_info(annotation)
    except TypeError as exc:
        raise Unsupported(str(exc)) from exc
    return _node(found, name=name, missing=missing, help=help)


def _node(info: Any, *, name: str = "", missing: Any = colander.required, help: str = "") -> nodes.Node:
    info, extra = _unwrapped(info, {})
    nullable = False
    if isinstance(info, inspect.UnionType):
        nullable = any(isinstance(item, inspect.NoneType) for item in info.types)
        kinds = [item for item in info.types if not isinstance(item, inspect.NoneType)]
        if len(kinds) != 1:
            raise Unsupported("a union of several types")
        info, extra = _unwrapped(kinds[0], extra)
    examples = extra.get("examples") or [colander.null]
    words = {"name": name, "missing": missing, "help": help or extra.get("description", ""), "nullable": nullable}
    kind = nodes.Decimal(*extra[DIGITS]) if DIGITS in extra else _type(info)
    node = nodes.Node(kind, example=examples[0], **words)
    for child in _children(info):
        node.add(child)
    return node


def _unwrapped(info: Any, extra: Mapping[str, Any]) -> tuple[Any, Mapping[str, Any]]:
    """Return the type without what ``Meta`` says of it, and that beside *extra*."""
    while isinstance(info, inspect.Metadata):
        extra = {**(info.extra_json_schema or {}), **(info.extra or {}), **extra}
        info = info.type
    return info, extra


def _type(info: Any) -> Any:
    kind = type(info)
    for word in NOT_KEPT.get(kind, ()):
        if getattr(info, word) is not None:
            # A bound that nobody holds would be a promise that is broken.
            raise TypeError(f"{kind.__name__} may not be bounded by {word} here")
    if kind in PLAIN:
        return PLAIN[kind]()
    if isinstance(info, inspect.IntType):
        low = info.ge if info.ge is not None else None if info.gt is None else info.gt + 1
        high = info.le if info.le is not None else None if info.lt is None else info.lt - 1
        return nodes.Integer(low, high)
    if isinstance(info, inspect.FloatType):
        return nodes.Float(info.ge, info.le)
    if isinstance(info, inspect.DecimalType):
        return nodes.Decimal()
    if isinstance(info, inspect.StrType):
        return nodes.String(info.max_length, min_length=info.min_length or 0, pattern=info.pattern)
    if isinstance(info, inspect.EnumType):
        return nodes.Enum(info.cls)
    if isinstance(info, inspect.LiteralType):
        choices: Any = info.values
        return nodes.Enum(choices)
    if isinstance(info, (inspect.ListType, inspect.VarTupleType)):
        return nodes.List(_node(info.item_type), min_items=info.min_length or 0, max_items=info.max_length)
    if isinstance(info, (inspect.StructType, inspect.DataclassType)):
        return Built(info.cls, MappingProxyType({item.encode_name: item.name for item in info.fields}))
    raise Unsupported(getattr(getattr(info, "cls", None), "__qualname__", kind.__name__))


def _children(info: Any) -> list[nodes.Node]:
    if not isinstance(info, (inspect.StructType, inspect.DataclassType)):
        return []
    return [
        _node(item.type, name=item.encode_name, missing=colander.required if item.required else default_of(item.default))
        for item in info.fields
    ]


def default_of(value: Any) -> Any:
    """Return what the documents say of a default; one that could change is left to the function alone."""
    return value if isinstance(value, _CONSTANT) else colander.drop


NOT_KEPT: Mapping[Any, tuple[str, ...]] = MappingProxyType(
    {
        inspect.IntType: ("multiple_of",),
        inspect.FloatType: ("gt", "lt", "multiple_of"),
        inspect.DictType: ("min_length", "max_length"),
    }
)
PLAIN: Mapping[Any, Callable[[], Any]] = MappingProxyType(
    {
        inspect.BoolType: nodes.Boolean,
        inspect.DateTimeType: nodes.Instant,
        inspect.DateType: nodes.Date,
        inspect.TimeType: Time,
        inspect.UUIDType: nodes.UUID,
        inspect.AnyType: nodes.JSON,
        inspect.DictType: nodes.JSON,
    }
)


def as_json(value: Any) -> Any:
    """Return *value* of Python as a body would have it, so that one schema judges both."""
    return msgspec.to_builtins(value, str_keys=True)
