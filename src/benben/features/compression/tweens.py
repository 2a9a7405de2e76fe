"""The answer in the coding that the caller takes, with the ETag of that variant.

A strong ETag belongs to one representation: ``"v7"`` becomes ``"v7+gzip"``. What comes back in
a condition loses the ending again, so that the views need not know of it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from benben.features.compression.services import COMPRESSIBLE, CompressedStream, choose_coding, compress

if TYPE_CHECKING:
    from pyramid.response import Response

    from benben.kernel.bands import Handler, Wrap
    from benben.kernel.request import Request

KNOWN = 256
LONGEST_REMEMBERED = 200
CONDITIONS = ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH")
BODILESS = frozenset({204, 206, 304})
_ENDING = re.compile(r'\+(?:zstd|br|gzip)(?=")')


def compression_tween(settings: Any) -> Wrap:
    """Return what wraps the handler of every request."""
    offers, min_size = settings.encodings, settings.min_size
    # PERF: clients send the same few headers again and again.
    remembered = lru_cache(KNOWN)(lambda accept: choose_coding(accept, offers))

    def wrap(handler: Handler, _registry: Any) -> Handler:
        def compression(request: Request) -> Response:
            accept = request.environ.get("HTTP_ACCEPT_ENCODING", "")
            coding = remembered(accept) if len(accept) <= LONGEST_REMEMBERED else choose_coding(accept, offers)
            sent = without_endings(request.environ)
            response = handler(request)
            if response.status_int == 304 and sent:
                restore_ending(response, sent)
                add_vary(response)
            elif response.status_int not in BODILESS:
                encode(response, coding, min_size)
            return response

        return compression

    return wrap


def without_endings(environ: dict[str, str]) -> str:
    """Take the endings of codings off the conditions; return If-None-Match as it was sent."""
    sent = environ.get("HTTP_IF_NONE_MATCH", "")
    for name in CONDITIONS:
        if "+" in environ.get(name, ""):
            environ[name] = _ENDING.sub("", environ[name])
    return sent


def restore_ending(response: Response, sent: str) -> None:
    """Name the variant that the caller has in the ETag of a 304."""
    etag = response.headers.get("ETag", "")
    for coding in ("zstd", "br", "gzip"):
        variant = f'{etag[:-1]}+{coding}"'
        if etag and variant in sent:
            response.headers["ETag"] = variant
            return


def encode(response: Response, coding: str, min_size: int) -> None:
    """Compress *response* where that helps and nothing forbids it."""
    headers = response.headers
    if not COMPRESSIBLE.match(headers.get("Content-Type", "")) or "Content-Encoding" in headers:
        return
    add_vary(response)
    is_stream = not isinstance(response.app_iter, (list, tuple))
    cached = headers.get("Cache-Control", "")
    # SECURITY: the length of a compressed secret tells about it; answers with one are not stored.
    if not coding or "no-transform" in cached or "Set-Cookie" in headers or ("no-store" in cached and not is_stream):
        return
    if is_stream:
        response.app_iter = CompressedStream(coding, response.app_iter)
        headers.pop("Content-Length", None)
    else:
        body = b"".join(response.app_iter)
        if len(body) < min_size:
            return
        response.body = compress(coding, body)
    headers["Content-Encoding"] = coding
    etag = headers.get("ETag", "")
    if etag.startswith('"'):
        headers["ETag"] = f'{etag[:-1]}+{coding}"'


def add_vary(response: Response) -> None:
    """Tell caches that the coding depends on the caller."""
    vary = response.headers.get("Vary")
    response.headers["Vary"] = f"{vary}, Accept-Encoding" if vary else "Accept-Encoding"
