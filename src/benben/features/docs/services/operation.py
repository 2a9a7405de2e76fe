"""One operation, before the document knows of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PAGE = "page"
"""The ``kind`` of an endpoint that draws a page for a person and is no part of the API."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What is known of a method at an address.

    Args:
        pattern: as the route writes it, ``/v1/books/{key}``.
        key: the schema of the placeholders; a text unless it is known better.
        said: the operation in the words of OpenAPI, without tags, security and problems.
        refusals: the statuses of the problems that it may answer, beside those of its permission.
        is_resource: the tag is the name of a resource, not of a plugin.
    """

    pattern: str
    method: str
    plugin: str
    tag: str
    permission: str
    said: dict[str, Any]
    refusals: frozenset[int]
    key: dict[str, Any] | None = None
    is_resource: bool = False
