"""What a person can paste into another terminal once a development server runs."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import colander
import msgspec

if TYPE_CHECKING:
    from benben.kernel.assemble import Assembly
    from benben.rest.service import Endpoint

# What a stranger understands without reading anything.
FIRST_READS = ("books",)
FIRST_WRITES = ("todos", "authors")


def first_steps(assembly: Assembly, url: str, uri: str, *, argv: Sequence[str]) -> list[str]:
    """Return lines with a token, a read and a write, or none where nobody has a first user.

    Args:
        url: of the server, without a slash at the end.
        uri: the ini as the user gave it.
        argv: how the server was started.
    """
    source = assembly.source
    name = source.resolve("identity.first_user") if "identity.first_user" in source.texts else ""
    if not name or "jwt" not in assembly.manifests:
        return []
    header = '-H "Authorization: Bearer $TOKEN"'
    lines = [f"TOKEN=$({token_command(uri, name, argv)})"]
    endpoints = assembly.config.registry.services.endpoints
    read = first_read(endpoints)
    if read is not None:
        lines.append(f"curl {header} {shlex.quote(url + read.path)}")
    written = first_write(endpoints)
    if written is not None:
        endpoint, body = written
        media_type = "-H 'Content-Type: application/json'"
        lines.append(f"curl {header} {media_type} -d {shlex.quote(body)} {shlex.quote(url + endpoint.path)}")
    docs = [f"Documentation: {url}/docs"] if "docs" in assembly.manifests else []
    return [*docs, "Try it from another terminal:", "", *(f"  {line}" for line in lines), ""]


def token_command(uri: str, name: str, argv: Sequence[str]) -> str:
    """Return the command that prints a token; it works in any folder.

    Paths stay as they were given; if one of them is relative, the command goes to this folder.
    """
    program = argv[0] if argv and Path(argv[0]).name in ("benben", "benben.exe") else _installed()
    words = f"{shlex.quote(program)} token {shlex.quote(uri)} {shlex.quote(name)}"
    is_anywhere = os.path.isabs(uri) and (os.path.isabs(program) or os.sep not in program)
    return words if is_anywhere else f"cd {shlex.quote(os.getcwd())} && {words}"


def first_read(endpoints: Iterable[Endpoint]) -> Endpoint | None:
    """Return a list to read, that of the books if there is one; else who one is."""
    lists = [item for item in endpoints if item.method == "GET" and "{" not in item.path]
    lists.sort(key=lambda item: (item.route not in FIRST_READS, item.operation.get("kind") != "list"))
    return lists[0] if lists else None


def first_write(endpoints: Iterable[Endpoint]) -> tuple[Endpoint, str] | None:
    """Return an address that creates something and a body for it, or None."""
    creating = [item for item in endpoints if item.method == "POST" and item.schema is not None and "{" not in item.path]
    creating.sort(key=lambda item: FIRST_WRITES.index(item.route) if item.route in FIRST_WRITES else len(FIRST_WRITES))
    for endpoint in creating:
        body = smallest_body(endpoint.schema)
        if body is not None:
            return endpoint, msgspec.json.encode(body).decode()
    return None


def smallest_body(schema: Any) -> dict[str, Any] | None:
    """Return the required fields with their examples, or None where one has none or refers to a row."""
    body = {}
    for node in schema.children:
        if node.required:
            example = getattr(node, "example", colander.null)
            if example is colander.null:
                return None
            body[node.name] = example
    try:
        schema.deserialize(body)
    except colander.Invalid:
        return None
    return body or None


def _installed() -> str:
    """Return the command that belongs to this interpreter."""
    beside = Path(sys.executable).with_name("benben")
    return str(beside) if beside.exists() else shutil.which("benben") or "benben"
