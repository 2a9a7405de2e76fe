"""Pyramid's router without what it does anew for each request and could do once.

Pyramid builds a class for every request, to give it the properties of plugins; asks the
registry for the interface of the route; traverses even where a route leads to a view and
nothing else; and makes four events that mostly nobody listens to. All of it together costs
more than the query behind an item. What a plugin sees is the same: whatever is not the plain
case goes Pyramid's own way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.events import BeforeTraversal, ContextFound, NewRequest, NewResponse
from pyramid.httpexceptions import HTTPNotFound
from pyramid.interfaces import IRequest, IRouteRequest, ITraverser
from pyramid.router import Router as PyramidRouter
from pyramid.threadlocal import RequestContext
from pyramid.traversal import DefaultRootFactory, ResourceTreeTraverser
from pyramid.view import _call_view
from zope.interface import implementedBy, providedBy

# A proxy may name a root below that of the traversal (``HTTP_X_VHM_ROOT``).
VIRTUAL_ROOT = "HTTP_X_VHM_ROOT"
EVENTS = (NewRequest, BeforeTraversal, ContextFound, NewResponse)
NOWHERE = ((), (), ())


class Router(PyramidRouter):
    """Takes a request through the tweens to its view."""

    def __init__(self, registry: Any) -> None:
        super().__init__(registry)
        self.root_context = implementedBy(DefaultRootFactory)
        self._request_class = with_extensions(self.request_factory, self.request_extensions)
        self._interfaces: dict[str, Any] = {}
        self._generation: Any = None
        self._heard: Mapping[Any, bool] = {}
        self._is_plain = False

    def close(self) -> None:
        """End what plugins have begun; the server calls it after the last request."""
        self.registry.assembly.stop()

    def request_context(self, environ: Any) -> RequestContext:
        """Return the context of a new request, which has everything that plugins give requests."""
        if self._request_class is None:
            context: RequestContext = super().request_context(environ)
            return context
        request = self._request_class(environ)
        attributes = request.__dict__
        attributes["registry"] = self.registry
        attributes["invoke_subrequest"] = self.invoke_subrequest
        return RequestContext(request)

    def handle_request(self, request: Any) -> Any:
        """Find the view of *request* and call it.

        Raises: HTTPNotFound, and whatever the view raises.
        """
        registry = self.registry
        heard = self._known()
        attributes = request.__dict__
        if heard[NewRequest]:
            registry.notify(NewRequest(request))
        attributes["request_iface"] = IRequest
        info = self.routes_mapper(request)
        route, match = info["route"], info["match"]
        factory = self.root_factory
        if route is not None:
            attributes["matchdict"], attributes["matched_route"] = match, route
            attributes["request_iface"] = self._interface(route.name)
            factory = route.factory or factory
        if heard[BeforeTraversal]:
            registry.notify(BeforeTraversal(request))
        root = attributes["root"] = factory(request)
        if self._is_direct(route, match, factory, request):
            attributes["context"] = attributes["virtual_root"] = root
            attributes["view_name"] = view_name = ""
            attributes["subpath"], attributes["traversed"], attributes["virtual_root_path"] = NOWHERE
            interface = self.root_context
        else:
            attributes.update((registry.adapters.queryAdapter(root, ITraverser) or ResourceTreeTraverser(root))(request))
            view_name, interface = attributes["view_name"], None
        if heard[ContextFound]:
            registry.notify(ContextFound(request))
        context = attributes["context"]
        if interface is None or context is not root:
            interface = providedBy(context)
        response = _call_view(registry, request, context, interface, view_name)
        if response is None:
            raise HTTPNotFound(request.path_info)
        return response

    def invoke_request(self, request: Any, _use_tweens: bool = True) -> Any:
        """Take *request* through the tweens and return its answer."""
        try:
            response = (self.handle_request if _use_tweens else self.orig_handle_request)(request)
            if request.response_callbacks:
                request._process_response_callbacks(response)
            if self._known()[NewResponse]:
                self.registry.notify(NewResponse(request, response))
            return response
        finally:
            self.finish_request(request)

    def _known(self) -> Mapping[Any, bool]:
        """Return which events anybody listens to; asked again when a registration has changed."""
        adapters = self.registry.adapters
        if adapters._generation != self._generation:
            generation = adapters._generation
            self._heard = {event: bool(adapters.subscriptions((implementedBy(event),), None)) for event in EVENTS}
            self._is_plain = adapters.lookup1(self.root_context, ITraverser) is None
            self._interfaces = {}
            self._generation = generation
        return self._heard

    def _is_direct(self, route: Any, match: Any, factory: Any, request: Any) -> bool:
        """Tell whether there is nothing to traverse: a route, the plain root, no path of its own."""
        return (
            route is not None
            and factory is DefaultRootFactory
            and self._is_plain
            and "traverse" not in match
            and "subpath" not in match
            and VIRTUAL_ROOT not in request.environ
        )

    def _interface(self, name: str) -> Any:
        interface = self._interfaces.get(name)
        if interface is None:
            interface = self._interfaces[name] = self.registry.queryUtility(IRouteRequest, name=name, default=IRequest)
        return interface


def with_extensions(factory: Any, extensions: Any) -> Any:
    """Return a class of requests with the methods and properties of *extensions*.

    None where the factory is no class: what it makes is extended one by one.
    """
    if not isinstance(factory, type):
        return None
    if extensions is None:
        return factory
    members = {**extensions.methods, **extensions.descriptors}
    made = type(factory.__name__, (factory,), {**members, "__module__": factory.__module__})
    # As Pyramid does for its own: to adapters the class is what its parent is.
    for name in ("__implemented__", "__provides__"):
        if hasattr(factory, name):
            setattr(made, name, getattr(factory, name))
    return made
