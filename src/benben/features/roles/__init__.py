"""Roles: sets of permissions, in the ini and in the database.

A rule such as ``role:editor`` names who may; a role says it the other way round: what somebody
has. Switch on with ``plugin.roles = on``; ``roles.define`` in the ini has the fixed ones,
``/roles`` inside the prefix those that change while the server runs. Serves
``/me/permissions``: what the caller may do. Needs its tables, ``benben db INI upgrade`` or
``benben.migrate = auto``.
"""

from typing import Any

from benben.features.roles.models import RoleDefinition
from benben.features.roles.schemas import role_schema
from benben.features.roles.services import Grants, definition_mistakes
from benben.features.roles.settings import RolesSettings
from benben.features.roles.views import my_permissions_service
from benben.kernel import Permission, Plugin
from benben.resource import Resource
from benben.resource.events import ResourceChanged

PLUGIN = Plugin(
    name="roles",
    summary="Roles as sets of permissions.",
    settings=(RolesSettings,),
    permissions=(Permission("me.permissions", "authenticated", "See what one may do oneself."),),
    migrations="benben.features.roles:migrations",
)


def includeme(config: Any) -> None:
    """Let roles give permissions, and serve them."""
    settings = config.add_plugin(PLUGIN)
    registry = config.registry
    grants = Grants(registry.engine, registry.assembly.permissions, settings.define, recheck_s=settings.recheck)
    registry.security.grants = grants.of
    config.add_check(definition_mistakes(settings.define))
    config.add_subscriber(grants.forget, ResourceChanged)
    config.add_resource(
        Resource(
            name="roles",
            model=RoleDefinition,
            schema=role_schema(registry.assembly.permissions),
            read="role:admin",
            write="role:admin",
            sort=("name",),
            summary="Roles and the permissions that they have.",
        )
    )
    config.add_service(my_permissions_service())
