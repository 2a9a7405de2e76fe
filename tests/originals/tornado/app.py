"""Chat rooms as the documentation of Tornado writes them: a WebSocketHandler, a signed cookie, XSRF, xheaders."""

from __future__ import annotations

import asyncio
import datetime
import json
import sys
from collections import defaultdict

from tornado.web import Application, HTTPError, RequestHandler
from tornado.websocket import WebSocketHandler

ROOMS: defaultdict[str, set[WebSocketHandler]] = defaultdict(set)
TEXT_LENGTH = 2000


def read_message(raw: bytes | str) -> str:
    """Return the text that somebody says. Raises: HTTPError."""
    try:
        text = json.loads(raw)["text"]
    except (ValueError, KeyError, TypeError) as exc:
        raise HTTPError(400) from exc
    if not isinstance(text, str) or not 0 < len(text) <= TEXT_LENGTH:
        raise HTTPError(400)
    return text


def say(room: str, user: str, text: str) -> dict[str, str]:
    """Give a message to everybody in the room."""
    message = {"text": text, "user": user, "at": datetime.datetime.now(datetime.UTC).isoformat()}
    for client in ROOMS[room]:
        client.write_message(message)
    return message


class Known(RequestHandler):
    """Who asks is in a signed cookie, or in a header that only a proxy may set."""

    def get_current_user(self) -> str | None:
        """Return the name."""
        found = self.get_signed_cookie("user")
        return found.decode() if found else self.request.headers.get("X-User")

    def prepare(self) -> None:
        """Refuse strangers."""
        if self.current_user is None:
            raise HTTPError(401)


class Ready(RequestHandler):
    """Tells whether the server answers, and makes the XSRF cookie."""

    def get(self) -> None:
        """Answer."""
        self.xsrf_token  # noqa: B018  # reading it sets the cookie
        self.write({"status": "ok"})


class Login(RequestHandler):
    """Gives the signed cookie; the form is protected by XSRF."""

    def get(self) -> None:
        """Give the cookie, so that a program needs no form."""
        self.set_signed_cookie("user", self.get_argument("user"))
        self.write({"user": self.get_argument("user")})

    def post(self) -> None:
        """Take the form."""
        self.set_signed_cookie("user", self.get_argument("user"))
        self.write({"user": self.get_argument("user")})


class Me(Known):
    """Tells who asks, and from where."""

    def get(self) -> None:
        """Answer."""
        self.write({"user": self.current_user, "ip": self.request.remote_ip, "scheme": self.request.protocol})


class Messages(Known):
    """Says something without a WebSocket; a program has no XSRF cookie."""

    def check_xsrf_cookie(self) -> None:
        """Check nothing."""

    def post(self, room: str) -> None:
        """Say it."""
        self.set_status(201)
        self.write(say(room, self.current_user, read_message(self.request.body)))


class Room(WebSocketHandler, Known):
    """A room."""

    def get_compression_options(self) -> dict[str, object]:
        """Compress as it comes."""
        return {}

    def open(self, room: str) -> None:
        """Enter."""
        self.room = room
        ROOMS[room].add(self)

    def on_message(self, message: str | bytes) -> None:
        """Say it to everybody."""
        say(self.room, self.current_user, read_message(message))

    def on_close(self) -> None:
        """Leave."""
        ROOMS[self.room].discard(self)


async def main() -> None:
    """Serve."""
    application = Application(
        [
            (r"/", Ready),
            (r"/login", Login),
            (r"/me", Me),
            (r"/live/([a-z0-9][a-z0-9-]{0,39})", Room),
            (r"/live/([a-z0-9][a-z0-9-]{0,39})/messages", Messages),
        ],
        cookie_secret="not a secret",
        xsrf_cookies=True,
        websocket_max_message_size=16_384,
        websocket_ping_interval=20,
    )
    application.listen(int(sys.argv[1]), "127.0.0.1", xheaders=True)
    await asyncio.Event().wait()


asyncio.run(main())
