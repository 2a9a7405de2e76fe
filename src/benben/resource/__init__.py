"""Resources: a SQLAlchemy model and a colander schema become a REST API.

Always there. A plugin calls ``config.add_resource(Resource(...))`` in its ``includeme``.
A request goes through the modules in this order: ``query`` (typed parameters), ``plan``
(what this caller may see), ``statement`` (one SQL statement for each shape), ``read``.
"""

from benben.kernel.plugin import Plugin
from benben.resource.definition import Resource
from benben.resource.services import add_resource

__all__ = ["Resource"]

PLUGIN = Plugin(name="resource", summary="Resources from models and schemas.")


def includeme(config):
    """Give plugins ``config.add_resource``."""
    config.add_plugin(PLUGIN)
    config.registry.resources = {}
    config.add_directive("add_resource", add_resource)
