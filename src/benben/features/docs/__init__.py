"""The API described: OpenAPI 3.1 of exactly what is on, two readers for it, and a start page.

Switch on with ``plugin.docs = on``. Serves ``/``, ``/openapi.json``, ``/docs`` (Swagger UI),
``/redoc`` and ``/problems/<code>``; the pages come from this package and ask no other host.
"""

from benben.features.docs.views import add_pages
from benben.kernel import Permission, Plugin

PLUGIN = Plugin(
    name="docs",
    summary="OpenAPI 3.1, Swagger UI, ReDoc and a page for each problem.",
    permissions=(Permission("docs.read", "public", "Read the documents of the API."),),
    outside=True,
)


def includeme(config):
    """Serve the documents and their pages."""
    config.add_plugin(PLUGIN)
    add_pages(config)
    config.add_static_view("/docs/static", "benben.features.docs:static", cache_max_age=3600)
