"""Tickets, and what is streamed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benben.features.realtime.problems import NoCredentials
from benben.kernel.wire import write_json
from benben.rest.service import Service, json_response

if TYPE_CHECKING:
    from pyramid.response import Response

    from benben.features.realtime.services.publishing import Realtime
    from benben.kernel import Request

NO_STORE = (("Cache-Control", "no-store"),)


def realtime_service(realtime: Realtime) -> Service:
    """Return the service of ``/realtime``."""
    service = Service("realtime", "/realtime", summary="What is streamed, and where.")

    def read(request: Request) -> dict[str, Any]:
        """Tell the address of the gateway and the topics that the caller may read."""
        policy = request.registry.security
        topics = [
            {"name": topic.name, "pattern": realtime.prefix.rstrip("/") + topic.pattern, "summary": topic.summary}
            for topic in realtime.topics.by_name.values()
            if topic.factory is not None or policy.permits(request, None, topic.permission)
        ]
        return {"url": realtime.url(request.domain, request.scheme), "topics": topics}

    service.add_view("GET", read, permission="realtime.read")
    return service


def numbers_service(realtime: Realtime) -> Service:
    """Return the service of ``/realtime/numbers``."""
    service = Service("realtime.numbers", "/realtime/numbers", summary="How busy the gateway of this process is.")

    def read(_request: Request) -> dict[str, Any]:
        """Count the streams that are open, the events delivered and the clients that were too slow."""
        return realtime.gateway.numbers() if realtime.gateway is not None else {}

    service.add_view("GET", read, permission="realtime.inspect")
    return service


class TicketView:
    """Give a ticket that opens one stream with the credentials of this request."""

    operation = {
        "summary": "A ticket for one stream.",
        "responses": {"201": {"description": "The ticket, once."}},
    }

    def __init__(self, realtime: Realtime) -> None:
        self._realtime = realtime

    def __call__(self, request: Request) -> Response:
        """Return the ticket; a browser can send no header when it opens a stream."""
        evidence = request.registry.security.evidence
        credentials = {key: request.environ[key] for key in evidence if key in request.environ}
        if not credentials:
            raise NoCredentials()
        ttl_s = self._realtime.settings.ticket_ttl
        ticket = self._realtime.store.give_ticket(request.dbsession, credentials, ttl_s=ttl_s)
        body = {
            "ticket": ticket,
            "expires_in": ttl_s,
            "url": self._realtime.url(request.domain, request.scheme),
        }
        return json_response(write_json(body), status=201, headers=NO_STORE)
