"""The API described: OpenAPI 3.1 of exactly what is on, two readers for it, and a start page.

Switch on with ``plugin.docs = on``. Serves ``/``, ``/openapi.json``, ``/docs`` (Swagger UI),
``/redoc`` and ``/problems/<code>``; the pages come from this package and ask no other host.
Everybody may read them; ``service.docs.permission.read`` changes that.
"""

from __future__ import annotations

from typing import Any

from benben.features.docs.settings import DocsSettings
from benben.features.docs.views import Documents, services_of
from benben.kernel import Permission, Plugin

PLUGIN = Plugin(
    name="docs",
    summary="OpenAPI 3.1, Swagger UI, ReDoc and a page for each problem.",
    settings=(DocsSettings,),
    permissions=(Permission("docs.read", "public", "Read the documents of the API."),),
    outside=True,
)


def includeme(config: Any) -> None:
    """Serve the documents and their pages."""
    config.registry.docs = config.add_plugin(PLUGIN)
    for service in services_of(Documents(config.registry)):
        config.add_service(service)
