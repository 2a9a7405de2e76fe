"""Problems as the responses of a document, every code with an example."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from benben.features.docs.services.schemas import NOT_IN_KEYS, reference
from benben.kernel.problems import MEDIA_TYPE

if TYPE_CHECKING:
    from benben.kernel import Assembly, Problem

# Statuses that an operation names one by one; the others are told once, as the default.
TOLD = frozenset({400, 401, 403, 404, 406, 409, 412, 413, 415})
HEADERS: Mapping[int, str] = {401: "WWW-Authenticate", 412: "ETag"}


class Refusals:
    """The problem responses of a document.

    A problem of the host stands under its status. One of a plugin stands in the default of
    that plugin's operations, since no manifest says which of them raises it.
    """

    def __init__(self, assembly: Assembly) -> None:
        owners = {
            problem.code: plugin.name
            for plugin in assembly.plugins.values()
            if plugin.state == "on"
            for problem in plugin.manifest.problems
        }
        groups: dict[str, list[type[Problem]]] = {"Problem": []}
        for code, problem in sorted(assembly.problems.items()):
            groups.setdefault(component_of(problem.status, owners.get(code, "")), []).append(problem)
        self.components = {name: problem_response(problems) for name, problems in sorted(groups.items())}

    def of(self, statuses: Iterable[int], plugin: str) -> dict[str, Any]:
        """Return the refusals of an operation of *plugin*, by status."""
        found = {str(status): f"Problem{status}" for status in sorted(statuses)}
        own = component_of(0, plugin)
        found["default"] = own if own in self.components else "Problem"
        return {status: reference("responses", name) for status, name in found.items() if name in self.components}


def component_of(status: int, plugin: str) -> str:
    """Return the name of the response that tells a problem."""
    if plugin:
        return NOT_IN_KEYS.sub("_", f"Problem.{plugin}")
    return f"Problem{status}" if status in TOLD else "Problem"


def problem_response(problems: list[type[Problem]]) -> dict[str, Any]:
    """Return one response for several problems."""
    statuses = {problem.status for problem in problems}
    is_one = len(statuses) == 1 and statuses <= TOLD
    phrase = HTTPStatus(next(iter(statuses))).phrase if is_one else "Another problem"
    listed = ", ".join(f"`{problem.code}`" + ("" if is_one else f" ({problem.status})") for problem in problems)
    examples = {problem.code: example_of(problem) for problem in problems}
    schema = reference("schemas", "Problem")
    found: dict[str, Any] = {"description": f"{phrase}: {listed}." if listed else f"{phrase}."}
    header = HEADERS.get(next(iter(statuses))) if is_one else None
    if header:
        found["headers"] = {header: reference("headers", header)}
    return {**found, "content": {MEDIA_TYPE: {"schema": schema, **({"examples": examples} if examples else {})}}}


def example_of(problem: type[Problem]) -> dict[str, Any]:
    """Return the problem as an example of its response."""
    value = {"type": f"/problems/{problem.code}", "title": problem.title, "status": problem.status}
    meaning = " ".join(inspect.cleandoc(problem.__doc__ or "").split("\n\n")[0].split())
    return {"summary": problem.title, "description": f"{meaning} {problem.hint}".strip(), "value": value}
