"""One request of a batch: what is wrong with it, and the request that Pyramid gets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from benben.features.batch.references import Resolver, faults_of, is_reference, unescaped
from benben.features.batch.schemas import MAX_HEADER, MAX_PATH
from benben.kernel.problems import FieldError, InvalidInput
from benben.kernel.request import Request
from benben.kernel.wire import write_json
from benben.rest.preferences import read_preferences
from benben.rest.problems import InvalidPreference, pointer_to
from benben.rest.service import JSON

INSIDE = "benben.batch"
"""Key of the environ of a request that a batch holds."""
# What all requests of a batch share: the server, the client, and the attempts, so that a conflict
# repeats the whole batch. SECURITY: nothing that the batch's own view or body has left behind.
SHARED = (
    "benben.server",
    "retry.attempt",
    "retry.attempts",
    "REMOTE_ADDR",
    "HTTP_USER_AGENT",
    "HTTP_HOST",
    "SCRIPT_NAME",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "wsgi.version",
    "wsgi.url_scheme",
    "wsgi.errors",
    "wsgi.multithread",
    "wsgi.multiprocess",
    "wsgi.run_once",
)


def faults_in(parts: Sequence[Mapping[str, Any]], batch_path: str) -> Iterator[FieldError]:
    """Yield what is wrong with *parts*, as far as it is known before any of them has run.

    Args: batch_path: the address of the batch itself.
    """
    for place, part in enumerate(parts):
        yield from faults_of(part, place)
        for name, text in part.get("headers", {}).items():
            sentence = "" if is_reference(text) else header_mistake(name, unescaped(text))
            if sentence:
                yield FieldError(pointer_to(("requests", place, "headers", name)), sentence, "format")
        if unquote(part["path"].partition("?")[0]).rstrip("/") == batch_path.rstrip("/"):
            # A courtesy: what a reference leads to is refused by the view.
            yield FieldError(pointer_to(("requests", place, "path")), "A batch holds no batch.", "nested")


def header_mistake(name: str, text: str) -> str:
    """Return what is wrong with the value *text* of a header, empty if nothing is."""
    if len(text) > MAX_HEADER or not text.isascii() or not text.isprintable():
        return f"Must be one line of at most {MAX_HEADER} ASCII characters."
    if name.lower() == "content-type":
        media_type = text.partition(";")[0].strip().lower()
        return "" if media_type == JSON or media_type.endswith("+json") else "Must be a type of JSON: so is the body."
    if name.lower() == "prefer" and _ends_transaction(text):
        return "tx is for the batch as a whole."
    return ""


def build_request(request: Request, part: Mapping[str, Any], resolver: Resolver) -> Request:
    """Return the request that *part* describes, of the caller and in the transaction of *request*.

    Raises: InvalidInput: references that lead to nothing; it points into the batch.
    """
    path = resolver.path(part["path"])
    if len(path) > MAX_PATH and not resolver.faults:
        resolver.refuse(("path",), f"Becomes longer than {MAX_PATH} characters.")
    headers = {name: resolver.header(name, text) for name, text in part.get("headers", {}).items()}
    for name, text in headers.items():
        sentence = header_mistake(name, text)
        if sentence:
            resolver.refuse(("headers", name), sentence)
    body = resolver.body(part["body"]) if "body" in part else None
    if resolver.faults:
        raise InvalidInput(errors=resolver.faults)
    content = write_json(body) if "body" in part else b""
    inner: Any = Request(_environ(request, (part["method"], path), headers, content=content))
    inner.id, inner.registry = request.id, request.registry
    # Pyramid would make new ones: what stands in the dictionary goes before a reified property.
    inner.__dict__.update(tm=request.tm, dbsession=request.dbsession)
    return inner


def _environ(request: Request, line: tuple[str, str], headers: Mapping[str, str], *, content: bytes) -> dict[str, Any]:
    """Return a new environ; *line* is the method and the path."""
    method, path = line
    address, _, query = path.partition("?")
    environ = {name: request.environ[name] for name in SHARED if name in request.environ}
    environ |= {
        # Asked for, not copied: a batch that everybody may send has not been asked who sends it.
        "benben.identity": request.identity,
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote_to_bytes(address).decode("latin-1"),
        # A server gives bytes as latin-1, whatever they are (PEP 3333).
        "QUERY_STRING": query.encode().decode("latin-1"),
        "CONTENT_LENGTH": str(len(content)),
        "wsgi.input": BytesIO(content),
        "tm.active": True,
        "tm.manager": request.tm,
        INSIDE: True,
    }
    if content:
        environ["CONTENT_TYPE"] = JSON
    for name, text in headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = text
    return environ


def _ends_transaction(text: str) -> bool:
    """Return whether a Prefer header speaks of the transaction."""
    try:
        return read_preferences(text).tx is not None
    except InvalidPreference:
        # Its own view refuses it, before it does anything.
        return False
