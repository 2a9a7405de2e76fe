"""Operations as tools of the Model Context Protocol: ``POST /mcp``, one message, one answer.

Switch on with ``plugin.mcp = on``. Every operation that the caller may use is a tool, with the
schema, the judgement, the permission and the refusals of its endpoint. Nothing is kept between
two messages. ``service.mcp.permission.write`` says who may speak to it at all.
"""

from typing import Any

from benben.features.mcp.problems import PROBLEMS
from benben.features.mcp.settings import MCPSettings
from benben.features.mcp.views import mcp_service
from benben.kernel.plugin import Permission, Plugin

PLUGIN = Plugin(
    name="mcp",
    summary="Operations as tools of the Model Context Protocol.",
    settings=(MCPSettings,),
    permissions=(Permission("mcp.write", "public", "Ask for tools; each asks for its own permission as well."),),
    problems=PROBLEMS,
)


def includeme(config: Any) -> None:
    """Serve the endpoint."""
    settings = config.add_plugin(PLUGIN)
    config.add_service(mcp_service(settings, config.registry.assembly.settings.title))
