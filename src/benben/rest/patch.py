"""JSON Merge Patch."""

from __future__ import annotations

from typing import Any


def merge_patch(target: Any, patch: Any) -> Any:
    """Return *target* with *patch* applied; neither is changed.

    Null removes a member, an object is merged, anything else replaces. The depth is that of
    *patch*, which the reader of the body has bounded.

    Source: RFC 7396, section 2.
    """
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            result[name] = merge_patch(result.get(name), value)
        else:
            result[name] = value
    return result
