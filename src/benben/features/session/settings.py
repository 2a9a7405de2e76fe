"""What an operator can set of the sessions."""

from __future__ import annotations

import re
from typing import Any

import colander

from benben.kernel import Setting, Settings, Switch, Text, Whole, Words

ORIGIN = re.compile(r"https?://[a-z0-9.\[\]:-]+")
COOKIE = re.compile(r"[A-Za-z0-9_.]{1,40}")


class CookieName(Text):
    """The name of a cookie."""

    def __init__(self) -> None:
        super().__init__("1 to 40 letters, digits, dots or underscores")

    def deserialize(self, node: Any, text: str) -> str:
        """Return the name."""
        name = super().deserialize(node, text)
        if not COOKIE.fullmatch(name):
            raise colander.Invalid(node, self.expects)
        return name


class Origins(Words):
    """Origins of pages, as browsers write them."""

    def __init__(self) -> None:
        super().__init__()
        self.expects = "origins such as https://app.example, separated by space"

    def deserialize(self, node: Any, text: str) -> tuple[str, ...]:
        """Return the origins."""
        found = super().deserialize(node, text)
        if not all(ORIGIN.fullmatch(origin) for origin in found):
            raise colander.Invalid(node, self.expects)
        return found


class SessionSettings(Settings):
    """``session.*``."""

    prefix = "session"

    secure = Setting(
        Switch(),
        default=True,
        help="The cookie is sent over HTTPS only and bound to this host; off is for a machine of one's own.",
    )
    cookie = Setting(CookieName(), default="benben", help="The name of the cookie; where it is secure, __Host- stands before it.")
    idle = Setting(Whole(60, 30 * 86400), default=7200, unit="s", help="A session ends when it was not used for so long.")
    ttl = Setting(Whole(60, 90 * 86400), default=43200, unit="s", help="A session ends after so long, however much it is used.")
    password = Setting(Switch(), default=True, help="The login page asks for name and password; off leaves other ways only.")
    origins = Setting(
        Origins(),
        default=(),
        help="Origins beside this server's own whose pages may send unsafe requests by cookie; their token is asked for as well.",
    )
