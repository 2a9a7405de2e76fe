"""One resource in several formats: which is wanted, and what makes its answer another.

A strong ETag belongs to one representation: ``"v7"`` is that of JSON, ``"v7+csv"`` that of the
table. Both name version 7 to a write.

Source: RFC 9110, section 8.8.3.3.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from benben.kernel.problems import FieldError, InvalidInput
from benben.rest.formats.base import JSON, Format, Formats

if TYPE_CHECKING:
    from pyramid.response import Response

    from benben.kernel.request import Request

CONDITIONS = ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH")
_VARIANT = re.compile(r'(?:\+[a-z0-9]+)+"')
_TAG = re.compile(r'((?:W/)?"[^"]*)"')


def requested_format(request: Request, formats: Formats, accept: str | None) -> Format | None:
    """Return the format that the caller wants, None for the JSON that is there anyway.

    ``?format=`` wins over Accept. The view finds it as ``request.format``.

    Raises: InvalidInput: there is no such format; NotAcceptable.
    """
    environ = request.environ
    text = environ.get("QUERY_STRING", "")
    if "format=" in text and (names := [value for name, value in parse_qsl(text, keep_blank_values=True) if name == "format"]):
        if len(names) > 1:
            raise InvalidInput(errors=[FieldError("format", "may be given once.", "repeated", "query")])
        wanted = formats.named(names[0])
    elif accept is None or accept == "*/*" or accept == JSON:
        wanted = formats.default
    else:
        wanted = formats.accepted(accept)
    request.format = wanted
    _translate(environ, "" if wanted is formats.default else wanted.name, is_write=request.method not in ("GET", "HEAD"))
    return None if wanted is formats.default else wanted


def present(response: Response, chosen: Format) -> Response:
    """Return *response* in the format *chosen*: its body, its type and its ETag.

    A body that is streamed has its format already.
    """
    found = {name.lower(): value for name, value in response.headerlist}
    if isinstance(response.app_iter, list) and found.get("content-type", "").startswith(JSON):
        body = chosen.encode(response.body)
        response.body = body
        response.headers["Content-Type"] = content_type_of(chosen)
    if "etag" in found:
        response.headers["ETag"] = f'{found["etag"][:-1]}+{chosen.name}"'
    return response


def content_type_of(chosen: Format) -> str:
    """Return the value of Content-Type; only ``text/`` has a charset to name."""
    return f"{chosen.media_type}; charset=utf-8" if chosen.media_type.startswith("text/") else chosen.media_type


def _translate(environ: dict[str, str], variant: str, *, is_write: bool) -> None:
    """Make of the ETags of this variant those that the view knows; the others match nothing.

    A write may name a version by any of its variants.
    """
    for name in CONDITIONS:
        tags = environ.get(name)
        if tags is None:
            continue
        if is_write:
            environ[name] = _VARIANT.sub('"', tags)
        elif variant:
            # A tag of the JSON is none of this variant: it gets a mark that nothing has.
            marked = _TAG.sub(r'\1+json"', tags)
            environ[name] = marked.replace(f'+{variant}+json"', '"')
