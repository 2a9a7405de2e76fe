"""What the documents say of an operation."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from benben.rest.jsonschema import schema_of

if TYPE_CHECKING:
    from benben.operation.declaration import Operation, Parameter

JSON = "application/json"
# What an integer is that nothing else bounds: the parser holds it to this, and so has the document.
INT64 = (-(2**63), 2**63 - 1)


def described(operation: Operation) -> dict[str, Any]:
    """Return the operation in the words of OpenAPI."""
    _, _, rest = (inspect.getdoc(operation.function) or "").partition("\n")
    said: dict[str, Any] = {"operationId": operation.name, "summary": operation.summary}
    said |= {"description": rest.strip()} if rest.strip() else {}
    parameters = [parameter(item, source) for source in ("path", "query", "header") for item in operation.of(source).values()]
    said |= {"parameters": parameters} if parameters else {}
    if operation.has_body:
        said["requestBody"] = {"required": True, "content": {JSON: {"schema": body_schema(operation)}}}
    said["responses"] = answers(operation)
    return said


def parameter(item: Parameter, source: str) -> dict[str, Any]:
    """Return one parameter of the query or a header."""
    node: Any = item.node
    schema = input_schema(node)
    found = {"name": node.name, "in": source, "required": not item.has_default, "schema": schema}
    return found | ({"description": node.help} if node.help else {})


def body_schema(operation: Operation) -> dict[str, Any]:
    """Return the schema of the body: the one parameter that it is, or an object of several."""
    if operation.whole is not None and operation.whole.node is not None:
        return input_schema(operation.whole.node)
    members = {name: input_schema(item.node) for name, item in operation.of("body").items() if item.node is not None}
    required = [name for name, item in operation.of("body").items() if not item.has_default]
    found: dict[str, Any] = {"type": "object", "properties": members, "additionalProperties": False}
    return found | ({"required": required} if required else {})


def input_schema(node: Any) -> dict[str, Any]:
    """Return the JSON Schema of what *node* takes."""
    found: dict[str, Any] = _bounded(schema_of(node, "write"))
    return found


def _bounded(part: Any) -> Any:
    if isinstance(part, list):
        return [_bounded(item) for item in part]
    if not isinstance(part, Mapping):
        return part
    found = {key: _bounded(value) for key, value in part.items()}
    if found.get("format") == "int64" and "enum" not in found:
        found = {**found, "minimum": found.get("minimum", INT64[0]), "maximum": found.get("maximum", INT64[1])}
    return found


def answers(operation: Operation) -> dict[str, Any]:
    """Return the answer that is no problem."""
    if operation.answer is type(None):
        return {"204": {"description": "Done."}}
    schema = answer_schema(operation.answer)
    if operation.is_stream:
        lines = {"schema": schema} if schema else {}
        return {"200": {"description": "One after another.", "content": {"application/jsonl": lines, "text/event-stream": {}}}}
    return {str(operation.status): {"description": "Done.", "content": {JSON: {"schema": schema} if schema else {}}}}


def answer_schema(kind: Any) -> dict[str, Any]:
    """Return the JSON Schema of what is answered, everything inside it; empty where anything may be."""
    if kind is Any:
        return {}
    (schema,), components = msgspec.json.schema_components([kind], ref_template="{name}")
    return _inlined(schema, components, ())


def _inlined(part: Any, components: dict[str, Any], path: tuple[str, ...]) -> Any:
    if isinstance(part, list):
        return [_inlined(item, components, path) for item in part]
    if not isinstance(part, dict):
        return part
    name = part.get("$ref")
    if name is not None:
        return {} if name in path else _inlined(components[name], components, (*path, name))
    return {key: _inlined(value, components, path) for key, value in part.items()}
