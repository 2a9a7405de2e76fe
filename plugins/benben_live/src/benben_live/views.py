"""The page, its files, and messages by REST."""

from __future__ import annotations

from importlib.resources import files

from pyramid.response import Response

from benben.features.realtime.interfaces import realtime_of
from benben.kernel.problems import NotFound
from benben.kernel.wire import write_json
from benben.rest.service import Service, json_response
from benben_live.schemas import MessageSchema

MEDIA_TYPES = {"live.js": "text/javascript", "live.css": "text/css"}
PAGE = {"kind": "page"}
REVALIDATE = ("Cache-Control", "no-cache")


def live_service():
    """Return the service of the page."""
    service = Service("live", "/live", summary="Chat rooms and the traffic, as a page.")
    text = files("benben_live").joinpath("static/live.html").read_text(encoding="utf-8")

    def read(request):
        """Show the page; it may connect to this host and to the gateway, and load nothing from elsewhere."""
        url = realtime_of(request.registry).url(request.domain, request.scheme)
        root = request.path_url.removesuffix("/live")
        body = text.replace("{{root}}", root).replace("{{gateway}}", url)
        gateway = f" {url} {url.replace('http', 'ws', 1)}" if url else ""
        policy = (
            f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'{gateway}; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        headers = [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Security-Policy", policy),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            REVALIDATE,
        ]
        return Response(body=body.encode(), headerlist=headers)

    service.add_view("GET", read, permission="live.page", produces=(), operation=PAGE)
    return service


def static_service():
    """Return the service of the files of the page."""
    service = Service("live.static", "/live/static/{name}", summary="Files of the page.")
    folder = files("benben_live").joinpath("static")
    bodies = {name: folder.joinpath(name).read_bytes() for name in MEDIA_TYPES}

    def read(request):
        """Give a file."""
        name = request.matchdict["name"]
        if name not in bodies:
            raise NotFound()
        headers = [("Content-Type", f"{MEDIA_TYPES[name]}; charset=utf-8"), ("X-Content-Type-Options", "nosniff"), REVALIDATE]
        return Response(body=bodies[name], headerlist=headers)

    service.add_view("GET", read, permission="live.page", produces=(), operation=PAGE)
    return service


def messages_service():
    """Return the service that says something without a WebSocket."""
    service = Service("live.messages", "/live/{room:[a-z0-9][a-z0-9-]{0,39}}/messages", summary="Say something in a room.")

    def post(request):
        """Say something; the room hears it when the request is committed."""
        room = request.matchdict["room"]
        realtime = realtime_of(request.registry)
        message = realtime.submit("live", request.validated, request.registry.security.identity(request), {"room": room})
        request.publish("live", message, room=room)
        return json_response(write_json(message), status=201)

    service.add_view(
        "POST",
        post,
        permission="live.write",
        schema=MessageSchema(),
        operation={"responses": {"201": {"description": "Said."}}},
    )
    return service
