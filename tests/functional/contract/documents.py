"""OpenAPI documents that several tests serve."""

from __future__ import annotations

import textwrap

HEAD = """\
openapi: {version}
info: {{title: Things, version: "1"}}
paths:
"""


def document(paths: str, components: str = "", *, version: str = "3.1.0", more: str = "") -> str:
    """Return a document with these paths and components."""
    found = HEAD.format(version=version) + textwrap.indent(textwrap.dedent(paths).strip("\n"), "  ") + "\n"
    if components:
        found += "components:\n" + textwrap.indent(textwrap.dedent(components).strip("\n"), "  ") + "\n"
    return found + textwrap.dedent(more)


ECHO = """
def echo(**given):
    return given
"""
OK = '{"200": {description: Done., content: {application/json: {}}}}'


def parameter(said: str, path: str = "/things") -> str:
    """Return a document of one operation that takes one parameter and gives it back."""
    return document(f"{path}:\n  get:\n    operationId: echo\n    parameters:\n      - {said}\n    responses: {OK}\n")


def body(
    schema: str, media_type: str = "application/json", *, more: str = "", components: str = "", version: str = "3.1.0"
) -> str:
    """Return a document of one operation that takes a body and gives it back."""
    content = f"{{{media_type}: {{schema: {schema}{more}}}}}" if media_type != "*/*" else f'{{"*/*": {{schema: {schema}}}}}'
    said = f"operationId: echo, requestBody: {{required: true, content: {content}}}"
    return document(operation(said, method="post"), components, version=version)


def operation(said: str = "operationId: one", responses: str = OK, *, path: str = "/things", method: str = "get") -> str:
    """Return a path with one operation."""
    return f"{path}: {{{method}: {{{said}, responses: {responses}}}}}"


def answers(schema: str) -> str:
    """Return the responses of an operation that answers 200 with JSON of one schema."""
    return f'{{"200": {{description: Done., content: {{application/json: {{schema: {schema}}}}}}}}}'
