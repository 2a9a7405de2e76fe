"""Changes of resources as a topic: each caller sees of a row what a GET would show."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
from pyramid.httpexceptions import HTTPException

from benben.features.realtime.services.topics import Topic, Viewer
from benben.kernel.mistakes import Mistake, nearest
from benben.kernel.problems import Problem
from benben.kernel.wire import write_json

if TYPE_CHECKING:
    from benben.features.realtime.services.publishing import Realtime
    from benben.kernel.assemble import Assembly
    from benben.kernel.request import Request
    from benben.resource.events import ResourceChanged

PREFIX = "resource."
TENANT = "tenant"
"""The member of an event that says whose the row was; no client sees it."""


class Changes:
    """Publishes the changes of some resources and shows each of them to whom it may concern.

    An event holds no more than what happened to which row. What a caller sees of the row is
    read anew, as that caller, by the view that answers a GET: rules of rows, of fields and of
    tenants hold without being written twice. A row that is gone cannot be judged any more: its
    deletion is told to those of its tenant who have all rows.
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
                tenant=partial(self._tenant, name),
                summary=f"Changes of {name}.",
                plugin="realtime",
            )

    def publish(self, event: ResourceChanged) -> None:
        """Publish a change as part of its transaction."""
        if event.resource in self._names:
            data = {"action": event.action, "key": event.key}
            tenant = self._tenant(event.resource, event.request)
            if tenant is not None:
                data[TENANT] = tenant
            self._realtime.publish_in(event.request, f"{PREFIX}{event.resource}", data, {})

    def mistakes(self, assembly: Assembly) -> Iterable[Mistake]:
        """Yield a mistake for each resource that there is not."""
        known = assembly.config.registry.resource_parts
        for name in self._names - set(known):
            yield Mistake("realtime.resources", f"there is no resource {name}{nearest(name, known)}")

    def _tenant(self, name: str, request: Request) -> str | None:
        """Return the tenant of *request*, None where the resource keeps none apart. Raises: Problem."""
        access = self._registry.access
        is_kept_apart = access.tenant is not None and self._registry.resource_parts[name].bound.resource.tenant
        tenant: str | None = access.tenant_of(request) if is_kept_apart else None
        return tenant

    def _audience(self, name: str) -> Callable[[Viewer], Hashable]:
        def audience(viewer: Viewer) -> Hashable:
            rules, identity = self._registry.access.rules[name], viewer.identity
            if identity is None or not (rules.rows or rules.fields):
                return viewer.tenant
            claims = repr(sorted(identity.claims.items(), key=lambda item: item[0]))
            return viewer.tenant, identity.userid, identity.roles, identity.scopes, claims

        return audience

    def _render(self, name: str) -> Callable[[Viewer, Any], Any]:
        def render(viewer: Viewer, change: Mapping[str, Any]) -> Any:
            shown = dict(change)
            if shown.pop(TENANT, None) != viewer.tenant:
                return None
            if change["action"] == "deleted":
                return shown if self._registry.access.rules[name].rows_of(viewer.identity, "read") is None else None
            item = self._item(name, change["key"], viewer)
            return None if item is None else {**shown, "item": item}

        return render

    def _item(self, name: str, key: Any, viewer: Viewer) -> Any:
        """Return the row as a GET shows it to *viewer*; None where that answers 404 or refuses.

        Raises: Problem, SQLAlchemyError: it cannot be read just now.
        """
        path = self._realtime.prefix + self._registry.resource_parts[name].bound.path
        written = key if isinstance(key, str) else write_json(key).decode().strip('"')
        environ = {"HTTP_ACCEPT": "application/json", "benben.identity": viewer.identity}
        if viewer.tenant is not None:
            environ["benben.tenant"] = viewer.tenant
        with self._registry.realtime.door.request(f"{path}/{quote(written, safe='')}", environ) as request:
            try:
                response = self._registry.realtime.door.router.invoke_request(request, _use_tweens=False)
            except (Problem, HTTPException) as exc:
                if getattr(exc, "status_int", getattr(exc, "status", 0)) >= 500:
                    raise
                return None
            return msgspec.Raw(response.body) if response.status_int == 200 else None
