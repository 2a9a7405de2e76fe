"""The one endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from pyramid.response import Response

from benben.features.metrics.services import Metrics
from benben.rest.service import Service

if TYPE_CHECKING:
    from benben.kernel.request import Request


def metrics_service(metrics: Metrics) -> Service:
    """Return the service of ``/metrics``."""
    service = Service("metrics", "/metrics", summary="Numbers for Prometheus.")

    def read(_request: Request) -> Response:
        """Give the numbers in the text format of Prometheus."""
        headers = [("Content-Type", CONTENT_TYPE_PLAIN_0_0_4), ("Cache-Control", "no-store")]
        return Response(body=metrics.text(), headerlist=headers)

    # Every scraper reads this format, also those that ask for another one before it.
    service.add_view("GET", read, permission="metrics.read", produces=())
    return service
