"""Every refusal the API can give, and the one shape it is given in.

A problem is an exception: services raise it, the exception views of this module
turn it into ``application/problem+json``. One condition is one class, one code,
one status and one page under ``/problems/<code>``; a code is never used twice.

Source: RFC 9457.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar

import msgspec
from pyramid.httpexceptions import HTTPException
from pyramid.response import Response

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 50
MAX_DETAIL = 200


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault in what the caller sent.

    Args:
        pointer: a JSON pointer (RFC 6901) in the body, or the name of a parameter.
        detail: what is expected, as a fixed sentence; never the caller's own text at length.
        code: a stable word for programs, ``required``, ``type``, ``range`` and so on.
        where: ``body``, ``query``, ``path``, ``header`` or ``cookie``.
    """

    pointer: str
    detail: str
    code: str = "invalid"
    where: str = "body"

    def as_dict(self) -> dict[str, str]:
        """Return the member of ``errors`` that the wire carries."""
        return {
            "pointer": cut(self.pointer),
            "in": self.where,
            "detail": cut(self.detail),
            "code": self.code,
        }


class Problem(Exception):
    """A refusal; subclasses name the condition.

    Args:
        detail: one sentence about this occurrence, free of stack, SQL and path names.
        errors: every fault found, not only the first; 50 of them are sent.
        headers: response headers that the status needs, ``Allow`` and the like.
        members: further members of the problem document.
    """

    code: ClassVar[str] = "internal-error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "The server failed"
    hint: ClassVar[str] = ""

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.members = members

    def as_dict(self, instance: str = "") -> dict[str, Any]:
        """Return the problem document; *instance* is the id of the request."""
        document: dict[str, Any] = {
            "type": f"/problems/{self.code}",
            "title": self.title,
            "status": self.status,
        }
        if self.detail:
            document["detail"] = self.detail
        if instance:
            document["instance"] = instance
        if self.errors:
            document["errors"] = [error.as_dict() for error in self.errors[:MAX_ERRORS]]
            if len(self.errors) > MAX_ERRORS:
                document["errors_omitted"] = len(self.errors) - MAX_ERRORS
        document.update(self.members)
        return document


class BadRequest(Problem):
    """The request cannot be understood; nothing was done."""

    code, status, title = "bad-request", 400, "The request cannot be understood"
    hint = "Correct the request; sending it again unchanged gives the same answer."


class InvalidInput(Problem):
    """Parts of the request break the rules of the schema; nothing was done."""

    code, status, title = "invalid-input", 400, "The request breaks the rules of the schema"
    hint = "`errors` lists every fault with its place; correct all of them at once."


class Unauthenticated(Problem):
    """The endpoint needs to know who asks."""

    code, status, title = "unauthenticated", 401, "Authentication is required"
    hint = "Send the credentials that the WWW-Authenticate header names."


class Forbidden(Problem):
    """The caller is known and may not do this."""

    code, status, title = "forbidden", 403, "The caller may not do this"
    hint = "Ask the operator for the role that carries the permission."


class NotFound(Problem):
    """There is nothing at this address, or nothing that the caller may know of."""

    code, status, title = "not-found", 404, "There is nothing here"
    hint = "`/openapi.json` lists every address that is on."


class MethodNotAllowed(Problem):
    """The address exists and does not know this method."""

    code, status, title = "method-not-allowed", 405, "The method is not allowed here"
    hint = "The Allow header lists the methods of this address."


class NotAcceptable(Problem):
    """None of the media types that the caller accepts can be given."""

    code, status, title = "not-acceptable", 406, "No acceptable representation"
    hint = "Accept `application/json`, or leave the header out."


class Conflict(Problem):
    """The request collides with what is stored; nothing was done."""

    code, status, title = "conflict", 409, "The request conflicts with the stored state"
    hint = "Read the current state, decide, and send the request again."


class ContentTooLarge(Problem):
    """The body is larger than this server reads; it was not read."""

    code, status, title = "content-too-large", 413, "The body is too large"
    hint = "Send less at once; `benben.max_body_bytes` is the bound."


class UnsupportedMediaType(Problem):
    """The body is of a kind that this address does not read."""

    code, status, title = "unsupported-media-type", 415, "The media type is not supported"
    hint = "The Accept-Post or Accept-Patch header lists what is read here."


class InternalError(Problem):
    """The server failed; the cause is in its log under the request id."""

    code, status, title = "internal-error", 500, "The server failed"
    hint = "Tell the operator the request id in `instance`."


class MethodNotImplemented(Problem):
    """No address of this server knows this method."""

    code, status, title = "method-not-implemented", 501, "The method is not implemented"
    hint = "Use a method of RFC 9110 or PATCH."


class Unavailable(Problem):
    """Something that this request needs is not there just now; nothing was done."""

    code, status, title = "unavailable", 503, "The service is not available just now"
    hint = "Send the request again after the seconds in Retry-After."

    def __init__(self, detail: str = "", *, retry_after_s: int = 1, **members: Any) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after_s)}, **members)


CATALOGUE: tuple[type[Problem], ...] = (
    BadRequest,
    InvalidInput,
    Unauthenticated,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    NotAcceptable,
    Conflict,
    ContentTooLarge,
    UnsupportedMediaType,
    InternalError,
    MethodNotImplemented,
    Unavailable,
)
# A status that a framework raises by itself becomes the general problem of that status.
BY_STATUS: Mapping[int, type[Problem]] = {problem.status: problem for problem in reversed(CATALOGUE)}


def cut(text: str, length: int = MAX_DETAIL) -> str:
    """Return *text*, shortened to *length* characters with an ellipsis."""
    return text if len(text) <= length else text[: length - 1] + "…"


def from_http_exception(exc: HTTPException) -> Problem:
    """Return the problem that says what a Pyramid HTTP exception says.

    Only the status, ``Allow``, ``Retry-After`` and ``WWW-Authenticate`` are taken over:
    the text of such an exception may carry names of views and traversal paths.
    """
    kept = ("Allow", "Retry-After", "WWW-Authenticate", "Location")
    headers = {name: exc.headers[name] for name in kept if name in exc.headers}
    known = BY_STATUS.get(exc.status_code)
    problem: Problem
    if known is Unavailable:
        problem = Unavailable()
        problem.headers.update(headers)
    elif known is not None:
        problem = known(headers=headers)
    else:
        problem = _plain(exc.status_code)(headers=headers)
    return problem


def respond(problem: Problem, instance: str = "") -> Response:
    """Return *problem* as a response; it never touches the request that caused it.

    Reading a request that could not be decoded raises again, so that the id is passed in.
    """
    response = Response(
        body=msgspec.json.encode(problem.as_dict(instance)),
        status=problem.status,
        content_type=MEDIA_TYPE,
        charset=None,
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(problem.headers)
    return response


def _plain(status: int) -> type[Problem]:
    """Return a problem class for a status that the catalogue has no name for."""
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Error"
    return type(f"HTTP{status}", (Problem,), {"code": f"http-{status}", "status": status, "title": phrase})
