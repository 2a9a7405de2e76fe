"""What each plugin added, read from Pyramid's pending actions before the one commit.

Every action carries the path of includes that led to it, its place in the source and what
it registers: enough to say who added a route, to refuse two plugins on one address, and to
refuse a view that anybody could call because its author named no permission.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from zope.interface.interface import InterfaceClass

from benben.kernel.mistakes import Mistake

PLACEHOLDER = re.compile(r"\{[^}]*\}|\*\w+$|:\w+")


@dataclass(frozen=True, slots=True)
class Contribution:
    """One thing that a plugin added.

    Args:
        plugin: the plugin, or the empty string for the host itself.
        category: Pyramid's word, ``routes``, ``views`` and so on.
        title: what it is.
        place: file and line.
        details: the attributes of the introspectable.
    """

    plugin: str
    category: str
    title: str
    place: str
    details: Mapping[str, Any]


def read_contributions(actions: Iterable[Mapping[str, Any]], owners: Mapping[str, str]) -> list[Contribution]:
    """Return what the pending *actions* will add.

    Args:
        owners: include specification (``module:includeme``) to the name of the plugin.
    """
    found = []
    for action in actions:
        path = action["includepath"]
        plugin = owners.get(path[0], "") if path else ""
        categories = {item.category_name for item in action["introspectables"]}
        for item in action["introspectables"]:
            details = dict(item)
            details["has_permission"] = "permissions" in categories
            found.append(Contribution(plugin, item.category_name, str(item.title), place(action["info"]), details))
    return found


def place(info: Any) -> str:
    """Return ``file:line`` of an action."""
    return f"{info.file}:{info.line}" if info is not None else ""


def route_mistakes(contributions: Iterable[Contribution]) -> list[Mistake]:
    """Return a mistake for every two plugins on one address.

    Pyramid would let the first win and leave the other unreachable without a word.
    """
    seen: dict[str, list[Contribution]] = {}
    mistakes = []
    for route in contributions:
        if route.category != "routes" or route.details.get("static"):
            continue
        pattern = "/" + PLACEHOLDER.sub("{}", route.details["pattern"]).strip("/")
        for other in seen.setdefault(pattern, []):
            if other.plugin != route.plugin and not _disjoint(other, route):
                text = f"is taken by {named(other)} at {other.place} and by {named(route)} at {route.place}"
                mistakes.append(Mistake(f"route {route.details['pattern']}", text))
        seen[pattern].append(route)
    return mistakes


def permission_mistakes(contributions: Iterable[Contribution]) -> list[Mistake]:
    """Return a mistake for every view that names no permission."""
    mistakes = []
    for view in contributions:
        if view.category != "views" or view.details["has_permission"] or _is_exception_view(view.details):
            continue
        where = view.details.get("route_name") or view.details.get("name") or view.title
        cure = (
            f"set plugin.{view.plugin}.permission (public, authenticated, role:... or a permission)"
            if view.plugin
            else "give it permission=..."
        )
        mistakes.append(Mistake(f"view {where}", f"of {named(view)} at {view.place} names no permission; {cure}"))
    return mistakes


def named(contribution: Contribution) -> str:
    """Return the plugin as a person says it."""
    return f"plugin {contribution.plugin}" if contribution.plugin else "the host"


def _disjoint(one: Contribution, other: Contribution) -> bool:
    methods: list[Any] = [one.details.get("request_methods"), other.details.get("request_methods")]
    return all(methods) and not set(methods[0]) & set(methods[1])


def _is_exception_view(details: Mapping[str, Any]) -> bool:
    context = details.get("context")
    if isinstance(context, InterfaceClass):
        return context.__name__ in {"IExceptionResponse", "IException"}
    return details.get("exception_only", False) or (isinstance(context, type) and issubclass(context, BaseException))
