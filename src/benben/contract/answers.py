"""What a handler returns, as a response, and whether the contract allows it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec
from pyramid.response import Response

from benben.contract.body import is_json
from benben.contract.problems import AnswerBreaksContract
from benben.contract.schemas import Rule, Schemas
from benben.contract.shapes import Shape
from benben.contract.styles import unstyled
from benben.kernel.problems import FieldError
from benben.kernel.wire import write_json
from benben.rest.negotiation import choose
from benben.rest.service import json_response

if TYPE_CHECKING:
    from benben.contract.document import Contract
    from benben.kernel.request import Request

log = logging.getLogger("benben.contract")
MAX_TOLD = 10
NO_BODY = frozenset({204, 205, 304})
NOT_OURS = frozenset({"content-type", "content-length"})


@dataclass(frozen=True, slots=True)
class Header:
    """A header that a response has, or may have."""

    name: str
    is_required: bool
    rule: Rule
    shape: Shape
    explode: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """One response of the contract.

    Args: media: rule by media type; the type may be a range. Empty where there is no body.
    """

    media: Mapping[str, Rule]
    headers: tuple[Header, ...]

    def rule(self, media_type: str) -> Rule | None:
        """Return the rule of bodies of *media_type*; None where the contract does not know it."""
        for name in (media_type, f"{media_type.partition('/')[0]}/*", "*/*"):
            if name in self.media:
                return self.media[name]
        return None


class Answers:
    """The responses of one operation.

    Args: mode: ``error``, ``log`` or ``off``.
    """

    def __init__(self, contract: Contract, operation: Mapping[str, Any], schemas: Schemas, *, mode: str) -> None:
        self.mode = mode
        self.operation_id = str(operation.get("operationId", ""))
        self.said = {str(key).upper(): contract.resolved(item) for key, item in operation["responses"].items()}
        self.answers = {key: _answer(contract, item, schemas) for key, item in self.said.items()}
        good = sorted(key for key in self.answers if key.startswith("2"))
        self.status = next((int(key) for key in good if key.isdigit()), 200)
        self.produces = tuple(dict.fromkeys(name for key in good for name in self.answers[key].media if "*" not in name))

    def find(self, status: int) -> Answer | None:
        """Return what the contract says of *status*."""
        return self.answers.get(str(status)) or self.answers.get(f"{status // 100}XX") or self.answers.get("DEFAULT")

    def finish(self, result: Any, request: Request) -> Response:
        """Return the response for what a handler has returned: a response, a body, or a body with status and headers.

        Raises: AnswerBreaksContract: the contract does not allow it, and the mode is ``error``.
        """
        response = result if isinstance(result, Response) else self._respond(result, request)
        if self.mode != "off":
            self._judge(response, request)
        return response

    def _respond(self, result: Any, request: Request) -> Response:
        body, status, headers = _taken_apart(result)
        if status is None:
            status = 204 if body is None and "204" in self.answers else self.status
        answer = self.find(status)
        if body is None and (status in NO_BODY or (answer is not None and not answer.media)):
            return Response(status=status, headerlist=_plain_headers(headers))
        offers = [name for name in (answer.media if answer else ()) if "*" not in name]
        accept = request.environ.get("HTTP_ACCEPT")
        media_type = "application/json" if not offers else offers[0] if len(offers) == 1 else choose(accept, offers)
        media_type = {name.lower(): value for name, value in headers}.get("content-type", media_type)
        own = [(name, text) for name, text in _plain_headers(headers) if name.lower() not in NOT_OURS]
        if is_json(media_type.partition(";")[0]):
            return json_response(write_json(body), status=status, headers=own, content_type=media_type)
        return _other_response(body, status, own, media_type)

    def _judge(self, response: Response, request: Request) -> None:
        """Say in the log what is wrong with *response*, and refuse to send it where that is the mode."""
        told = list(islice(self.breaches(response), MAX_TOLD))
        if not told:
            return
        where = f"{request.method} {request.matched_route.pattern} ({self.operation_id})"
        log.error("request %s: the answer of %s breaks its contract: %s", request.id, where, "; ".join(told))
        if self.mode == "error":
            raise AnswerBreaksContract()

    def breaches(self, response: Response) -> Iterator[str]:
        """Yield everything that the contract does not allow about *response*."""
        status = response.status_int
        answer = self.find(status)
        if answer is None:
            yield f"the status {status} is not one of {', '.join(sorted(self.answers)).lower()}"
            return
        for header in answer.headers:
            yield from _header_breaches(header, response.headers.get(header.name))
        if not isinstance(response.app_iter, (list, tuple)):
            # A stream has no end that could be waited for.
            return
        body = b"".join(response.app_iter)
        if not answer.media:
            if body:
                yield f"the status {status} has no body"
            return
        media_type = (response.content_type or "").lower()
        rule = answer.rule(media_type)
        if rule is None:
            yield f"the media type {media_type or 'of nothing'} is not one of {', '.join(answer.media)}"
        elif is_json(media_type):
            yield from _body_breaches(rule, body)
        elif media_type.startswith("text/"):
            yield from told(rule.faults(body.decode("utf-8", "replace")))


def _body_breaches(rule: Rule, body: bytes) -> Iterator[str]:
    try:
        value = msgspec.json.decode(body)
    except msgspec.DecodeError:
        yield "the body is not JSON"
        return
    if not rule.is_valid(value):
        yield from told(rule.faults(value))


def _header_breaches(header: Header, text: str | None) -> Iterator[str]:
    if text is None:
        if header.is_required:
            yield f"the header {header.name} is missing"
        return
    try:
        value = unstyled(text, header.name, header.shape, style="simple", explode=header.explode)
    except ValueError:
        yield f"the header {header.name} cannot be read"
        return
    yield from told(header.rule.faults(value, "header", header.name))


def told(faults: Iterable[FieldError]) -> Iterator[str]:
    """Yield each fault as a line of the log."""
    for fault in faults:
        yield f"{fault.where} {fault.pointer or '(whole)'}: {fault.detail}"


def _answer(contract: Contract, said: Mapping[str, Any], schemas: Schemas) -> Answer:
    media = {
        name.partition(";")[0].strip().lower(): schemas.rule(item.get("schema", True))
        for name, item in said.get("content", {}).items()
    }
    headers = []
    for name, reference in said.get("headers", {}).items():
        header = contract.resolved(reference)
        if name.lower() != "content-type" and "schema" in header:
            schema = header["schema"]
            headers.append(
                Header(
                    name,
                    bool(header.get("required")),
                    schemas.rule(schema),
                    Shape(schema, schemas),
                    header.get("explode") is True,
                )
            )
    return Answer(media, tuple(headers))


def _taken_apart(result: Any) -> tuple[Any, int | None, Sequence[tuple[str, Any]]]:
    """Return body, status and headers of what a handler has returned."""
    if not isinstance(result, tuple):
        return result, None, ()
    if len(result) == 2 and isinstance(result[1], Mapping):
        return result[0], None, tuple(result[1].items())
    if len(result) in (2, 3) and isinstance(result[1], int):
        return result[0], int(result[1]), tuple(result[2].items()) if len(result) == 3 else ()
    raise TypeError("a handler returns a body, (body, status), (body, headers) or (body, status, headers)")


def _plain_headers(headers: Sequence[tuple[str, Any]]) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in headers]


def _other_response(body: Any, status: int, headers: list[tuple[str, str]], media_type: str) -> Response:
    """Return a body that is not JSON: a text, bytes, or a stream of them."""
    whole = [("Content-Type", media_type), ("X-Content-Type-Options", "nosniff"), *headers]
    if isinstance(body, str):
        kind = media_type if "charset" in media_type else f"{media_type}; charset=utf-8"
        whole[0] = ("Content-Type", kind if media_type.startswith("text/") else media_type)
        body = body.encode()
    if body is None or isinstance(body, (dict, list, int, float)):
        raise TypeError(f"a body of {media_type} is a text, bytes or an iterator of bytes, not a {type(body).__name__}")
    if isinstance(body, bytes):
        return Response(app_iter=[body], status=status, headerlist=[*whole, ("Content-Length", str(len(body)))])
    return Response(app_iter=body, status=status, headerlist=whole)
