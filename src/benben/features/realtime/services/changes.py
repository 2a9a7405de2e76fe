"""Changes of resources as a topic: each caller sees of a row what a GET would show."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
from pyramid.httpexceptions import HTTPException

from benben.features.realtime.services.topics import Topic
from benben.kernel.mistakes import Mistake, nearest
from benben.kernel.problems import Problem
from benben.kernel.wire import write_json

if TYPE_CHECKING:
    from benben.features.realtime.services.publishing import Realtime
    from benben.kernel.assemble import Assembly
    from benben.resource.events import ResourceChanged
    from benben.security.identity import Identity

PREFIX = "resource."


class Changes:
    """Publishes the changes of some resources and shows each of them to whom it may concern.

    An event holds no more than what happened to which row. What a caller sees of the row is
    read anew, as that caller, by the view that answers a GET: rules of rows, of fields and of
    tenants hold without being written twice. A row that is gone cannot be judged any more; where
    a resource has rules about rows its deletions are told to those who have all rows.
    """

    def __init__(self, realtime: Realtime, registry: Any) -> None:
        self._realtime = realtime
        self._registry = registry
        self._names = frozenset(realtime.settings.resources)

    def topics(self) -> Iterable[Topic]:
        """Yield the topic of each resource."""
        for name in sorted(self._names):
            yield Topic(
                f"{PREFIX}{name}",
                f"/realtime/{name}",
                f"{name}.read",
                audience=self._audience(name),
                render=self._render(name),
                summary=f"Changes of {name}.",
                plugin="realtime",
            )

    def publish(self, event: ResourceChanged) -> None:
        """Publish a change as part of its transaction."""
        if event.resource in self._names:
            data = {"action": event.action, "key": event.key}
            self._realtime.publish_in(event.request, f"{PREFIX}{event.resource}", data, {})

    def mistakes(self, assembly: Assembly) -> Iterable[Mistake]:
        """Yield a mistake for each resource that there is not."""
        known = assembly.config.registry.resource_parts
        for name in self._names - set(known):
            yield Mistake("realtime.resources", f"there is no resource {name}{nearest(name, known)}")

    def _audience(self, name: str) -> Callable[[Identity | None, Mapping[str, str]], Hashable]:
        def audience(identity: Identity | None, _values: Mapping[str, str]) -> Hashable:
            rules = self._registry.access.rules[name]
            is_same_for_all = not (rules.rows or rules.fields or self._registry.resource_parts[name].bound.resource.tenant)
            if is_same_for_all or identity is None:
                return None
            claims = repr(sorted(identity.claims.items(), key=lambda item: item[0]))
            return identity.userid, identity.roles, identity.scopes, claims

        return audience

    def _render(self, name: str) -> Callable[[Identity | None, Any], Any]:
        def render(identity: Identity | None, change: Mapping[str, Any]) -> Any:
            if change["action"] == "deleted":
                rules = self._registry.access.rules[name]
                has_tenants = bool(self._registry.resource_parts[name].bound.resource.tenant)
                return change if not has_tenants and rules.rows_of(identity, "read") is None else None
            item = self._item(name, change["key"], identity)
            return None if item is None else {**change, "item": item}

        return render

    def _item(self, name: str, key: Any, identity: Identity | None) -> Any:
        """Return the row as a GET shows it to *identity*; None where that answers 404 or refuses."""
        path = self._realtime.prefix + self._registry.resource_parts[name].bound.path
        written = key if isinstance(key, str) else write_json(key).decode().strip('"')
        environ = {"HTTP_ACCEPT": "application/json", "benben.identity": identity}
        with self._registry.realtime.door.request(f"{path}/{quote(written, safe='')}", environ) as request:
            try:
                response = self._registry.realtime.door.router.invoke_request(request, _use_tweens=False)
            except (Problem, HTTPException):
                return None
            return msgspec.Raw(response.body) if response.status_int == 200 else None
