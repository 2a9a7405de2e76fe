"""The endpoint: each request goes through routing, permission and its own view."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from benben.features.batch.answers import answer_of, kept_headers, require_shown, shown
from benben.features.batch.operation import describe
from benben.features.batch.parts import INSIDE, build_request, faults_in
from benben.features.batch.problems import BatchFailed, BatchNested
from benben.features.batch.references import Answer, Budget, Resolver
from benben.features.batch.schemas import batch_schema
from benben.kernel.edge import require_readable
from benben.kernel.problems import InvalidInput, respond
from benben.kernel.wire import write_json
from benben.rest.faults import MAX_FAULTS
from benben.rest.preferences import applied, read_preferences
from benben.rest.service import Service, json_response
from benben.security.events import PartRequested

if TYPE_CHECKING:
    from pyramid.response import Response

    from benben.kernel.request import Request
    from benben.kernel.settings import Values

MULTI_STATUS = 207


def batch_service(settings: Values, max_body_bytes: int) -> Service:
    """Return the service of ``/batch``.

    Args: max_body_bytes: of one request, as the edge reads it.
    """
    service = Service("batch", "/batch", summary="Several requests in one transaction.")
    view = BatchView(settings.max_bytes, max_body_bytes)
    schema = batch_schema(settings.max_requests)
    service.add_view("POST", view, permission="batch.write", schema=schema, operation=describe())
    return service


class BatchView:
    """Answer every request of the batch.

    Args: max_bytes: that all answers may have together.
    """

    def __init__(self, max_bytes: int, max_body_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._max_body_bytes = max_body_bytes

    def __call__(self, request: Request) -> Response:
        """Run the requests in their order.

        Raises: InvalidInput, BatchNested: none was run; BatchFailed, BatchTooExpensive: all are undone.
        """
        if INSIDE in request.environ:
            raise BatchNested()
        preferences = read_preferences(request.environ.get("HTTP_PREFER"))
        parts, is_atomic = request.validated["requests"], request.validated["atomic"]
        faults = list(islice(faults_in(parts, request.path_info), MAX_FAULTS))
        if faults:
            raise InvalidInput(errors=faults)
        found = self._run(request, parts, is_atomic=is_atomic)
        if preferences.tx == "rollback":
            request.tm.doom()
        heeded = applied(preferences, ("tx", "handling"))
        headers = [("Cache-Control", "no-store"), *([("Preference-Applied", heeded)] if heeded else [])]
        status = MULTI_STATUS if any(item["status"] >= 400 for item in found) else 200
        return json_response(write_json({"responses": found}), status=status, headers=headers)

    def _run(self, request: Request, parts: Sequence[Mapping[str, Any]], *, is_atomic: bool) -> list[dict[str, Any]]:
        """Return what is shown of each answer."""
        answers: list[Answer] = []
        found: list[dict[str, Any]] = []
        budget = Budget(self._max_bytes)
        send = self._answer if is_atomic else self._answer_alone
        for place, part in enumerate(parts):
            try:
                inner = build_request(request, part, Resolver(place, answers, budget))
            except InvalidInput as exc:
                response = respond(exc, request.id)
            else:
                response = send(request, inner)
            budget.take(len(response.body))
            answers.append(answer_of(response))
            found.append(shown(response))
            if is_atomic and response.status_int >= 400:
                raise BatchFailed(response.status_int, found, kept_headers(response))
        return found

    def _answer_alone(self, request: Request, inner: Request) -> Response:
        """Answer one request inside a savepoint, which a refusal goes back to."""
        # Through the session, so that objects of a refused request are forgotten as well. What
        # comes out as an exception ends the whole transaction and needs no savepoint.
        savepoint = request.dbsession.begin_nested()
        response = self._answer(request, inner)
        end = savepoint.rollback if response.status_int >= 400 else savepoint.commit
        end()
        return response

    def _answer(self, request: Request, inner: Request) -> Response:
        """Send one request through the application, past the tweens."""
        try:
            require_readable(inner.environ, self._max_body_bytes)
            request.registry.notify(PartRequested(request, inner))
            response = require_shown(request.invoke_subrequest(inner, use_tweens=False), inner.method, request.id)
            # The next request may read past the session, and a refusal by the database is this one's.
            request.dbsession.flush()
        except Exception:
            # What may be tried again comes out of the view once more, and repeats the whole batch.
            response = inner.invoke_exception_view(sys.exc_info())
        finally:
            request.statement_count += inner.statement_count
            request.statement_s += inner.statement_s
            request.row_count += inner.row_count
        return response
