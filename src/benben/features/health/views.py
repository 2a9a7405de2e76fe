"""The two endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benben.features.health.problems import NotReady
from benben.features.health.services import Checks
from benben.kernel.wire import write_json
from benben.rest.service import Service, json_response

if TYPE_CHECKING:
    from pyramid.response import Response

    from benben.kernel.request import Request

NO_STORE = ("Cache-Control", "no-store")


def live_service() -> Service:
    """Return the service of ``/health/live``."""
    service = Service("health.live", "/health/live", summary="Whether the process can answer.")

    def live(_request: Request) -> Response:
        """Answer 200 as long as the process can answer."""
        return json_response(b'{"status":"ok"}', headers=[NO_STORE])

    # What a load balancer accepts says nothing of whether the process is well.
    service.add_view("GET", live, permission="health.read", produces=())
    return service


def ready_service(checks: Checks) -> Service:
    """Return the service of ``/health/ready``."""
    service = Service("health.ready", "/health/ready", summary="Whether the process may get requests.")

    def ready(request: Request) -> Response:
        """Answer 200 where every check is well, 503 with the checks where one is not."""
        server = request.environ.get("benben.server")
        if server is not None and server.draining:
            raise NotReady("The server is stopping.", checks=[])
        results = checks.results()
        found = [result.as_dict() for result in results]
        troubles = [result.name for result in results if result.trouble]
        if troubles:
            raise NotReady(f"Not well: {', '.join(troubles)}.", checks=found)
        return json_response(write_json({"status": "ok", "checks": found}), headers=[NO_STORE])

    service.add_view("GET", ready, permission="health.read", produces=())
    return service
