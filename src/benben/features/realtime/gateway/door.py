"""Who may have which stream: the policy of the API, asked about a request made of the handshake."""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from pyramid.traversal import DefaultRootFactory

from benben.features.realtime.problems import InvalidTicket, OriginRefused
from benben.features.realtime.services.topics import Viewer
from benben.features.realtime.settings import SAME
from benben.kernel.mistakes import nearest
from benben.kernel.problems import FieldError, InvalidInput, NotFound
from benben.kernel.router import Router

if TYPE_CHECKING:
    from benben.features.realtime.services.publishing import Realtime
    from benben.features.realtime.services.topics import Topic
    from benben.kernel.request import Request
    from benben.security.identity import Identity

EVENTS = "/events"
PARAMETERS = ("ticket", "last_id")
MAX_ID = 2**62
Environ = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Visit:
    """A stream that was asked for and may be had.

    Args:
        environ: of the handshake, with the credentials that a ticket stood for.
        last_id: of the last event that the client has had, or None.
    """

    topic: Topic
    channel: str
    values: Mapping[str, str]
    environ: Environ
    viewer: Viewer
    last_id: int | None

    @property
    def identity(self) -> Identity | None:
        """Return who the caller is, None for nobody."""
        return self.viewer.identity

    @property
    def caller(self) -> str:
        """Return under which name the caller's streams are counted."""
        return f"user:{self.identity.userid}" if self.identity is not None else f"address:{self.environ['REMOTE_ADDR']}"


class Door:
    """Admits or refuses. What it does may ask the database and belongs on a thread."""

    def __init__(self, registry: Any, realtime: Realtime) -> None:
        self.router = Router(registry)
        self._registry = registry
        self._realtime = realtime
        self._prefix = realtime.prefix.rstrip("/")

    def find(self, path: str, *, is_socket: bool) -> tuple[Topic, str, dict[str, str]]:
        """Return the topic at *path*, its channel and the values in it.

        Raises: NotFound.
        """
        inside = path.removeprefix(self._prefix) if path.startswith(f"{self._prefix}/") else ""
        channel = inside if is_socket else inside.removesuffix(EVENTS)
        found = self._realtime.topics.find(channel) if inside and (is_socket or inside.endswith(EVENTS)) else None
        if found is None:
            raise NotFound()
        return found[0], channel, found[1]

    def admit(self, environ: Environ, *, is_socket: bool) -> Visit:
        """Return the stream that *environ* asks for.

        Raises: NotFound, OriginRefused, InvalidTicket, InvalidInput, and what the policy refuses with.
        """
        topic, channel, values = self.find(environ["PATH_INFO"], is_socket=is_socket)
        if not self.is_welcome(environ.get("HTTP_ORIGIN"), environ.get("HTTP_HOST", "")):
            raise OriginRefused()
        parameters = read_parameters(environ["QUERY_STRING"])
        last_id = parameters.get("last_id", environ.get("HTTP_LAST_EVENT_ID") or None)
        position = None if last_id is None else read_id(last_id)
        # SECURITY: a ticket is good for one stream and is no part of what is judged again and again.
        environ["QUERY_STRING"] = ""
        if "ticket" in parameters:
            self._redeem(environ, parameters["ticket"])
        viewer = self.judge(environ, topic, values, topic.permission)
        return Visit(topic, channel, values, environ, viewer, position)

    def judge(self, environ: Environ, topic: Topic, values: Mapping[str, str], permission: str) -> Viewer:
        """Return who the caller is, who may use *permission* on this channel; nothing is remembered.

        Raises: Problem: the credentials are bad, or do not reach.
        """
        policy = self._registry.security
        with self.request(environ["PATH_INFO"], environ) as request:
            request.matchdict = dict(values)
            request.context = (topic.factory or DefaultRootFactory)(request)
            identity: Identity | None = policy.identity(request)
            if not policy.permits(request, request.context, permission):
                raise policy.refusal(request)
            return Viewer(identity, topic.tenant(request) if topic.tenant is not None else None)

    def is_welcome(self, origin: str | None, host: str) -> bool:
        """Tell whether a page of *origin* may connect; no page sends none.

        SECURITY: a browser lets any page open a WebSocket to any host and sends cookies along.
        """
        if origin is None:
            return True
        allowed = self._realtime.settings.origins
        if origin in allowed:
            return True
        name = urlsplit(f"//{host}").hostname
        parts = urlsplit(origin)
        return SAME in allowed and parts.scheme in ("http", "https") and name is not None and parts.hostname == name

    @contextmanager
    def request(self, path: str, environ: Mapping[str, Any]) -> Iterator[Request]:
        """Give a request of Pyramid for *path*, and end what it has begun."""
        made = {**plain_environ(path), **environ}
        with self.router.request_context(made) as request:
            request.id = secrets.token_hex(8)
            try:
                yield request
            finally:
                if request.environ.get("tm.active"):
                    request.tm.abort()

    def _redeem(self, environ: Environ, ticket: str) -> None:
        credentials = self._realtime.store.take_ticket(ticket)
        if credentials is None:
            raise InvalidTicket()
        for key in self._registry.security.evidence:
            environ.pop(key, None)
        environ.update(credentials)


def read_parameters(query: str) -> dict[str, str]:
    """Return the parameters of an address.

    Raises: InvalidInput: there are others; a token in an address would stand in every log.
    """
    pairs = parse_qsl(query, keep_blank_values=True)
    faults = [
        FieldError(name, f"is not known here{nearest(name, PARAMETERS)}", "unknown", "query")
        for name, _ in pairs
        if name not in PARAMETERS
    ]
    if faults:
        raise InvalidInput(errors=faults)
    return dict(pairs)


def read_id(text: str) -> int:
    """Return the id of an event. Raises: InvalidInput."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InvalidInput(errors=[FieldError("last_id", "is the id of an event, a whole number", "type", "query")])
    return int(text)


def plain_environ(path: str) -> Environ:
    """Return the WSGI environment of a GET without anything of its own."""
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


def environ_of(scope: Mapping[str, Any]) -> Environ:
    """Return what a WSGI server would say of the handshake *scope*; only what makes one differ from another."""
    environ: Environ = {
        # Bytes as latin-1, as PEP 3333 has it.
        "PATH_INFO": scope["path"].encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "REMOTE_ADDR": (scope.get("client") or ("",))[0],
        "wsgi.url_scheme": {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"]),
    }
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        # SECURITY: a name with an underscore would pass for another with a hyphen.
        if "_" in name:
            continue
        key = f"HTTP_{name.upper().replace('-', '_')}"
        joint = "; " if key == "HTTP_COOKIE" else ", "
        environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value
    return environ
