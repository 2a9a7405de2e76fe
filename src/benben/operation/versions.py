"""Versions of one address: which of them is meant, and what the documents say of them all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benben.kernel.problems import FieldError, InvalidInput
from benben.operation.documents import described
from benben.operation.problems import NoSuchVersion

if TYPE_CHECKING:
    from benben.kernel.request import Request
    from benben.operation.declaration import Operation

HEADER, IN_ENVIRON = "API-Version", "HTTP_API_VERSION"
PARAMETER = "api_version"
MAX_DIGITS = 9


def chosen_version(request: Request, query: dict[str, list[str]], known: Sequence[int]) -> int:
    """Return the version that the query or the header names, the oldest of *known* where neither does.

    It is taken out of *query*, which the operation does not know it in.

    Raises: NoSuchVersion; InvalidInput: it is named twice, and not the same.
    """
    asked = [*query.pop(PARAMETER, ())]
    if IN_ENVIRON in request.environ:
        asked.append(request.environ[IN_ENVIRON].strip())
    if len(set(asked)) > 1:
        raise InvalidInput(errors=[FieldError(PARAMETER, "Must name one version, here and in API-Version.", "repeated", "query")])
    number = number_of(asked[0]) if asked else min(known)
    if number not in known:
        raise NoSuchVersion(list(known))
    return number


def number_of(text: str) -> int:
    """Return the number that *text* is, -1 if it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else -1


def described_versions(operations: Sequence[Operation]) -> dict[str, Any]:
    """Return all versions of one method in the words of OpenAPI: what any of them takes and answers."""
    said = described(operations[0])
    each = [(item, described(item)) for item in operations]
    numbers = sorted({number for item in operations for number in item.versions})
    said["description"] = "\n\n".join(filter(None, [said.get("description", ""), _told(operations)]))
    said["parameters"] = [*_parameters(each, len(operations)), *_choosers(numbers)]
    if "requestBody" in said:
        bodies = [one["requestBody"]["content"] for _, one in each]
        said["requestBody"] = {**said["requestBody"], "content": _any_of(bodies)}
    said["responses"] = {**_responses(one["responses"] for _, one in each), "404": dict(UNKNOWN)}
    return said


UNKNOWN: Mapping[str, Any] = {
    "description": "There is no such version, or nothing of this name; `versions` lists those that there are.",
    "content": {"application/problem+json": {}},
}


def _told(operations: Sequence[Operation]) -> str:
    """Return a sentence for each version."""
    return " ".join(f"Version {', '.join(map(str, item.versions))}: {item.summary.rstrip('.')}." for item in operations)


def _choosers(numbers: list[int]) -> list[dict[str, Any]]:
    """Return the parameter and the header that choose."""
    schema = {"type": "integer", "enum": numbers, "default": numbers[0]}
    text = "The version; the address `/v<number>` names it as well."
    return [
        {"name": name, "in": place, "required": False, "schema": dict(schema), "description": text}
        for name, place in ((PARAMETER, "query"), (HEADER, "header"))
    ]


def _parameters(each: Iterable[tuple[Operation, dict[str, Any]]], count: int) -> list[dict[str, Any]]:
    """Return every parameter that any version has; required where all of them require it."""
    found: dict[tuple[str, str], list[tuple[Operation, dict[str, Any]]]] = {}
    for operation, said in each:
        for item in said.get("parameters", ()):
            found.setdefault((item["in"], item["name"]), []).append((operation, item))
    merged = []
    for listed in found.values():
        first = dict(listed[0][1])
        first["schema"] = _one_of_schemas([item["schema"] for _, item in listed])
        first["required"] = len(listed) == count and all(item["required"] for _, item in listed)
        if len(listed) < count:
            numbers = ", ".join(str(number) for operation, _ in listed for number in operation.versions)
            first["description"] = " ".join(filter(None, [first.get("description", ""), f"Of version {numbers}."]))
        merged.append(first)
    return merged


def _responses(each: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    found: dict[str, list[Any]] = {}
    for responses in each:
        for status, answer in responses.items():
            found.setdefault(status, []).append(answer)
    return {
        status: {**listed[0], "content": _any_of([item["content"] for item in listed if "content" in item])}
        if any("content" in item for item in listed)
        else listed[0]
        for status, listed in found.items()
    }


def _any_of(contents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the media types of all *contents*, each with the schemas that it has in any."""
    kinds = list(dict.fromkeys(kind for content in contents for kind in content))
    return {
        kind: {"schema": _one_of_schemas([content[kind]["schema"] for content in contents if kind in content])}
        if all("schema" in content[kind] for content in contents if kind in content)
        else {}
        for kind in kinds
    }


def _one_of_schemas(schemas: Sequence[Any]) -> Any:
    different: list[Any] = []
    for schema in schemas:
        if schema not in different:
            different.append(schema)
    return different[0] if len(different) == 1 else {"anyOf": different}
