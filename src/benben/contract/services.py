"""The directive that serves a contract: its file, its handlers, its routes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyramid.path import package_path
from pyramid.security import NO_PERMISSION_REQUIRED

from benben.contract.answers import Answers
from benben.contract.body import Body
from benben.contract.document import PLACEHOLDER, SERVED, Contract, read_contract, route_word
from benben.contract.handlers import CONTROLLER, Resolver, Unbound, bind, by_operation_id, find_handler
from benben.contract.mock import Mock
from benben.contract.operation import Act, Operation, OperationView, compile_inputs, parameters_of
from benben.contract.problems import HandlerMissing
from benben.contract.schemas import Schemas
from benben.contract.security import Gate, demands_of, permission_of, scopes_of
from benben.contract.source import place_of
from benben.kernel.mistakes import Mistake
from benben.kernel.plugin import Permission
from benben.rest.service import Service

if TYPE_CHECKING:
    from benben.kernel.settings import Values


@dataclass(eq=False)
class Served:
    """One contract that is being served; ``registry.contracts`` has them by name.

    Attributes:
        views: of every operation.
        mistakes: of its handlers and examples.
    """

    contract: Contract
    path: Path
    settings: Values
    module: str
    resolver: Resolver
    requests: Schemas
    responses: Schemas
    views: list[OperationView] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)

    @property
    def is_mock(self) -> bool:
        """Tell whether no handler is called at all."""
        return self.contract.name in self.settings.mock


def serve_contract(
    config: Any,
    name: str,
    file: str,
    *,
    handlers: str = "",
    resolver: Resolver = by_operation_id,
    rules: Mapping[str, str] | None = None,
) -> None:
    """Serve the OpenAPI document in *file*, a path inside the package that calls.

    Args:
        name: a noun; its permissions are ``<name>.read`` and ``<name>.write``, its policy ``service.<name>``.
        handlers: the module in which names without one are looked for.
        resolver: another way from an operation to the name of its function.
        rules: who has these two permissions, by ``read`` and ``write``; ``authenticated`` by default.
    """
    assembly = config.registry.assembly
    for verb in ("read", "write"):
        rule = (rules or {}).get(verb, "authenticated")
        config.declare_permission(Permission(f"{name}.{verb}", rule, f"{verb.title()} {name}."))
    path = Path(package_path(config.package)) / file
    settings = config.registry.contract_settings
    contract, mistakes = read_contract(name, path.parent, path.name, in_full=settings.specification == "start")
    assembly.mistakes += mistakes
    if contract is None:
        return
    schemas = contract.components("schemas")
    served = Served(
        contract,
        path,
        settings,
        handlers,
        resolver,
        Schemas(schemas, "request"),
        Schemas(schemas, "response"),
    )
    assembly.mistakes += _repeated_ids(config.registry.contracts, contract)
    config.registry.contracts[name] = served
    for service in services_of(config, served):
        config.add_service(service)
    assembly.mistakes += sorted(served.mistakes, key=_line)


def unread_mistakes(registry: Any) -> Iterator[Mistake]:
    """Yield what the specification has against the contracts that were not held against it at the start."""
    for name, served in registry.contracts.items():
        if served.settings.specification == "check":
            yield from read_contract(name, served.path.parent, served.path.name)[1]


def services_of(config: Any, served: Served) -> Iterator[Service]:
    """Yield a service for each path, the ones without placeholders first, as the specification matches."""
    name = served.contract.name
    items = sorted((served.contract.document.get("paths") or {}).items(), key=lambda item: _specificity(item[0]))
    for path, item in items:
        methods = [method for method in item if method in SERVED]
        if not methods:
            continue
        placeholders = {word: route_word(word) for word in PLACEHOLDER.findall(path)}
        pattern = PLACEHOLDER.sub(lambda found: "{" + route_word(found[1]) + "}", path)
        slug = re.sub(r"\W+", ".", path).strip(".") or "root"
        service = Service(f"{name}.{slug}", pattern, policy=name, summary=item.get("summary", ""))
        for method in methods:
            _add_operation(config, served, service, operation=(path, method, item), placeholders=placeholders)
        yield service


def _add_operation(
    config: Any, served: Served, service: Service, *, operation: tuple[str, str, Any], placeholders: Mapping[str, str]
) -> None:
    """Add one operation to its service."""
    path, method, item = operation
    said, contract = item[method], served.contract
    compiled = compile_operation(served, path, method, item=item, placeholders=placeholders)
    act, mistakes = action_of(served, compiled)
    served.mistakes += mistakes
    schemes = {key: contract.resolved(scheme) for key, scheme in contract.components("securitySchemes").items()}
    demands = demands_of(said.get("security", contract.document.get("security", ())), schemes)
    gate, permission = None, NO_PERMISSION_REQUIRED
    if demands is not None:
        permission = permission_of(contract.name, method, demands)
        gate = Gate(config.registry, demands, permission=permission, takes_any=served.settings.schemes == "any")
        for scope, text in scopes_of(demands, schemes):
            if scope not in config.registry.assembly.permissions:
                config.declare_permission(Permission(scope, "authenticated", text))
    view = OperationView(compiled, gate, act)
    served.views.append(view)
    service.add_view(
        method.upper(),
        view,
        permission=permission,
        content_type=compiled.body.offers if compiled.body else (),
        reads_body=False,
        produces=compiled.answers.produces,
        operation={"contract": contract.name, **described(contract, item, said, placeholders=placeholders)},
    )


def compile_operation(
    served: Served, path: str, method: str, *, item: Mapping[str, Any], placeholders: Mapping[str, str]
) -> Operation:
    """Return one operation, compiled."""
    said, contract = item[method], served.contract
    spared = frozenset(
        scheme["name"]
        for scheme in map(contract.resolved, contract.components("securitySchemes").values())
        if scheme.get("type") == "apiKey" and scheme.get("in") == "query"
    )
    inputs = compile_inputs(parameters_of(contract, item, said), served.requests, placeholders=placeholders, spared=spared)
    body = contract.resolved(said["requestBody"]) if "requestBody" in said else None
    return Operation(
        path=path,
        method=method,
        said=said,
        inputs=inputs,
        body=Body(body, served.requests) if body is not None and body.get("content") else None,
        answers=Answers(contract, said, served.responses, mode=served.settings.responses),
    )


def action_of(served: Served, operation: Operation) -> tuple[Act, list[Mistake]]:
    """Return what the operation does, and what is wrong with its handler or its examples."""
    said, contract = operation.said, served.contract
    if served.is_mock:
        mock = Mock(contract, operation.answers, served.responses)
        return mock, mock.mistakes
    name = said.get("x-handler") or served.resolver(operation.path, operation.method, said)
    try:
        handler = find_handler(str(name), served.module)
    except Unbound as exc:
        return _stand_in(served, operation, str(exc))
    body = contract.resolved(said["requestBody"]) if "requestBody" in said else None
    try:
        return bind(handler, operation.inputs.parameters, body).call, []
    except Unbound as exc:
        return _not_built, [Mistake(_place(said), f"{_shown(operation)}: {name} {exc}")]


def _stand_in(served: Served, operation: Operation, reason: str) -> tuple[Act, list[Mistake]]:
    """Return what answers in the place of a handler that is not there, as ``contract.missing`` says."""
    if served.settings.missing == "501":
        return _not_built, []
    if served.settings.missing == "mock":
        mock = Mock(served.contract, operation.answers, served.responses)
        return mock, mock.mistakes
    return _not_built, [Mistake(_place(operation.said), f"{_shown(operation)}: {reason}")]


def _not_built(_request: Any, _values: Mapping[str, Any], _body: Any) -> Any:
    raise HandlerMissing()


def _line(mistake: Mistake) -> tuple[str, int]:
    file, _, line = mistake.key.rpartition(":")
    return file, int(line) if line.isdigit() else 0


def _place(said: Any) -> str:
    return place_of(said, "operationId")


def _shown(operation: Operation) -> str:
    return f"{operation.method} {operation.path} ({operation.said.get('operationId', 'without an operationId')})"


def described(
    contract: Contract, item: Mapping[str, Any], said: Mapping[str, Any], *, placeholders: Mapping[str, str]
) -> dict[str, Any]:
    """Return the operation for the documents; names in the path are those of the route."""
    found = {key: value for key, value in said.items() if key not in ("security", "parameters", "servers", "tags", "callbacks")}
    found = {key: value for key, value in found.items() if key != "x-handler" and not CONTROLLER.fullmatch(key)}
    parameters = parameters_of(contract, item, said)
    if parameters:
        found["parameters"] = [
            {**entry, "name": placeholders.get(entry["name"], entry["name"])} if entry["in"] == "path" else dict(entry)
            for entry in parameters
        ]
    for word in ("summary", "description"):
        if word in item and word not in found:
            found[word] = item[word]
    return found


def _repeated_ids(contracts: Mapping[str, Served], contract: Contract) -> Iterator[Mistake]:
    """Yield the operations that another contract has given the same id."""
    taken = {said.get("operationId"): name for name, other in contracts.items() for *_, said in other.contract.operations()}
    for _, _, _, said in contract.operations():
        name = said.get("operationId")
        if name is not None and name in taken:
            yield Mistake(_place(said), f"the operationId {name} is taken by the contract {taken[name]}")


def _specificity(path: str) -> list[tuple[int, int, str]]:
    """Return the key by which paths are tried: what is spelt out comes before what is not, ``{id}:cancel`` before ``{id}``."""
    return [(part.count("{"), -len(PLACEHOLDER.sub("", part)), part) for part in path.strip("/").split("/")]
