"""The functions behind the operations of a contract, and how their arguments are bound.

An operation names its function by ``operationId``: ``module:function``, a dotted name, or a
name inside the module that ``x-...-controller`` names, else the one that the contract was added
with. ``x-handler`` wins over it. Another way is a *resolver*, a callable from operation to such
a name; `by_path` is one.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from benben.contract.parameters import Parameter
from benben.contract.shapes import MISSING
from benben.kernel.mistakes import nearest

Handler = Callable[..., Any]
Resolver = Callable[[str, str, Mapping[str, Any]], str]
"""Takes the path, the method and the operation; returns ``module:function`` or a name."""


# Connexion has x-openapi-router-controller and x-swagger-router-controller.
CONTROLLER = re.compile(r"x-(?:[a-z0-9]+-)*controller")


class Unbound(Exception):
    """An operation has no function, or one that does not fit it; the text says why."""


@dataclass(frozen=True, slots=True)
class Binding:
    """How a handler is called.

    Args:
        arguments: names of arguments that the operation has values for.
        fallbacks: arguments without a default of their own, which get None where nothing was sent.
        body: the argument for the body; empty if the handler takes none.
        takes: which of ``request`` and ``identity`` it takes.
        takes_any: it has ``**kw``.
    """

    handler: Handler
    arguments: frozenset[str]
    fallbacks: frozenset[str]
    body: str
    takes: frozenset[str]
    takes_any: bool

    def call(self, request: Any, values: dict[str, Any], body: Any) -> Any:
        """Call the handler with what the request has sent; *values* is used up."""
        given = values if self.takes_any else {name: value for name, value in values.items() if name in self.arguments}
        for name in self.fallbacks:
            given.setdefault(name, None)
        if self.body and (body is not MISSING or self.body in self.fallbacks):
            given[self.body] = None if body is MISSING else body
        if "request" in self.takes:
            given["request"] = request
        if "identity" in self.takes:
            given["identity"] = request.identity
        return self.handler(**given)


def by_operation_id(_path: str, _method: str, operation: Mapping[str, Any]) -> str:
    """Return the name that the operation itself gives: its id, in the module of ``x-...-controller`` if it has one."""
    name = str(operation.get("operationId", ""))
    module = next((str(value) for key, value in operation.items() if CONTROLLER.fullmatch(key)), "")
    return f"{module}:{name}" if module and name and ":" not in name else name


def by_path(path: str, method: str, _operation: Mapping[str, Any]) -> str:
    """Return a name that follows from path and method, as a REST controller has it.

    ``GET /people`` is ``people.search``, ``POST`` on it ``people.post``, ``GET /people/{id}``
    ``people.get``, and so on: one module for each resource, one function for each method.
    """
    words = [re.sub(r"\W", "_", part) for part in path.strip("/").split("/") if part and "{" not in part]
    is_list = method == "get" and not path.rstrip("/").endswith("}")
    return f"{'.'.join(words) or 'root'}.{'search' if is_list else method}"


def find_handler(name: str, module: str) -> Handler:
    """Return the function called *name*.

    Args: module: where names without a module of their own are looked for.
    Raises: Unbound: with the reason, and the nearest name that is there.
    """
    if not name:
        raise Unbound("has neither an operationId nor x-handler")
    if ":" in name:
        place, _, path = name.partition(":")
        return _member(_module(place), path, place)
    if module:
        try:
            return _member(_module(module), name, module)
        except Unbound:
            if "." not in name:
                raise
            inside, _, last = name.rpartition(".")
            for place in (f"{module}.{inside}", inside):
                if (found := _try(place, last)) is not None:
                    return found
            raise
    place, _, last = name.rpartition(".")
    if not place:
        raise Unbound(f"names no module: {name}")
    return _member(_module(place), last, place)


def bind(handler: Handler, parameters: Iterable[Parameter], body: Mapping[str, Any] | None) -> Binding:
    """Return how *handler* is called for an operation.

    Args: body: the request body as the contract describes it, None where there is none.
    Raises: Unbound: it takes something that the operation does not have, or cannot be called by name.
    """
    keys = {item.key for item in parameters}
    own = str((body or {}).get("x-body-name", "body"))
    try:
        signature = inspect.signature(handler)
    except (TypeError, ValueError):
        raise Unbound("cannot be called by name: it has no signature") from None
    known = keys | {"request", "identity"} | ({own} if body is not None else set())
    takes: set[str] = set()
    fallbacks: set[str] = set()
    takes_any = False
    for name, item in signature.parameters.items():
        if item.kind is item.VAR_KEYWORD:
            takes_any = True
        elif item.kind is item.POSITIONAL_ONLY:
            raise Unbound(f"takes {name} by position only; arguments are given by name")
        elif item.kind is not item.VAR_POSITIONAL:
            has_default = item.default is not item.empty
            if name not in known and not has_default:
                raise Unbound(f"takes {name}, which the operation does not have{nearest(name, known)}")
            takes.add(name)
            if not has_default and name not in ("request", "identity"):
                fallbacks.add(name)
    takes_body = body is not None and (own in takes or takes_any)
    return Binding(
        handler,
        frozenset(keys & takes),
        frozenset(fallbacks),
        own if takes_body else "",
        frozenset(takes & {"request", "identity"}),
        takes_any,
    )


def place_of_handler(handler: Handler) -> str:
    """Return ``module.function`` for a person."""
    return f"{getattr(handler, '__module__', '?')}.{getattr(handler, '__qualname__', repr(handler))}"


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as exc:
        # Only the module itself may be missing: what it imports is a fault of the plugin, with its traceback.
        if exc.name is not None and (name == exc.name or name.startswith(f"{exc.name}.")):
            raise Unbound(f"there is no module {exc.name}") from None
        raise


def _try(module: str, name: str) -> Handler | None:
    try:
        return _member(_module(module), name, module)
    except Unbound:
        return None


def _member(module: Any, path: str, shown: str) -> Handler:
    found = module
    for part in path.split("."):
        if not hasattr(found, part):
            functions = [word for word in vars(module) if not word.startswith("_") and callable(getattr(module, word))]
            raise Unbound(f"{shown} has no function {path}{nearest(path, functions)}")
        found = getattr(found, part)
    if not callable(found):
        raise Unbound(f"{shown}.{path} is no function")
    handler: Handler = found
    return handler
