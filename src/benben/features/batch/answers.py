"""What becomes of the answer to one request: what the batch shows of it, and what may be referred to."""

from __future__ import annotations

from typing import Any

import msgspec
from pyramid.httpexceptions import HTTPException
from pyramid.response import Response

from benben.features.batch.problems import AnswerNotShown
from benben.features.batch.references import Answer
from benben.kernel.problems import from_http_exception, respond

SHOWN_HEADERS = (
    "Location",
    "ETag",
    "Last-Modified",
    "Content-Type",
    "Link",
    "Preference-Applied",
    "Allow",
    "Retry-After",
    "WWW-Authenticate",
)
KEPT_HEADERS = ("Retry-After", "WWW-Authenticate")
"""Headers of a refusal that the batch, which is answered with its status, needs as well."""


def require_shown(response: Response, method: str, request_id: str) -> Response:
    """Return *response* as one whose body is JSON or a text, and none for HEAD.

    Raises: AnswerNotShown: of another kind, or streamed; it is closed.
    """
    if response.status_int >= 400 and isinstance(response, HTTPException):
        # A view may return an exception of Pyramid instead of raising it; so says the edge.
        return respond(from_http_exception(response), request_id)
    if not isinstance(response.app_iter, (list, tuple)):
        close = getattr(response.app_iter, "close", None)
        if close is not None:
            close()
        raise AnswerNotShown("An answer without a known end is no part of a batch.")
    if method == "HEAD":
        response.app_iter = []
    elif not is_json(response):
        try:
            response.body.decode()
        except UnicodeDecodeError:
            raise AnswerNotShown("The answer is neither JSON nor a text in UTF-8.") from None
    return response


def shown(response: Response) -> dict[str, Any]:
    """Return an answer as the batch shows it: JSON as it is, another text as a text."""
    headers = {name: ", ".join(response.headers.getall(name)) for name in SHOWN_HEADERS if name in response.headers}
    found: dict[str, Any] = {"status": response.status_int, "headers": headers}
    if response.body:
        found["body"] = msgspec.Raw(response.body) if is_json(response) else response.body.decode()
    return found


def answer_of(response: Response) -> Answer:
    """Return what later requests may refer to."""
    return Answer(response.status_int, dict(response.headers), response.body if is_json(response) else b"")


def kept_headers(response: Response) -> dict[str, str]:
    """Return the headers of a refusal that the refusal of the whole batch has too."""
    return {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}


def is_json(response: Response) -> bool:
    """Return whether the body is JSON, and not only said to be: it is put into the answer as it is."""
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        return False
    try:
        msgspec.json.decode(response.body, type=msgspec.Raw)
        response.body.decode()
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True
