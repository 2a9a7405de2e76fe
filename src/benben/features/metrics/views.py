"""The one endpoint."""

from __future__ import annotations

from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST
from pyramid.response import Response

from benben.features.metrics.services import Metrics
from benben.rest.service import Service


def metrics_service(metrics: Metrics) -> Service:
    """Return the service of ``/metrics``."""
    service = Service("metrics", "/metrics", summary="Numbers for Prometheus.")

    def read(_request: Any) -> Response:
        """Give the numbers in the text format of Prometheus."""
        headers = [("Content-Type", CONTENT_TYPE_LATEST), ("Cache-Control", "no-store")]
        return Response(body=metrics.text(), headerlist=headers)

    service.add_view("GET", read, permission="metrics.read", media_type="text/plain")
    return service
