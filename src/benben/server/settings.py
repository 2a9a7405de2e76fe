"""The ``[server:main]`` section: strings in, one frozen value or every mistake out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_address
from types import MappingProxyType
from typing import Any

from benben.kernel.mistakes import ConfigurationMistakes, Mistake, nearest

KIB, MIB = 1024, 1024 * 1024
DAY_S = 86_400
FORWARDED_HEADERS = (
    "forwarded",
    "x-forwarded-by",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
)
# What a person who comes from `egg:waitress` writes, and what it is called here.
WAITRESS_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "host": "write listen = HOST:PORT",
        "port": "write listen = HOST:PORT",
        "channel_timeout": "its place is taken by idle_timeout_s",
        "max_request_header_size": "its place is taken by max_header_bytes",
        "max_request_body_size": "its place is taken by max_body_bytes",
        "asyncore_use_poll": "it is always on",
        "expose_tracebacks": "it is always off",
        "clear_untrusted_proxy_headers": "it is always on",
        "url_scheme": "the proxy says it in X-Forwarded-Proto, see trusted_proxy",
    }
)
_ADDRESS = re.compile(r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]|\*):(?P<port>[0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Reader:
    """How one kind of text becomes a value.

    Args:
        expects: what is expected, as it reads after the word "expected".
        read: returns the value, or raises ValueError for any other text.
    """

    expects: str
    read: Callable[[str], Any]


def whole(minimum: int, maximum: int) -> Reader:
    """Return the reader of a whole number within bounds."""

    def read(text: str) -> int:
        if not re.fullmatch("[0-9]{1,12}", text) or not minimum <= int(text) <= maximum:
            raise ValueError(text)
        return int(text)

    return Reader(f"a whole number from {minimum} to {maximum}", read)


def seconds(minimum: float, maximum: float = DAY_S) -> Reader:
    """Return the reader of a number of seconds, fractions allowed."""

    def read(text: str) -> float:
        if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text) or not minimum <= float(text) <= maximum:
            raise ValueError(text)
        return float(text)

    return Reader(f"seconds from {minimum:g} to {maximum:g}", read)


def _read_addresses(text: str) -> tuple[str, ...]:
    found = [_ADDRESS.fullmatch(word) for word in text.split()]
    if not found or any(match is None or int(match["port"]) > 65_535 for match in found):
        raise ValueError(text)
    return tuple(text.split())


def _read_proxies(text: str) -> tuple[str, ...]:
    # SECURITY: `*` would let every client choose its own address and scheme.
    return tuple(str(ip_address(word)) for word in text.split())


def _read_forwarded(text: str) -> frozenset[str]:
    words = frozenset(text.lower().split())
    if not words.issubset(FORWARDED_HEADERS) or ("forwarded" in words and len(words) > 1):
        raise ValueError(text)
    return words


def _read_ident(text: str) -> str:
    if not re.fullmatch("[A-Za-z][A-Za-z_-]{0,39}", text):
        raise ValueError(text)
    return "" if text == "off" else text


ADDRESSES = Reader("HOST:PORT, several separated by space, port 0 for a free one", _read_addresses)
PROXIES = Reader("the IP addresses of the proxies, separated by space", _read_proxies)
FORWARDED = Reader("`forwarded` alone, or words out of " + " ".join(FORWARDED_HEADERS[1:]), _read_forwarded)
IDENT = Reader("off, or a name without a version", _read_ident)


def _setting(default: Any, reader: Reader, help: str) -> Any:
    return field(default=default, metadata={"reader": reader, "help": help})


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """What ``[server:main]`` says; the help of each key is in its field's metadata."""

    listen: tuple[str, ...] = _setting(("127.0.0.1:6543",), ADDRESSES, "Where to listen.")
    threads: int = _setting(4, whole(1, 256), "Requests that run at the same time.")
    connection_limit: int = _setting(1_000, whole(8, 60_000), "Open connections; at the limit the longest idle one makes room.")
    header_timeout_s: float = _setting(10.0, seconds(0.1), "From the first byte to the end of the headers.")
    body_timeout_s: float = _setting(120.0, seconds(0.1), "From the end of the headers to the end of the body.")
    idle_timeout_s: float = _setting(75.0, seconds(0.1), "Between an answer and the next request.")
    send_timeout_s: float = _setting(30.0, seconds(0.1), "For a client that does not read its answer.")
    drain_delay_s: float = _setting(
        0.0, seconds(0), "Between the signal to stop and the last accepted connection, for a load balancer."
    )
    drain_timeout_s: float = _setting(30.0, seconds(0), "For the requests that run or wait when the server stops.")
    max_url_bytes: int = _setting(8 * KIB, whole(64, MIB), "The longest request target.")
    max_header_bytes: int = _setting(32 * KIB, whole(256, 4 * MIB), "The request line and all headers.")
    max_headers: int = _setting(100, whole(4, 10_000), "Header lines of one request.")
    max_body_bytes: int = _setting(10 * MIB, whole(0, 1024 * 1024 * MIB), "The largest body of a request.")
    trusted_proxy: tuple[str, ...] = _setting((), PROXIES, "Whose X-Forwarded headers are believed.")
    # SECURITY: a proxy that sets only these two hands X-Forwarded-Host through from the client.
    trusted_proxy_headers: frozenset[str] = _setting(
        frozenset({"x-forwarded-for", "x-forwarded-proto"}), FORWARDED, "Which headers the proxy sets itself."
    )
    ident: str = _setting("", IDENT, "The Server header.")

    @classmethod
    def parse(cls, ini: Mapping[str, str]) -> tuple[ServerSettings, list[Mistake]]:
        """Return the settings and every mistake; a mistaken key takes its default."""
        known = {item.name: item.metadata["reader"] for item in fields(cls)}
        values: dict[str, Any] = {}
        mistakes: list[Mistake] = []
        for key, text in ini.items():
            if key not in known:
                mistakes.append(_unknown(key, known))
                continue
            try:
                values[key] = known[key].read(str(text).strip())
            except ValueError:
                mistakes.append(Mistake(key, f"expected {known[key].expects}, not {str(text)[:60]!r}"))
        settings = cls(**values)
        return settings, mistakes + settings.contradictions()

    @classmethod
    def from_ini(cls, ini: Mapping[str, str]) -> ServerSettings:
        """Return the settings.

        Raises: ConfigurationMistakes: with every mistake that *ini* holds.
        """
        settings, mistakes = cls.parse(ini)
        if mistakes:
            raise ConfigurationMistakes(mistakes)
        return settings

    def contradictions(self) -> list[Mistake]:
        """Return a mistake for each pair of values that cannot both be meant."""
        found = []
        if self.max_url_bytes >= self.max_header_bytes:
            found.append(Mistake("max_url_bytes", "must be below max_header_bytes, which holds the URL too"))
        if self.connection_limit <= self.threads:
            found.append(Mistake("connection_limit", "must be above threads, or a thread never has work"))
        return found


def _unknown(key: str, known: Mapping[str, Reader]) -> Mistake:
    hint = f" ({WAITRESS_NAMES[key]})" if key in WAITRESS_NAMES else nearest(key, known)
    return Mistake(key, "is not a setting of the server" + hint)
