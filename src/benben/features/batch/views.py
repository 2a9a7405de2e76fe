"""The endpoint: each request goes through routing, permission and its own view."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from pyramid.request import apply_request_extensions
from pyramid.response import Response

from benben.features.batch.problems import BatchFailed
from benben.features.batch.references import Answer, UnknownReference, faults_of, resolve, resolve_path
from benben.features.batch.schemas import batch_schema
from benben.kernel.problems import BadRequest, FieldError, InvalidInput, Problem, respond
from benben.kernel.wire import write_json
from benben.rest.preferences import read_preferences
from benben.rest.service import Service, json_response

if TYPE_CHECKING:
    from benben.kernel.request import Request

# What all requests of a batch share; the attempts, so that a conflict repeats the whole batch.
SHARED = (
    "benben.identity",
    "retry.attempt",
    "retry.attempts",
    "REMOTE_ADDR",
    "HTTP_USER_AGENT",
    "SERVER_NAME",
    "SERVER_PORT",
    "HTTP_HOST",
)
SHOWN_HEADERS = ("Location", "ETag", "Content-Type", "Link", "Preference-Applied", "Allow")
OPERATION: Mapping[str, Any] = {
    "summary": "Send several requests in one transaction",
    "description": (
        "`$0.id` in a path, a body or a header stands for a member of an earlier answer, `$0.headers.ETag` for a header. "
        "The first refusal undoes everything, unless `atomic` is false. `Prefer: tx=rollback` undoes everything in the end."
    ),
}


def batch_service(settings: Any) -> Service:
    """Return the service of ``/batch``."""
    service = Service("batch", "/batch", summary="Several requests in one transaction.")
    service.add_view("POST", batch, permission="batch.use", schema=batch_schema(settings.max_requests), operation=dict(OPERATION))
    return service


def batch(request: Request) -> Response:
    """Answer every request of the batch.

    Raises: InvalidInput: a reference that cannot be; BatchFailed: one was refused, and all are undone.
    """
    parts, is_atomic = request.validated["requests"], request.validated["atomic"]
    faults = [fault for place, part in enumerate(parts) for fault in _part_faults(request, part, place)]
    if faults:
        raise InvalidInput(errors=faults)
    answers: list[Answer] = []
    shown: list[dict[str, Any]] = []
    for place, part in enumerate(parts):
        response = _answer(request, part, answers) if is_atomic else _kept_or_undone(request, part, answers)
        answers.append(Answer(dict(response.headers), _body(response)))
        shown.append(_shown(response))
        if response.status_int >= 400 and is_atomic:
            raise BatchFailed(response.status_int, place, shown)
    headers = [("Cache-Control", "no-store")]
    if read_preferences(request.environ.get("HTTP_PREFER")).tx == "rollback":
        request.tm.doom()
        headers.append(("Preference-Applied", "tx=rollback"))
    return json_response(write_json({"responses": shown}), headers=headers)


def _part_faults(request: Request, part: Mapping[str, Any], place: int) -> list[FieldError]:
    """Return what is wrong with the request at *place* before any is sent."""
    faults = list(faults_of(part, place))
    if part["path"].partition("?")[0].rstrip("/") == request.path_info.rstrip("/"):
        faults.append(FieldError(f"/requests/{place}/path", "A batch holds no batch.", "conflict"))
    prefer = {name.lower(): value for name, value in part.get("headers", {}).items()}.get("prefer")
    if prefer is not None and read_preferences(prefer).tx is not None:
        faults.append(FieldError(f"/requests/{place}/headers/Prefer", "tx is for the batch as a whole.", "conflict"))
    return faults


def _kept_or_undone(request: Request, part: Mapping[str, Any], answers: list[Answer]) -> Response:
    """Answer one request inside a savepoint, which a refusal goes back to."""
    savepoint = request.dbsession.connection().begin_nested()
    try:
        response = _answer(request, part, answers)
    except BaseException:
        savepoint.rollback()
        raise
    if response.status_int >= 400:
        savepoint.rollback()
    else:
        savepoint.commit()
    return response


def _answer(request: Request, part: Mapping[str, Any], answers: list[Answer]) -> Response:
    """Send one request through the application, inside the transaction of the batch."""
    try:
        path = resolve_path(part["path"], answers)
        headers = {name: str(resolve(value, answers)) for name, value in part.get("headers", {}).items()}
        body = resolve(part["body"], answers) if "body" in part else None
    except UnknownReference as exc:
        return respond(BadRequest(f"{exc.text} is not in the answer that it refers to."), request.id)
    sub = _subrequest(request, part["method"], path, headers, write_json(body) if "body" in part else b"")
    try:
        response: Response = request.invoke_subrequest(sub, use_tweens=False)
    except Exception:
        # What may be tried again comes out of the view once more, and repeats the whole batch.
        response = sub.invoke_exception_view(sys.exc_info())
    request.statement_count += sub.statement_count
    request.statement_s += sub.statement_s
    return _whole(response, request.id)


def _subrequest(request: Request, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Any:
    """Return a request of the same caller in the same transaction."""
    sub: Any = type(request).blank(path, method=method, headers=dict(headers), body=body)
    if body and "CONTENT_TYPE" not in {name.upper().replace("-", "_") for name in headers}:
        sub.environ["CONTENT_TYPE"] = "application/json"
    sub.environ.update({name: request.environ[name] for name in SHARED if name in request.environ})
    sub.environ.update({"SCRIPT_NAME": request.script_name, "tm.active": True, "tm.manager": request.tm, "benben.batch": True})
    sub.registry, sub.id = request.registry, request.id
    apply_request_extensions(sub)
    sub.tm, sub.dbsession = request.tm, request.dbsession
    return sub


def _whole(response: Response, request_id: str) -> Response:
    """Return *response*, or the refusal of one that has no end."""
    if isinstance(response.app_iter, (list, tuple)):
        return response
    close = getattr(response.app_iter, "close", None)
    if close is not None:
        close()
    problem: Problem = BadRequest("An export is no part of a batch.")
    return respond(problem, request_id)


def _body(response: Response) -> Any:
    """Return the decoded JSON of an answer, None where it has none."""
    kind = response.headers.get("Content-Type", "")
    return msgspec.json.decode(response.body) if "json" in kind and "ndjson" not in kind and response.body else None


def _shown(response: Response) -> dict[str, Any]:
    """Return an answer as the batch shows it: JSON as it is, another text as a text."""
    headers = {name: response.headers[name] for name in SHOWN_HEADERS if name in response.headers}
    found: dict[str, Any] = {"status": response.status_int, "headers": headers}
    if response.body:
        is_json = _body(response) is not None or response.body == b"null"
        found["body"] = msgspec.Raw(response.body) if is_json else response.body.decode("utf-8", "replace")
    return found
