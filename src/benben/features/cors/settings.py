"""What an operator can set: origins, and what their pages may send and read."""

from __future__ import annotations

import re
from typing import Any

import colander

from benben.kernel.settings import Setting, Settings, Switch, Whole, Words

ANY = "*"
ORIGIN = re.compile(
    r"""
    (?P<scheme>[a-z][a-z0-9+.-]*)://
    (?P<host> \*(?:\.[a-z0-9_-]+){2,} | [a-z0-9_-]+(?:\.[a-z0-9_-]+)* | \[[0-9a-f:.]+\] )
    (?: :(?P<port>[1-9][0-9]{0,4}) )?
    """,
    re.VERBOSE,
)
DEFAULT_PORTS = frozenset({("http", "80"), ("https", "443")})
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

REQUEST_HEADERS = (
    "Accept",
    "Accept-Language",
    "Authorization",
    "Content-Language",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Unmodified-Since",
    "Last-Event-ID",
    "Prefer",
    "X-API-Key",
    "X-Request-Id",
)
RESPONSE_HEADERS = (
    "Accept-Patch",
    "Accept-Post",
    "Allow",
    "Content-Disposition",
    "Content-Location",
    "Deprecation",
    "ETag",
    "Link",
    "Location",
    "Preference-Applied",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Sunset",
    "WWW-Authenticate",
    "X-Request-Id",
)


class Origins(colander.SchemaType):
    """Origins as browsers write them, patterns of subdomains, or ``*`` alone.

    ``null`` is not one: every sandboxed frame and every local file of the world has it.
    """

    expects = "origins such as https://app.example.org or https://*.example.org, without a path or a default port, or * alone"

    def deserialize(self, node: Any, text: str) -> tuple[str, ...]:
        """Return the origins in their order."""
        words = tuple(text.split())
        if words != (ANY,) and not all(map(is_origin, words)):
            raise colander.Invalid(node, self.expects)
        return words


class HeaderNames(Words):
    """Names of headers; ``*`` would not reach Authorization and is not one."""

    def deserialize(self, node: Any, text: str) -> tuple[str, ...]:
        """Return the names in their order."""
        words = super().deserialize(node, text)
        if ANY in words or not all(TOKEN.fullmatch(word) for word in words):
            raise colander.Invalid(node, "names of headers, separated by space")
        return words


def is_origin(word: str) -> bool:
    """Tell whether some browser sends *word* as an origin, or it is a pattern of such.

    A pattern stands before a domain of two labels at least: ``https://*.org`` is everybody.
    """
    found = ORIGIN.fullmatch(word)
    return found is not None and (found["scheme"], found["port"]) not in DEFAULT_PORTS


class CORSSettings(Settings):
    """``cors.*``."""

    prefix = "cors"

    origins = Setting(Origins(), help="The origins whose pages may use the API; https://*.example.org is every subdomain.")
    credentials = Setting(
        Switch(), default=False, help="Whether a page may send cookies and read the answer; tokens need no such thing."
    )
    headers = Setting(HeaderNames(), default=REQUEST_HEADERS, help="The headers that a page may send.")
    expose = Setting(HeaderNames(), default=RESPONSE_HEADERS, help="The headers of an answer that a page may read.")
    # Chromium keeps none for longer than two hours.
    max_age = Setting(
        Whole(0, 86_400), default=7_200, unit="s", help="How long a browser may remember what a page may send; 0 for not at all."
    )


class ServiceCORS(Settings):
    """``service.<name>.cors.*``: what is different for one service."""

    prefix = "service.*"

    origins = Setting(
        Origins(), name="cors.origins", default=None, help="The origins of this service, in place of those of cors.origins."
    )
    credentials = Setting(Switch(), name="cors.credentials", default=None, help="In place of cors.credentials.")
