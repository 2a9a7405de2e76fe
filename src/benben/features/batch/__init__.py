"""Several requests in one: ``POST /batch``, one transaction for all of them.

Switch on with ``plugin.batch = on``. Later requests may refer to what earlier ones answered:
``$0.id`` in a path, in a body or in a header. The caller of the batch is the caller of each, and
each is judged by its own permission; ``service.batch.permission.write`` says who may send batches.
"""

from typing import Any

from benben.features.batch.problems import PROBLEMS
from benben.features.batch.settings import BatchSettings
from benben.features.batch.views import batch_service
from benben.kernel.plugin import Permission, Plugin

PLUGIN = Plugin(
    name="batch",
    summary="Several requests in one transaction.",
    settings=(BatchSettings,),
    permissions=(Permission("batch.write", "authenticated", "Send several requests in one; each is judged by itself as well."),),
    problems=PROBLEMS,
)


def includeme(config: Any) -> None:
    """Serve the endpoint."""
    settings = config.add_plugin(PLUGIN)
    config.add_service(batch_service(settings, config.registry.assembly.settings.max_body_bytes))
