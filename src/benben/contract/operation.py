"""One operation of a contract as a Pyramid view: judge the caller, read, call, answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benben.contract.answers import Answers
from benben.contract.body import Body
from benben.contract.parameters import IGNORED_HEADERS, Inputs, Parameter, compile_parameter
from benben.contract.security import Gate
from benben.contract.shapes import MISSING
from benben.kernel.problems import InvalidInput

if TYPE_CHECKING:
    from pyramid.response import Response

    from benben.contract.document import Contract
    from benben.contract.schemas import Schemas
    from benben.kernel.problems import FieldError
    from benben.kernel.request import Request

Act = Callable[["Request", dict[str, Any], Any], Any]
"""Takes the request, the values of its parameters and its body; returns what a handler returns."""


@dataclass(frozen=True, slots=True)
class Operation:
    """The parts of one operation, compiled.

    Args: said: as it stands in the contract.
    """

    path: str
    method: str
    said: Mapping[str, Any]
    inputs: Inputs
    body: Body | None
    answers: Answers


class OperationView:
    """Answer one operation.

    Args: act: calls the handler, or what stands for it.
    """

    def __init__(self, operation: Operation, gate: Gate | None, act: Act) -> None:
        self.operation = operation
        self._read_inputs = operation.inputs.read
        self._body = operation.body
        self._gate = gate
        self._act = act
        self._finish = operation.answers.finish
        self.__name__ = str(operation.said.get("operationId", "operation"))
        self.__doc__ = operation.said.get("summary")

    def __call__(self, request: Request) -> Response:
        """Answer *request*.

        Raises: InvalidInput: with everything that is wrong in path, query, headers, cookies and body.
        """
        if self._gate is not None:
            self._gate.require(request)
        faults: list[FieldError] = []
        values = self._read_inputs(request, faults)
        body = MISSING if self._body is None else self._body.read(request, faults)
        if faults:
            raise InvalidInput(errors=faults)
        return self._finish(self._act(request, values, body), request)


def parameters_of(contract: Contract, item: Mapping[str, Any], operation: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the parameters of an operation, those of its path among them; its own win."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for listed in (item.get("parameters", ()), operation.get("parameters", ())):
        for reference in listed:
            said = contract.resolved(reference)
            found[said["in"], said["name"]] = said
    return [said for (where, name), said in found.items() if where != "header" or name.lower() not in IGNORED_HEADERS]


def compile_inputs(
    said: list[Mapping[str, Any]], schemas: Schemas, *, placeholders: Mapping[str, str], spared: frozenset[str]
) -> Inputs:
    """Return the parameters *said* of an operation, compiled.

    Args:
        placeholders: names in the path, and what they are called in the route.
        spared: names in the query that are no parameters.
    """
    compiled: list[Parameter] = [compile_parameter(item, schemas, placeholders.get(item["name"], "")) for item in said]
    return Inputs(tuple(compiled), spared)
