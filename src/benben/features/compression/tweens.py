"""The answer in the coding that the caller takes, with the ETag of that variant.

A strong ETag belongs to one representation: ``"v7"`` becomes ``"v7+gzip"``. What comes back in
a condition loses the ending again, so that the views need not know of it.

Source: RFC 9110, sections 8.8.3.3, 12.5.3 and 13.1.2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from benben.features.compression.services import COMPRESSIBLE, IDENTITY, CompressedStream, Negotiated, compress, negotiate
from benben.kernel.problems import NotAcceptable

if TYPE_CHECKING:
    from pyramid.response import Response

    from benben.kernel.bands import Handler, Wrap
    from benben.kernel.request import Request

KNOWN = 256
LONGEST_REMEMBERED = 200
CODINGS = ("zstd", "br", "gzip")
IF_MATCH, IF_NONE_MATCH = "HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"
BODILESS = frozenset({204, 205, 206, 304})
# A digest is one of the bytes that are sent.
DIGESTS = frozenset({"content-digest", "repr-digest", "content-md5"})
_ENDING = re.compile(r'\+(?:zstd|br|gzip)(?=")')
_TAG = re.compile(r'(W/)?"([^"]*)"')


def compression_tween(settings: Any) -> Wrap:
    """Return what wraps the handler of every request."""
    offers = settings.encodings
    levels = {"zstd": settings.level_zstd, "br": settings.level_br, "gzip": settings.level_gzip}
    # PERF: clients send the same few headers again and again.
    remembered = lru_cache(KNOWN)(lambda accept: negotiate(accept, offers))

    def wrap(handler: Handler, _registry: Any) -> Handler:
        def compression(request: Request) -> Response:
            environ = request.environ
            accept = environ.get("HTTP_ACCEPT_ENCODING", "")
            negotiated = remembered(accept) if len(accept) <= LONGEST_REMEMBERED else negotiate(accept, offers)
            if not negotiated.accepted:
                available = [*offers, IDENTITY]
                raise NotAcceptable(f"The codings of this server are {', '.join(available)}.", available=available)
            sent = {name: environ[name] for name in (IF_MATCH, IF_NONE_MATCH) if name in environ}
            if not sent:
                response = handler(request)
            else:
                environ.update(plain_conditions(sent, negotiated.accepted, request.method))
                try:
                    response = handler(request)
                finally:
                    # WebOb may judge the conditions once more, on the ETag that is sent.
                    environ.update(sent)
            status = response.status_int
            if status == 304:
                restore_ending(response, sent.get(IF_NONE_MATCH, ""), negotiated, offers=offers)
                add_vary(response, response.headers.get("Vary"))
            elif status not in BODILESS:
                encode(response, negotiated, settings.min_size, levels=levels)
            return response

        return compression

    return wrap


def plain_conditions(sent: Mapping[str, str], accepted: frozenset[str], method: str) -> dict[str, str]:
    """Return the conditions without the endings of codings, as the views know the ETags.

    A read is compared with the variants that the caller can read: 304 would make a cache give
    one away that it cannot. If-Match and a write name a state, by any of its variants.
    """
    found = {name: _ENDING.sub("", tags) for name, tags in sent.items()}
    if IF_NONE_MATCH in sent and method in ("GET", "HEAD"):
        found[IF_NONE_MATCH] = _TAG.sub(lambda tag: _readable(tag, accepted), sent[IF_NONE_MATCH])
    return found


def restore_ending(response: Response, sent: str, negotiated: Negotiated, *, offers: tuple[str, ...]) -> None:
    """Name in the ETag of a 304 the variant that the caller has, the preferred one of several."""
    etag = response.headers.get("ETag", "")
    for coding in (negotiated.coding, *offers):
        variant = f'{etag[:-1]}+{coding}"'
        if etag and coding in negotiated.accepted and variant in sent:
            response.headers["ETag"] = variant
            return


def encode(response: Response, negotiated: Negotiated, min_size: int, *, levels: Mapping[str, int]) -> None:
    """Compress *response* where that helps and nothing forbids it."""
    found = headers_of(response)
    if "content-encoding" in found or not COMPRESSIBLE.match(found.get("content-type", "")):
        return
    add_vary(response, found.get("vary"))
    coding, body = negotiated.coding, response.app_iter
    is_stream = not isinstance(body, (list, tuple))
    if not coding or is_left_alone(found, is_stream=is_stream):
        return
    length = int(found.get("content-length", min_size)) if is_stream else sum(map(len, body))
    if length < min_size and IDENTITY in negotiated.accepted:
        return
    if is_stream:
        response.app_iter = CompressedStream(coding, levels[coding], body)
        response.headers.pop("Content-Length", None)
    else:
        response.body = compress(coding, levels[coding], b"".join(body))
    response.headers["Content-Encoding"] = coding
    # A range would be one of the plain bytes.
    response.headers.pop("Accept-Ranges", None)
    etag = found.get("etag", "")
    if etag.startswith('"'):
        response.headers["ETag"] = f'{etag[:-1]}+{coding}"'


def headers_of(response: Response) -> dict[str, str]:
    """Return the headers by their names in lower case, those of one name as one.

    PERF: WebOb goes through all of them for each name that is asked for.
    """
    found: dict[str, str] = {}
    for name, value in response.headerlist:
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def is_left_alone(found: Mapping[str, str], *, is_stream: bool) -> bool:
    """Tell whether an answer with the headers *found* must be sent as it is.

    SECURITY: the length of a compressed secret tells about it to whoever can put a guess beside it
    (BREACH). Answers with one are not stored, or set a cookie. An export is not stored either,
    but nothing of the request is in it.
    """
    cached = found.get("cache-control", "")
    is_secret = "set-cookie" in found or ("no-store" in cached and not is_stream)
    return is_secret or "no-transform" in cached or not DIGESTS.isdisjoint(found)


def add_vary(response: Response, vary: str | None) -> None:
    """Tell caches that the coding depends on the caller; *vary* is what else they are told."""
    if vary is None:
        response.headerlist.append(("Vary", "Accept-Encoding"))
    elif vary != "*" and "accept-encoding" not in vary.lower():
        others = [item for item in response.headerlist if item[0].lower() != "vary"]
        response.headerlist = [*others, ("Vary", f"{vary}, Accept-Encoding")]


def _readable(tag: re.Match[str], accepted: frozenset[str]) -> str:
    """Return *tag* as the view knows it, or one that matches nothing: the caller cannot read it.

    A weak tag without an ending is that of every coding.
    """
    weak, name = tag[1] or "", tag[2]
    plain, _, ending = name.rpartition("+")
    if plain and ending in CODINGS:
        return f'{weak}"{plain}"' if ending in accepted else tag[0]
    return tag[0] if weak or IDENTITY in accepted else f'"{name}+{IDENTITY}"'
