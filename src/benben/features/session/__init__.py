"""Sessions of browsers: a login page, a signed cookie, and a way out.

Switch on with ``plugin.session = on``; needs ``plugin.identity`` and its own table. Serves
``/login`` and ``/logout`` beside the prefix. The cookie makes its owner known at every address; an
unsafe request by cookie carries a token of its page too (`benben.features.session.interfaces`).
Over plain HTTP, on a machine of one's own, ``session.secure = off``.
"""

from typing import Any

from pyramid.security import NO_PERMISSION_REQUIRED

from benben.features.session.problems import PROBLEMS
from benben.features.session.services import Ended, Seal, Sessions
from benben.features.session.settings import SessionSettings
from benben.features.session.tweens import session_tween
from benben.features.session.views import views_of
from benben.kernel import Plugin

PLUGIN = Plugin(
    name="session",
    summary="Login and logout of browsers.",
    settings=(SessionSettings,),
    requires=("identity",),
    problems=PROBLEMS,
    migrations="benben.features.session:migrations",
    outside=True,
)


def includeme(config: Any) -> None:
    """Know browsers by their cookie."""
    settings, registry = config.add_plugin(PLUGIN), config.registry
    ended = Ended(registry.engine, registry.identity)
    seal = Seal(registry.derive_key("benben session 1"))
    sessions = registry.session = Sessions(seal, ended, settings)
    registry.assembly.tracked.append(sessions.ways)
    config.add_authenticator("Session", sessions, challenge="", evidence="HTTP_COOKIE")
    config.add_band_tween(session_tween, band="identity")
    config.add_route("session.login", "/login")
    config.add_route("session.logout", "/logout")
    for method, name, view in views_of(sessions):
        config.add_view(view, route_name=name, request_method=method, permission=NO_PERMISSION_REQUIRED)
