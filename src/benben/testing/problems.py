"""The one assertion for every refusal."""

from __future__ import annotations

from typing import Any


def assert_problem(response: Any, status: int, code: str = "") -> dict[str, Any]:
    """Check that *response* is a complete problem document and return it.

    Args:
        code: the last part of its ``type``, if it matters.
    """
    assert response.status_int == status, response.text
    assert response.content_type == "application/problem+json", response.content_type
    document: dict[str, Any] = response.json
    assert document["status"] == status
    assert document["title"]
    assert document["type"].startswith("/problems/")
    assert document["instance"] == response.headers["X-Request-Id"]
    assert not code or document["type"] == f"/problems/{code}", document["type"]
    return document
