"""Numbers for Prometheus at ``/metrics``.

Switch on with ``plugin.metrics = on``. By default the role ``operator`` may read them;
``service.metrics.permission.read = public`` lets a scraper without credentials in. The numbers
are those of one process. A feature adds its own with ``config.add_numbers(source)``.
"""

from __future__ import annotations

from typing import Any

from benben.features.metrics.services import Metrics
from benben.features.metrics.views import metrics_service
from benben.kernel import Permission, Plugin

PLUGIN = Plugin(
    name="metrics",
    summary="Numbers for Prometheus.",
    permissions=(Permission("metrics.read", "role:operator", "Read the numbers of this process."),),
    outside=True,
)


def includeme(config: Any) -> None:
    """Count what the observers are told, and serve the numbers."""
    config.add_plugin(PLUGIN)
    metrics = Metrics(config.registry.engine, config.registry.runner.lanes, config.registry.observers)
    config.add_observer(metrics.count)
    config.add_service(metrics_service(metrics))
