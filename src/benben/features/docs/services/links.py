"""Links of OpenAPI: what may be asked next with what an answer says.

They lead from a row that was created to its item, and from a page to the next; only to
operations that are in the document, so that a reader is shown no way that is closed to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from benben.resource.definition import BoundResource

# What a client does to a row that it has made, and in which words.
STEPS: Mapping[str, str] = {
    "item": "Show it.",
    "replace": "Replace it.",
    "patch": "Change it.",
    "delete": "Delete it.",
}


def add_links(paths: Mapping[str, Mapping[str, Any]], bounds: Iterable[BoundResource]) -> None:
    """Write the links of resources into the answers of *paths*."""
    by_id = {
        operation["operationId"]: operation
        for item in paths.values()
        for operation in item.values()
        if "operationId" in operation and "responses" in operation
    }
    for bound in bounds:
        name, key = bound.name, f"$response.body#/{bound.key.name}"
        steps = {
            step: {"operationId": f"{name}.{step}", "parameters": {"key": key}, "description": text}
            for step, text in STEPS.items()
            if f"{name}.{step}" in by_id
        }
        if steps and f"{name}.create" in by_id:
            by_id[f"{name}.create"]["responses"]["201"]["links"] = steps
        if f"{name}.list" in by_id:
            following = {"cursor": "$response.body#/next"}
            text = "The next page, while `next` is not null; the other parameters stay as they are."
            link = {"operationId": f"{name}.list", "parameters": following, "description": text}
            by_id[f"{name}.list"]["responses"]["200"]["links"] = {"next": link}
