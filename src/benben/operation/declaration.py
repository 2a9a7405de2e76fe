"""``@operation``: what a function says of itself, compiled once."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any

import colander
import msgspec

from benben.kernel.problems import FieldError, InvalidInput
from benben.operation.problems import AnswerMismatch
from benben.operation.providers import Scope
from benben.operation.types import Unsupported, as_json, default_of, node_of
from benben.rest import nodes
from benben.rest.faults import Fault, Faults, field_errors, unknown_keys

BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})
STREAMS = (Iterator, Iterable, Generator)
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Query:
    """In ``Annotated``: the parameter is in the query, also of a method with a body."""


@dataclass(frozen=True, slots=True)
class Header:
    """In ``Annotated``: the parameter is the header *name*."""

    name: str


@dataclass(frozen=True, slots=True)
class Body:
    """In ``Annotated``: the parameter is the body as a whole."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function.

    Args:
        name: in Python and on the wire; of a header its own.
        source: ``path``, ``query``, ``header``, ``body`` (a member), ``whole`` (the body) or ``inject``.
        node: what a value must be; None where it is injected.
        kind: the annotation, for what is injected.
    """

    name: str
    source: str
    node: nodes.Node | None
    kind: Any
    has_default: bool

    @property
    def is_list(self) -> bool:
        """Tell whether a query may give it again and again."""
        return self.node is not None and isinstance(self.node.typ, nodes.List)


@dataclass(eq=False)
class Operation:
    """A function and what it is elsewhere; called, it is the function with its input judged.

    Args:
        name: ``<plugin>.<verb>``, the command and the ``operationId``.
        path: inside the prefix; placeholders are parameters.
        permission: of the endpoint and of the command; the plain call asks nobody.
        status: of an answer with a body; one without is 204.
        versions: numbers, where the operation has versions; see `docs/operations.md`.
    """

    function: Callable[..., Any]
    name: str
    method: str
    path: str
    permission: str
    status: int
    versions: tuple[int, ...]
    parameters: tuple[Parameter, ...] = field(init=False)
    injected: tuple[Parameter, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.__doc__ = self.function.__doc__
        self.__name__ = self.function.__name__
        self.__module__ = self.function.__module__
        self.signature = inspect.signature(self.function)
        hints = typing.get_type_hints(self.function, include_extras=True)
        placeholders = _PLACEHOLDER.findall(self.path)
        found = [self._parameter(item, hints.get(item.name, Any), placeholders) for item in self.signature.parameters.values()]
        self.parameters = tuple(item for item in found if item.source != "inject")
        self.injected = tuple(item for item in found if item.source == "inject")
        known = {item.name for item in self.parameters}
        for name in placeholders:
            if name not in known:
                raise TypeError(f"operation {self.name}: {self.path} has a placeholder {name} that is no parameter")
        answer = hints.get("return", Any)
        self.is_stream = typing.get_origin(answer) in STREAMS
        self.answer = typing.get_args(answer)[0] if self.is_stream else answer
        self._by_source = {
            source: {item.name: item for item in self.parameters if item.source == source}
            for source in ("path", "query", "header", "body", "whole")
        }
        self.whole = next(iter(self._by_source["whole"].values()), None)

    @property
    def summary(self) -> str:
        """Return the first line of the docstring."""
        return (inspect.getdoc(self.function) or self.name).partition("\n")[0]

    @property
    def has_body(self) -> bool:
        """Tell whether a body is read."""
        return self.whole is not None or bool(self._by_source["body"])

    def of(self, source: str) -> Mapping[str, Parameter]:
        """Return the parameters of *source* by name."""
        return self._by_source[source]

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Judge the input, inject what is missing from the `Scope` around the call, and call the function.

        Raises: InvalidInput: every fault, as an endpoint would list them.
        """
        given = self.signature.bind_partial(*arguments, **named).arguments
        own = {item.name: given[item.name] for item in self.injected if item.name in given}
        values = self.values_of({item.name: given[item.name] for item in self.parameters if item.name in given})
        scope = Scope.current() if len(own) < len(self.injected) else None
        found = own | {item.name: scope.get(item.kind) for item in self.injected if item.name not in own and scope is not None}
        return self.checked(self.function(**values, **found))

    def call(self, scope: Scope, values: Mapping[str, Any]) -> Any:
        """Call the function with *values* that were judged, inside *scope*; return what it may answer."""
        return self.checked(self.function(**values, **{item.name: scope.get(item.kind) for item in self.injected}))

    def values_of(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of values of Python.

        Raises: InvalidInput.
        """
        faults: list[FieldError] = []
        values: dict[str, Any] = {}
        for item in self.parameters:
            node: Any = item.node
            try:
                raw = as_json(given[item.name]) if item.name in given else colander.null
            except TypeError:
                raw = object()
            _take(values, item, partial(node.deserialize, raw), faults)
        return _or_refuse(values, faults)

    def values_of_object(self, given: Any) -> dict[str, Any]:
        """Return the arguments of an object of JSON, whose members are the parameters.

        Raises: InvalidInput.
        """
        root: Any = nodes.Node(nodes.Object())
        if not isinstance(given, dict):
            raise InvalidInput(errors=field_errors(Fault(root, "type", "Must be an object.")))
        known, found = [item.name for item in self.parameters], Faults(root)
        for fault in unknown_keys(root, (name for name in given if name not in known), known):
            found.add(fault)
        faults = list(field_errors(found)) if found.children else []
        try:
            values = self.values_of(given)
        except InvalidInput as exc:
            raise InvalidInput(errors=[*exc.errors, *faults]) from exc
        return _or_refuse(values, faults)

    def values_of_texts(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of texts, as a command has them; an object is JSON.

        Raises: InvalidInput.
        """
        faults: list[FieldError] = []
        values: dict[str, Any] = {}
        for item in self.parameters:
            _take(values, item, partial(read_text, item.node, given.get(item.name)), faults)
        return _or_refuse(values, faults)

    def values_of_request(self, texts: Mapping[str, Mapping[str, Any]], body: Any) -> dict[str, Any]:
        """Return the arguments of a request.

        Args: texts: by source and name; a parameter that is a list has one. *body*: parsed.
        Raises: InvalidInput.
        """
        faults: list[FieldError] = []
        values: dict[str, Any] = {}
        for source in ("path", "query", "header"):
            known = self._by_source[source]
            for item in known.values():
                _take(values, item, partial(read_text, item.node, texts[source].get(item.name)), faults)
            if source == "query":
                # PERF: a node for the faults costs more than looking for them.
                faults += () if texts["query"].keys() <= known.keys() else _unknown_parameters(texts["query"], list(known))
        if self.whole is not None:
            _take_body(values, self.whole.name, self.whole.node, body, faults)
        elif self._by_source["body"]:
            self._take_members(values, body, faults)
        return _or_refuse(values, faults)

    def checked(self, result: Any) -> Any:
        """Return *result* as the function declares it: nothing more, and of the right types.

        Raises: AnswerMismatch.
        """
        if self.is_stream:
            return (self._converted(item) for item in result)
        return self._converted(result)

    def _converted(self, value: Any) -> Any:
        if self.answer is Any:
            return value
        try:
            return msgspec.convert(value, self.answer, from_attributes=True)
        except msgspec.ValidationError as exc:
            raise AnswerMismatch(f"operation {self.name} answers what it does not declare: {exc}") from exc

    def _take_members(self, values: dict[str, Any], body: Any, faults: list[FieldError]) -> None:
        """Take the members of an object apart; all faults have the pointers of a body."""
        known = self._by_source["body"]
        root: Any = nodes.Node(nodes.Object())
        if not isinstance(body, dict):
            faults += field_errors(Fault(root, "type", "Must be an object."))
            return
        found = Faults(root)
        for name, item in known.items():
            node: Any = item.node
            try:
                value = node.deserialize(body.get(name, colander.null))
            except colander.Invalid as exc:
                found.add(exc)
            else:
                values |= {} if value is colander.drop else {name: value}
        for fault in unknown_keys(root, (name for name in body if name not in known), list(known)):
            found.add(fault)
        if found.children:
            faults += field_errors(found)

    def _parameter(self, item: inspect.Parameter, hint: Any, placeholders: Sequence[str]) -> Parameter:
        marks = typing.get_args(hint)[1:] if typing.get_origin(hint) is Annotated else ()
        has_default = item.default is not inspect.Parameter.empty
        header = next((mark.name for mark in marks if isinstance(mark, Header)), "")
        missing = default_of(item.default) if has_default else colander.required
        try:
            node = node_of(_without_marks(hint), name=header or item.name, missing=missing)
        except Unsupported:
            return Parameter(item.name, "inject", None, hint, has_default)
        return Parameter(item.name, self._source(item.name, node, marks, placeholders), node, hint, has_default)

    def _source(self, name: str, node: nodes.Node, marks: Any, placeholders: Sequence[str]) -> str:
        if name in placeholders:
            return "path"
        for mark in marks:
            if isinstance(mark, (Query, Header, Body)):
                return {Query: "query", Header: "header", Body: "whole"}[type(mark)]
        if self.method not in BODY_METHODS:
            return "query"
        return "whole" if node.children and not isinstance(node.typ, nodes.List) else "body"


def operation(
    name: str,
    method: str,
    path: str,
    *,
    permission: str,
    status: int = 200,
    versions: Iterable[int] = (),
) -> Callable[[Callable[..., Any]], Operation]:
    """Make an `Operation` of the function below; see there for the arguments."""

    def declare(function: Callable[..., Any]) -> Operation:
        return Operation(function, name, method.upper(), path, permission, status, tuple(versions))

    return declare


def read_text(node: Any, given: Any) -> Any:
    """Return the value of one text, of the texts of a list, or of those of the members of an object.

    Raises: colander.Invalid.
    """
    if given is None:
        return node.deserialize(colander.null)
    if isinstance(given, Mapping):
        return _read_members(node, given)
    if isinstance(node.typ, nodes.List):
        return _read_texts(node, given if isinstance(given, (list, tuple)) else [given])
    if isinstance(given, (list, tuple)):
        if len(given) > 1:
            raise Fault(node, "repeated", "May be given once.")
        given = given[0]
    if isinstance(node.typ, nodes.Object):
        return node.deserialize(nodes.JSON().from_text(node, given))
    if node.nullable and given == "null":
        return None
    return node.from_text(given)


def _read_members(node: Any, texts: Mapping[str, Any]) -> Any:
    found: dict[str, Any] = {}
    faults = Faults(node)
    for child in node.children:
        try:
            value = read_text(child, texts.get(child.name))
        except colander.Invalid as exc:
            faults.add(exc)
        else:
            found |= {} if value is colander.drop else {node.typ.names[child.name]: value}
    if faults.children:
        raise faults
    return node.typ.made(**found)


def _read_texts(node: Any, texts: Sequence[str]) -> Any:
    item, found, faults = node.children[0], [], Faults(node)
    for place, text in enumerate(texts):
        try:
            found.append(read_text(item, text))
        except colander.Invalid as exc:
            faults.add(exc, place)
    if faults.children:
        raise faults
    # The bounds of the list itself; its items are values already.
    if not node.typ.min_items <= len(found) <= (node.typ.max_items or len(found)):
        raise Fault(node, "length", f"Must have from {node.typ.min_items} to {node.typ.max_items} values.")
    return found


def _take(values: dict[str, Any], item: Parameter, read: Callable[[], Any], faults: list[FieldError]) -> None:
    """Put what *read* returns under the name of *item*, or its faults among the others."""
    where = {"whole": "body"}.get(item.source, item.source)
    try:
        value = read()
    except colander.Invalid as exc:
        found: Any = exc
        if item.source == "body":
            found = Faults(nodes.Node(nodes.Object()))
            found.add(exc)
        prefix = "" if where == "body" else item.node.name if item.node is not None else item.name
        for fault in field_errors(found, where):
            pointer = fault.pointer if where == "body" else "/".join(filter(None, (prefix, fault.pointer)))
            faults.append(FieldError(pointer, fault.detail, fault.code, where))
    else:
        if value is not colander.drop:
            values[item.name] = value


def _take_body(values: dict[str, Any], name: str, node: Any, body: Any, faults: list[FieldError]) -> None:
    try:
        value = node.deserialize(body)
    except colander.Invalid as exc:
        faults += field_errors(exc)
    else:
        values |= {} if value is colander.drop else {name: value}


def _unknown_parameters(given: Mapping[str, Any], known: list[str]) -> Iterator[FieldError]:
    root: Any = nodes.Node(nodes.Object())
    for fault in unknown_keys(root, (name for name in given if name not in known), known):
        yield FieldError(str(fault.key), str(fault.msg).replace("field", "parameter"), fault.code, "query")


def _or_refuse(values: dict[str, Any], faults: list[FieldError]) -> dict[str, Any]:
    if faults:
        raise InvalidInput(errors=faults)
    return values


def _without_marks(hint: Any) -> Any:
    """Return *hint* without the marks of this module, which msgspec does not know."""
    if typing.get_origin(hint) is not Annotated:
        return hint
    kind, *marks = typing.get_args(hint)
    for mark in marks:
        if not isinstance(mark, (Query, Header, Body)):
            kind = Annotated[kind, mark]
    return kind
