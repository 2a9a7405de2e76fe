"""Resources: a SQLAlchemy model and a colander schema become a REST API.

Always there. A plugin calls ``config.add_resource(Resource(...))`` in its ``includeme``.
A request goes through the modules in this order: ``query`` (typed parameters), ``plan``
(what this caller may see), ``statement`` (one SQL statement for each shape), ``read``.
``resource.*`` bounds what one request may cost.
"""

from typing import Any

from benben.kernel.plugin import Permission, Plugin
from benben.resource.access import PROBLEMS as ACCESS_PROBLEMS
from benben.resource.access import Access, access_mistakes
from benben.resource.bounds import PROBLEMS, ResourceSettings
from benben.resource.checks import resource_mistakes
from benben.resource.constraints import PROBLEMS as CONSTRAINT_PROBLEMS
from benben.resource.definition import Resource, Search
from benben.resource.events import RowsMoved, add_row_watch
from benben.resource.explain import PERMISSION
from benben.resource.export import Exports, TooManyExports
from benben.resource.filestore import FilesUnavailable
from benben.resource.services import add_resource, build_parts, enable_lookups

__all__ = ["Resource", "Search"]

PLUGIN = Plugin(
    name="resource",
    summary="Resources from models and schemas.",
    settings=(ResourceSettings,),
    problems=(*PROBLEMS, *CONSTRAINT_PROBLEMS, *ACCESS_PROBLEMS, TooManyExports, RowsMoved, FilesUnavailable),
)


def includeme(config: Any) -> None:
    """Give plugins ``config.add_resource``."""
    settings = config.add_plugin(PLUGIN)
    config.registry.resources = {}
    config.registry.assembly.tracked.append(config.registry.resources)
    config.registry.resource_parts = {}
    config.registry.assembly.tracked.append(config.registry.resource_parts)
    config.registry.resource_bounds = settings
    config.registry.row_watches = []
    config.registry.assembly.tracked.append(config.registry.row_watches)
    config.registry.access = Access(config.registry, build_parts)
    config.registry.assembly.tracked.append(config.registry.access.rules)
    config.registry.exports = Exports(config.registry.probe, settings.max_exports)
    config.declare_permission(Permission(PERMISSION, settings.explain, "Ask how the database would answer."))
    config.add_check(resource_mistakes)
    config.add_check(access_mistakes)
    enable_lookups(config.registry, settings)
    config.add_directive("add_resource", add_resource)
    config.add_directive("add_row_watch", add_row_watch)
