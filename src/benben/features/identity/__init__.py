"""Users: names, passwords and roles.

Other features ask it who somebody is, through `benben.features.identity.interfaces`; it has
no way of its own to log in. Switch on with ``plugin.identity = on``. Needs its tables,
``benben db upgrade`` or ``benben.migrate = auto``. Serves ``/users/me`` inside the prefix.
"""

from typing import Any

from benben.features.identity.interfaces import IDirectory, directory_of
from benben.features.identity.problems import PROBLEMS
from benben.features.identity.services import Directory, Passwords, Users, first_user_start
from benben.features.identity.settings import IdentitySettings
from benben.features.identity.views import me_service
from benben.kernel import Permission, Plugin

PLUGIN = Plugin(
    name="identity",
    summary="Users with passwords and roles.",
    settings=(IdentitySettings,),
    permissions=(Permission("me.read", "authenticated", "See as whom one is known."),),
    problems=PROBLEMS,
    migrations="benben.features.identity:migrations",
)


def includeme(config: Any) -> None:
    """Give the application its users."""
    settings = config.add_plugin(PLUGIN)
    passwords = Passwords(settings)
    config.registry.directory = Directory(passwords)
    config.add_provider(IDirectory, lambda scope: directory_of(scope.registry))
    config.registry.identity = Users(config.registry.engine, passwords, recheck_s=settings.recheck)
    config.add_start(first_user_start(settings.first_user, passwords))
    config.add_service(me_service())
