"""The document in API Blueprint, format 1A: the same facts for tools that read Markdown.

Source: the specification of API Blueprint, format 1A revision 9.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")
# Words that begin a section or a list item would be taken for one inside a description.
_MARKUP = re.compile(r"^(\s*)([#+*-])(?=[#\s])", re.MULTILINE)
KINDS: Mapping[str, str] = {"integer": "number", "number": "number", "boolean": "boolean", "array": "array", "object": "object"}


def write_blueprint(document: Mapping[str, Any]) -> str:
    """Return the OpenAPI *document* as API Blueprint."""
    host = document["servers"][0]["url"]
    lines = ["FORMAT: 1A"]
    lines += [f"HOST: {host}"] if "://" in host else []
    lines += ["", f"# {plain(document['info']['title'])}", "", quoted(document["info"]["description"]), ""]
    for tag in document["tags"]:
        paths = [(path, item) for path, item in document["paths"].items() if any(True for _ in operations_of(item, tag["name"]))]
        if paths:
            lines += [f"# Group {plain(tag['name'])}", "", quoted(tag.get("description", "")), ""]
            for path, item in paths:
                lines += resource(document, path, item, tag=tag["name"])
    return "\n".join(lines).rstrip() + "\n"


def operations_of(item: Mapping[str, Any], tag: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield method and operation of those of a path that belong to *tag*."""
    for method in METHODS:
        if method in item and tag in item[method]["tags"]:
            yield method, item[method]


def resource(document: Mapping[str, Any], path: str, item: Mapping[str, Any], *, tag: str) -> list[str]:
    """Return the section of one address.

    A name may stand at one address only, so that the address is the name.
    """
    lines = [f"## {path} [{path}]", ""]
    own = [resolved(document, parameter) for parameter in item.get("parameters", ())]
    for method, operation in operations_of(item, tag):
        lines += action(document, path, method, own=own, operation=operation)
    return lines


def action(
    document: Mapping[str, Any], path: str, method: str, *, own: list[Mapping[str, Any]], operation: Mapping[str, Any]
) -> list[str]:
    """Return the section of one operation."""
    every = [*own, *(resolved(document, parameter) for parameter in operation.get("parameters", ()))]
    # What an operation says of a parameter goes before what its address says.
    known = list({(parameter["in"], parameter["name"]): parameter for parameter in every}.values())
    query = [parameter for parameter in known if parameter["in"] == "query"]
    address = path + (f"{{?{','.join(parameter['name'] for parameter in query)}}}" if query else "")
    lines = [f"### {plain(operation.get('summary', path))} [{method.upper()} {address}]", ""]
    lines += [quoted(operation["description"]), ""] if operation.get("description") else []
    lines += parameters([parameter for parameter in known if parameter["in"] in ("path", "query")])
    lines += request(document, [parameter for parameter in known if parameter["in"] == "header"], operation.get("requestBody"))
    for status, response in sorted(operation["responses"].items()):
        if status.isdigit():
            lines += answer(document, status, resolved(document, response))
    return lines


def parameters(listed: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the parameters of an operation."""
    lines = []
    for parameter in listed:
        kind, choices = kind_of(parameter["schema"]), parameter["schema"].get("enum", ())
        need = "required" if parameter.get("required") else "optional"
        text = plain(parameter.get("description", ""))
        lines.append(f"    + {parameter['name']} ({kind}, {need})" + (f" - {text}" if text else ""))
        if choices:
            lines += ["        + Members", *(f"            + `{choice}`" for choice in choices)]
    return ["+ Parameters", *lines, ""] if lines else []


def request(document: Mapping[str, Any], headers: Iterable[Mapping[str, Any]], body: Mapping[str, Any] | None) -> list[str]:
    """Return what is sent; the first media type stands for all."""
    named = [f"            {header['name']}: {header.get('example', '')}".rstrip() for header in headers if header.get("example")]
    if body is None and not named:
        return []
    media_type, content = next(iter(body["content"].items())) if body is not None else ("", {})
    lines = [f"+ Request ({media_type})" if media_type else "+ Request", ""]
    lines += ["    + Headers", "", *named, ""] if named else []
    return lines + described(document, content.get("schema"))


def answer(document: Mapping[str, Any], status: str, response: Mapping[str, Any]) -> list[str]:
    """Return one answer."""
    content = response.get("content", {})
    media_type, first = next(iter(content.items())) if content else ("", {})
    lines = [f"+ Response {status} ({media_type})" if media_type else f"+ Response {status}", ""]
    body = described(document, first.get("schema"))
    # Without a body the text would be taken for one.
    return [*lines, f"    {plain(response['description'])}", "", *body] if body else lines


def described(document: Mapping[str, Any], schema: Any) -> list[str]:
    """Return a body as its JSON Schema, with everything that it refers to inside."""
    if schema is None:
        return []
    whole = json.dumps(inlined(document, schema, ()), indent=2, ensure_ascii=False)
    return ["    + Schema", "", *(f"            {line}" for line in whole.splitlines()), ""]


def inlined(document: Mapping[str, Any], part: Any, path: tuple[str, ...]) -> Any:
    """Return *part* with references replaced by what they mean; one that would go round is left open."""
    if isinstance(part, list):
        return [inlined(document, item, path) for item in part]
    if not isinstance(part, Mapping):
        return part
    target = part.get("$ref")
    if isinstance(target, str):
        return {} if target in path else inlined(document, resolved(document, part), (*path, target))
    return {name: inlined(document, value, path) for name, value in part.items()}


def resolved(document: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what *part* means, if it is a reference."""
    found: Any = part
    while "$ref" in found:
        target, found = found["$ref"], document
        for step in target.removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
    return dict(found)


def kind_of(schema: Mapping[str, Any]) -> str:
    """Return the type of a parameter in the words of MSON."""
    kind = schema.get("type", "string")
    named = next((word for word in kind if word != "null"), "string") if isinstance(kind, list) else kind
    kind = KINDS.get(str(named), "string")
    return f"enum[{'string' if kind == 'array' else kind}]" if "enum" in schema else kind


def plain(text: str) -> str:
    """Return *text* as one line in which brackets mean nothing."""
    return " ".join(text.split()).replace("[", "(").replace("]", ")")


def quoted(text: str) -> str:
    """Return paragraphs that begin no section."""
    return _MARKUP.sub(r"\1\\\2", text)
